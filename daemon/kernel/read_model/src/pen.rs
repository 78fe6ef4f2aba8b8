//! The right to write a read model's files. It travels with an open file, into the thread that writes it:
//! an actor that is killed leaves such a thread behind, and its successor waits until the thread is done.

use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Where the pen lies while nobody writes.
#[derive(Default)]
pub(crate) struct PenRest(Arc<Mutex<()>>);

/// The pen; clones are the same one, and it is free when the last of them is dropped.
#[derive(Clone)]
pub(crate) struct Pen {
    _held: Arc<OwnedMutexGuard<()>>,
}

impl PenRest {
    /// Waits until whoever had it before is done.
    pub(crate) async fn take(&self) -> Pen {
        Pen { _held: Arc::new(Arc::clone(&self.0).lock_owned().await) }
    }
}
