//! Read-only connections beside the projection. A connection belongs to one making of the file: when the
//! file is drawn anew, the old connections would go on reading the removed one.

use crate::file::connect_reader;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Readers at work at once; more would only wait for the two cores of a small machine.
const READERS_MAX: usize = 4;

/// A pool of read-only connections to one file.
pub(crate) struct Readers {
    path: PathBuf,
    places: Arc<Semaphore>,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    making: u64,
    connections: Vec<Connection>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Readers {
        Readers { path, places: Arc::new(Semaphore::new(READERS_MAX)), idle: Mutex::default() }
    }

    /// Forgets every connection: the file may have been made anew. Answers which making this is.
    pub(crate) fn renew(&self) -> u64 {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.making += 1;
        idle.connections.clear();
        idle.making
    }

    /// Which making of the file is read now.
    pub(crate) fn making(&self) -> u64 {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).making
    }

    /// Every place at once: readers at work finish, new ones wait until the places are given back.
    pub(crate) async fn every_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).acquire_many_owned(READERS_MAX as u32).await.ok()
    }

    /// A place at the readers' table; wait for it before blocking a thread.
    pub(crate) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    /// Lends a connection to `read`, on the caller's thread, which may block.
    pub(crate) fn with<T, E: From<rusqlite::Error>>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let (making, lent) = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            (idle.making, idle.connections.pop())
        };
        let db = lent.map_or_else(|| connect_reader(&self.path), Ok)?;
        let answer = read(&db);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.making == making {
            idle.connections.push(db);
        }
        answer
    }
}
