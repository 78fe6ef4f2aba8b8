//! What is written beside SQLite with plain files, each call shown to the watch before it is made.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::watch::{Call, Observer};

const OWNER_ONLY: u32 = 0o600;
const OWNER_ONLY_FOLDER: u32 = 0o700;
const STEP_BYTES: usize = 1024 * 1024;
static ZEROS: [u8; STEP_BYTES] = [0; STEP_BYTES];

pub(crate) fn create(observer: &Observer, path: &Path) -> io::Result<bool> {
    let Some(file) = create_only(observer, path)? else { return Ok(false) };
    sync(observer, path, &file)?;
    sync_folder(observer, folder_of(path))?;
    Ok(true)
}

pub(crate) fn lengthen(observer: &Observer, path: &Path, to_bytes: u64) -> io::Result<()> {
    let made = create_only(observer, path)?;
    let file = made.map_or_else(|| OpenOptions::new().write(true).open(path), Ok)?;
    let length = file.metadata()?.len();
    match write_zeros(observer, path, &file, length, to_bytes) {
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            observer.before(Call::Truncate { path, to_bytes: length })?;
            file.set_len(length)?;
            return Err(error);
        }
        written => written?,
    }
    sync(observer, path, &file)?;
    sync_folder(observer, folder_of(path))
}

pub(crate) fn overwrite(observer: &Observer, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    write(observer, path, &file, offset, bytes)?;
    sync(observer, path, &file)
}

pub(crate) fn replace(observer: &Observer, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let next = next_name(path);
    let file = match create_only(observer, &next)? {
        Some(made) => made,
        None => reuse(observer, &next)?,
    };
    write(observer, &next, &file, 0, bytes)?;
    sync(observer, &next, &file)?;
    observer.before(Call::Rename { from: &next, to: path })?;
    fs::rename(&next, path)?;
    sync_folder(observer, folder_of(path))
}

pub(crate) fn place(observer: &Observer, unfinished: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let placed = write_new(observer, unfinished, bytes).and_then(|()| {
        observer.before(Call::Rename { from: unfinished, to: path })?;
        fs::rename(unfinished, path)
    });
    if placed.is_err()
        && unfinished.symlink_metadata().is_ok()
        && let Err(error) = remove(observer, unfinished)
    {
        tracing::warn!(path = %unfinished.display(), %error, "an unfinished file stays");
    }
    placed
}

/// A flush that fails says why: the file goes, and whoever tries again writes another.
fn write_new(observer: &Observer, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = match create_only(observer, path)? {
        Some(made) => made,
        None => reuse(observer, path)?,
    };
    write(observer, path, &file, 0, bytes)?;
    observer.before(Call::Sync { path })?;
    observer.time(path, || file.sync_all(), io::Result::is_ok)
}

pub(crate) fn make_folder(observer: &Observer, path: &Path) -> io::Result<bool> {
    if path.is_dir() {
        return Ok(false);
    }
    observer.before(Call::CreateFolder { path })?;
    match DirBuilder::new().mode(OWNER_ONLY_FOLDER).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(false),
        made => made.map(|()| true),
    }
}

pub(crate) fn remove(observer: &Observer, path: &Path) -> io::Result<()> {
    observer.before(Call::Remove { path })?;
    fs::remove_file(path)
}

/// Flushes the names in a folder.
pub(crate) fn sync_folder(observer: &Observer, folder: &Path) -> io::Result<()> {
    observer.before(Call::SyncFolder { path: folder }).map_err(io::Error::other)?;
    let flush = || File::open(folder)?.sync_all();
    observer.time(folder, flush, io::Result::is_ok).map_err(io::Error::other)
}

/// The folder that holds `path`.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The name under which a file is written before it takes the place of `path`.
fn next_name(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".next");
    name.into()
}

/// The file, if it was made now.
fn create_only(observer: &Observer, path: &Path) -> io::Result<Option<File>> {
    if path.symlink_metadata().is_ok() {
        return Ok(None);
    }
    observer.before(Call::Create { path })?;
    match OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        made => made.map(Some),
    }
}

/// A file that an earlier crash left behind, emptied.
fn reuse(observer: &Observer, path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).open(path)?;
    observer.before(Call::Truncate { path, to_bytes: 0 })?;
    file.set_len(0)?;
    Ok(file)
}

fn write(observer: &Observer, path: &Path, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    observer.before(Call::Write { path, offset, bytes })?;
    file.write_all_at(bytes, offset)
}

fn write_zeros(observer: &Observer, path: &Path, file: &File, from: u64, to: u64) -> io::Result<()> {
    let mut at = from;
    while at < to {
        let step = usize::try_from(to - at).map_or(STEP_BYTES, |missing| missing.min(STEP_BYTES));
        write(observer, path, file, at, &ZEROS[..step])?;
        at += step as u64;
    }
    Ok(())
}

/// A flush that failed for want of space is not told as `StorageFull`: nobody may try it again.
fn sync(observer: &Observer, path: &Path, file: &File) -> io::Result<()> {
    observer.before(Call::Sync { path }).map_err(io::Error::other)?;
    observer.time(path, || file.sync_all(), io::Result::is_ok).map_err(io::Error::other)
}
