//! Everything that can be asked of a store of these tests, and the list's answer to each.

use std::sync::Arc;

use hecate_event_store::{EventStore, Filter, PAGE_EVENTS_MAX, ReadError, Receipt, RecordedEvent, Snapshot};

use crate::author::{CODE, KEYS, STREAMS, TAGS};
use crate::model::{Model, said};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Question {
    Log,
    Stream(&'static str),
    Tag(&'static str),
    Receipt(&'static str),
    Snapshot(&'static str),
    Types,
}

pub(crate) enum Answer {
    Events(Vec<Arc<RecordedEvent>>),
    Receipt(Option<Receipt>),
    Snapshot(Option<Snapshot>),
    Types(Vec<Arc<str>>),
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = Question> {
    let streams = STREAMS.into_iter().flat_map(|name| [Question::Stream(name), Question::Snapshot(name)]);
    let tags = TAGS.into_iter().map(Question::Tag);
    let receipts = KEYS.into_iter().map(Question::Receipt);
    [Question::Log, Question::Types].into_iter().chain(streams).chain(tags).chain(receipts)
}

impl Question {
    /// What the store says; receipts are asked for at `at_us`.
    pub(crate) async fn ask(self, store: &dyn EventStore, at_us: i64) -> Result<Answer, ReadError> {
        Ok(match self {
            Self::Log => Answer::Events(pages(store, &Filter::all()).await?),
            Self::Tag(tag) => Answer::Events(pages(store, &Filter::tags([tag])).await?),
            Self::Stream(name) => Answer::Events(stream(store, name).await?),
            Self::Receipt(key) => Answer::Receipt(store.receipt(key, at_us).await?),
            Self::Snapshot(name) => Answer::Snapshot(store.snapshot(name, CODE).await?),
            Self::Types => Answer::Types(store.event_types().await?),
        })
    }

    /// What the list says.
    pub(crate) fn answered_by(self, model: &Model, at_us: i64) -> Answer {
        match self {
            Self::Log => Answer::Events(model.log.clone()),
            Self::Tag(tag) => Answer::Events(tagged(model, tag)),
            Self::Stream(name) => Answer::Events(model.stream(name).cloned().collect()),
            Self::Receipt(key) => Answer::Receipt(model.receipt(key, at_us)),
            Self::Snapshot(name) => Answer::Snapshot(model.snapshot(name, CODE)),
            Self::Types => Answer::Types(model.types()),
        }
    }
}

fn tagged(model: &Model, tag: &str) -> Vec<Arc<RecordedEvent>> {
    let wears = |event: &&Arc<RecordedEvent>| event.tags.iter().any(|worn| **worn == *tag);
    model.log.iter().filter(wears).cloned().collect()
}

async fn pages(store: &dyn EventStore, filter: &Filter) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
    let (mut all, mut after) = (Vec::new(), 0);
    while after < store.head() {
        let page = store.read_all(after, filter, PAGE_EVENTS_MAX).await?;
        assert!(page.caught_up_to > after, "a page moves on");
        after = page.caught_up_to;
        all.extend(page.events);
    }
    Ok(all)
}

async fn stream(store: &dyn EventStore, name: &str) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
    let mut all = Vec::new();
    loop {
        let page = store.read_stream(name, all.len() as u64, PAGE_EVENTS_MAX).await?;
        let is_last = page.len() < PAGE_EVENTS_MAX;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

impl Answer {
    /// Byte for byte.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Events(ours), Self::Events(theirs)) => same_events(ours, theirs),
            (Self::Receipt(ours), Self::Receipt(theirs)) => said(ours) == said(theirs),
            (Self::Snapshot(ours), Self::Snapshot(theirs)) => ours == theirs,
            (Self::Types(ours), Self::Types(theirs)) => ours == theirs,
            _ => false,
        }
    }

    /// A line for messages.
    pub(crate) fn brief(&self) -> String {
        match self {
            Self::Events(events) => {
                let places = events.iter().map(|event| (event.position, &*event.stream_id, event.version));
                format!(
                    "{} events, the last ones {:?}",
                    events.len(),
                    places.rev().take(4).collect::<Vec<_>>()
                )
            }
            Self::Receipt(receipt) => said(receipt),
            Self::Snapshot(snapshot) => said(snapshot),
            Self::Types(types) => said(types),
        }
    }
}

pub(crate) fn same_events(ours: &[Arc<RecordedEvent>], theirs: &[Arc<RecordedEvent>]) -> bool {
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same_event(ours, theirs))
}

fn same_event(ours: &RecordedEvent, theirs: &RecordedEvent) -> bool {
    let RecordedEvent { event_id, event_type, stream_id, version, position, at_us, data, metadata, tags } =
        ours;
    (event_id, event_type, stream_id, version, position, at_us)
        == (
            &theirs.event_id,
            &theirs.event_type,
            &theirs.stream_id,
            &theirs.version,
            &theirs.position,
            &theirs.at_us,
        )
        && (data, metadata, tags) == (&theirs.data, &theirs.metadata, &theirs.tags)
}
