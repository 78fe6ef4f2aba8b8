//! The rules about events that do not draw, without a file: a batch is halved until the culprit stands
//! alone, the culprit is parked, what follows in its stream is parked behind it, in order.
//!
//! Everything here depends on the log alone, so that a file drawn anew from the log ends the same.

use crate::projection::{ProjectError, Remedy};
use crate::tending::{self, Order};
use hecate_event_store::RecordedEvent;
use std::sync::Arc;

/// How often an event that stands alone is tried before it is parked.
pub(crate) const TRIES_MAX: u32 = 3;
/// What is kept of an error's text.
const ERROR_CHARS_MAX: usize = 1_000;

/// What a read model does about an event that does not draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poison {
    /// Its stream waits for an operator, other streams go on.
    Park,
    /// The projection stops and starts again: for rows that must not be without one of their events.
    Halt,
}

/// A shared event of the log.
pub(crate) type Stored = Arc<RecordedEvent>;

/// An event that could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("event {event_type} at position {position}: {source}")]
pub(crate) struct DrawError {
    pub(crate) event_type: String,
    pub(crate) position: u64,
    pub(crate) source: ProjectError,
}

/// One parked event. Those without an error only wait for the ones before them in their stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parked {
    pub(crate) position: u64,
    pub(crate) stream_id: Arc<str>,
    pub(crate) version: u64,
    pub(crate) event_type: Arc<str>,
    pub(crate) error: Option<String>,
    pub(crate) tries: u32,
    /// Position of the last retry that concerned it.
    pub(crate) retried_by: u64,
}

/// Why an event is parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) error: String,
    pub(crate) tries: u32,
    pub(crate) retried_by: u64,
}

/// What one transaction can change.
pub(crate) trait Sheet {
    /// Moves the checkpoint.
    fn advance(&mut self, to: u64) -> Result<(), ProjectError>;
    /// True when the model draws events of this type.
    fn knows(&self, event_type: &str) -> bool;
    /// Draws the event, whatever is parked.
    fn draw(&mut self, event: &RecordedEvent) -> Result<(), ProjectError>;
    /// True when events of this stream are parked.
    fn waits(&mut self, stream_id: &str) -> Result<bool, ProjectError>;
    /// The parked event at this position.
    fn parked(&mut self, position: u64) -> Result<Option<Parked>, ProjectError>;
    /// Parks an event behind whatever of its stream is parked.
    fn park(&mut self, event: &RecordedEvent) -> Result<(), ProjectError>;
    /// Says why a parked event is parked.
    fn convict(&mut self, position: u64, verdict: &Verdict) -> Result<(), ProjectError>;
    /// Takes an event off the list, in this file and in what the log is believed to say.
    fn unpark(&mut self, position: u64) -> Result<(), ProjectError>;
    /// Notes that a retry concerned a parked event that waits for others.
    fn note_retry(&mut self, position: u64, by: u64) -> Result<(), ProjectError>;
    /// Notes that the log tells of a parked event.
    fn note_told(&mut self, position: u64, by: u64) -> Result<(), ProjectError>;
    /// Notes that a rebuild was asked for.
    fn note_rebuild(&mut self, by: u64) -> Result<(), ProjectError>;
}

