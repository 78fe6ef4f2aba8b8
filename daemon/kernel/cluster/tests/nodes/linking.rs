//! Two nodes find each other, show each other their trees, and notice when one is gone.

use crate::rig::{Rig, until};
use rustix::process::Signal;
use serde_json::json;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn the_tree_of_every_node_is_visible_from_each() {
    let mut rig = Rig::linked(3);
    for asking in 0..3 {
        for asked in 0..3 {
            let name = rig.name(asked);
            let answer = rig.nodes[asking].ask(&format!("tree {name}"));
            assert_eq!(answer["ok"]["path"], "/node", "{asking} asks {asked}: {answer}");
            assert_eq!(answer["ok"]["children"].as_array().unwrap().len(), 3);
        }
    }
    let unknown = rig.nodes[0].ask("tree nobody");
    assert_eq!(unknown["error"], "no node of this cluster has this name");
}

#[test]
fn both_ends_keep_one_link_though_both_call() {
    let mut rig = Rig::linked(2);
    let (one, other) = (rig.name(0), rig.name(1));
    // A beat later nothing has changed: nobody called again.
    until("the echo of a beat", || rig.nodes[0].sees(&other)["latency_us"].is_u64());
    until("the echo of a beat", || rig.nodes[1].sees(&one)["latency_us"].is_u64());
    let links = [rig.nodes[0].sees(&other)["links"].clone(), rig.nodes[1].sees(&one)["links"].clone()];
    assert!(links.iter().all(|links| links.as_u64().unwrap() <= 2), "{links:?}");
    assert_eq!(rig.nodes[0].ask("members"), 2);
    println!("latency through both gateways: {} µs", rig.nodes[0].sees(&other)["latency_us"]);
}

/// Answers whether a second link took the place of the first, while both ends kept asking over it.
fn cross() -> bool {
    let mut rig = Rig::cut_off(2);
    let names = [rig.name(0), rig.name(1)];
    // Of two links that cross, the one is kept that the last in order opened: here it is the late one.
    let last = usize::from(names[1] > names[0]);
    rig.hold(last, 1 - last, true);
    rig.heal();
    rig.until_linked();
    // Its call needs some rounds yet.
    rig.hold(last, 1 - last, false);
    thread::scope(|scope| {
        let asking = rig.nodes.iter_mut().zip(names.iter().rev());
        let asking: Vec<_> =
            asking.map(|(node, peer)| scope.spawn(move || node.ask(&format!("trees {peer} 300")))).collect();
        for wrong in asking {
            assert_eq!(wrong.join().unwrap(), json!([]));
        }
    });
    (0..2).all(|node| rig.nodes[node].sees(&names[1 - node])["links"] == 2)
}

/// Both call at the same time, and the call that is kept arrives last: nobody is away meanwhile.
#[test]
fn links_that_cross_cut_off_nobody_who_asks() {
    let crossed = (0..8).filter(|_| cross()).count();
    println!("{crossed} of 8 pairs had a second link take the place of the first");
    assert!(crossed > 0);
}

#[test]
fn a_killed_peer_is_gone_and_leaves_no_ghost() {
    let mut rig = Rig::linked(2);
    let gone = rig.name(1);
    let killed = Instant::now();
    rig.nodes.pop().unwrap().kill();
    until("the dead peer is away", || !rig.nodes[0].is_linked_to(&gone));
    until("its gateway left the group", || rig.nodes[0].ask("members") == 1);
    println!("killed with -9: gone after {} ms (goal: 3,000)", killed.elapsed().as_millis());
    assert_eq!(rig.nodes[0].ask(&format!("tree {gone}"))["error"], "the node is away");

    let again = rig.start(1);
    rig.nodes.push(again);
    let took = rig.until_linked();
    println!("started anew: linked after {} ms", took.as_millis());
}

#[test]
fn a_silent_peer_is_dead_and_comes_back() {
    let mut rig = Rig::linked(2);
    let silent = rig.name(1);
    let stopped = Instant::now();
    rig.nodes[1].signal(Signal::STOP);
    until("the silent peer is away", || !rig.nodes[0].is_linked_to(&silent));
    until("its gateway left the group", || rig.nodes[0].ask("members") == 1);
    println!("stopped: declared dead after {} ms (goal: 3,000)", stopped.elapsed().as_millis());
    let reason = rig.nodes[0].sees(&silent)["reason"].clone();
    assert_eq!(reason, "silent for 2000 ms");

    rig.nodes[1].signal(Signal::CONT);
    let took = rig.until_linked();
    println!("goes on: linked after {} ms", took.as_millis());
    let answer = rig.nodes[0].ask(&format!("tree {silent}"));
    assert_eq!(answer["ok"]["path"], "/node");
}

/// `pg_SUITE` scope_restart: what a node forgets with its own scope, its peers tell it again.
#[test]
fn a_gateway_that_is_killed_takes_its_owner_along_and_both_come_back() {
    let mut rig = Rig::linked(2);
    let began = Instant::now();
    assert_eq!(rig.nodes[0].ask("crash"), 1);
    let other = rig.name(1);
    until("a new link", || rig.nodes[0].sees(&other)["links"].as_u64().unwrap() >= 2);
    rig.until_linked();
    assert!(began.elapsed() < Duration::from_secs(60));
}
