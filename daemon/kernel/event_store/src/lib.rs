//! The event store: the one place where what happened is kept, in one order, for ever.
//!
//! An [`Append`] is one atomic decision about one stream; it is answered only when the disk has it.
//! Every event gets a gapless global position and a gapless version in its stream, so a subscriber
//! that remembers one number can always go on without a gap or a double. The kernel gives time and
//! ids in; the store reads no clock when it decides.
#![warn(missing_docs)]

mod actor;
mod admission;
mod append;
mod convoy;
mod current;
mod error;
mod event;
mod filter;
mod gauges;
mod hot_window;
#[cfg(feature = "kit")]
pub mod kit;
mod memory;
mod progress;
mod receipt;
mod seal;
mod snapshot;
mod sqlite;
mod store;
mod subscription;
mod upcast;

pub use actor::Supervised;
pub use append::{APPEND_BYTES_MAX, Append, Appended, EVENT_BYTES_MAX, Expected};
pub use convoy::Convoy;
pub use current::CurrentStore;
pub use error::{AppendError, ClosedReason, OpenError, ReadError, UnavailableReason};
pub use event::{Json, Metadata, NewEvent, RecordedEvent};
pub use filter::Filter;
pub use gauges::{Gauges, Spread, shown};
pub use memory::MemoryStore;
pub use progress::Progress;
pub use receipt::{EventRef, Keep, NewReceipt, Receipt};
pub use snapshot::Snapshot;
pub use sqlite::{
    Checkpoints, CopyError, Finding, Options, Restored, SqliteStore, Verified, backup, restore, verify,
};
pub use store::{BoxFuture, EventStore, PAGE_EVENTS_MAX, Page};
pub use subscription::Subscription;
pub use upcast::{Fault, UpcastEntry, Upcasters};
