//! The newest events, decoded once and shared by everybody who reads near the head, so that a
//! hundred live subscribers cost no disk read. Bounded by events and by bytes; the oldest leave first.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::event::RecordedEvent;
use crate::filter::Filter;
use crate::store::{PAGE_EVENTS_MAX, Page};

pub(crate) struct HotWindow {
    events: VecDeque<Arc<RecordedEvent>>,
    head: u64,
    bytes: usize,
    events_max: usize,
    bytes_max: usize,
}

impl HotWindow {
    /// An empty window at the end of a log whose last event is at `head`.
    pub(crate) fn at(head: u64, events_max: usize, bytes_max: usize) -> Self {
        Self { events: VecDeque::new(), head, bytes: 0, events_max, bytes_max }
    }

    /// Takes the next event of the log.
    pub(crate) fn push(&mut self, event: Arc<RecordedEvent>) {
        assert_eq!(event.position, self.head + 1, "the log has no gaps");
        self.head = event.position;
        self.bytes += event.size_bytes();
        self.events.push_back(event);
        while self.events.len() > self.events_max || self.bytes > self.bytes_max {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes -= oldest.size_bytes();
        }
    }

    /// The page behind `after`, or `None` when it begins before the window does.
    pub(crate) fn page(&self, after: u64, filter: &Filter, limit: usize) -> Option<Page> {
        if after >= self.head {
            return Some(Page { events: Vec::new(), caught_up_to: after });
        }
        let before_window = self.head - self.events.len() as u64;
        let skip = usize::try_from(after.checked_sub(before_window)?).ok()?;
        let examined = self.events.range(skip..).take(PAGE_EVENTS_MAX);
        Some(page_of(examined, after, filter, limit))
    }
}

/// Filters a stretch of the log into a page of at most `limit` events.
pub(crate) fn page_of<'a>(
    stretch: impl Iterator<Item = &'a Arc<RecordedEvent>>,
    after: u64,
    filter: &Filter,
    limit: usize,
) -> Page {
    let mut page = Page { events: Vec::new(), caught_up_to: after };
    for event in stretch {
        if page.events.len() >= limit {
            break;
        }
        page.caught_up_to = event.position;
        if filter.lets_through(event) {
            page.events.push(event.clone());
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::HotWindow;
    use crate::admission::sample;
    use crate::filter::Filter;

    fn window(events_max: usize, bytes_max: usize, count: u64) -> HotWindow {
        let mut window = HotWindow::at(100, events_max, bytes_max);
        (101..=100 + count).for_each(|position| window.push(Arc::new(sample(position))));
        window
    }

    #[test]
    fn it_serves_what_it_holds_and_nothing_before() {
        let window = window(10, usize::MAX, 25);
        assert!(window.page(114, &Filter::all(), 5).is_none(), "115 has left");
        let page = window.page(115, &Filter::all(), 5).unwrap();
        assert_eq!((page.events[0].position, page.caught_up_to), (116, 120));
        let end = window.page(125, &Filter::all(), 5).unwrap();
        assert_eq!((end.events.len(), end.caught_up_to), (0, 125));
    }

    #[test]
    fn bytes_bound_it_too() {
        let one = sample(1).size_bytes();
        let window = window(1_000, one * 3, 50);
        assert_eq!(window.events.len(), 3);
        assert_eq!(window.bytes, one * 3);
    }

    #[test]
    #[should_panic(expected = "no gaps")]
    fn a_gap_is_never_published() {
        window(10, usize::MAX, 3).push(Arc::new(sample(105)));
    }
}
