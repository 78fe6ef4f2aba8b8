//! The listener's file on threads that may block. A full disk is waited out, a damaged file is begun again.

use super::{
    damage::{OpenError, Remedy, remedy, set_aside},
    file::{ListenerFile, Standing},
    hearing::Hearing,
    opening::Origin,
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
    /// Opens the listener's file, or begins it; answers where it stands, too. A file that is there and cannot
    /// be opened now stays as it is.
    pub(crate) async fn open(
        hearing: &Hearing,
        store: &dyn EventStore,
    ) -> Result<Result<(Kept, Standing), OpenError>, ExitReason> {
        let pen = hearing.take_pen().await;
        let (path, origin) = (hearing.path().to_owned(), origin(hearing, store));
        let blocking = move || {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            let file = ListenerFile::open(&path, &origin, pen)?;
            let standing = file.standing()?;
            Ok((file, standing))
        };
        let opened = tokio::task::spawn_blocking(blocking).await.map_err(ExitReason::error)?;
        let kept = |file| Kept { hearing: hearing.clone(), file: Arc::new(Mutex::new(file)) };
        Ok(opened.map(|(file, standing)| (kept(file), standing)))
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
                Err(error) if remedy(&error) == Remedy::Wait => {
                    self.hearing.waits(format!("its file cannot be written: {error}"));
                    tokio::time::sleep(DISK_PAUSE).await;
                }
                Err(error) => return Err(give_up(&self.hearing, &error)),
                Ok(done) => {
                    self.hearing.goes_on();
                    return Ok(done);
                }
            }
        }
    }
}

fn origin(hearing: &Hearing, store: &dyn EventStore) -> Origin {
    let pairs = hearing.hears().into_iter().flat_map(|(event_type, listeners)| {
        listeners.into_iter().map(|listener| (event_type.to_owned(), listener.to_owned()))
    });
    Origin { store_id: store.store_id(), epoch: store.epoch(), head: store.head(), pairs: pairs.collect() }
}

fn give_up(hearing: &Hearing, error: &rusqlite::Error) -> ExitReason {
    if remedy(error) != Remedy::BeginAgain {
        return ExitReason::error(error);
    }
    if let Err(error) = set_aside(hearing.path()) {
        tracing::warn!(process = hearing.process(), %error, "a listener's damaged file is not set aside");
    }
    ExitReason::error(format!("the listener's file is damaged and is begun again: {error}"))
}
