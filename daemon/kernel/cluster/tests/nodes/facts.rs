//! Facts of one node are heard on the others: once, in order, and never as if they were their own.

use crate::rig::{Rig, positions, until};

#[test]
fn every_fact_arrives_once_and_in_order_at_every_other_node() {
    let mut rig = Rig::linked(3);
    for node in 0..3 {
        assert_eq!(rig.nodes[node].ask("tell 1 500"), 0, "nobody was full");
    }
    let names: Vec<_> = (0..3).map(|node| rig.name(node)).collect();
    let wanted: Vec<u64> = (1..=500).collect();
    for (hearing, own) in names.iter().enumerate() {
        for name in names.iter().filter(|name| *name != own) {
            let node = &mut rig.nodes[hearing];
            until("all facts arrived", || node.heard_of(name).len() >= 500);
            assert_eq!(node.heard_of(name), wanted);
        }
        // Nothing of its own comes back, and its own groups hear nothing of the others.
        assert!(rig.nodes[hearing].heard_of(own).is_empty());
        let own_groups = rig.nodes[hearing].ask("own");
        assert_eq!(positions(&own_groups, own), wanted);
        assert_eq!(own_groups.as_array().unwrap().len(), 500);
    }
}

#[test]
fn a_broken_link_loses_no_fact_and_doubles_none() {
    let mut rig = Rig::linked(2);
    let (teller, hearer) = (rig.name(0), rig.name(1));
    let mut told = 0;
    for round in 0..3 {
        let mut tell = |rig: &mut Rig| {
            assert_eq!(rig.nodes[0].ask(&format!("tell {} {}", told + 1, told + 400)), 0);
            told += 400;
        };
        tell(&mut rig);
        rig.cut(|_, _| true);
        tell(&mut rig);
        until("the link is lost", || !rig.nodes[0].is_linked_to(&hearer));
        tell(&mut rig);
        rig.heal();
        rig.until_linked();
        until("all facts arrived", || rig.nodes[1].heard_of(&teller).len() as u64 >= told);
        assert_eq!(rig.nodes[1].heard_of(&teller), (1..=told).collect::<Vec<_>>(), "round {round}");
    }
    assert_eq!(rig.nodes[0].sees(&hearer)["dropped"], 0);
}

#[test]
fn what_a_full_queue_drops_is_counted_at_both_ends() {
    let mut rig = Rig::linked(2);
    let (teller, hearer) = (rig.name(0), rig.name(1));
    rig.cut(|_, _| true);
    until("the link is lost", || !rig.nodes[0].is_linked_to(&hearer));
    // More than wait for one peer, in portions that its actor can follow.
    for portion in 0..10 {
        let missed = rig.nodes[0].ask(&format!("tell {} {}", portion * 1_000 + 1, (portion + 1) * 1_000));
        assert_eq!(missed, 0);
        until("the portion was encoded", || {
            rig.nodes[0].ask("own").as_array().unwrap().len() as u64 >= (portion + 1) * 1_000
        });
    }
    until("some were dropped", || rig.nodes[0].sees(&hearer)["dropped"] == 10_000 - 8_192);
    rig.heal();
    rig.until_linked();
    until("the rest arrived", || rig.nodes[1].heard_of(&teller).len() >= 8_192);
    assert_eq!(rig.nodes[1].heard_of(&teller), (1_809..=10_000).collect::<Vec<_>>());
    assert_eq!(rig.nodes[1].sees(&teller)["missed"], 10_000 - 8_192);
}

#[test]
fn facts_for_a_peer_that_begins_anew_arrive_at_most_once() {
    let mut rig = Rig::linked(2);
    let teller = rig.name(0);
    rig.nodes[0].ask("tell 1 100");
    until("all facts arrived", || rig.nodes[1].heard_of(&teller).len() == 100);
    rig.nodes.pop().unwrap().kill();
    rig.nodes[0].ask("tell 101 200");
    let again = rig.start(1);
    rig.nodes.push(again);
    rig.until_linked();
    rig.nodes[0].ask("tell 201 300");
    until("the last fact arrived", || rig.nodes[1].heard_of(&teller).last() == Some(&300));
    let heard = rig.nodes[1].heard_of(&teller);
    assert!(heard.is_sorted_by(|one, next| one < next), "{heard:?}");
    assert!(heard.ends_with(&(201..=300).collect::<Vec<_>>()));
    assert!(heard.iter().all(|position| *position > 100), "what its predecessor heard: {heard:?}");
}
