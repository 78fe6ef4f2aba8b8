//! Questions to one peer that it has not answered yet. They outlive a link that another one replaces, and are
//! asked again over that one.

use crate::cluster::TreeError;
use crate::peer::TreeReply;
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
    /// Answers the number of the question; none where too many wait, which whoever asks hears.
    pub(crate) fn put(&mut self, reply: TreeReply) -> Option<u64> {
        self.pending.retain(|_, reply| !reply.is_closed());
        if self.pending.len() >= PENDING_MAX {
            // As below: whoever asked may have given up.
            drop(reply.send(Err(TreeError::Busy)));
            return None;
        }
        self.asked += 1;
        self.pending.insert(self.asked, reply);
        Some(self.asked)
    }

    /// The numbers of those that somebody still waits for.
    pub(crate) fn pending(&self) -> impl Iterator<Item = u64> {
        let waited_for = |(ask, reply): (&u64, &TreeReply)| (!reply.is_closed()).then_some(*ask);
        self.pending.iter().filter_map(waited_for)
    }

    pub(crate) fn answer(&mut self, ask: u64, answer: Result<Box<RawValue>, TreeError>) {
        if let Some(reply) = self.pending.remove(&ask) {
            drop(reply.send(answer));
        }
    }

    /// The peer is away: all who wait hear so.
    pub(crate) fn give_up(&mut self) {
        for (_, reply) in std::mem::take(&mut self.pending) {
            drop(reply.send(Err(TreeError::Away)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[test]
    fn whoever_gave_up_makes_place_and_is_not_asked_for_again() {
        let mut questions = Questions::default();
        let (replies, mut answers): (Vec<_>, Vec<_>) = (0..PENDING_MAX).map(|_| oneshot::channel()).unzip();
        let numbers: Vec<_> = replies.into_iter().filter_map(|reply| questions.put(reply)).collect();
        assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
        let (reply, mut refused) = oneshot::channel();
        assert_eq!(questions.put(reply), None);
        assert!(matches!(refused.try_recv(), Ok(Err(TreeError::Busy))));

        drop(answers.remove(0));
        let (reply, _later) = oneshot::channel();
        assert_eq!(questions.put(reply), Some(17));
        assert_eq!(questions.pending().collect::<Vec<_>>(), (2..=17).collect::<Vec<_>>());

        questions.answer(2, RawValue::from_string("{}".into()).map_err(|_| TreeError::Away));
        assert!(matches!(answers[0].try_recv(), Ok(Ok(_))));
        questions.give_up();
        assert!(matches!(answers[1].try_recv(), Ok(Err(TreeError::Away))));
        assert_eq!(questions.pending().count(), 0);
    }
}
