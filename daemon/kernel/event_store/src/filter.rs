//! Which events a reader cares about. Everything that it leaves out still moves its checkpoint.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::event::RecordedEvent;

/// Lets an event through when every condition that is set holds; the default lets everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The event has one of these types.
    pub types: Option<BTreeSet<Arc<str>>>,
    /// The event's stream id begins like this.
    pub stream_prefix: Option<Arc<str>>,
    /// The event carries all of these tags.
    pub tags: Vec<Arc<str>>,
}

impl Filter {
    /// Every event.
    pub fn all() -> Self {
        Self::default()
    }

    /// Events of one of `types`.
    pub fn types<T: Into<Arc<str>>>(types: impl IntoIterator<Item = T>) -> Self {
        Self { types: Some(types.into_iter().map(Into::into).collect()), ..Self::default() }
    }

    /// Events that carry all of `tags`.
    pub fn tags<T: Into<Arc<str>>>(tags: impl IntoIterator<Item = T>) -> Self {
        Self { tags: tags.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Whether `event` passes.
    pub fn lets_through(&self, event: &RecordedEvent) -> bool {
        self.wants(&event.event_type, &event.stream_id, &event.tags)
    }

    /// The same question before the event is decoded.
    pub(crate) fn wants(&self, event_type: &Arc<str>, stream_id: &str, tags: &[Arc<str>]) -> bool {
        let type_fits = self.types.as_ref().is_none_or(|types| types.contains(event_type));
        let stream_fits = self.stream_prefix.as_ref().is_none_or(|prefix| stream_id.starts_with(&**prefix));
        type_fits && stream_fits && self.tags.iter().all(|tag| tags.contains(tag))
    }
}
