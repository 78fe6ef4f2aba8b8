//! What is claimed before the tree starts, each claim with its own exit code: the data, the identity, the
//! log.

use crate::exit::{Exit, Failure};
use crate::node_identity;
use crate::store_chores::exit_of;
use hecate_event_store::{EventStore, OpenError, Options, SqliteStore};
use rustix::fs::Mode;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a damaged store is looked at.
pub(crate) const SEE_VERIFY: &str =
    "\nhecate-daemon: `hecate-daemon verify` names everything that is damaged";

/// The file of the log in a data folder.
pub(crate) fn store_file(folder: &Path) -> PathBuf {
    folder.join("events.sqlite")
}

/// The data folder, held by this process alone for as long as this lives.
pub(crate) struct ClaimedData {
    folder: PathBuf,
    _lock: File,
}

impl ClaimedData {
    /// Makes the folder and locks it.
    pub(crate) fn claim(folder: &Path) -> Result<ClaimedData, Failure> {
        // Files are for this user alone; what is for others (the socket) says so.
        rustix::process::umask(Mode::from_raw_mode(0o077));
        let refuse = |error: std::io::Error| {
            Failure::new(Exit::Configuration, format!("data folder {}: {error}", folder.display()))
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(refuse)?;
        let path = folder.join("daemon.lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let lock = lock.map_err(refuse)?;
        match lock.try_lock() {
            Ok(()) => Ok(ClaimedData { folder: folder.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Failure::new(
                Exit::AlreadyRunning,
                format!("another daemon holds {}; `hecate doctor` finds it", folder.display()),
            )),
            Err(TryLockError::Error(error)) => Err(refuse(error)),
        }
    }

    /// This node's name.
    pub(crate) fn node_id(&self) -> Result<String, Failure> {
        node_identity::node_id(&self.folder)
            .map_err(|error| Failure::new(Exit::Configuration, format!("node identity: {error}")))
    }

    /// The folder of the read models.
    pub(crate) fn read_models(&self) -> PathBuf {
        self.folder.join("read_models")
    }

    /// Opens the log.
    pub(crate) fn open_store(&self) -> Result<Arc<dyn EventStore>, Failure> {
        open_store(&self.store_file()).map_err(|error| {
            let exit = exit_of(&error);
            let hint = if matches!(error, OpenError::Damaged { .. }) { SEE_VERIFY } else { "" };
            Failure::new(exit, format!("{error}{hint}"))
        })
    }

    /// Opens the log again after it failed.
    pub(crate) fn reopen(
        &self,
    ) -> impl Fn() -> Result<Arc<dyn EventStore>, OpenError> + Send + Sync + 'static {
        let file = self.store_file();
        move || open_store(&file)
    }

    /// The file of the log.
    pub(crate) fn store_file(&self) -> PathBuf {
        store_file(&self.folder)
    }
}

fn open_store(file: &Path) -> Result<Arc<dyn EventStore>, OpenError> {
    Ok(Arc::new(SqliteStore::open(file, Options::default())?))
}