/// Where a read model is drawn.
pub(crate) trait Canvas {
    /// The read model's name.
    fn model(&self) -> &str;
    /// The checkpoint.
    fn position(&self) -> u64;
    /// Does all of the work, or nothing.
    fn transact(&mut self, work: &mut Work<'_>) -> Result<(), DrawError>;
}

/// The work of one transaction.
pub(crate) type Work<'w> = dyn FnMut(&mut dyn Sheet) -> Result<(), DrawError> + 'w;

/// Draws a stretch of the log that ends at `to`. What was drawn of it before is passed over.
pub(crate) fn draw(
    canvas: &mut dyn Canvas,
    events: &[Stored],
    to: u64,
    poison: Poison,
) -> Result<(), DrawError> {
    let drawn = canvas.position();
    let rest = &events[events.partition_point(|event| event.position <= drawn)..];
    if to <= drawn {
        return Ok(());
    }
    let model = canvas.model().to_owned();
    let last = rest.last().map_or(to, |event| event.position);
    let end = |some: &[Stored]| some.last().map(|event| event.position).filter(|at| *at < last).unwrap_or(to);
    let mut together = |canvas: &mut dyn Canvas, some: &[Stored]| {
        canvas.transact(&mut |sheet| {
            sheet.advance(end(some)).map_err(at("-", to))?;
            some.iter().try_for_each(|event| take(sheet, &model, event))
        })
    };
    if poison == Poison::Halt {
        return together(canvas, rest);
    }
    let mut park = |canvas: &mut dyn Canvas, culprit: &Stored, error: String| {
        let verdict = Verdict { error, tries: TRIES_MAX, retried_by: 0 };
        canvas.transact(&mut |sheet| {
            let parked = sheet.advance(end(std::slice::from_ref(culprit)));
            let parked = parked.and_then(|()| note(sheet, &model, culprit));
            let parked = parked.and_then(|()| sheet.park(culprit));
            parked.and_then(|()| sheet.convict(culprit.position, &verdict)).map_err(of(culprit))
        })?;
        Ok(true)
    };
    bisect(canvas, rest, &mut together, &mut park).map(drop)
}

/// Draws parked events of one stream that nothing holds back any more, up to the next that does not draw.
/// Answers whether all of them are drawn.
pub(crate) fn release(canvas: &mut dyn Canvas, events: &[Stored]) -> Result<bool, DrawError> {
    let mut together = |canvas: &mut dyn Canvas, some: &[Stored]| {
        canvas.transact(&mut |sheet| some.iter().try_for_each(|event| draw_parked(sheet, event)))
    };
    let mut convict = |canvas: &mut dyn Canvas, culprit: &Stored, error: String| {
        canvas.transact(&mut |sheet| {
            let retried_by = sheet.parked(culprit.position).map(|row| row.map_or(0, |row| row.retried_by));
            let verdict =
                retried_by.map(|retried_by| Verdict { error: error.clone(), tries: TRIES_MAX, retried_by });
            verdict.and_then(|verdict| sheet.convict(culprit.position, &verdict)).map_err(of(culprit))
        })?;
        Ok(false)
    };
    bisect(canvas, events, &mut together, &mut convict)
}

/// Tries a parked event once more because the order at position `by` says so. Harmless twice.
pub(crate) fn retry(canvas: &mut dyn Canvas, event: &RecordedEvent, by: u64) -> Result<(), DrawError> {
    let mut tries = 0;
    let tried = canvas.transact(&mut |sheet| {
        let parked = sheet.parked(event.position).map_err(of(event))?;
        let Some(row) = parked.filter(|row| row.retried_by < by) else { return Ok(()) };
        if row.error.is_none() {
            return sheet.note_retry(event.position, by).map_err(of(event));
        }
        tries = row.tries + 1;
        draw_parked(sheet, event)
    });
    match tried {
        Err(fault) if fault.is_poison() => {
            let verdict = Verdict { error: fault.says(), tries, retried_by: by };
            canvas.transact(&mut |sheet| sheet.convict(event.position, &verdict).map_err(of(event)))
        }
        tried => tried,
    }
}

/// Leaves a parked event out. Harmless twice, and where nothing is parked.
pub(crate) fn skip(canvas: &mut dyn Canvas, position: u64) -> Result<(), DrawError> {
    canvas.transact(&mut |sheet| sheet.unpark(position).map_err(at("-", position)))
}

/// One event of the log in its turn.
fn take(sheet: &mut dyn Sheet, model: &str, event: &RecordedEvent) -> Result<(), DrawError> {
    let taken = note(sheet, model, event).and_then(|()| {
        if !sheet.knows(&event.event_type) {
            return Ok(());
        }
        if sheet.waits(&event.stream_id)? { sheet.park(event) } else { sheet.draw(event) }
    });
    taken.map_err(of(event))
}

/// The orders that only leave a note; retries and skips are followed before the event's own turn.
fn note(sheet: &mut dyn Sheet, model: &str, event: &RecordedEvent) -> Result<(), ProjectError> {
    match tending::order(model, event) {
        Some(Order::Told(position)) => sheet.note_told(position, event.position),
        Some(Order::Rebuild) => sheet.note_rebuild(event.position),
        Some(Order::Retry(_) | Order::Skip(_)) | None => Ok(()),
    }
}

fn draw_parked(sheet: &mut dyn Sheet, event: &RecordedEvent) -> Result<(), DrawError> {
    sheet.unpark(event.position).and_then(|()| sheet.draw(event)).map_err(of(event))
}

type Together<'t> = dyn FnMut(&mut dyn Canvas, &[Stored]) -> Result<(), DrawError> + 't;
type Alone<'a> = dyn FnMut(&mut dyn Canvas, &Stored, String) -> Result<bool, DrawError> + 'a;

/// Halves what does not draw until the culprit stands alone, tries that again in fresh transactions, and
/// hands it over with its error. Answers false, and stops, when `alone` says so.
fn bisect(
    canvas: &mut dyn Canvas,
    events: &[Stored],
    together: &mut Together<'_>,
    alone: &mut Alone<'_>,
) -> Result<bool, DrawError> {
    let mut drawn = together(canvas, events);
    if let [_] = events {
        let mut tried = 1;
        while tried < TRIES_MAX && drawn.as_ref().is_err_and(DrawError::is_poison) {
            drawn = together(canvas, events);
            tried += 1;
        }
    }
    match (drawn, events) {
        (Ok(()), _) => Ok(true),
        (Err(fault), _) if !fault.is_poison() => Err(fault),
        (Err(fault), []) => Err(fault),
        (Err(fault), [culprit]) => alone(canvas, culprit, fault.says()),
        (Err(_), events) => {
            let (first, second) = events.split_at(events.len() / 2);
            Ok(bisect(canvas, first, together, alone)? && bisect(canvas, second, together, alone)?)
        }
    }
}

impl DrawError {
    pub(crate) fn is_poison(&self) -> bool {
        self.source.remedy() == Remedy::Park
    }

    /// The reason alone, as long as people read.
    fn says(&self) -> String {
        self.source.to_string().chars().take(ERROR_CHARS_MAX).collect()
    }
}

/// Puts a reason at a place in the log.
pub(crate) fn at(event_type: &str, position: u64) -> impl FnOnce(ProjectError) -> DrawError + '_ {
    move |source| DrawError { event_type: event_type.to_owned(), position, source }
}

fn of(event: &RecordedEvent) -> impl FnOnce(ProjectError) -> DrawError + '_ {
    at(&event.event_type, event.position)
}
