//! The listener's file on threads that may block. A full disk is waited out, a damaged file is begun again.

use super::{
    file::{ListenerFile, Origin, Remedy, remedy, remove},
    hearing::Hearing,
};
use hecate_event_store::EventStore;
use hecate_supervision::ExitReason;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long it rests before it tries again to write to a full disk.
const DISK_PAUSE: Duration = Duration::from_millis(200);

/// The open file of one listener.
pub(crate) struct Kept {
    hearing: Hearing,
    file: Arc<Mutex<ListenerFile>>,
}

impl Kept {
    /// Opens the listener's file, or begins it; answers how far it is, too.
    pub(crate) async fn open(hearing: &Hearing, store: &dyn EventStore) -> Result<(Kept, u64), ExitReason> {
        loop {
            let pen = hearing.take_pen().await;
            let (path, origin) = (hearing.path().to_owned(), origin(hearing, store));
            let blocking = move || {
                path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(ExitReason::error)?;
                Ok(ListenerFile::open(&path, &origin, pen))
            };
            match tokio::task::spawn_blocking(blocking).await.map_err(ExitReason::error)?? {
                Err(error) if remedy(&error) == Remedy::Wait => pause(hearing, &error).await,
                Err(error) => return Err(give_up(hearing, &error)),
                Ok(file) => {
                    let cursor = file.cursor();
                    return Ok((Kept { hearing: hearing.clone(), file: Arc::new(Mutex::new(file)) }, cursor));
                }
            }
        }
    }

    /// Works on the file on a thread that may block; waits out a full disk rather than burn the
    /// supervisor's patience.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        work: impl Fn(&mut ListenerFile) -> rusqlite::Result<T> + Send + Sync + 'static,
    ) -> Result<T, ExitReason> {
        let work = Arc::new(work);
        loop {
            let (file, work) = (Arc::clone(&self.file), Arc::clone(&work));
            let blocking = move || work(&mut file.lock().unwrap_or_else(PoisonError::into_inner));
            match tokio::task::spawn_blocking(blocking).await.map_err(ExitReason::error)? {
                Err(error) if remedy(&error) == Remedy::Wait => pause(&self.hearing, &error).await,
                Err(error) => return Err(give_up(&self.hearing, &error)),
                Ok(done) => return Ok(done),
            }
        }
    }
}

fn origin(hearing: &Hearing, store: &dyn EventStore) -> Origin {
    let mut hears = hearing.hears();
    hears.sort_unstable();
    let listeners =
        hears.iter().map(|(event_type, listeners)| format!("{event_type}: {}", listeners.join(", ")));
    Origin {
        store_id: store.store_id(),
        epoch: store.epoch(),
        head: store.head(),
        listeners: listeners.collect::<Vec<_>>().join("\n"),
    }
}

async fn pause(hearing: &Hearing, error: &rusqlite::Error) {
    tracing::warn!(process = hearing.process(), %error, "the listener waits");
    tokio::time::sleep(DISK_PAUSE).await;
}

fn give_up(hearing: &Hearing, error: &rusqlite::Error) -> ExitReason {
    if remedy(error) == Remedy::BeginAgain {
        remove(hearing.path());
        return ExitReason::error(format!("the listener's file is damaged and is begun again: {error}"));
    }
    ExitReason::error(error)
}
