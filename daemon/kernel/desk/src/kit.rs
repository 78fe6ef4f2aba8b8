//! Given these events, when this is asked, then that is recorded: the kit for a desk's own test.

use crate::listener::{Heard, Listener, Source, written};
use crate::{
    aggregate::Aggregate, catalogue, content, content::Sent, desk::Desk, desk::DeskEntry, desk::desk,
    event::Event, folded::Folded, moment::Moment,
};
use crate::{policy::AutoStart, refusal::Refused, subject::Subject, subject::holes};
use hecate_proto::id::kind_of;
use serde_json::{Map, Value};
use ulid::Ulid;
use uuid::Uuid;

/// The ULID that every id of the kit wears.
pub const ULID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// What has happened so far, and to what.
pub struct Given<A> {
    folded: Folded<A>,
    ids: Map<String, Value>,
    at_us: i64,
}

/// An aggregate to which nothing has happened.
pub fn given<A: Aggregate>() -> Given<A> {
    Given { folded: Folded::default(), ids: Map::new(), at_us: 0 }
}

impl<A: Aggregate> Given<A> {
    /// The id that is asked about, where it is not one that ends in [`ULID`].
    #[must_use]
    pub fn called(mut self, field: &str, id: &str) -> Self {
        self.ids.insert(field.to_owned(), id.into());
        self
    }

    /// What the clock says from now on, microseconds; the epoch unless it is said.
    #[must_use]
    pub fn at(mut self, at_us: i64) -> Self {
        self.at_us = at_us;
        self
    }

    /// One event more.
    ///
    /// # Panics
    /// When no desk of the aggregate records it.
    #[must_use]
    pub fn event<E: Event<A>>(mut self, event: E) -> Self {
        let data = serde_json::value::to_raw_value(&event).expect("an event is plain data");
        self.folded.fold(E::TYPE, data.get()).expect("the event is listed by a desk");
        self
    }

    /// What a desk did before, as if it had been recorded.
    ///
    /// # Panics
    /// When the desk refuses.
    #[must_use]
    pub fn asked<D: Desk<A>>(self, body: Value) -> Self {
        self.asked_of(&desk::<A, D>(), body)
    }

    fn asked_of(mut self, entry: &DeskEntry<A>, body: Value) -> Self {
        for (event_type, data) in self.when_of(entry, body).expect("what was asked before was not refused") {
            let data = serde_json::value::to_raw_value(&data).expect("an event is plain data");
            self.folded.fold(&event_type, data.get()).expect("the event is listed by a desk");
        }
        self
    }

    /// Asks a desk as the edge does: its schema first, then its states, then itself. It decides on what a
    /// snapshot of the aggregate holds, so that a field that a snapshot loses fails the test that needs it.
    ///
    /// # Panics
    /// When the aggregate does not survive a snapshot.
    pub fn when<D: Desk<A>>(&self, body: Value) -> Result<Vec<(String, Value)>, Refused> {
        self.when_of(&desk::<A, D>(), body)
    }

    fn when_of(&self, entry: &DeskEntry<A>, mut body: Value) -> Result<Vec<(String, Value)>, Refused> {
        catalogue::rules(entry).check_body(&body, entry.at_once_max)?;
        if let Some(body) = body.as_object_mut().filter(|_| entry.takes_content) {
            // Nothing was sent before, so that content by its hash alone is missing.
            let content = Sent::take_from(body)?.named()?;
            content::name(body, content);
        }
        let moment = moment::<A>(&self.ids, self.at_us);
        let decision = self.folded.through_a_snapshot().decide(entry, body, &moment)?;
        let shown = |event: crate::decision::Decided| {
            (event.event_type.to_owned(), serde_json::from_str(event.data.get()).unwrap_or_default())
        };
        Ok(decision.events.into_iter().map(shown).collect())
    }

    /// The aggregate after what was given.
    pub fn aggregate(&self) -> &A {
        self.folded.aggregate()
    }
}

/// What a listener asks its desk because of a fact that says this, in order; nothing where it lets the fact pass.
///
/// # Panics
/// When the fact does not hold what the listener uses.
pub fn hears<A: Aggregate, L: Listener<A>>(fact: Value, auto_start: AutoStart) -> Vec<Value> {
    let source = Source { event_id: Uuid::nil(), at_us: 0, visibility: "realm", auto_start };
    let heard = serde_json::from_value::<L>(fact).expect("the fact holds what is used of it").hear(&source);
    let Heard::Asks(asks) = heard else { return Vec::new() };
    let body = |ask| written(ask).expect("a request is plain data").into_parts().1.into();
    asks.into_iter().map(body).collect()
}

/// What a process decides, with its types rubbed off: after these requests, each of which is granted, this desk
/// is asked this. Answers the types of what is recorded.
pub type Judge = fn(&[(&str, Value)], &str, Value) -> Result<Vec<String>, Refused>;

/// See [`Judge`].
///
/// # Panics
/// When the process has no desk of that name, or an earlier request is refused.
pub(crate) fn judge<A: Aggregate>(
    before: &[(&str, Value)],
    desk: &str,
    body: Value,
) -> Result<Vec<String>, Refused> {
    let entry =
        |name: &str| A::DESKS.iter().find(|desk| desk.spec.name == name).expect("there is such a desk");
    let asked = |so_far: Given<A>, (desk, body): &(&str, Value)| so_far.asked_of(entry(desk), body.clone());
    let recorded = before.iter().fold(given(), asked).when_of(entry(desk), body)?;
    Ok(recorded.into_iter().map(|(event_type, _)| event_type).collect())
}

/// A fixed moment: `uid:1@kit`, ids that end in [`ULID`] unless they are given.
fn moment<A: Aggregate>(given: &Map<String, Value>, at_us: i64) -> Moment {
    let mut ids: Map<String, Value> = holes(A::PROCESS.stream)
        .map(|field| {
            let prefix = kind_of(field).map_or("", |kind| kind.prefix);
            (field.to_owned(), Value::from(format!("{prefix}{ULID}")))
        })
        .collect();
    ids.extend(given.clone());
    let subject = Subject::fill(A::PROCESS.stream, &ids, None).expect("the kit's ids are ids");
    Moment::new(at_us, "uid:1@kit".to_owned(), subject, Ulid::from_string(ULID).expect("it is one"))
}
