//! Questions to one peer that it has not answered yet. They outlive a link that another one replaces, and are
//! asked again over that one.

use crate::peer::TreeReply;
use crate::wire::TreeRefusal;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// How many may wait for their answers.
const PENDING_MAX: usize = 16;

/// Whoever waits for the peer's tree, by the number of the question.
#[derive(Default)]
pub(crate) struct Questions {
    asked: u64,
    pending: BTreeMap<u64, TreeReply>,
}

impl Questions {
    /// Answers the number of the question; none where too many wait, which whoever asks then hears.
    pub(crate) fn put(&mut self, reply: TreeReply) -> Option<u64> {
        self.pending.retain(|_, reply| !reply.is_closed());
        if self.pending.len() >= PENDING_MAX {
            return None;
        }
        self.asked += 1;
        self.pending.insert(self.asked, reply);
        Some(self.asked)
    }

    /// Numbers that no link has brought an answer to.
    pub(crate) fn pending(&self) -> impl Iterator<Item = u64> {
        self.pending.keys().copied()
    }

    pub(crate) fn answer(&mut self, ask: u64, answer: Result<Box<RawValue>, TreeRefusal>) {
        if let Some(reply) = self.pending.remove(&ask) {
            // Whoever asked may have given up.
            drop(reply.send(answer));
        }
    }

    /// The peer is away: all who wait hear so.
    pub(crate) fn give_up(&mut self) {
        self.pending.clear();
    }
}
