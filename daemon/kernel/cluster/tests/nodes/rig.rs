//! Several nodes and the network between them, led from one test.

use crate::network::Relay;
use crate::node::{ANSWER, NODE};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Generous, because machines are slow and shared; nothing is measured by it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
/// Between two looks at something that announces itself to nobody.
const STEP: Duration = Duration::from_millis(5);

pub(crate) const PROGRAM: &str = "1.0.0";

/// A node's process. Ends with this value.
pub(crate) struct Node {
    pub(crate) name: String,
    child: Child,
    orders: ChildStdin,
    answers: mpsc::Receiver<Value>,
}

impl Node {
    /// Starts a node with this secret and these peers.
    pub(crate) fn start(secret: u8, program: &str, peers: &[(u8, String)]) -> Node {
        let peer = |(secret, address): &(u8, String)| json!({ "secret": secret, "address": address });
        let peers: Vec<_> = peers.iter().map(peer).collect();
        let said = json!({ "secret": secret, "program": program, "peers": peers });
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "node::a_node_of_its_own", "--ignored", "--nocapture"])
            .env(NODE, said.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (orders, out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (tell, answers) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Some(answer) = line.strip_prefix(ANSWER) {
                    let _ = tell.send(serde_json::from_str(answer).unwrap());
                }
            }
        });
        let mut node = Node { name: String::new(), child, orders, answers };
        node.name = node.ask("name").as_str().unwrap().to_owned();
        node
    }

    pub(crate) fn ask(&mut self, order: &str) -> Value {
        writeln!(self.orders, "{order}").unwrap();
        self.orders.flush().unwrap();
        self.answers.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("no answer to {order}"))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    /// As `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What it shows of that peer.
    pub(crate) fn sees(&mut self, peer: &str) -> Value {
        let view = self.ask("view");
        let nodes = view["nodes"].as_array().unwrap().clone();
        nodes
            .into_iter()
            .find(|node| node["node_id"] == peer)
            .unwrap_or_else(|| panic!("{peer} not in {view}"))
    }

    pub(crate) fn is_linked_to(&mut self, peer: &str) -> bool {
        self.sees(peer)["state"] == "linked"
    }

    /// Positions heard of that node, in their order.
    pub(crate) fn heard_of(&mut self, peer: &str) -> Vec<u64> {
        positions(&self.ask("heard"), peer)
    }
}

pub(crate) fn positions(heard: &Value, of: &str) -> Vec<u64> {
    let heard = heard.as_array().unwrap().iter();
    heard.filter(|fact| fact[0] == of).map(|fact| fact[1].as_u64().unwrap()).collect()
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks again and again until it is so; answers how long that took.
pub(crate) fn until(what: &str, mut look: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !look() {
        assert!(began.elapsed() < DEADLINE, "never happened: {what}");
        thread::park_timeout(STEP);
    }
    began.elapsed()
}

/// Nodes that all know each other, with a relay for every direction of calling.
pub(crate) struct Rig {
    pub(crate) nodes: Vec<Node>,
    /// By who calls whom.
    relays: HashMap<(usize, usize), Relay>,
}

fn secret(node: usize) -> u8 {
    u8::try_from(node + 1).unwrap()
}

impl Rig {
    /// Starts `count` nodes and waits until all are linked.
    pub(crate) fn linked(count: usize) -> Rig {
        let mut rig = Rig::cut_off(count);
        rig.heal();
        rig.until_linked();
        rig
    }

    /// Starts `count` nodes that cannot reach each other yet.
    pub(crate) fn cut_off(count: usize) -> Rig {
        let ways = (0..count).flat_map(|from| (0..count).map(move |to| (from, to)));
        let relays: HashMap<_, _> =
            ways.filter(|(from, to)| from != to).map(|way| (way, Relay::new())).collect();
        relays.values().for_each(|relay| relay.cut(true));
        let mut rig = Rig { nodes: Vec::new(), relays };
        for node in 0..count {
            let node = rig.start(node);
            rig.nodes.push(node);
        }
        rig
    }

    /// Starts the process of one node; its relays lead to it from now on.
    pub(crate) fn start(&self, node: usize) -> Node {
        let peer = |(from, to): &(usize, usize), relay: &Relay| {
            (*from == node).then(|| (secret(*to), relay.address.to_string()))
        };
        let peers: Vec<_> = self.relays.iter().filter_map(|(way, relay)| peer(way, relay)).collect();
        let mut process = Node::start(secret(node), PROGRAM, &peers);
        let listen = process.ask("listen").as_str().unwrap().parse().unwrap();
        for ((_, to), relay) in &self.relays {
            if *to == node {
                relay.lead_to(listen);
            }
        }
        process
    }

    pub(crate) fn name(&self, node: usize) -> String {
        self.nodes[node].name.clone()
    }

    /// Whether a packet between two nodes arrives, by who they are.
    pub(crate) fn cut(&self, is_cut: impl Fn(usize, usize) -> bool) {
        for ((from, to), relay) in &self.relays {
            relay.cut(is_cut(*from, *to));
        }
    }

    /// Whether the packets of one who calls another are late.
    pub(crate) fn hold(&self, from: usize, to: usize, is_held: bool) {
        self.relays[&(from, to)].hold(is_held);
    }

    pub(crate) fn heal(&self) {
        self.cut(|_, _| false);
    }

    /// How long until every node has a link to every other one, and ractor has all gateways in one group.
    pub(crate) fn until_linked(&mut self) -> Duration {
        let names: Vec<_> = self.nodes.iter().map(|node| node.name.clone()).collect();
        until("all nodes are linked", || {
            self.nodes.iter_mut().all(|node| {
                let own = node.name.clone();
                names.iter().filter(|name| **name != own).all(|name| node.is_linked_to(name))
                    && node.ask("members") == names.len()
            })
        })
    }
}
