//! Two daemons of one cluster: each shows the other's tree, hears its facts, and notices when it is gone.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hecate_proto::cluster::{ClusterView, NodeView};
use hecate_proto::debug_answers::Shown;
use hecate_proto::route;
use hecate_proto::tree::TreeAnswer;
use hecate_tests::daemon::{Daemon, Place};
use hecate_tests::patience::until;
use hecate_tests::ventures::{head, set_up};
use serde_json::Value;
use std::net::UdpSocket;
use std::time::Instant;
use tempfile::TempDir;

fn view(daemon: &Daemon) -> Shown<ClusterView> {
    daemon.client().get(route::DEBUG_CLUSTER).expect(200).read()
}

fn peer(daemon: &Daemon) -> NodeView {
    view(daemon).shown.nodes.into_iter().next().unwrap()
}

fn until_linked(daemons: [&Daemon; 2]) {
    until("both are linked", || daemons.iter().all(|daemon| peer(daemon).state == "linked").then_some(()));
}

/// `GET /debug/tree?node=`.
fn tree_of(node_id: &str) -> String {
    format!("{}?depth=1&node={node_id}", route::DEBUG_TREE)
}

/// A port that is free now.
fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Two places whose daemons know each other, and their names.
fn places(folders: &[TempDir; 2]) -> ([Place; 2], [String; 2]) {
    // A node has its name from its first start on.
    let names = folders.each_ref().map(|folder| {
        let alone = Daemon::start(folder.path());
        let shown = view(&alone);
        assert!(!shown.shown.enabled && shown.shown.nodes.is_empty());
        let unknown: Value = alone.client().get(&tree_of("nobody")).expect(404).json();
        assert_eq!(unknown["error"], "node_not_found");
        alone.terminate();
        shown.node_id
    });
    let ports = [free_port(), free_port()];
    let peers = [0, 1].map(|node| format!("hecate://{}@127.0.0.1:{}", names[node], ports[node])).join(",");
    let places = [0, 1].map(|node| {
        let mut place = Place::new(folders[node].path());
        place.environment.push(("HECATE_CLUSTER_VIEW_LISTEN", format!("127.0.0.1:{}", ports[node])));
        // The same for all: a node that finds itself among them knows whom not to call.
        place.environment.push(("HECATE_CLUSTER_VIEW_PEERS", peers.clone()));
        place
    });
    (places, names)
}

#[test]
fn two_daemons_see_each_others_trees_and_hear_each_others_facts() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let ([first, second], names) = places(&folders);
    let (one, other) = (first.start(), second.start());
    until_linked([&one, &other]);
    for (asked, name) in [(&one, &names[1]), (&other, &names[0])] {
        let answer: TreeAnswer = asked.client().get(&tree_of(name)).expect(200).read();
        assert_eq!((answer.node_id.as_str(), answer.tree.path.as_str()), (name.as_str(), "/hecate"));
        assert!(answer.tree.children.iter().any(|child| child.path == "/hecate/apps"));
        let refused = asked.client().get(&format!("{}&at=2026-01-01T00:00:00Z", tree_of(name)));
        assert_eq!(refused.expect(400).json()["details"]["field"], "at");
    }

    for number in 0..20 {
        set_up(&one.client(), &format!("Venture {number}"));
    }
    let told = head(&one.client());
    until("all facts were heard", || (peer(&other).heard == told).then_some(()));
    let counts = [peer(&other), peer(&one)].map(|peer| (peer.dropped, peer.missed));
    assert_eq!(counts, [(0, 0); 2]);
    // What the other heard it neither keeps nor tells on.
    assert_eq!((head(&other.client()), peer(&one).heard), (0, 0));

    let gone = Instant::now();
    let place = other.kill();
    until("the killed one is away", || (peer(&one).state == "away").then_some(()));
    println!("killed with -9: away after {} ms (goal: 3,000)", gone.elapsed().as_millis());
    let away: Value = one.client().get(&tree_of(&names[1])).expect(503).json();
    assert_eq!(away["error"], "node_away");

    let again = place.start();
    until_linked([&one, &again]);
    set_up(&one.client(), "Afterwards");
    until("facts are heard again", || (peer(&again).heard > 0).then_some(()));
    assert_eq!(one.terminate().0, Some(0));
    assert_eq!(again.terminate().0, Some(0));
}
