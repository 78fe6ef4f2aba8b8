//! The inbox beside a plain list: whatever is put, taken and left, and however the threads interleave, no letter
//! is lost, doubled or out of order, no place is given twice, and nobody sleeps beside a letter.

use super::inbox::{Batch, Found, Inbox, Letter, NoPlace, Summons};
use super::mailbox::{Door, Gauge, MailboxSpec, OnFull};
use crate::instruments::{ASKED, Instruments, Meter, Postmark};
use futures_util::task::noop_waker;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;

fn inbox(capacity: usize, on_full: OnFull) -> Inbox<u32> {
    let meter = Meter::new(Instruments::new().kinds.of("k"));
    Inbox::new(Gauge::new("/r/a".into(), MailboxSpec { capacity, on_full }, meter))
}

fn letter(body: u32) -> Letter<u32> {
    let postmark = Postmark { sent_ns: 0, is_precise: false };
    Letter { body, trace: uuid::Uuid::nil(), postmark, sender: None, receipt: None }
}

fn look(inbox: &Inbox<u32>, batch: &mut Batch<u32>) -> Poll<Found> {
    inbox.poll_take(&mut Context::from_waker(&noop_waker()), batch)
}

#[derive(Clone, Copy, Debug)]
enum Chance {
    Put,
    /// The actor looks up, if it has nothing at hand.
    Look,
    /// It handles what it has at hand.
    Handle,
}

/// What the inbox is to do, one letter at a time.
struct Model {
    waiting: VecDeque<u32>,
    at_hand: VecDeque<u32>,
    capacity: usize,
    sheds: bool,
}

impl Model {
    fn put(&mut self, body: u32) -> Result<Option<u32>, NoPlace> {
        if self.waiting.len() + self.at_hand.len() < self.capacity {
            self.waiting.push_back(body);
            return Ok(None);
        }
        let oldest = if self.sheds { self.waiting.pop_front() } else { None };
        let oldest = oldest.ok_or(NoPlace::Full)?;
        self.waiting.push_back(body);
        Ok(Some(oldest))
    }

    fn take(&mut self) {
        let count = if self.sheds { 1 } else { self.waiting.len() };
        self.at_hand.extend(self.waiting.drain(..count.min(self.waiting.len())));
    }
}

proptest! {
    #[test]
    fn an_inbox_does_what_a_list_does(
        capacity in 1..6usize,
        sheds in any::<bool>(),
        chances in prop::collection::vec(
            prop_oneof![4 => Just(Chance::Put), 2 => Just(Chance::Look), 3 => Just(Chance::Handle)], 0..80),
    ) {
        let on_full = if sheds { OnFull::ShedOldest } else { OnFull::Wait };
        let (inbox, mut batch) = (inbox(capacity, on_full), Batch::new());
        let mut model = Model { waiting: VecDeque::new(), at_hand: VecDeque::new(), capacity, sheds };
        let (mut reads, mut shed) = (false, 0);
        for (body, chance) in (0..).zip(chances) {
            match chance {
                Chance::Put => {
                    let expected = model.put(body);
                    shed += u64::from(matches!(expected, Ok(Some(_))));
                    match inbox.put(letter(body)) {
                        Ok(summons) => {
                            prop_assert!(expected.is_ok());
                            // It is called exactly when it does not read.
                            prop_assert_eq!(summons == Summons::Nothing, reads);
                            reads = true;
                        }
                        Err((back, why)) => {
                            prop_assert_eq!(back.body, body);
                            prop_assert_eq!(Err(why), expected);
                        }
                    }
                }
                Chance::Look if batch.is_empty() => {
                    model.take();
                    let found = look(&inbox, &mut batch);
                    reads = found == Poll::Ready(Found::Letters);
                    prop_assert_eq!(reads, !model.at_hand.is_empty());
                    prop_assert!(batch.iter().map(|letter| letter.body).eq(model.at_hand.iter().copied()));
                }
                Chance::Look => {}
                Chance::Handle => {
                    let handled = batch.pop_front().map(|it| it.body);
                    prop_assert_eq!(handled, model.at_hand.pop_front());
                    handled.iter().for_each(|_| inbox.gauge().leave());
                }
            }
            prop_assert_eq!(inbox.gauge().depth(), (model.waiting.len() + model.at_hand.len()) as u64);
            prop_assert!(inbox.gauge().depth() <= capacity as u64);
        }
        prop_assert_eq!(inbox.gauge().meter().dropped().shed, shed);
    }
}

