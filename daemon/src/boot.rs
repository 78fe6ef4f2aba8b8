//! What is claimed before the tree starts, each claim with its own exit code: the data, the identity, the
//! log.

use crate::exit::{Exit, Failure};
use crate::house::Folders;
use crate::node_identity;
use crate::store_chores::exit_of;
use hecate_blobs::Blobs;
use hecate_cluster::Identity;
use hecate_event_store::{EventStore, Fault, OpenError, Options, ReadError, SqliteStore, Upcasters};
use rustix::fs::Mode;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;

/// Where a damaged store is looked at.
pub(crate) const SEE_VERIFY: &str =
    "\nhecate-daemon: `hecate-daemon verify` names everything that is damaged";

/// Contents beside the log, in a data folder.
const BLOBS: &str = "blobs";

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
    /// Makes the folder and locks it. What a crash has left half written in it goes, now that nobody else writes.
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
            Ok(()) => {
                let data = ClaimedData { folder: folder.to_owned(), _lock: lock };
                if let Err(error) = data.blobs().discard_unfinished() {
                    tracing::warn!(%error, "what was left half written stays");
                }
                Ok(data)
            }
            Err(TryLockError::WouldBlock) => Err(Failure::new(
                Exit::AlreadyRunning,
                format!("another daemon holds {}; `hecate doctor` finds it", folder.display()),
            )),
            Err(TryLockError::Error(error)) => Err(refuse(error)),
        }
    }

    /// This node's key, and its name.
    pub(crate) fn identity(&self) -> Result<Identity, Failure> {
        node_identity::of_node(&self.folder)
            .map_err(|error| Failure::new(Exit::Configuration, format!("node identity: {error}")))
    }

    /// The folders of what actors keep; that of workspaces may lie elsewhere.
    pub(crate) fn folders(&self, workspaces: Option<&Path>) -> Folders {
        let own = |name: &str| self.folder.join(name);
        Folders {
            read_models: own("read_models"),
            listeners: own("listeners"),
            blobs: own(BLOBS),
            workspaces: workspaces.map_or_else(|| own("workspaces"), Path::to_owned),
        }
    }

    /// The contents that lie beside the log.
    pub(crate) fn blobs(&self) -> Blobs {
        blobs(&self.folder)
    }

    /// The file of the log.
    pub(crate) fn store_file(&self) -> PathBuf {
        store_file(&self.folder)
    }

    /// The log, not yet open.
    pub(crate) fn log(&self, upcasters: Result<Upcasters, Vec<Fault>>) -> Result<Log, Failure> {
        let file = self.store_file();
        let upcasters = upcasters.map_err(|faults| unreadable(&file, &faults))?;
        Ok(Log { file, upcasters, refused: Arc::default() })
    }
}

/// The contents that lie beside the log of a data folder.
pub(crate) fn blobs(data_dir: &Path) -> Blobs {
    Blobs::new(&data_dir.join(BLOBS))
}

/// The log of this node, opened at boot and again after it failed, and read in today's event types.
#[derive(Clone)]
pub(crate) struct Log {
    file: PathBuf,
    upcasters: Upcasters,
    refused: Arc<Mutex<Option<Failure>>>,
}

impl Log {
    /// Opens it at boot.
    pub(crate) async fn open(&self) -> Result<Arc<dyn EventStore>, Failure> {
        let (store, stored) = self.read().await.map_err(|error| {
            let hint = if matches!(error, OpenError::Damaged { .. }) { SEE_VERIFY } else { "" };
            Failure::new(exit_of(&error), format!("{error}{hint}"))
        })?;
        self.admit(store, &stored)
    }

    /// Opens it again; blocks. Why it must not be served is kept for [`Log::refused`].
    pub(crate) fn reopen(&self) -> Result<Arc<dyn EventStore>, OpenError> {
        let (store, stored) = Handle::current().block_on(self.read())?;
        self.admit(store, &stored).map_err(|failure| {
            let error = OpenError::Damaged { path: self.file.clone(), detail: failure.says.clone() };
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
            error
        })
    }

    /// Why the log could not be served when it was opened again, where it is whole but not for this program.
    pub(crate) fn refused(&self) -> Option<Failure> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The store, and every event type in it.
    async fn read(&self) -> Result<(Arc<dyn EventStore>, Vec<Arc<str>>), OpenError> {
        let store = SqliteStore::open(&self.file, Options::default())?;
        let path = self.file.clone();
        let stored = store.event_types().await.map_err(|error| match error {
            ReadError::Damaged { .. } => OpenError::Damaged { path, detail: error.to_string() },
            ReadError::Unavailable { .. } => OpenError::Io { path, source: io::Error::other(error) },
        })?;
        Ok((Arc::new(store), stored))
    }

    /// The store in today's types, if this program knows every type in it.
    fn admit(&self, store: Arc<dyn EventStore>, stored: &[Arc<str>]) -> Result<Arc<dyn EventStore>, Failure> {
        self.upcasters.check(stored).map_err(|faults| unreadable(&self.file, &faults))?;
        Ok(self.upcasters.over(store))
    }
}

/// Names everything that this program does not understand.
fn unreadable(file: &Path, faults: &[Fault]) -> Failure {
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let says = format!("{} needs another, probably newer program: {}", file.display(), faults.join("; "));
    Failure::new(Exit::Configuration, says)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hecate_event_store::MemoryStore;

    #[test]
    fn who_claims_the_data_finds_nothing_half_written() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(BLOBS).join("unfinished/7-7");
        std::fs::create_dir_all(left.parent().unwrap()).unwrap();
        std::fs::write(&left, "half").unwrap();
        let claimed = ClaimedData::claim(folder.path()).unwrap();
        assert!(!left.exists());
        // Another one may be in the middle of it.
        std::fs::write(&left, "half").unwrap();
        assert_eq!(ClaimedData::claim(folder.path()).err().unwrap().exit, Exit::AlreadyRunning);
        assert!(left.exists());
        drop(claimed);
    }

    #[test]
    fn a_log_of_a_newer_program_is_refused_with_every_name() {
        let log = |recorded: &[&'static str]| Log {
            file: PathBuf::from("events.sqlite"),
            upcasters: Upcasters::new([], recorded.iter().copied()).unwrap(),
            refused: Arc::default(),
        };
        let types = ["tea_made_v9", "tea_made_v1", "tea_sung_v1"];
        let admit = |log: Log| log.admit(Arc::new(MemoryStore::new()), &types.map(Arc::from));
        let refused = admit(log(&["tea_made_v1"])).err().unwrap();
        assert_eq!(refused.exit, Exit::Configuration);
        assert!(refused.says.contains("tea_made_v9") && refused.says.contains("tea_sung_v1"), "{refused:?}");
        assert!(!refused.says.contains("tea_made_v1"), "{refused:?}");
        assert!(admit(log(&types)).is_ok());
    }
}
