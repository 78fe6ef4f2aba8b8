//! A cursor over the log, pulled by credit: the reader says how many it can take, and nothing is
//! pushed, so nothing is ever dropped. Catch-up and live are the same read, hence no seam.

use std::sync::Arc;

use tokio::sync::watch;

use crate::convoy::{Convoy, Place};
use crate::error::{ReadError, UnavailableReason};
use crate::event::RecordedEvent;
use crate::filter::Filter;
use crate::store::{EventStore, Page};

/// Reads everything behind a position, in order, once; then waits for more.
pub struct Subscription {
    store: Arc<dyn EventStore>,
    filter: Filter,
    head: watch::Receiver<u64>,
    caught_up_to: u64,
    /// Its place among others, until it has come to the head.
    place: Option<Place>,
}

impl Subscription {
    /// Starts behind position `after`; 0 reads from the first event.
    pub fn new(store: Arc<dyn EventStore>, after: u64, filter: Filter) -> Self {
        let head = store.watch_head();
        Self { store, filter, head, caught_up_to: after, place: None }
    }

    /// The same, side by side with others until it has come to the head: for whoever reads the whole log.
    pub fn beside(self, convoy: &Convoy) -> Self {
        Self { place: Some(convoy.join()), ..self }
    }

    /// The next events, at least one and at most `max` (and `PAGE_EVENTS_MAX`); waits when there is
    /// none yet. A `max` of 0 answers at once with nothing.
    ///
    /// Safe to cancel: what was not returned comes with the next call. A closed store gives
    /// everything it has first, then `Unavailable { reason: Closed }`.
    pub async fn next_page(&mut self, max: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        loop {
            let page = self.try_page(max).await?;
            if !page.is_empty() || max == 0 {
                return Ok(page);
            }
            self.wait_for_more().await?;
        }
    }

    /// One step without waiting for new events: at most `max` of them, perhaps none. Safe to cancel.
    pub async fn try_page(&mut self, max: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        if let Some(place) = &self.place {
            place.read_up_to(self.caught_up_to).await;
        }
        let Page { events, caught_up_to } = self.store.read_all(self.caught_up_to, &self.filter, max).await?;
        self.caught_up_to = caught_up_to;
        if caught_up_to >= self.store.head() {
            self.place = None;
        }
        Ok(events)
    }

    /// The next step forward: waits until the log has moved on, and answers with the events of that stretch
    /// that pass the filter, perhaps none; [`Subscription::caught_up_to`] has moved in any case.
    ///
    /// Waits for ever on a closed store: who follows it is renewed with it. Safe to cancel.
    pub async fn next_step(&mut self, max: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let before = self.caught_up_to;
        loop {
            let step = match self.try_page(max).await {
                Err(ReadError::Unavailable { reason: UnavailableReason::Closed }) => {
                    std::future::pending().await
                }
                step => step?,
            };
            if self.caught_up_to > before {
                return Ok(step);
            }
            if self.wait_for_more().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Everything up to this position was returned or left out by the filter: the checkpoint to keep.
    pub fn caught_up_to(&self) -> u64 {
        self.caught_up_to
    }

    async fn wait_for_more(&mut self) -> Result<(), ReadError> {
        let caught_up_to = self.caught_up_to;
        match self.head.wait_for(|head| *head > caught_up_to).await {
            Ok(_) => Ok(()),
            Err(_) => Err(ReadError::Unavailable { reason: UnavailableReason::Closed }),
        }
    }
}
