//! The folder of all workspaces, and how a file gets below it. Each folder on the way is entered by its name from the
//! one before, never through a link, so that no swap in between leads outside; a file is put in its place whole.

use crate::generate_division::path::names_of;
use hecate_blobs::{BLOB_BYTES_MAX, Sha256};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, ResolveFlags, fchmod, fstat, fsync, mkdirat, openat,
    openat2, renameat_with, unlinkat,
};
use rustix::io::Errno;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// Workspaces are for people and their tools.
const FILE_MODE: Mode = Mode::from_raw_mode(0o644);
const FOLDER_MODE: Mode = Mode::from_raw_mode(0o755);

/// Names under which people's text is kept beside a file.
const KEPT_MAX: u32 = 100;

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
    #[error("somebody wrote into {path} while it was generated; what they wrote is beside it, as {kept}")]
    Kept { path: String, kept: String },
    #[error("{path}: {source}")]
    Io { path: String, source: Errno },
}

/// What there is to hope for, ever more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hope {
    /// Somebody has to do something.
    Never,
    /// It may go better the next time.
    Perhaps,
    /// Space comes back by itself; meanwhile nothing else could be written either.
    Space,
}

impl NotWritten {
    pub(super) fn hope(&self) -> Hope {
        match self {
            NotWritten::Io { source: Errno::NOSPC | Errno::DQUOT, .. } => Hope::Space,
            NotWritten::Io {
                source: Errno::ACCESS | Errno::PERM | Errno::ROFS | Errno::NAMETOOLONG | Errno::ISDIR,
                ..
            } => Hope::Never,
            NotWritten::Io { .. } => Hope::Perhaps,
            NotWritten::Outside { .. }
            | NotWritten::NoFolder { .. }
            | NotWritten::NotOurs { .. }
            | NotWritten::Kept { .. } => Hope::Never,
        }
    }
}

/// What is where a file is to be.
enum Found {
    Nothing,
    /// A plain file that holds what has this hash.
    Holds(Sha256),
    /// Something else: a link, a folder, a file that is larger than any that was generated.
    Other,
}

/// How putting a file into its place has ended.
enum Put {
    Done,
    /// What is there is not ours, and is as it was.
    NotOurs,
    /// What somebody wrote at that very moment is beside it, under this name.
    Kept(String),
}

