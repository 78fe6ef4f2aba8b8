//! A node as a process: a small tree with the cluster view in it, led by lines on stdin.

use hecate_cluster::{Cluster, ClusterParts, Identity, Peer, Settings};
use hecate_event_store::kit::event;
use hecate_event_store::{NewEvent, RecordedEvent};
use hecate_facts::{ALL, Fact, Groups};
use hecate_supervision::{Actor, ExitReason, Kinds, Me, Message, Plan, Tree};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What makes this process a node, as JSON.
pub(crate) const NODE: &str = "HECATE_TEST_NODE";
/// Every answer stands on a line of its own behind this.
pub(crate) const ANSWER: &str = "@@ ";

const TREE: &str = r#"
schema = 1
[[supervisor]]
path = "/node"
strategy = "one_for_one"
intensity = 5
period = "1s"
[[child]]
path = "/node/ear"
kind = "ear"
mailbox = { capacity = 65536, on_full = "refuse" }
[[child]]
path = "/node/own_ear"
kind = "own_ear"
mailbox = { capacity = 65536, on_full = "refuse" }
[[child]]
path = "/node/cluster"
kind = "cluster"
mailbox = { capacity = 8192, on_full = "refuse" }
"#;

type Heard = Arc<Mutex<Vec<(String, u64)>>>;

/// Writes down what it hears.
struct Ear(Heard);

struct Told(Fact);

impl Message for Told {
    fn variant(&self) -> &'static str {
        "Told"
    }
}

impl Actor for Ear {
    type Msg = Told;
    type Args = (Groups, Heard);

    async fn init((groups, heard): (Groups, Heard), me: &Me<Told>) -> Result<Self, ExitReason> {
        groups.join(me, ALL, Told);
        Ok(Ear(heard))
    }

    async fn handle(&mut self, Told(fact): Told, _: &Me<Told>) -> Result<(), ExitReason> {
        self.0.lock().unwrap().push((fact.metadata.node_id.to_string(), fact.position));
        Ok(())
    }
}

struct Node {
    cluster: Cluster,
    groups: Groups,
    tree: Arc<OnceLock<Tree>>,
    heard: Heard,
    own: Heard,
    name: String,
}

#[test]
#[ignore = "a node: started by the other tests as a process of its own"]
fn a_node_of_its_own() {
    let Ok(said) = std::env::var(NODE) else { return };
    let said: Value = serde_json::from_str(&said).unwrap();
    let filter = std::env::var("NODE_LOG").unwrap_or_else(|_| "warn,hecate_cluster=info,audit=info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let node = boot(&said).await;
        let (lines, mut orders) = tokio::sync::mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
        while let Some(order) = orders.recv().await {
            let answer = node.obey(&order).await;
            let mut out = std::io::stdout().lock();
            writeln!(out, "\n{ANSWER}{answer}").unwrap();
            out.flush().unwrap();
        }
        // Whoever led us is gone.
        let tree = node.tree.get().unwrap();
        tree.stop(Duration::from_secs(2)).await;
    });
    runtime.shutdown_timeout(Duration::from_millis(100));
}

async fn boot(said: &Value) -> Node {
    let secret = |number: &Value| [u8::try_from(number.as_u64().unwrap()).unwrap(); 32];
    let identity = Identity::of_secret(&secret(&said["secret"])).unwrap();
    let name = identity.node_id().to_string();
    let peers = said["peers"].as_array().unwrap().iter().map(|peer| Peer {
        node_id: Identity::of_secret(&secret(&peer["secret"])).unwrap().node_id().clone(),
        address: peer["address"].as_str().unwrap().to_owned(),
    });
    let settings = Settings { listen: "127.0.0.1:0".parse().unwrap(), peers: peers.collect() };
    let (groups, tree) = (Groups::new(&name), Arc::new(OnceLock::<Tree>::new()));
    let shown = Arc::clone(&tree);
    let cluster = Cluster::new(ClusterParts {
        identity,
        settings,
        program: said["program"].as_str().unwrap().to_owned().leak(),
        local: groups.clone(),
        tree: Arc::new(move || shown.get().map(Tree::snapshot)),
        now_us: Arc::new(|| 0),
    });
    let (heard, own) = (Heard::default(), Heard::default());
    let mut kinds = Kinds::new();
    let ears = [("ear", cluster.facts().clone(), &heard), ("own_ear", groups.clone(), &own)];
    for (kind, groups, heard) in ears {
        let heard = Arc::clone(heard);
        kinds.worker::<Ear>(kind, None, move || (groups.clone(), Arc::clone(&heard)));
    }
    cluster.register(&mut kinds);
    let plan = Plan::parse(TREE, "node.toml", &kinds).unwrap();
    let booted = Tree::boot(&plan, &kinds).await.unwrap();
    tree.set(booted).unwrap();
    Node { cluster, groups, tree, heard, own, name }
}