#[test]
fn who_is_let_in_is_handled_or_counted_when_the_door_shuts() {
    for (door, found) in [(Door::Draining, Found::Letters), (Door::Closed, Found::End)] {
        let (inbox, mut batch) = (inbox(4, OnFull::Wait), Batch::new());
        assert_eq!(inbox.put(letter(1)).ok(), Some(Summons::Nudge));
        assert_eq!(inbox.put(letter(2)).ok(), Some(Summons::Nothing));
        inbox.gauge().shut(door);
        assert!(matches!(inbox.put(letter(3)), Err((_, NoPlace::Gone))));
        assert_eq!(look(&inbox, &mut batch), Poll::Ready(found));
        let taken = batch.len();
        inbox.close(&mut batch);
        assert_eq!((taken, inbox.gauge().meter().dropped().undelivered), (batch_of(door), 2));
        assert_eq!(look(&inbox, &mut batch), Poll::Ready(Found::End));
    }
}

fn batch_of(door: Door) -> usize {
    if door == Door::Draining { 2 } else { 0 }
}

#[test]
fn what_is_asked_of_an_actor_comes_before_its_letters() {
    let (inbox, mut batch) = (inbox(4, OnFull::Wait), Batch::new());
    assert_eq!(look(&inbox, &mut batch), Poll::Pending);
    inbox.gauge().meter().raise(ASKED);
    assert_eq!(inbox.summon(), Summons::Ring);
    assert_eq!(inbox.put(letter(1)).ok(), Some(Summons::Nothing));
    assert_eq!(look(&inbox, &mut batch), Poll::Ready(Found::Asked));
    inbox.gauge().meter().lower(ASKED);
    assert_eq!(look(&inbox, &mut batch), Poll::Ready(Found::Letters));
}

/// Senders on threads of their own and a reader that sleeps whenever it may: all letters arrive, those of one
/// sender in their order, and more than the bound are never in.
#[test]
fn no_letter_is_lost_between_threads() {
    const SENDERS: u32 = 3;
    const EACH: u32 = 40_000;
    const CAPACITY: u64 = 7;
    let inbox = Arc::new(inbox(CAPACITY as usize, OnFull::Wait));
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let inbox = Arc::clone(&inbox);
            thread::spawn(move || (0..EACH).for_each(|nth| insist(&inbox, sender * EACH + nth)))
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut next, mut batch) = ([0; SENDERS as usize], Batch::new());
    while next.iter().sum::<u32>() < SENDERS * EACH {
        assert_eq!(runtime.block_on(poll_fn(|cx| inbox.poll_take(cx, &mut batch))), Found::Letters);
        assert!(inbox.gauge().depth() <= CAPACITY);
        while let Some(letter) = batch.pop_front() {
            let (sender, nth) = ((letter.body / EACH) as usize, letter.body % EACH);
            assert_eq!(nth, next[sender], "out of order");
            next[sender] += 1;
            inbox.gauge().leave();
        }
    }
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    assert_eq!(inbox.gauge().depth(), 0);
}

/// As a sender does that waits for a place.
fn insist(inbox: &Inbox<u32>, body: u32) {
    let mut kept = letter(body);
    loop {
        match inbox.put(kept) {
            Ok(Summons::Nothing) => return,
            Ok(Summons::Ring | Summons::Nudge) => return inbox.gauge().ring(),
            Err((back, _)) => kept = back,
        }
        thread::yield_now();
    }
}
