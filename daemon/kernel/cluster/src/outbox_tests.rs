//! Links that break at any moment, with what was under way lost or not: no fact twice, none lost in silence.

use super::*;

fn fact(name: u64) -> Encoded {
    name.to_string().into()
}

#[test]
fn a_run_holds_what_follows_without_gaps_and_no_more_than_may_be_under_way() {
    let mut outbox = Outbox::default();
    for name in 1..=1_000 {
        assert_eq!(outbox.push(fact(name)), 0);
    }
    let mut sent = 0;
    while let Some(run) = outbox.take() {
        assert_eq!((run.number, run.facts.first().unwrap().as_ref()), (sent + 1, fact(sent + 1).as_ref()));
        assert!(run.facts.len() <= FRAME_FACTS_MAX);
        sent += run.facts.len() as u64;
    }
    assert_eq!(sent, UNDER_WAY_FACTS_MAX as u64);
    outbox.taken_before(101);
    assert_eq!(outbox.take().unwrap().facts.len(), 100);
}

#[test]
fn a_large_fact_goes_alone() {
    let mut outbox = Outbox::default();
    let large: Encoded = "x".repeat(FRAME_BYTES_MAX * 2).into();
    outbox.push(fact(1));
    outbox.push(Arc::clone(&large));
    outbox.push(fact(3));
    let lengths: Vec<_> = std::iter::from_fn(|| outbox.take()).map(|run| run.facts.len()).collect();
    assert_eq!(lengths, [1, 1, 1]);
}

#[test]
fn what_finds_no_place_is_counted_and_shows_as_a_gap() {
    let mut outbox = Outbox::default();
    let dropped: u64 = (0..FACTS_MAX as u64 + 10).map(|name| outbox.push(fact(name))).sum();
    assert_eq!((dropped, outbox.dropped()), (10, 10));
    let run = outbox.take().unwrap();
    assert_eq!(run.number, 11);
    let mut inbox = Inbox::default();
    inbox.resume(7);
    assert_eq!(inbox.take(run.number, run.facts.len()), 0);
    assert_eq!(inbox.missed(), 10);
}

#[test]
fn bytes_are_bounded_as_well() {
    let mut outbox = Outbox::default();
    let large: Encoded = "x".repeat(BYTES_MAX / 4).into();
    let dropped: u64 = (0..6).map(|_| outbox.push(Arc::clone(&large))).sum();
    assert_eq!(dropped, 2);
}

#[test]
fn what_went_to_a_peer_that_began_anew_is_not_sent_twice() {
    let mut outbox = Outbox::default();
    assert_eq!(outbox.resume(1, None), 0);
    outbox.push(fact(1));
    assert!(outbox.take().is_some());
    outbox.push(fact(2));
    assert_eq!(outbox.resume(2, None), 1);
    assert_eq!(outbox.take(), Some(Run { number: 2, facts: vec![fact(2)] }));
}

/// A small generator, so that a failure names its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[test]
fn whatever_breaks_every_fact_arrives_once_and_in_order() {
    for seed in 0..500 {
        let mut dice = Dice(seed);
        let (mut outbox, mut inbox) = (Outbox::default(), Inbox::default());
        let (mut wire, mut heard, mut told) = (VecDeque::<Run>::new(), Vec::new(), 0);
        let relink = |outbox: &mut Outbox, inbox: &mut Inbox, wire: &mut VecDeque<Run>| {
            wire.clear();
            let next = inbox.heard().next;
            inbox.resume(9);
            outbox.resume(4, Some(next));
        };
        relink(&mut outbox, &mut inbox, &mut wire);
        for _ in 0..400 {
            match dice.roll(10) {
                0..4 => {
                    told += 1;
                    outbox.push(fact(told));
                }
                4..6 => wire.extend(outbox.take()),
                6..8 => {
                    if let Some(run) = wire.pop_front() {
                        let known = inbox.take(run.number, run.facts.len());
                        heard.extend(run.facts.into_iter().skip(known));
                    }
                }
                8 => outbox.taken_before(inbox.heard().next),
                _ => relink(&mut outbox, &mut inbox, &mut wire),
            }
        }
        relink(&mut outbox, &mut inbox, &mut wire);
        while let Some(run) = outbox.take() {
            let known = inbox.take(run.number, run.facts.len());
            heard.extend(run.facts.into_iter().skip(known));
            outbox.taken_before(inbox.heard().next);
        }
        let wanted: Vec<_> = (1..=told).map(fact).collect();
        assert_eq!(heard, wanted, "seed {seed}");
        assert_eq!((outbox.dropped(), inbox.missed()), (0, 0), "seed {seed}");
    }
}