async fn ask_until(until: Instant, cluster: Cluster, node: String) -> Vec<String> {
    let mut wrong = Vec::new();
    while Instant::now() < until {
        wrong.extend(cluster.tree(&node).await.err().map(|error| error.to_string()));
        let peers = cluster.nodes().into_iter().filter(|peer| peer.node_id == node);
        wrong.extend(peers.map(|peer| peer.state).filter(|state| state != "linked"));
    }
    wrong
}

impl Node {
    async fn obey(&self, order: &str) -> Value {
        let words: Vec<&str> = order.split(' ').collect();
        match words[..] {
            ["name"] => json!(self.name),
            ["listen"] => json!(self.cluster.listens_on().unwrap().to_string()),
            ["view"] => serde_json::to_value(self.cluster.view()).unwrap(),
            ["heard"] => json!(*self.heard.lock().unwrap()),
            ["own"] => json!(*self.own.lock().unwrap()),
            ["tell", from, to] => {
                for position in from.parse().unwrap()..=to.parse::<u64>().unwrap() {
                    self.groups.tell(&Arc::new(self.fact(position)));
                }
                json!(self.groups.missed())
            }
            ["tree", node] => match self.cluster.tree(node).await {
                Ok(tree) => json!({ "ok": tree }),
                Err(error) => json!({ "error": error.to_string() }),
            },
            // Several at a time, one after the other: everything that went wrong meanwhile.
            ["trees", node, ms] => {
                let until = Instant::now() + Duration::from_millis(ms.parse().unwrap());
                let mut asking = JoinSet::new();
                for _ in 0..4 {
                    asking.spawn(ask_until(until, self.cluster.clone(), node.to_owned()));
                }
                json!(asking.join_all().await.concat())
            }
            // Everybody that ractor knows in the group of gateways, here and elsewhere.
            ["members"] => {
                let group = ("hecate.cluster".to_owned(), "gateways".to_owned());
                json!(ractor::pg::get_scoped_members(&group.0, &group.1).len())
            }
            ["crash"] => {
                // The raw actor of the gateway: its owner outlives it only as its supervisor decides.
                let group = ("hecate.cluster".to_owned(), "gateways".to_owned());
                let own = ractor::pg::get_scoped_local_members(&group.0, &group.1);
                own.iter().for_each(ractor::ActorCell::kill);
                json!(own.len())
            }
            ["groups", count] => {
                // Many groups that have nothing to do with the cluster.
                let own = ractor::pg::get_scoped_local_members(
                    &"hecate.cluster".to_owned(),
                    &"gateways".to_owned(),
                );
                for number in 0..count.parse::<u64>().unwrap() {
                    ractor::pg::join_scoped("herd".to_owned(), format!("g{number}"), own.clone());
                }
                json!(own.len())
            }
            ["herd"] => {
                let of_all = ractor::pg::which_scoped_groups(&"herd".to_owned());
                json!(of_all.len())
            }
            _ => panic!("no order: {order}"),
        }
    }

    fn fact(&self, position: u64) -> RecordedEvent {
        let NewEvent { event_id, event_type, data, mut metadata, at_us, .. } =
            event("tea_made_v1", &json!({ "cup": position }));
        metadata.node_id = self.name.as_str().into();
        let stream_id = "tea-1".into();
        let version = position - 1;
        RecordedEvent {
            event_id,
            event_type,
            stream_id,
            version,
            position,
            at_us,
            data,
            metadata,
            tags: vec![],
        }
    }
}