impl Workspaces {
    /// Opens the folder; makes it where there is none.
    pub(super) fn open(root: &Path) -> Result<Workspaces, NotWritten> {
        let made = deepest(root).and_then(|(there, missing)| {
            missing.into_iter().try_fold(there, |at, name| step(at.as_fd(), name))
        });
        made.map(Workspaces).map_err(|source| NotWritten::Io { path: root.display().to_string(), source })
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
        let put = Place { folder, name }.put(content, &is_ours);
        match put.map_err(|source| NotWritten::Io { path: path.to_owned(), source })? {
            Put::Done => Ok(()),
            Put::NotOurs => Err(NotWritten::NotOurs { path: path.to_owned() }),
            Put::Kept(kept) => Err(NotWritten::Kept { path: path.to_owned(), kept }),
        }
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

/// The deepest folder of a path that is there, open, and the names that lead on from it.
fn deepest(path: &Path) -> Result<(OwnedFd, Vec<&str>), Errno> {
    let (mut at, mut missing) = (path, Vec::new());
    loop {
        let here = if at.as_os_str().is_empty() { Path::new(".") } else { at };
        let opened = openat(CWD, here, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        match (opened, at.parent(), at.file_name()) {
            (Err(Errno::NOENT), Some(above), Some(name)) => {
                missing.insert(0, name.to_str().ok_or(Errno::ILSEQ)?);
                at = above;
            }
            (opened, _, _) => return opened.map(|folder| (folder, missing)),
        }
    }
}

/// One folder further. One that has to be made gets its place once others may enter it, whatever the daemon's own
/// files are like.
fn step(at: BorrowedFd<'_>, name: &str) -> Result<OwnedFd, Errno> {
    match beneath(at, name, OFlags::DIRECTORY) {
        Err(Errno::NOENT) => {}
        entered => return entered,
    }
    let unfinished = format!(".hecate-{name}~~");
    match mkdirat(at, &*unfinished, FOLDER_MODE) {
        // A crash has left it.
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(error),
    }
    let folder = beneath(at, &unfinished, OFlags::DIRECTORY)?;
    fchmod(&folder, FOLDER_MODE)?;
    match renameat_with(at, &*unfinished, at, name, RenameFlags::NOREPLACE) {
        Err(Errno::EXIST) => {
            unlinkat(at, &*unfinished, AtFlags::REMOVEDIR)?;
            beneath(at, name, OFlags::DIRECTORY)
        }
        placed => placed.and_then(|()| fsync(at)).map(|()| folder),
    }
}

/// What a folder itself holds under this name, opened; no link is followed.
fn beneath(at: BorrowedFd<'_>, name: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(at, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty(), resolve)
}

/// Where one file is to be.
struct Place<'p> {
    folder: BorrowedFd<'p>,
    name: &'p str,
}

impl Place<'_> {
    /// Puts the content there, in place of nothing or of what is ours.
    fn put(&self, content: &[u8], is_ours: &dyn Fn(&Sha256) -> bool) -> Result<Put, Errno> {
        let wanted = Sha256::of(content);
        let is_known = |found: &Sha256| *found == wanted || is_ours(found);
        // A crash may have come when the two had just changed places.
        if let Some(kept) = self.clear_beside(&is_known)? {
            return Ok(Put::Kept(kept));
        }
        match self.look(self.name)? {
            // Who put it there may not have come as far as the flush of the folder.
            Found::Holds(found) if found == wanted => fsync(self.folder).map(|()| Put::Done),
            Found::Nothing => self.place(content),
            Found::Holds(found) if is_ours(&found) => self.replace(content, is_ours, &is_known),
            Found::Holds(_) | Found::Other => Ok(Put::NotOurs),
        }
    }

    /// Where nothing is. Something may be there by now.
    fn place(&self, content: &[u8]) -> Result<Put, Errno> {
        let beside = self.write_beside(content)?;
        match renameat_with(self.folder, &*beside, self.folder, self.name, RenameFlags::NOREPLACE) {
            Err(Errno::EXIST) => unlinkat(self.folder, &*beside, AtFlags::empty()).map(|()| Put::NotOurs),
            renamed => renamed.and_then(|()| fsync(self.folder)).map(|()| Put::Done),
        }
    }

    /// Where one that is ours is. The two change places first, so that what somebody wrote in between is seen, and put
    /// back.
    fn replace(
        &self,
        content: &[u8],
        is_ours: &dyn Fn(&Sha256) -> bool,
        is_known: &dyn Fn(&Sha256) -> bool,
    ) -> Result<Put, Errno> {
        let beside = self.write_beside(content)?;
        let change_places =
            || renameat_with(self.folder, &*beside, self.folder, self.name, RenameFlags::EXCHANGE);
        change_places()?;
        let found = self.look(&beside);
        let ours = matches!(&found, Ok(Found::Holds(found)) if is_ours(found));
        if !ours {
            change_places()?;
        }
        found?;
        let kept = self.clear_beside(is_known)?;
        fsync(self.folder)?;
        let put = if ours { Put::Done } else { Put::NotOurs };
        Ok(kept.map_or(put, Put::Kept))
    }

    /// A whole file that changes places with this one is called so.
    fn beside(&self) -> String {
        format!(".hecate-{}", self.name)
    }

    /// The content in a file of its own beside this one, flushed. It gets that name once it is whole: what is called so
    /// is whole, or was in this place.
    fn write_beside(&self, content: &[u8]) -> Result<String, Errno> {
        let (unfinished, beside) = (format!("{}~", self.beside()), self.beside());
        match unlinkat(self.folder, &*unfinished, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error),
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(self.folder, &*unfinished, flags, FILE_MODE)?);
        fchmod(&file, FILE_MODE)?;
        let written = file.write_all(content).and_then(|()| file.sync_all());
        written.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        renameat_with(self.folder, &*unfinished, self.folder, &*beside, RenameFlags::NOREPLACE)?;
        Ok(beside)
    }

    /// Removes what is beside this file, if it is known. What somebody wrote gets a name that they see, and it is
    /// answered.
    fn clear_beside(&self, is_known: &dyn Fn(&Sha256) -> bool) -> Result<Option<String>, Errno> {
        let beside = self.beside();
        match self.look(&beside)? {
            Found::Nothing => Ok(None),
            Found::Holds(found) if is_known(&found) => {
                unlinkat(self.folder, &*beside, AtFlags::empty()).map(|()| None)
            }
            Found::Holds(_) | Found::Other => self.keep(&beside).map(Some),
        }
    }

    fn keep(&self, beside: &str) -> Result<String, Errno> {
        for nth in 1..=KEPT_MAX {
            let kept = format!("{}.kept-{nth}", self.name);
            match renameat_with(self.folder, beside, self.folder, &*kept, RenameFlags::NOREPLACE) {
                Err(Errno::EXIST) => {}
                renamed => return renamed.and_then(|()| fsync(self.folder)).map(|()| kept),
            }
        }
        Err(Errno::EXIST)
    }

    fn look(&self, name: &str) -> Result<Found, Errno> {
        // Not blocking: a pipe would never be opened.
        let file = match beneath(self.folder, name, OFlags::RDONLY | OFlags::NONBLOCK) {
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
}
