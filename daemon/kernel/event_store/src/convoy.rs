//! Who reads the whole log at the same time goes through it side by side: the store keeps the stretches that it
//! decoded last, so the log is read once for all of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// How far one reader goes ahead of another; the store keeps more than that.
const APART_EVENTS_MAX: u64 = 10_000;
/// Who is further behind than this began later, and goes alone.
const TOGETHER_EVENTS_MAX: u64 = 4 * APART_EVENTS_MAX;
/// How long somebody who does not come closer is waited for, before each page.
const PATIENCE: Duration = Duration::from_secs(1);

/// Those who read the whole log of one store, and how far each has come.
#[derive(Clone, Default)]
pub struct Convoy(Arc<watch::Sender<Read>>);

#[derive(Default)]
struct Read {
    joined: u64,
    positions: BTreeMap<u64, u64>,
}

/// One reader's place; it is given up when dropped.
pub(crate) struct Place {
    convoy: Convoy,
    number: u64,
}

impl Convoy {
    /// Takes a place at the end.
    pub(crate) fn join(&self) -> Place {
        let mut number = 0;
        self.0.send_modify(|read| {
            read.joined += 1;
            number = read.joined;
            read.positions.insert(number, 0);
        });
        Place { convoy: self.clone(), number }
    }
}

impl Place {
    /// Says how far its reader has come, and waits for those who are close behind.
    pub(crate) async fn read_up_to(&self, position: u64) {
        self.convoy.0.send_modify(|read| {
            read.positions.insert(self.number, position);
        });
        let may_go_on = |read: &Read| {
            read.positions.values().all(|other| {
                let behind = position.saturating_sub(*other);
                behind <= APART_EVENTS_MAX || behind > TOGETHER_EVENTS_MAX
            })
        };
        let mut others = self.convoy.0.subscribe();
        // The sender lives in `self`, so the wait ends only when it may go on, or with its patience.
        let _ = tokio::time::timeout(PATIENCE, others.wait_for(may_go_on)).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.convoy.0.send_modify(|read| {
            read.positions.remove(&self.number);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn nobody_reads_far_ahead_of_those_who_set_out_together() {
        let convoy = Convoy::default();
        let (first, second) = (convoy.join(), convoy.join());
        first.read_up_to(APART_EVENTS_MAX).await;
        let ahead = first.read_up_to(APART_EVENTS_MAX + 1);
        assert!(timeout(Duration::from_millis(10), ahead).await.is_err(), "it waits");
        second.read_up_to(1).await;
        first.read_up_to(APART_EVENTS_MAX + 1).await;
        drop(second);
        first.read_up_to(3 * APART_EVENTS_MAX).await;
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_sets_out_later_keeps_nobody_waiting() {
        let convoy = Convoy::default();
        let first = convoy.join();
        first.read_up_to(TOGETHER_EVENTS_MAX).await;
        let second = convoy.join();
        first.read_up_to(TOGETHER_EVENTS_MAX + 1).await;
        second.read_up_to(1_000).await;
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_stands_still_holds_nobody_up_for_long() {
        let convoy = Convoy::default();
        let (first, _second) = (convoy.join(), convoy.join());
        first.read_up_to(APART_EVENTS_MAX + 1).await;
    }
}
