//! Stretches of the log that somebody just decoded, for those who come close behind: twenty subscribers
//! that catch up together cost one decoding. Blocks begin at fixed positions, so that readers meet, and
//! whoever asks while a block is on its way waits for it instead of reading it again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::error::ReadError;
use crate::event::RecordedEvent;
use crate::filter::Filter;
use crate::hot_window::page_of;
use crate::store::{PAGE_EVENTS_MAX, Page};

/// Blocks that are kept. Readers that are further apart than that do not help one another.
const BLOCKS_MAX: usize = 24;
/// Bytes of a block that is kept; a larger one is for its reader alone.
const BLOCK_BYTES_MAX: usize = 4 * 1024 * 1024;
const BLOCK_EVENTS: u64 = PAGE_EVENTS_MAX as u64;

type Block = Arc<[Arc<RecordedEvent>]>;

/// The blocks that were read last.
#[derive(Default)]
pub(super) struct Blocks {
    kept: Mutex<VecDeque<(u64, Arc<OnceCell<Block>>)>>,
}

/// A whole block of the log: the events behind position `after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) after: u64,
}

impl Stretch {
    /// The block in which a reader behind `position` goes on, if the log already has all of it.
    pub(super) fn of(position: u64, head: u64) -> Option<Self> {
        let after = position / BLOCK_EVENTS * BLOCK_EVENTS;
        (after + BLOCK_EVENTS <= head).then_some(Self { after })
    }
}

impl Blocks {
    /// The page behind `after` of its block, which is `read` unless somebody has it.
    pub(super) async fn page(
        &self,
        stretch: Stretch,
        after: u64,
        filter: &Filter,
        limit: usize,
        read: impl AsyncFnOnce() -> Result<Page, ReadError>,
    ) -> Result<Page, ReadError> {
        let cell = self.cell(stretch.after);
        let block = cell.get_or_try_init(async || Ok(Arc::from(read().await?.events))).await?;
        let bytes = || block.iter().map(|event| event.size_bytes()).sum::<usize>();
        if bytes() > BLOCK_BYTES_MAX {
            self.forget(stretch.after);
        }
        let skip = usize::try_from(after - stretch.after).unwrap_or(usize::MAX);
        Ok(page_of(block.iter().skip(skip), after, filter, limit))
    }

    fn cell(&self, after: u64) -> Arc<OnceCell<Block>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cell)) = kept.iter().find(|(known, _)| *known == after) {
            return cell.clone();
        }
        if kept.len() == BLOCKS_MAX {
            kept.pop_front();
        }
        let cell = Arc::<OnceCell<Block>>::default();
        kept.push_back((after, cell.clone()));
        cell
    }

    fn forget(&self, after: u64) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, _)| *known != after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::sample;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn whole(after: u64) -> Page {
        let events = (after + 1..=after + BLOCK_EVENTS).map(|position| Arc::new(sample(position)));
        Page { events: events.collect(), caught_up_to: after + BLOCK_EVENTS }
    }

    #[test]
    fn only_a_whole_block_is_one() {
        assert_eq!(Stretch::of(0, BLOCK_EVENTS - 1), None);
        assert_eq!(Stretch::of(0, BLOCK_EVENTS), Some(Stretch { after: 0 }));
        assert_eq!(Stretch::of(BLOCK_EVENTS - 1, BLOCK_EVENTS), Some(Stretch { after: 0 }));
        assert_eq!(Stretch::of(BLOCK_EVENTS, BLOCK_EVENTS), None);
    }

    #[tokio::test]
    async fn those_who_come_together_cost_one_reading() {
        let (blocks, reads) = (Blocks::default(), AtomicUsize::new(0));
        let read = async |after: u64| {
            let stretch = Stretch::of(after, u64::MAX).unwrap();
            let once = async || {
                reads.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok(whole(stretch.after))
            };
            blocks.page(stretch, after, &Filter::all(), PAGE_EVENTS_MAX, once).await.unwrap()
        };
        let (first, second, third) = tokio::join!(read(0), read(0), read(990));
        assert_eq!(reads.load(Ordering::SeqCst), 1);
        assert_eq!((first.events.len(), second.caught_up_to, third.events.len()), (1_000, 1_000, 10));
        for block in 1..=BLOCKS_MAX as u64 {
            read(block * BLOCK_EVENTS).await;
        }
        read(0).await;
        assert_eq!(reads.load(Ordering::SeqCst), BLOCKS_MAX + 2, "the oldest was forgotten");
    }

    #[tokio::test]
    async fn a_failed_reading_is_tried_again() {
        let (blocks, stretch) = (Blocks::default(), Stretch { after: 0 });
        let gone = async || Err(ReadError::Damaged { stream_id: None, position: 1, detail: "gone".into() });
        assert!(blocks.page(stretch, 0, &Filter::all(), 1, gone).await.is_err());
        let again = blocks.page(stretch, 0, &Filter::all(), 1, async || Ok(whole(0))).await;
        assert_eq!(again.unwrap().events.len(), 1);
    }
}
