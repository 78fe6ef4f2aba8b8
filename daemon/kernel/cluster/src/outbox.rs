//! Facts on their way to one peer: numbered, bounded, kept until the peer has taken them. And the other end
//! of it: what was taken from a peer. Pure, so that reconnects can be tried by the thousand.

use crate::greeting::{Boot, Heard};
use std::collections::VecDeque;
use std::sync::Arc;

/// A fact as it crosses the wire, encoded once for all peers.
pub(crate) type Encoded = Arc<str>;

/// What may wait for one peer, in facts and in bytes.
const FACTS_MAX: usize = 8_192;
const BYTES_MAX: usize = 8 * 1024 * 1024;
/// What may be under way to it and not yet taken. Everything below the stream is unbounded, so this bounds it.
const UNDER_WAY_FACTS_MAX: usize = 512;
const UNDER_WAY_BYTES_MAX: usize = 1024 * 1024;
/// What goes into one frame; a larger fact goes alone.
const FRAME_FACTS_MAX: usize = 128;
const FRAME_BYTES_MAX: usize = 128 * 1024;

/// Facts for one peer. Numbers begin at 1 with every boot of ours; a gap in them is what was dropped.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    under_way: Queue,
    waiting: Queue,
    /// The last number that was given.
    last: u64,
    /// To which boot of the peer the facts under way went.
    sent_to: Boot,
    dropped: u64,
}

#[derive(Debug, Default)]
struct Queue {
    facts: VecDeque<(u64, Encoded)>,
    bytes: usize,
}

/// A run of facts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Of the first one; the others follow without gaps.
    pub(crate) number: u64,
    pub(crate) facts: Vec<Encoded>,
}

impl Outbox {
    /// Queues a fact. Where there is no place the oldest ones that wait go; answers how many went.
    pub(crate) fn push(&mut self, fact: Encoded) -> u64 {
        self.last += 1;
        self.waiting.push_back(self.last, fact);
        let before = self.dropped;
        while self.waiting.facts.len() > FACTS_MAX || self.waiting.bytes > BYTES_MAX {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        self.dropped - before
    }

    /// What may be sent now.
    pub(crate) fn take(&mut self) -> Option<Run> {
        let number = self.waiting.first()?;
        let (mut facts, mut bytes) = (Vec::new(), 0);
        while let Some((next, fact)) = self.waiting.facts.front() {
            let follows = *next == number + facts.len() as u64;
            let fits =
                facts.len() < FRAME_FACTS_MAX && (facts.is_empty() || bytes + fact.len() <= FRAME_BYTES_MAX);
            if !(follows && fits && self.under_way.has_place()) {
                break;
            }
            let (next, fact) = self.waiting.pop_front()?;
            bytes += fact.len();
            facts.push(Arc::clone(&fact));
            self.under_way.push_back(next, fact);
        }
        (!facts.is_empty()).then_some(Run { number, facts })
    }

    /// The peer has everything before this number.
    pub(crate) fn taken_before(&mut self, next: u64) {
        while self.under_way.first().is_some_and(|first| first < next) {
            self.under_way.pop_front();
        }
    }

    /// A new link: what the same boot of the peer has not taken is sent again. Another boot may have taken what
    /// was under way to the one before it, which therefore counts as dropped: at most once is kept. Answers how
    /// many were dropped.
    pub(crate) fn resume(&mut self, peer: Boot, heard: Option<u64>) -> u64 {
        let before = self.dropped;
        if self.sent_to == peer {
            self.taken_before(heard.unwrap_or(0));
        } else {
            self.dropped += self.under_way.facts.len() as u64;
            self.under_way = Queue::default();
        }
        while let Some((number, fact)) = self.under_way.pop_back() {
            self.waiting.push_front(number, fact);
        }
        self.sent_to = peer;
        self.dropped - before
    }

    /// Dropped so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl Queue {
    fn has_place(&self) -> bool {
        self.facts.len() < UNDER_WAY_FACTS_MAX && self.bytes < UNDER_WAY_BYTES_MAX
    }

    fn first(&self) -> Option<u64> {
        self.facts.front().map(|(number, _)| *number)
    }

    fn push_back(&mut self, number: u64, fact: Encoded) {
        self.bytes += fact.len();
        self.facts.push_back((number, fact));
    }

    fn push_front(&mut self, number: u64, fact: Encoded) {
        self.bytes += fact.len();
        self.facts.push_front((number, fact));
    }

    fn pop_front(&mut self) -> Option<(u64, Encoded)> {
        let popped = self.facts.pop_front()?;
        self.bytes -= popped.1.len();
        Some(popped)
    }

    fn pop_back(&mut self) -> Option<(u64, Encoded)> {
        let popped = self.facts.pop_back()?;
        self.bytes -= popped.1.len();
        Some(popped)
    }
}

/// How far a peer was heard, across all links to one boot of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Inbox {
    heard: Heard,
    /// Facts that were new.
    taken: u64,
    missed: u64,
}

impl Inbox {
    /// What the next greeting says.
    pub(crate) fn heard(&self) -> Heard {
        self.heard
    }

    /// Facts of all its boots, each counted once.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// Facts that the peer dropped before they were sent.
    pub(crate) fn missed(&self) -> u64 {
        self.missed
    }

    /// A link to this boot of the peer.
    pub(crate) fn resume(&mut self, peer: Boot) {
        if self.heard.boot != peer {
            self.heard = Heard { boot: peer, next: 1 };
        }
    }

    /// Takes a run: answers how many of its facts were heard before and must not be told again.
    pub(crate) fn take(&mut self, number: u64, facts: usize) -> usize {
        let next = self.heard.next;
        self.missed += number.saturating_sub(next);
        self.heard.next = next.max(number + facts as u64);
        let known = usize::try_from(next.saturating_sub(number)).unwrap_or(usize::MAX).min(facts);
        self.taken += (facts - known) as u64;
        known
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
