//! The folder of all workspaces, and how a file gets below it. Each folder on the way is entered by its name from the
//! one before, never through a link, so that no swap in between leads outside; a file is put in its place whole.

use crate::generate_division::path::names_of;
use hecate_blobs::{BLOB_BYTES_MAX, Sha256};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, ResolveFlags, fchmod, fstat, fsync, mkdirat, openat,
    openat2, renameat_with, unlinkat,
};
use rustix::io::Errno;
use std::fs::{DirBuilder, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Workspaces are for people and their tools.
const FILE_MODE: Mode = Mode::from_raw_mode(0o644);
const FOLDER_MODE: Mode = Mode::from_raw_mode(0o755);

/// The folder of all workspaces, open.
pub(super) struct Workspaces(OwnedFd);

/// Why a file is not there.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotWritten {
    #[error("{path} leads out of the folder of all workspaces")]
    Outside { path: String },
    #[error("{path}: {name} is no folder; move it out of the way")]
    NoFolder { path: String, name: String },
    #[error("{path} holds what was not generated; move it out of the way, or dismiss this")]
    NotOurs { path: String },
    #[error("{path}: {source}")]
    Io { path: String, source: Errno },
}

/// What is where a file is to be.
enum Found {
    Nothing,
    /// A plain file that holds what has this hash.
    Holds(Sha256),
    /// Something else: a link, a folder, a file that is larger than any that was generated.
    Other,
}

impl Workspaces {
    /// Opens the folder; makes it where there is none.
    pub(super) fn open(root: &Path) -> Result<Workspaces, NotWritten> {
        let refuse = |source| NotWritten::Io { path: root.display().to_string(), source };
        let made = DirBuilder::new().recursive(true).mode(FOLDER_MODE.bits()).create(root);
        made.map_err(|error| refuse(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
        let open = openat(CWD, root, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        Ok(Workspaces(open.map_err(refuse)?))
    }

    /// Sees to it that the file holds this, on disk. What it holds already may go if `is_ours`, else nothing is
    /// changed.
    pub(super) fn write(
        &self,
        path: &str,
        content: &[u8],
        is_ours: impl Fn(&Sha256) -> bool,
    ) -> Result<(), NotWritten> {
        let names = names_of(path).ok_or_else(|| NotWritten::Outside { path: path.to_owned() })?;
        let (name, folders) =
            names.split_last().ok_or_else(|| NotWritten::Outside { path: path.to_owned() })?;
        let folder = self.enter(path, folders)?;
        let folder = folder.as_ref().map_or(self.0.as_fd(), AsFd::as_fd);
        let failed = |source| NotWritten::Io { path: path.to_owned(), source };
        let not_ours = || NotWritten::NotOurs { path: path.to_owned() };
        let placed = match look(folder, name).map_err(failed)? {
            Found::Holds(found) if found == Sha256::of(content) => Ok(true),
            Found::Nothing => place(folder, name, content),
            Found::Holds(found) if is_ours(&found) => replace(folder, name, content, is_ours),
            Found::Holds(_) | Found::Other => Ok(false),
        };
        if placed.map_err(failed)? { Ok(()) } else { Err(not_ours()) }
    }

    /// The last of these folders, open, each made where there is none; none where there are none.
    fn enter(&self, path: &str, folders: &[&str]) -> Result<Option<OwnedFd>, NotWritten> {
        folders.iter().try_fold(None, |at: Option<OwnedFd>, name| {
            let entered = step(at.as_ref().map_or(self.0.as_fd(), AsFd::as_fd), name);
            entered.map(Some).map_err(|source| match source {
                Errno::LOOP | Errno::NOTDIR => {
                    NotWritten::NoFolder { path: path.to_owned(), name: (*name).to_owned() }
                }
                source => NotWritten::Io { path: path.to_owned(), source },
            })
        })
    }
}

/// One folder further.
fn step(at: BorrowedFd<'_>, name: &str) -> Result<OwnedFd, Errno> {
    match beneath(at, name, OFlags::DIRECTORY) {
        Err(Errno::NOENT) => {}
        entered => return entered,
    }
    match mkdirat(at, name, FOLDER_MODE) {
        Err(Errno::EXIST) => beneath(at, name, OFlags::DIRECTORY),
        made => {
            made?;
            let folder = beneath(at, name, OFlags::DIRECTORY)?;
            // The daemon's own files are for nobody else.
            fchmod(&folder, FOLDER_MODE)?;
            fsync(at)?;
            Ok(folder)
        }
    }
}

/// What a folder itself holds under this name, opened; no link is followed.
fn beneath(at: BorrowedFd<'_>, name: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(at, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty(), resolve)
}

fn look(folder: BorrowedFd<'_>, name: &str) -> Result<Found, Errno> {
    // Not blocking: a pipe would never be opened.
    let file = match beneath(folder, name, OFlags::RDONLY | OFlags::NONBLOCK) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(Found::Nothing),
        Err(Errno::LOOP | Errno::NXIO) => return Ok(Found::Other),
        Err(error) => return Err(error),
    };
    if FileType::from_raw_mode(fstat(&file)?.st_mode) != FileType::RegularFile {
        return Ok(Found::Other);
    }
    let mut content = Vec::new();
    let read = File::from(file).take(BLOB_BYTES_MAX as u64 + 1).read_to_end(&mut content);
    read.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(if content.len() > BLOB_BYTES_MAX { Found::Other } else { Found::Holds(Sha256::of(&content)) })
}

/// Puts the file where nothing is. False where something is by now.
fn place(folder: BorrowedFd<'_>, name: &str, content: &[u8]) -> Result<bool, Errno> {
    let beside = write_beside(folder, content)?;
    match renameat_with(folder, &*beside, folder, name, RenameFlags::NOREPLACE) {
        Err(Errno::EXIST) => unlinkat(folder, &*beside, AtFlags::empty()).map(|()| false),
        renamed => renamed.and_then(|()| fsync(folder)).map(|()| true),
    }
}

/// Puts the file in the place of one that is ours. The two change places first, so that what somebody wrote in
/// between is seen, and put back: false then.
fn replace(
    folder: BorrowedFd<'_>,
    name: &str,
    content: &[u8],
    is_ours: impl Fn(&Sha256) -> bool,
) -> Result<bool, Errno> {
    let beside = write_beside(folder, content)?;
    let change_places = || renameat_with(folder, &*beside, folder, name, RenameFlags::EXCHANGE);
    change_places()?;
    let ours = matches!(look(folder, &beside)?, Found::Holds(found) if is_ours(&found));
    if !ours {
        change_places()?;
    }
    unlinkat(folder, &*beside, AtFlags::empty())?;
    fsync(folder)?;
    Ok(ours)
}

/// The content in a file of its own in the same folder, flushed. Its name follows from the content, so that one that
/// a crash has left is found and written anew.
fn write_beside(folder: BorrowedFd<'_>, content: &[u8]) -> Result<String, Errno> {
    let name = format!(".hecate-{}", &Sha256::of(content).as_str()[..32]);
    match unlinkat(folder, &*name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(openat(folder, &*name, flags, FILE_MODE)?);
    fchmod(&file, FILE_MODE)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    written.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(name)
}
