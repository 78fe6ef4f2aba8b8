//! A stored event never changes; the program that reads it does. Behind [`Upcasters`] every reader sees
//! each event in the newest version of its type, raised step by step by pure functions, and asks for that
//! version alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::watch;
use uuid::Uuid;

use crate::append::{Append, Appended};
use crate::error::{AppendError, ClosedReason, ReadError};
use crate::event::{Json, RecordedEvent};
use crate::filter::Filter;
use crate::gauges::Gauges;
use crate::receipt::Receipt;
use crate::snapshot::Snapshot;
use crate::store::{BoxFuture, EventStore, Page, closing};

/// One step: what makes the data of a newer event type from the data of an older one.
#[derive(Debug, Clone, Copy)]
pub struct UpcastEntry {
    /// The older type, for instance `venture_setup_v1`.
    pub from: &'static str,
    /// The newer type, for instance `venture_setup_v2`.
    pub to: &'static str,
    /// Pure and total over every payload that was ever recorded as `from`.
    pub raise: fn(&str) -> serde_json::Result<Json>,
}

/// Why event types and upcasters do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Which of the two is right?
    #[error("{from} is raised to {} and to {}", to[0], to[1])]
    Forked {
        /// The type that is raised twice.
        from: &'static str,
        /// To what.
        to: [&'static str; 2],
    },
    /// The chain that begins here never ends.
    #[error("{from} is raised in a circle")]
    Circular {
        /// A type that no chain leads out of.
        from: &'static str,
    },
    /// A type is either recorded or raised to the next one.
    #[error("{from} is raised to {to}, and is recorded too")]
    StillRecorded {
        /// The type that is both.
        from: &'static str,
        /// What it is raised to.
        to: &'static str,
    },
    /// Nobody understands what the chain ends at.
    #[error("{from} is raised to {end}, which nobody records")]
    DeadEnd {
        /// Where the chain begins.
        from: &'static str,
        /// Where it ends.
        end: &'static str,
    },
    /// The store holds events of a type that this program never heard of.
    #[error("{event_type} is stored, but neither recorded nor raised by this program")]
    Unknown {
        /// The type.
        event_type: Arc<str>,
    },
}

/// A checked table: from every older event type a chain leads to one that is recorded today.
#[derive(Debug, Clone, Default)]
pub struct Upcasters {
    steps: Arc<BTreeMap<&'static str, UpcastEntry>>,
    recorded: Arc<BTreeSet<&'static str>>,
}

impl Upcasters {
    /// Checks the entries against the types that are recorded today; answers everything that is wrong.
    pub fn new(
        entries: impl IntoIterator<Item = UpcastEntry>,
        recorded: impl IntoIterator<Item = &'static str>,
    ) -> Result<Self, Vec<Fault>> {
        let (mut steps, mut faults) = (BTreeMap::new(), Vec::new());
        for entry in entries {
            if let Some(UpcastEntry { to: other, .. }) = steps.insert(entry.from, entry) {
                faults.push(Fault::Forked { from: entry.from, to: [other, entry.to] });
            }
        }
        let upcasters = Self { steps: Arc::new(steps), recorded: Arc::new(recorded.into_iter().collect()) };
        faults.extend(upcasters.steps.values().filter_map(|entry| upcasters.fault_of(entry)));
        if faults.is_empty() { Ok(upcasters) } else { Err(faults) }
    }

    fn fault_of(&self, UpcastEntry { from, to, .. }: &UpcastEntry) -> Option<Fault> {
        if self.recorded.contains(from) {
            return Some(Fault::StillRecorded { from, to });
        }
        // A chain that is longer than the table goes round.
        match self.chain(to).take(self.steps.len() + 1).last() {
            Some(end) if self.steps.contains_key(end) => Some(Fault::Circular { from }),
            Some(end) if !self.recorded.contains(end) => Some(Fault::DeadEnd { from, end }),
            _ => None,
        }
    }

