//! Backup and restore. A backup is one consistent copy, taken while the daemon goes on; a restored store
//! begins a new epoch, so that whoever remembers a position of the old one notices.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use hecate_disk::{Disk, beside};
use rusqlite::OpenFlags;

use super::identity::{self, Identity};
use super::open;
use super::verify::{Finding, Hold, Verified, hold, verify};
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
    if let Hold::Free(_lock) = hold(path)? {
        // SQLite would take a break in the log for its end, and the copy would look whole.
        open::check_log(path)?;
    }
    let partial = beside(to, ".partial");
    copy(path, &partial)?;
    let copied = whole(&partial).inspect_err(|_| drop(remove(&partial)))?;
    settle(&partial, to).map_err(|source| OpenError::Io { path: to.to_owned(), source })?;
    Ok(copied)
}

/// Puts the backup `from` in the place of the store at `path`; no daemon may hold either. What was there
/// stays beside it. Interrupted at any moment, it leaves the backup in place or a store that refuses to
/// open until it is restored again.
pub fn restore(from: &Path, path: &Path) -> Result<Restored, CopyError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let _lock = open::acquire(path)?;
    let Hold::Free(_from) = hold(from)? else {
        return Err(OpenError::Locked { path: from.to_owned() }.into());
    };
    open::check_log(from)?;
    let backup = whole(from)?;
    // Through SQLite, and so with what is still in the log of `from`.
    let next = beside(path, ".restored");
    copy(from, &next)?;
    let copied = whole(&next)?;
    if copied.head != backup.head {
        let detail = format!("{} of {} events were copied", copied.head, backup.head);
        return Err(CopyError::NotWhole(vec![Finding::File { detail }]));
    }
    let identity = begin_epoch(&next, path)?;
    // From here on the old file is not opened any more: it is not the store that the identity names.
    identity::write(&Disk::real(), path, identity).map_err(io)?;
    let kept = set_aside(path).map_err(io)?;
    settle(&next, path).map_err(io)?;
    Ok(Restored { store: whole(path)?, kept })
}

/// Copies one moment of a store into a new file of one's own.
fn copy(path: &Path, to: &Path) -> Result<(), OpenError> {
    let fail = |error| open::open_error(path, &error);
    let io = |source| OpenError::Io { path: to.to_owned(), source };
    let disk = Disk::real();
    let conn = open::connect(&disk, path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(fail)?;
    open::check_format(&conn, path)?;
    let (found, _) = open::read_identity(&conn).map_err(fail)?;
    // A note that cannot be read is about to be replaced, or is not copied.
    if let Ok(Some(known)) = identity::read(path)
        && known != found
    {
        return Err(open::another_store(path, known, found));
    }
    remove(to).map_err(io)?;
    disk.create(to).map_err(io)?;
    conn.execute("VACUUM INTO ?1", [disk.name_of(to).map_err(io)?]).map_err(fail)?;
    Ok(())
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
    if findings.is_empty() { Ok(verified) } else { Err(CopyError::NotWhole(findings)) }
}

/// An epoch that neither the backup nor the store in place has seen.
fn begin_epoch(next: &Path, path: &Path) -> Result<Identity, OpenError> {
    let fail = |error| open::open_error(next, &error);
    let conn = open::connect(&Disk::real(), next, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(fail)?;
    let (found, _) = open::read_identity(&conn).map_err(fail)?;
    let identity = Identity { epoch: found.epoch.max(epoch_in_place(path)) + 1, ..found };
    // The copy has no log: the change goes into the file itself.
    open::set_journal(&conn, "DELETE").map_err(fail)?;
    conn.execute("UPDATE meta SET epoch = ?1", [identity.epoch]).map_err(fail)?;
    Ok(identity)
}

/// The latest epoch that the note or the store in place knows; either of them may be damaged.
fn epoch_in_place(path: &Path) -> u64 {
    let noted = identity::read(path).ok().flatten().map_or(0, |known| known.epoch);
    let stored = open::connect(&Disk::real(), path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|conn| open::read_identity(&conn))
        .map_or(0, |(found, _)| found.epoch);
    noted.max(stored)
}

/// Moves the old store and its log away together. The file goes first: a log without its file is nobody's,
/// and one beside another file would be played into it.
fn set_aside(path: &Path) -> io::Result<Option<PathBuf>> {
    remove(&beside(path, "-shm"))?;
    let there: Vec<&str> = ["", "-wal"].into_iter().filter(|suffix| beside(path, suffix).exists()).collect();
    let free = |kept: &PathBuf| there.iter().all(|suffix| !beside(kept, suffix).exists());
    let kept = (1..).map(|number| beside(path, &format!(".replaced-{number}"))).find(free);
    let Some(kept) = kept.filter(|_| !there.is_empty()) else { return Ok(None) };
    for suffix in there {
        fs::rename(beside(path, suffix), beside(&kept, suffix))?;
        sync_folder(path)?;
    }
    Ok(Some(kept))
}

/// Flushes a finished copy and gives it its name.
fn settle(partial: &Path, to: &Path) -> io::Result<()> {
    File::open(partial)?.sync_all()?;
    fs::rename(partial, to)?;
    sync_folder(to)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
