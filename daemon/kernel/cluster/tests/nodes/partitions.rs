//! The cases of OTP's `pg_SUITE` that speak of several nodes, as far as the gateways' group has the notion.
//! A node's members are its gateway's; facts are what is told to a group.
//!
//! What has no counterpart: `nolocal` and `process_owner_check` (an actor joins by its own handle, so that another
//! node's cannot be named); `double` and `group_leave` (membership is a set, and a node has one gateway);
//! `overlay_missing`, `missing_scope_join` and `forced_sync` (a session's own messages, which nobody else can send).
//! `scope_restart` stands in `linking.rs`, `disconnected_start` is how every test here begins that cuts first.

use crate::rig::{Rig, until};
use std::time::{Duration, Instant};

/// two, initial: a node that comes later sees who is there, and is seen.
#[test]
fn two_nodes_see_each_other_also_when_one_comes_later() {
    let mut rig = Rig::cut_off(2);
    assert_eq!((rig.nodes[0].ask("members"), rig.nodes[1].ask("members")), (1.into(), 1.into()));
    rig.heal();
    rig.until_linked();
}

/// exchange: what both joined before they met, each learns of the other. empty_group_by_remote_leave: and
/// nothing of it stays when the other is gone.
#[test]
fn groups_are_exchanged_at_the_first_link_and_empty_ones_vanish() {
    let mut rig = Rig::cut_off(2);
    rig.nodes[1].ask("groups 20");
    assert_eq!(rig.nodes[0].ask("herd"), 0);
    rig.heal();
    rig.until_linked();
    until("the groups are exchanged", || rig.nodes[0].ask("herd") == 20);
    rig.nodes.pop().unwrap().kill();
    until("no empty group stays", || rig.nodes[0].ask("herd") == 0);
}

/// netsplit: both halves see only themselves, then everybody again.
#[test]
fn a_split_network_heals_and_views_converge() {
    let mut rig = Rig::linked(2);
    for round in 0..3 {
        split(&mut rig, &[0, 1]);
        let healed = Instant::now();
        rig.heal();
        rig.until_linked();
        println!(
            "netsplit {round}: converged {} ms after the heal (goal: 250)",
            healed.elapsed().as_millis()
        );
    }
}

/// trisplit, and one node alone on its side of it.
#[test]
fn three_nodes_that_lost_each_other_find_each_other() {
    let mut rig = Rig::linked(3);
    split(&mut rig, &[0, 0, 1]);
    split(&mut rig, &[0, 1, 2]);
    let healed = Instant::now();
    rig.heal();
    rig.until_linked();
    println!("trisplit: converged {} ms after the heal (goal: 250)", healed.elapsed().as_millis());
}

/// foursplit: two pairs, then nobody, then all.
#[test]
fn four_nodes_in_pairs_find_each_other() {
    let mut rig = Rig::linked(4);
    split(&mut rig, &[0, 0, 1, 1]);
    split(&mut rig, &[0, 1, 2, 3]);
    let healed = Instant::now();
    rig.heal();
    rig.until_linked();
    println!("foursplit: converged {} ms after the heal (goal: 250)", healed.elapsed().as_millis());
}

/// thundering_herd: a node with very many groups does not hold up what its peer does meanwhile.
#[test]
fn a_herd_of_groups_does_not_hold_up_the_other_node() {
    let mut rig = Rig::cut_off(2);
    rig.nodes[1].ask("groups 10000");
    rig.heal();
    let mut slowest = Duration::ZERO;
    until("the herd is there", || {
        let asked = Instant::now();
        let herd = rig.nodes[0].ask("herd");
        slowest = slowest.max(asked.elapsed());
        herd == 10_000
    });
    assert!(slowest < Duration::from_secs(5), "a look at the groups took {slowest:?}");
    println!("thundering herd: 10,000 groups; the slowest look took {} ms", slowest.as_millis());
}

/// Cuts the network along these sides, and waits until each node sees nobody but its own.
fn split(rig: &mut Rig, sides: &[usize]) {
    rig.cut(|from, to| sides[from] != sides[to]);
    for node in 0..sides.len() {
        let own = sides.iter().filter(|side| **side == sides[node]).count();
        until("only its own side is left", || rig.nodes[node].ask("members") == own);
    }
}