    /// The types that an event of this type becomes, itself first.
    fn chain<'t>(&self, event_type: &'t str) -> impl Iterator<Item = &'t str> {
        std::iter::successors(Some(event_type), |at| self.steps.get(at).map(|step| step.to))
    }

    /// Whether this program understands every one of the stored types; names all that it does not.
    pub fn check(&self, stored: &[Arc<str>]) -> Result<(), Vec<Fault>> {
        let known =
            |event_type: &str| self.recorded.contains(event_type) || self.steps.contains_key(event_type);
        let unknown = stored.iter().filter(|event_type| !known(event_type));
        let faults: Vec<_> =
            unknown.map(|event_type| Fault::Unknown { event_type: event_type.clone() }).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// The same store, read in today's types: positions, versions, ids, tags and metadata stay as stored.
    /// An event that its upcaster cannot read is [`ReadError::Damaged`], and closes the store for its followers.
    pub fn over(&self, store: Arc<dyn EventStore>) -> Arc<dyn EventStore> {
        if self.steps.is_empty() {
            return store;
        }
        Arc::new(Upcasted { store, upcasters: self.clone(), damage: watch::Sender::new(None) })
    }

    fn raise(&self, stored: Arc<RecordedEvent>) -> Result<Arc<RecordedEvent>, ReadError> {
        if !self.steps.contains_key(&*stored.event_type) {
            return Ok(stored);
        }
        let mut event = RecordedEvent::clone(&stored);
        while let Some(step) = self.steps.get(&*event.event_type) {
            event.data =
                (step.raise)(event.data.get()).map_err(|error| cannot_raise(&stored, step, &error))?;
            event.event_type = step.to.into();
        }
        Ok(Arc::new(event))
    }

    /// The filter that lets the stored events through whose raised ones `filter` asks for.
    fn widen(&self, filter: &Filter) -> Filter {
        let types = filter.types.as_ref().map(|asked| {
            let is_asked = |event_type: &str| asked.contains(event_type);
            let older = self.steps.keys().filter(|from| self.chain(from).last().is_some_and(is_asked));
            // Nobody sees an event as a type that is raised, whoever asks for it.
            let seen = asked.iter().filter(|asked| !self.steps.contains_key(&***asked)).cloned();
            seen.chain(older.map(|from| Arc::from(*from))).collect()
        });
        Filter { types, ..filter.clone() }
    }
}

fn cannot_raise(stored: &RecordedEvent, step: &UpcastEntry, error: &serde_json::Error) -> ReadError {
    ReadError::Damaged {
        stream_id: Some(stored.stream_id.clone()),
        position: stored.position,
        detail: format!("{} cannot be raised from {} to {}: {error}", stored.event_type, step.from, step.to),
    }
}

/// A store whose reads are raised; everything else goes straight through.
struct Upcasted {
    store: Arc<dyn EventStore>,
    upcasters: Upcasters,
    damage: watch::Sender<Option<ClosedReason>>,
}

impl Upcasted {
    fn raise_all(&self, stored: Vec<Arc<RecordedEvent>>) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let raised: Result<_, _> = stored.into_iter().map(|event| self.upcasters.raise(event)).collect();
        raised.inspect_err(|damage| {
            tracing::error!(%damage, "nothing is built upon an event that cannot be raised");
            self.damage.send_replace(Some(ClosedReason::Damaged(damage.to_string())));
        })
    }
}

