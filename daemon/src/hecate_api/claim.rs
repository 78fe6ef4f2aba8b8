//! Claims the socket's path. A stale socket is replaced, a live one never, and no client ever sees a socket
//! with the wrong mode: it is made beside the path and renamed into place.
//!
//! A lock on the folder makes probe, bind and rename one step, so that two daemons that start at once
//! cannot both find the path free.

use rustix::fs::{FlockOperation, Gid, flock};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

const GROUP: &str = "hecate";
const GROUP_FILE: &str = "/etc/group";
const SOCKET_MODE: u32 = 0o660;
const FOLDER_MODE: u32 = 0o750;

/// Why the socket could not be claimed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClaimError {
    /// Somebody listens there: exit 75.
    #[error("another daemon answers on {}", path.display())]
    Answered {
        /// The socket.
        path: PathBuf,
    },
    /// Something that is no socket lies there, and it is not ours to remove: exit 78.
    #[error("{} is not a socket", path.display())]
    NotASocket {
        /// What was found.
        path: PathBuf,
    },
    /// The file system says no: exit 78.
    #[error("{}: {source}", path.display())]
    Io {
        /// What it is about.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// A socket that listens, and the file that it is found under. Dropped, the file goes.
pub(super) struct SocketClaim {
    path: PathBuf,
    listener: UnixListener,
    /// Device and inode: how our file is told from a successor's.
    file_id: (u64, u64),
}

impl SocketClaim {
    /// Claims the path.
    pub(super) fn take(path: &Path) -> Result<SocketClaim, ClaimError> {
        let about = |path: &Path| {
            let path = path.to_owned();
            move |source| ClaimError::Io { path, source }
        };
        let folder = folder_of(path);
        let group = group_id(&fs::read_to_string(GROUP_FILE).unwrap_or_default(), GROUP);
        make_folder(folder, group).map_err(about(folder))?;
        let _held = lock(folder).map_err(about(folder))?;
        clear(path)?;
        let listener = bind(path, group).map_err(about(path))?;
        let file_id = file_id(path).map_err(about(path))?;
        Ok(SocketClaim { path: path.to_owned(), listener, file_id })
    }

    pub(super) fn listener(&self) -> io::Result<UnixListener> {
        self.listener.try_clone()
    }
}

impl Drop for SocketClaim {
    fn drop(&mut self) {
        // Without the lock the file is removed all the same: the daemon is on its way out.
        let _held = lock(folder_of(&self.path));
        if file_id(&self.path).is_ok_and(|id| id == self.file_id)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "the socket file stays behind");
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn make_folder(folder: &Path, group: Option<Gid>) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
    give(folder, FOLDER_MODE, group)
}

/// Held until the file is dropped.
fn lock(folder: &Path) -> io::Result<File> {
    let file = File::open(folder)?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

/// Makes the path free, or says who has it.
fn clear(path: &Path) -> Result<(), ClaimError> {
    let about = |source| ClaimError::Io { path: path.to_owned(), source };
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(about(error)),
    };
    if !found.file_type().is_socket() {
        return Err(ClaimError::NotASocket { path: path.to_owned() });
    }
    probe(path)?;
    tracing::info!(path = %path.display(), "nobody answers on this socket any more; it is replaced");
    fs::remove_file(path).map_err(about)
}

/// Refuses when somebody listens. Does not wait: a full queue is an answer as well.
fn probe(path: &Path) -> Result<(), ClaimError> {
    let about = |errno: Errno| ClaimError::Io { path: path.to_owned(), source: errno.into() };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let probe = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(about)?;
    let address = SocketAddrUnix::new(path).map_err(about)?;
    match connect(&probe, &address) {
        Ok(()) | Err(Errno::AGAIN) => Err(ClaimError::Answered { path: path.to_owned() }),
        Err(Errno::CONNREFUSED | Errno::NOENT) => Ok(()),
        Err(errno) => Err(about(errno)),
    }
}

fn bind(path: &Path, group: Option<Gid>) -> io::Result<UnixListener> {
    let beside = folder_of(path).join(format!(".{}.sock", std::process::id()));
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&beside)?;
    listener.set_nonblocking(true)?;
    let placed = give(&beside, SOCKET_MODE, group).and_then(|()| fs::rename(&beside, path));
    placed.inspect_err(|_| drop(fs::remove_file(&beside)))?;
    Ok(listener)
}

/// Sets mode and group. A group that we may not give is said and left: the mode still holds.
fn give(path: &Path, mode: u32, group: Option<Gid>) -> io::Result<()> {
    if let Some(gid) = group
        && let Err(error) = rustix::fs::chown(path, None, Some(gid))
    {
        tracing::warn!(path = %path.display(), group = GROUP, %error, "the group cannot be given");
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// The id of a group in the text of a group file.
fn group_id(file: &str, group: &str) -> Option<Gid> {
    let line = file.lines().find(|line| line.split(':').next() == Some(group))?;
    line.split(':').nth(2)?.parse().ok().map(Gid::from_raw)
}

fn file_id(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_claim_makes_its_folder_and_a_socket_for_the_group_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run/daemon.sock");
        let claim = SocketClaim::take(&path).unwrap();
        assert_eq!((mode(&path), mode(folder_of(&path))), (0o660, 0o750));
        UnixStream::connect(&path).unwrap();
        assert_eq!(fs::read_dir(folder_of(&path)).unwrap().count(), 1);
        drop(claim);
        assert!(!path.exists());
    }

    #[test]
    fn a_live_socket_is_never_taken() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daemon.sock");
        let claim = SocketClaim::take(&path).unwrap();
        assert!(matches!(SocketClaim::take(&path), Err(ClaimError::Answered { .. })));
        UnixStream::connect(&path).unwrap();
        drop(claim);
    }

    #[test]
    fn a_stale_socket_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daemon.sock");
        drop(UnixListener::bind(&path).unwrap());
        let _claim = SocketClaim::take(&path).unwrap();
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn what_is_no_socket_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daemon.sock");
        fs::write(&path, "precious").unwrap();
        assert!(matches!(SocketClaim::take(&path), Err(ClaimError::NotASocket { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn a_successors_socket_outlives_us() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daemon.sock");
        let claim = SocketClaim::take(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let _successor = SocketClaim::take(&path).unwrap();
        drop(claim);
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn of_many_daemons_that_start_at_once_one_gets_the_socket() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daemon.sock");
        drop(UnixListener::bind(&path).unwrap());
        let race = || {
            std::thread::scope(|scope| {
                let racers: Vec<_> = (0..8).map(|_| scope.spawn(|| SocketClaim::take(&path))).collect();
                racers.into_iter().map(|racer| racer.join().unwrap()).collect::<Vec<_>>()
            })
        };
        let claims = race();
        assert_eq!(claims.iter().filter(|claim| claim.is_ok()).count(), 1);
    }

    #[test]
    fn a_group_is_found_by_its_whole_name() {
        let file = "root:x:0:\nhecate-dev:x:7:\nhecate:x:42:alice,bob\n";
        assert_eq!(group_id(file, "hecate").map(Gid::as_raw), Some(42));
        assert_eq!(group_id(file, "heca").map(Gid::as_raw), None);
        assert_eq!(group_id("hecate:x:many:", "hecate").map(Gid::as_raw), None);
    }
}
