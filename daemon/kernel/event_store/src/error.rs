//! Every way in which the store says no. The enums are exhaustive on purpose: a caller that forgets
//! a case does not compile, and "nothing was recorded" is never mixed up with "nobody knows".

use std::path::PathBuf;
use std::sync::Arc;

use crate::append::Expected;
use crate::receipt::Receipt;

/// Why an append was not acknowledged. Only [`AppendError::Unknown`] leaves the outcome open.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The stream is not where the caller believed. Nothing was recorded.
    #[error("stream {stream_id} is at version {actual:?}, expected {expected:?}")]
    WrongExpectedVersion {
        /// The stream asked for.
        stream_id: Arc<str>,
        /// What the caller believed.
        expected: Expected,
        /// Version of its last event; `None` when it has none.
        actual: Option<u64>,
    },
    /// The receipt's key was used before; here is what it did then. Nothing was recorded now.
    #[error("receipt {} exists", .0.key)]
    ReceiptExists(Box<Receipt>),
    /// The disk is behind: whoever came now would wait for too long. Nothing was recorded.
    #[error("the event store is busy, try again in {retry_after_us} µs")]
    Busy {
        /// When what waits now should be written, microseconds from now.
        retry_after_us: u64,
    },
    /// An event, a note or the whole append is over its bound. Nothing was recorded.
    #[error("{bytes} bytes are more than the {bytes_max} allowed")]
    TooLarge {
        /// Bytes that came.
        bytes: usize,
        /// Bytes allowed.
        bytes_max: usize,
    },
    /// The append breaks a rule of form. Nothing was recorded.
    #[error("{field} {rule}")]
    Invalid {
        /// The offending field.
        field: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// The store cannot write now. Nothing was recorded.
    #[error("the event store is not available: {reason}")]
    Unavailable {
        /// What is missing.
        reason: UnavailableReason,
    },
    /// The writer took the append and then failed: it may be recorded or not. Ask by receipt.
    #[error("the outcome of the append is not known")]
    Unknown,
}

/// Why the store cannot serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnavailableReason {
    /// No space; writes resume by themselves when there is some.
    #[error("disk_full")]
    DiskFull,
    /// The disk failed.
    #[error("io")]
    Io,
    /// Another program holds the file's write lock; writes resume when it lets go.
    #[error("locked")]
    Locked,
    /// The store was closed, or its writer ended.
    #[error("closed")]
    Closed,
}

/// Why a read failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// The store cannot be read now.
    #[error("the event store cannot be read: {reason}")]
    Unavailable {
        /// What is missing.
        reason: UnavailableReason,
    },
    /// A row does not hold what the store once wrote.
    #[error("the event store is damaged at {}: {detail}", place(.stream_id.as_deref(), *.position))]
    Damaged {
        /// The stream of the damaged event, where it is known.
        stream_id: Option<Arc<str>>,
        /// Position of the damaged event; 0 when it is not known.
        position: u64,
        /// What was found.
        detail: String,
    },
}

/// `position 7 of stream v-1`, as far as it is known.
fn place(stream_id: Option<&str>, position: u64) -> String {
    match (stream_id, position) {
        (Some(stream_id), 0) => format!("stream {stream_id}"),
        (Some(stream_id), position) => format!("position {position} of stream {stream_id}"),
        (None, 0) => "a place that no event names".to_owned(),
        (None, position) => format!("position {position}"),
    }
}

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another program wrote the file; this one would misread it.
    #[error("{} has format {found}, this program knows format {known}", path.display())]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The format that this program knows.
        known: i64,
    },
    /// The file is not an event store, or no longer whole.
    #[error("{} is damaged: {detail}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// Another process, or another store in this one, has it open.
    #[error("{} is held by another process", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file system said no.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
}

/// Why a store takes no more appends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClosedReason {
    /// Somebody called `close`, or dropped the store.
    #[error("closed on request")]
    Requested,
    /// The disk failed under the writer: reopen and recover.
    #[error("the disk failed: {0}")]
    Io(String),
    /// The file contradicts itself.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// The writer panicked: a bug.
    #[error("the writer panicked")]
    Panicked,
}