impl EventStore for Upcasted {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        self.store.append(append)
    }

    fn read_stream<'a>(
        &'a self,
        stream_id: &'a str,
        from_version: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Arc<RecordedEvent>>, ReadError>> {
        Box::pin(async move { self.raise_all(self.store.read_stream(stream_id, from_version, limit).await?) })
    }

    fn read_all<'a>(
        &'a self,
        after: u64,
        filter: &'a Filter,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, ReadError>> {
        Box::pin(async move {
            let page = self.store.read_all(after, &self.upcasters.widen(filter), limit).await?;
            Ok(Page { events: self.raise_all(page.events)?, ..page })
        })
    }

    fn receipt<'a>(&'a self, key: &'a str, at_us: i64) -> BoxFuture<'a, Result<Option<Receipt>, ReadError>> {
        self.store.receipt(key, at_us)
    }

    fn snapshot<'a>(
        &'a self,
        stream_id: &'a str,
        code: [u8; 32],
    ) -> BoxFuture<'a, Result<Option<Snapshot>, ReadError>> {
        self.store.snapshot(stream_id, code)
    }

    fn keep_snapshot(
        &self,
        stream_id: Arc<str>,
        snapshot: Snapshot,
    ) -> BoxFuture<'_, Result<(), AppendError>> {
        self.store.keep_snapshot(stream_id, snapshot)
    }

    fn event_types(&self) -> BoxFuture<'_, Result<Vec<Arc<str>>, ReadError>> {
        self.store.event_types()
    }

    fn gauges(&self) -> Gauges {
        self.store.gauges()
    }

    fn head(&self) -> u64 {
        self.store.head()
    }

    fn watch_head(&self) -> watch::Receiver<u64> {
        self.store.watch_head()
    }

    fn closed(&self) -> BoxFuture<'static, ClosedReason> {
        let (closed, damaged) = (self.store.closed(), closing(self.damage.subscribe()));
        Box::pin(async move {
            tokio::select! {
                reason = closed => reason,
                reason = damaged => reason,
            }
        })
    }

    fn store_id(&self) -> Uuid {
        self.store.store_id()
    }

    fn epoch(&self) -> u64 {
        self.store.epoch()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.store.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(
        steps: &[(&'static str, &'static str)],
        recorded: &[&'static str],
    ) -> Result<Upcasters, Vec<Fault>> {
        let raise = |data: &str| serde_json::value::RawValue::from_string(data.to_owned()).map(Json::from);
        let entries = steps.iter().map(|(from, to)| UpcastEntry { from, to, raise });
        Upcasters::new(entries, recorded.iter().copied())
    }

    #[test]
    fn a_chain_of_any_length_ends_at_a_recorded_type() {
        let whole =
            table(&[("a_v1", "a_v2"), ("a_v3", "a_v4"), ("a_v2", "a_v3")], &["a_v4", "b_v1"]).unwrap();
        assert_eq!(whole.chain("a_v1").collect::<Vec<_>>(), ["a_v1", "a_v2", "a_v3", "a_v4"]);
        let stored: Vec<Arc<str>> = ["a_v1", "a_v2", "a_v4", "b_v1"].map(Arc::from).to_vec();
        assert_eq!(whole.check(&stored), Ok(()));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let steps = [
            ("fork_v1", "fork_v2"),
            ("fork_v1", "fork_v3"),
            ("ring_v1", "ring_v2"),
            ("ring_v2", "ring_v1"),
            ("kept_v1", "kept_v2"),
            ("lost_v1", "lost_v2"),
        ];
        let faults = table(&steps, &["fork_v2", "fork_v3", "kept_v1", "kept_v2"]).unwrap_err();
        assert_eq!(
            faults,
            [
                Fault::Forked { from: "fork_v1", to: ["fork_v2", "fork_v3"] },
                Fault::StillRecorded { from: "kept_v1", to: "kept_v2" },
                Fault::DeadEnd { from: "lost_v1", end: "lost_v2" },
                Fault::Circular { from: "ring_v1" },
                Fault::Circular { from: "ring_v2" },
            ]
        );
    }

    #[test]
    fn every_stored_type_that_nobody_knows_is_named() {
        let whole = table(&[("a_v1", "a_v2")], &["a_v2"]).unwrap();
        let stored: Vec<Arc<str>> = ["a_v3", "a_v1", "z_v1"].map(Arc::from).to_vec();
        let named: Vec<String> = whole.check(&stored).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(named.len(), 2, "{named:?}");
        assert!(named[0].starts_with("a_v3 ") && named[1].starts_with("z_v1 "), "{named:?}");
    }

    #[test]
    fn a_filter_is_widened_to_what_becomes_what_it_asks_for() {
        let whole = table(&[("a_v1", "a_v2"), ("a_v2", "a_v3")], &["a_v3", "b_v1"]).unwrap();
        let widened = |asked: &[&str]| {
            let types = whole.widen(&Filter::types(asked.iter().copied())).types.unwrap();
            types.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(widened(&["a_v3"]), "a_v1 a_v2 a_v3");
        assert_eq!(widened(&["b_v1"]), "b_v1");
        assert_eq!(widened(&["a_v1"]), "", "nobody sees an older version");
        assert_eq!(whole.widen(&Filter::all()), Filter::all());
    }
}
