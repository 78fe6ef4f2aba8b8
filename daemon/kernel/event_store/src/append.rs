//! One append: one stream, one expectation, all or nothing. Bounds are checked at the door, in the
//! caller's task, so that the writer meets only what it can take.

use std::sync::Arc;

use crate::error::AppendError;
use crate::event::{NewEvent, RecordedEvent};
use crate::receipt::NewReceipt;

/// Largest event: payload, metadata, tags and type together, in bytes.
pub const EVENT_BYTES_MAX: usize = 256 * 1024;

/// Largest append: all its events and the receipt's note together, in bytes.
pub const APPEND_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What the caller believes about the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there.
    Any,
    /// The stream was never written to.
    NoStream,
    /// The last event of the stream has exactly this version.
    Version(u64),
}

/// Events for one stream that are recorded together or not at all.
#[derive(Debug, Clone)]
pub struct Append {
    /// The stream to append to.
    pub stream_id: Arc<str>,
    /// Checked against the stream at the moment of recording.
    pub expected: Expected,
    /// May be empty, when only the receipt is to be kept.
    pub events: Vec<NewEvent>,
    /// Remembers the outcome under a key, so that a repeated request is answered, not repeated.
    pub receipt: Option<NewReceipt>,
}

/// What an append did.
#[derive(Debug, Clone)]
pub struct Appended {
    /// The recorded events, in order; empty when the append had none.
    pub events: Vec<Arc<RecordedEvent>>,
    /// Position of the first recorded event.
    pub first_position: Option<u64>,
    /// Position of the last recorded event.
    pub last_position: Option<u64>,
    /// Version of the stream's last event after the append; `None` when the stream has no event.
    pub last_version: Option<u64>,
}

impl Append {
    /// Bytes of all events and of the receipt's note; what the queue's bound counts.
    pub(crate) fn size_bytes(&self) -> usize {
        let note = self.receipt.as_ref().map_or(0, |receipt| receipt.key.len() + receipt.note.get().len());
        self.events.iter().map(NewEvent::size_bytes).sum::<usize>() + note
    }

    /// Refuses what must never reach the disk.
    pub(crate) fn check(&self) -> Result<(), AppendError> {
        if self.stream_id.is_empty() {
            return Err(AppendError::Invalid { field: "stream_id", rule: "must not be blank" });
        }
        for event in &self.events {
            check_event(event)?;
        }
        if let Some(receipt) = &self.receipt {
            fits(receipt.note.get().len(), EVENT_BYTES_MAX)?;
        }
        fits(self.size_bytes(), APPEND_BYTES_MAX)
    }
}

fn check_event(event: &NewEvent) -> Result<(), AppendError> {
    if event.event_type.is_empty() {
        return Err(AppendError::Invalid { field: "event_type", rule: "must not be blank" });
    }
    if !event.data.get().starts_with('{') {
        return Err(AppendError::Invalid { field: "data", rule: "must be a JSON object" });
    }
    fits(event.size_bytes(), EVENT_BYTES_MAX)
}

fn fits(bytes: usize, bytes_max: usize) -> Result<(), AppendError> {
    if bytes > bytes_max { Err(AppendError::TooLarge { bytes, bytes_max }) } else { Ok(()) }
}
