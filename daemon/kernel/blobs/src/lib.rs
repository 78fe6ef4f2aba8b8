//! Contents that are too large for the log, kept beside it under the hash of what they hold.
//!
//! A blob is on disk before an event names it, and is looked at again whenever it is read: what does not fit its
//! name is refused. Nobody changes a blob; what no event names any more is collected while the daemon rests.
//!
//! Every call blocks for the disk.
#![warn(missing_docs)]

mod collect;
mod copy;
mod sha256;
mod store;

pub use collect::{Collected, names_in};
pub use copy::Seen;
pub use sha256::{NotASha256, Sha256};
pub use store::{BLOB_BYTES_MAX, BlobError, Blobs, Kept};
