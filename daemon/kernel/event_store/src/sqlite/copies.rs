//! Backup and restore. A backup is one consistent copy, taken while the daemon goes on; a restored store
//! begins a new epoch, so that whoever remembers a position of the old one notices.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use hecate_disk::Disk;
use rusqlite::OpenFlags;

use super::identity::{self, Identity};
use super::open::{self, beside};
use super::verify::{Finding, Verified, verify};
use crate::error::OpenError;

/// Why a store was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A backup never writes over something.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// What was to be copied, or the copy, is damaged.
    #[error("the copy is not whole: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    NotWhole(Vec<Finding>),
    /// It did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Copies the store at `path`, also under a running daemon, to the new file `to`, and verifies the copy.
/// Holds one read transaction meanwhile, so the log of a busy daemon grows until it is done.
pub fn backup(path: &Path, to: &Path) -> Result<Verified, CopyError> {
    if to.exists() {
        return Err(CopyError::Exists(to.to_owned()));
    }
    let fail = |error| open::open_error(path, &error);
    let io = |source| OpenError::Io { path: to.to_owned(), source };
    let disk = Disk::real();
    let conn = open::connect(&disk, path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(fail)?;
    open::check_format(&conn, path)?;
    let partial = beside(to, ".partial");
    remove(&partial).map_err(io)?;
    conn.execute("VACUUM INTO ?1", [disk.name_of(&partial).map_err(io)?]).map_err(fail)?;
    drop(conn);
    let copied = whole(&partial).inspect_err(|_| drop(remove(&partial)))?;
    settle(&partial, to).map_err(io)?;
    Ok(copied)
}

/// Puts the backup `from` in the place of the store at `path`, which no daemon may hold; what was there
/// stays beside it. Interrupted at any moment, it leaves the backup in place or a store that refuses to
/// open until it is restored again.
pub fn restore(from: &Path, path: &Path) -> Result<Restored, CopyError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let _lock = open::acquire(path)?;
    whole(from)?;
    let next = beside(path, ".restored");
    remove(&next).map_err(io)?;
    fs::copy(from, &next).map_err(io)?;
    let identity = begin_epoch(&next, path)?;
    // From here on the old file is not opened any more: it is not the store that the identity names.
    identity::write(&Disk::real(), path, identity).map_err(io)?;
    let kept = set_aside(path).map_err(io)?;
    settle(&next, path).map_err(io)?;
    Ok(Restored { store: whole(path)?, kept })
}

/// What a restore did.
#[derive(Debug)]
pub struct Restored {
    /// The store that is in place now.
    pub store: Verified,
    /// Where the store that was there is kept.
    pub kept: Option<PathBuf>,
}

fn whole(path: &Path) -> Result<Verified, CopyError> {
    let mut findings = Vec::new();
    let verified = verify(path, &mut |finding| findings.push(finding))?;
    for suffix in [".lock", "-shm"] {
        // Looking at a copy leaves these beside it; that they stay is no fault.
        let _ = remove(&beside(path, suffix));
    }
    if findings.is_empty() { Ok(verified) } else { Err(CopyError::NotWhole(findings)) }
}

/// An epoch that neither the backup nor the store in place has seen.
fn begin_epoch(next: &Path, path: &Path) -> Result<Identity, OpenError> {
    let fail = |error| open::open_error(next, &error);
    // A damaged note of the old identity is about to be replaced.
    let known = identity::read(path).ok().flatten().map_or(0, |known| known.epoch);
    let conn = open::connect(&Disk::real(), next, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(fail)?;
    let (found, _) = open::read_identity(&conn).map_err(fail)?;
    let identity = Identity { epoch: found.epoch.max(known) + 1, ..found };
    // The copy has no log: the change goes into the file itself.
    open::set_journal(&conn, "DELETE").map_err(fail)?;
    conn.execute("UPDATE meta SET epoch = ?1", [identity.epoch]).map_err(fail)?;
    Ok(identity)
}

/// Moves the old store and its log away together.
fn set_aside(path: &Path) -> io::Result<Option<PathBuf>> {
    remove(&beside(path, "-shm"))?;
    let free = |kept: &PathBuf| !kept.exists() && !beside(kept, "-wal").exists();
    let Some(kept) = (1..).map(|number| beside(path, &format!(".replaced-{number}"))).find(free) else {
        return Ok(None);
    };
    let mut any = false;
    for suffix in ["-wal", ""] {
        if beside(path, suffix).exists() {
            fs::rename(beside(path, suffix), beside(&kept, suffix))?;
            any = true;
        }
    }
    Ok(any.then_some(kept))
}

/// Flushes a finished copy and gives it its name.
fn settle(partial: &Path, to: &Path) -> io::Result<()> {
    File::open(partial)?.sync_all()?;
    fs::rename(partial, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
