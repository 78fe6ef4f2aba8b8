//! The one thread that writes. It takes what waits, commits it with one flush, publishes, and only
//! then answers: nobody hears of an event that a crash could take back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::watch;

use super::Shared;
use super::checkpoint::{Checkpointer, WalGauge};
use super::ledger::{Failure, Ledger};
use super::open::Files;
use super::queue::{Outcome, Ticket};
use crate::error::{ClosedReason, UnavailableReason};

/// The lock goes last, when nothing can write any more.
pub(super) struct Writer {
    pub(super) ledger: Ledger,
    pub(super) checkpointer: Checkpointer,
    pub(super) wal: Arc<WalGauge>,
    pub(super) head: watch::Sender<u64>,
    pub(super) shared: Arc<Shared>,
    pub(super) files: Files,
}

impl Writer {
    pub(super) fn start(self) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name("event-store-writer".to_owned()).spawn(move || self.live())
    }

    fn live(mut self) {
        let shared = self.shared.clone();
        // Whoever was taken when a panic strikes hears "unknown": the answers drop with the stack.
        let reason = catch_unwind(AssertUnwindSafe(|| self.run())).unwrap_or(ClosedReason::Panicked);
        shared.queue.close(reason.clone());
        shared.queue.refuse_waiting();
        self.end(reason == ClosedReason::Requested);
        match &reason {
            ClosedReason::Requested => tracing::debug!("the event store is closed"),
            reason => tracing::error!(%reason, "the event store's writer ended"),
        }
        shared.closed.send_replace(Some(reason));
    }

    /// After an orderly end the file alone is the whole store: the log is moved into it and forgotten.
    fn end(self, orderly: bool) {
        let Self { ledger, checkpointer, files, .. } = self;
        drop(ledger);
        if checkpointer.end(orderly)
            && let Err(error) = files.forget_log()
        {
            tracing::warn!(%error, "the log stays beside the event store's file");
        }
    }

    fn run(&mut self) -> ClosedReason {
        loop {
            let batch = match self.shared.queue.take() {
                Ok(batch) => batch,
                Err(reason) => return reason,
            };
            if let Err(reason) = self.serve(batch) {
                return reason;
            }
        }
    }

    /// Commits and answers one batch; an error is the end of the writer.
    fn serve(&mut self, batch: Vec<Ticket>) -> Result<(), ClosedReason> {
        let (requests, answers): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let committed = if self.wal.is_stuck() {
            Err(Failure::Refused(UnavailableReason::DiskFull))
        } else {
            let _turn = self.wal.turns.write();
            self.ledger.commit(requests)
        };
        let (outcomes, failure) = match committed {
            Ok(outcomes) => (outcomes, None),
            Err(failure) => (vec![Err(failure.answer()); answers.len()], Some(failure)),
        };
        self.publish(&outcomes);
        self.measure(&outcomes);
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // A caller that went away needs no answer; what it asked for is recorded all the same.
            let _ = answer.send(outcome);
        }
        self.settle(failure)
    }

    /// Before the answers, so that whoever has one finds itself counted.
    fn measure(&self, outcomes: &[Outcome]) {
        let took = self.shared.queue.answered();
        let events = outcomes.iter().flatten().map(|appended| appended.events.len() as u64).sum();
        self.shared.meter.batch(outcomes.len(), events, took);
    }

    fn publish(&self, outcomes: &[Outcome]) {
        let events: Vec<_> =
            outcomes.iter().flatten().flat_map(|appended| &appended.events).cloned().collect();
        let Some(head) = events.last().map(|event| event.position) else { return };
        self.shared.publish(events, head);
        self.head.send_replace(head);
    }

    fn settle(&mut self, failure: Option<Failure>) -> Result<(), ClosedReason> {
        match failure {
            None => self.checkpointer.after_commit(),
            Some(Failure::Refused(reason)) => {
                tracing::warn!(%reason, "the event store refused a batch");
                self.checkpointer.ask();
            }
            Some(Failure::Broken(reason) | Failure::InDoubt(reason)) => return Err(reason),
        }
        Ok(())
    }
}
