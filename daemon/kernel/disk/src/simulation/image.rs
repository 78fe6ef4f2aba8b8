//! What a disk holds for sure, and what was issued since and may be gone after a power cut.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::content::{Content, Data};

/// A recorded call.
#[derive(Clone)]
pub(super) enum Op {
    Create(PathBuf),
    CreateFolder(PathBuf),
    Write { path: PathBuf, offset: u64, data: Data },
    Truncate { path: PathBuf, to_bytes: u64 },
    Sync(PathBuf),
    Remove(PathBuf),
    Rename { from: PathBuf, to: PathBuf },
    SyncFolder(PathBuf),
}

/// A file, whatever its names are.
pub(super) type FileId = u64;
pub(super) type Names = BTreeMap<PathBuf, FileId>;

/// A change of a file that was not flushed.
#[derive(Clone)]
pub(super) enum Change {
    Write { offset: u64, data: Data },
    Truncate { to_bytes: u64 },
}

/// A change of names that was not flushed.
#[derive(Clone)]
pub(super) enum Naming {
    Create { path: PathBuf, file: FileId },
    Remove { path: PathBuf },
    Rename { from: PathBuf, to: PathBuf, file: FileId },
}

/// One file: what is flushed, and what is not, in order.
#[derive(Clone, Default)]
pub(super) struct FileImage {
    pub(super) durable: Content,
    pub(super) changes: Vec<Change>,
}

/// A disk at one moment. Clones share all bytes.
#[derive(Clone, Default)]
pub(super) struct Image {
    pub(super) files: BTreeMap<FileId, FileImage>,
    pub(super) durable_names: Names,
    pub(super) names: Names,
    pub(super) namings: Vec<Naming>,
    /// The folders among the names that there ever were.
    folders: BTreeSet<PathBuf>,
    last_file: FileId,
}

impl Image {
    /// A file that was there, flushed, before the first call.
    pub(super) fn adopt(&mut self, path: PathBuf, durable: Content) {
        let file = self.next_file(FileImage { durable, changes: Vec::new() });
        self.durable_names.insert(path.clone(), file);
        self.names.insert(path, file);
    }

    pub(super) fn apply(&mut self, op: &Op) {
        match op {
            Op::Create(path) => {
                self.create(path);
            }
            Op::CreateFolder(path) => {
                self.folders.insert(path.clone());
                self.create(path);
            }
            Op::Write { path, offset, data } => {
                self.change(path, Change::Write { offset: *offset, data: data.clone() });
            }
            Op::Truncate { path, to_bytes } => self.change(path, Change::Truncate { to_bytes: *to_bytes }),
            Op::Sync(path) => self.sync(path),
            Op::Remove(path) => {
                self.names.remove(path);
                self.namings.push(Naming::Remove { path: path.clone() });
            }
            Op::Rename { from, to } => self.rename(from, to),
            Op::SyncFolder(folder) => self.sync_folder(folder),
        }
    }

    fn next_file(&mut self, image: FileImage) -> FileId {
        self.last_file += 1;
        self.files.insert(self.last_file, image);
        self.last_file
    }

    fn create(&mut self, path: &Path) -> FileId {
        let file = self.next_file(FileImage::default());
        self.names.insert(path.to_owned(), file);
        self.namings.push(Naming::Create { path: path.to_owned(), file });
        file
    }

    pub(super) fn is_folder(&self, path: &Path) -> bool {
        self.folders.contains(path)
    }

    /// A file that somebody else made meanwhile counts as made now.
    fn change(&mut self, path: &Path, change: Change) {
        let file = self.names.get(path).copied().unwrap_or_else(|| self.create(path));
        self.files.entry(file).or_default().changes.push(change);
    }

    fn rename(&mut self, from: &Path, to: &Path) {
        let Some(file) = self.names.remove(from) else { return };
        self.names.insert(to.to_owned(), file);
        self.namings.push(Naming::Rename { from: from.to_owned(), to: to.to_owned(), file });
    }

    /// Flushes a file and, as ext4 does, that it was made; what happened to its name before comes along.
    fn sync(&mut self, path: &Path) {
        let Some(&file) = self.names.get(path) else { return };
        let image = self.files.entry(file).or_default();
        for change in std::mem::take(&mut image.changes) {
            image.durable.change(&change);
        }
        let made = |naming: &Naming| matches!(naming, Naming::Create { file: made, .. } if *made == file);
        let Some(at) = self.namings.iter().position(made) else { return };
        let Naming::Create { path: name, .. } = self.namings[at].clone() else { return };
        let mut index = 0;
        self.settle(|naming| {
            index += 1;
            index <= at + 1 && naming.touches(&name)
        });
    }

    fn sync_folder(&mut self, folder: &Path) {
        self.settle(|naming| naming.is_in(folder));
        self.forget_nameless();
    }

    /// Makes those changes of names durable, in their order.
    fn settle(&mut self, mut settled: impl FnMut(&Naming) -> bool) {
        for naming in std::mem::take(&mut self.namings) {
            if settled(&naming) {
                naming.apply(&mut self.durable_names);
            } else {
                self.namings.push(naming);
            }
        }
    }

    fn forget_nameless(&mut self) {
        let pending = self.namings.iter().filter_map(|naming| match naming {
            Naming::Create { file, .. } | Naming::Rename { file, .. } => Some(file),
            Naming::Remove { .. } => None,
        });
        let named: BTreeSet<FileId> =
            self.names.values().chain(self.durable_names.values()).chain(pending).copied().collect();
        self.files.retain(|file, _| named.contains(file));
    }
}

impl Naming {
    pub(super) fn apply(&self, names: &mut Names) {
        match self {
            Naming::Create { path, file } => {
                names.insert(path.clone(), *file);
            }
            Naming::Remove { path } => {
                names.remove(path);
            }
            Naming::Rename { from, to, file } => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
        }
    }

    fn paths(&self) -> [&Path; 2] {
        match self {
            Naming::Create { path, .. } | Naming::Remove { path } => [path, path],
            Naming::Rename { from, to, .. } => [from, to],
        }
    }

    fn touches(&self, path: &Path) -> bool {
        self.paths().contains(&path)
    }

    fn is_in(&self, folder: &Path) -> bool {
        self.paths().iter().any(|path| path.parent() == Some(folder))
    }
}

impl Content {
    /// Applies a change whole.
    pub(super) fn change(&mut self, change: &Change) {
        match change {
            Change::Write { offset, data } => self.write(*offset, data, 0..data.len()),
            Change::Truncate { to_bytes } => self.truncate(*to_bytes),
        }
    }
}
