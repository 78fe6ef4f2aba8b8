//! Who must not get in: another key, another release, noise.

use crate::network::Relay;
use crate::rig::{Node, PROGRAM, Rig, until};
use serde_json::Value;
use std::net::UdpSocket;

/// Two nodes whose views of each other are `(secret, the secret that its peer expects, program)`.
fn meet(one: (u8, u8, &str), other: (u8, u8, &str)) -> (Node, Node) {
    let (to_one, to_other) = (Relay::new(), Relay::new());
    let start = |(secret, _, program): (u8, u8, &str), peer: u8, way: &Relay| {
        Node::start(secret, program, &[(peer, way.address.to_string())])
    };
    let mut first = start(one, other.1, &to_other);
    let mut second = start(other, one.1, &to_one);
    to_one.lead_to(first.ask("listen").as_str().unwrap().parse().unwrap());
    to_other.lead_to(second.ask("listen").as_str().unwrap().parse().unwrap());
    // The relays live as long as the process: a test is short.
    std::mem::forget((to_one, to_other));
    (first, second)
}

fn strangers(node: &mut Node) -> u64 {
    node.ask("view")["strangers"].as_u64().unwrap()
}

#[test]
fn a_key_that_is_not_pinned_is_refused_at_both_doors() {
    // The second bears key 3, where key 2 is expected.
    let (mut one, mut other) = meet((1, 1, PROGRAM), (3, 2, PROGRAM));
    until("the stranger was refused", || strangers(&mut one) >= 3);
    for (node, why) in [(&mut one, "other_key: "), (&mut other, "unknown_node: ")] {
        let refused = |view: &Value| view["nodes"][0]["state"] == "refused";
        until("it was told why", || refused(&node.ask("view")));
        let view = node.ask("view");
        assert!(view["nodes"][0]["reason"].as_str().unwrap().starts_with(why), "{view}");
    }
    assert_eq!((one.ask("members"), other.ask("members")), (1.into(), 1.into()));
}

#[test]
fn another_release_is_refused_by_a_name_that_both_see() {
    let (mut one, mut other) = meet((1, 1, "1.0.0"), (2, 2, "1.0.1"));
    let (first, second) = (one.name.clone(), other.name.clone());
    until("the first saw it", || one.sees(&second)["state"] == "refused");
    until("the second saw it", || other.sees(&first)["state"] == "refused");
    for reason in [one.sees(&second)["reason"].clone(), other.sees(&first)["reason"].clone()] {
        let reason = reason.as_str().unwrap();
        assert!(reason.starts_with("other_program: "), "{reason}");
        assert!(reason.contains("1.0.0") && reason.contains("1.0.1"), "{reason}");
    }
    assert_eq!((one.ask("members"), other.ask("members")), (1.into(), 1.into()));
}

#[test]
fn garbage_on_the_port_harms_nobody() {
    let mut rig = Rig::linked(2);
    let listen = rig.nodes[0].ask("listen").as_str().unwrap().to_owned();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut state: u64 = 7;
    for length in 0..2_000usize {
        let noise: Vec<u8> = (0..length % 1_500)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 40) as u8
            })
            .collect();
        socket.send_to(&noise, &listen).unwrap();
        // Headers that look like a first packet of QUIC.
        socket.send_to(&[&[0xc3, 0, 0, 0, 1, 8], &noise[..]].concat(), &listen).unwrap();
    }
    let other = rig.name(1);
    let answer = rig.nodes[0].ask(&format!("tree {other}"));
    assert_eq!(answer["ok"]["path"], "/node", "{answer}");
    assert_eq!(strangers(&mut rig.nodes[0]), 0);
    rig.until_linked();
}
