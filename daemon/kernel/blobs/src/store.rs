//! Blobs as files: `ab/abcd…`, each written beside its place, flushed, and only then put there.

use crate::sha256::Sha256;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Most bytes of one blob.
pub const BLOB_BYTES_MAX: usize = 1024 * 1024;
/// What is not yet in its place; a folder's name has two hex digits, so none is called so.
pub(crate) const UNFINISHED: &str = "unfinished";

/// The blobs in one folder; clones share it. Makes the folder when the first is put.
#[derive(Clone, Debug)]
pub struct Blobs(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    /// Tells unfinished files apart.
    nth: AtomicU64,
}

/// A blob that is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its name.
    pub sha256: Sha256,
    /// Its length.
    pub bytes: u64,
}

/// Why a blob is neither kept nor read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// More than [`BLOB_BYTES_MAX`].
    #[error("a blob has at most {BLOB_BYTES_MAX} bytes")]
    TooLarge,
    /// What is on disk is not what the name says.
    #[error("blob {sha256} is damaged: {}", path.display())]
    Damaged {
        /// The name.
        sha256: Sha256,
        /// The file.
        path: PathBuf,
    },
    /// The disk does not do what it should.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl BlobError {
    /// True where there is no space, or none left for this user: it comes back by itself.
    pub fn is_full(&self) -> bool {
        let full = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded];
        matches!(self, BlobError::Io { source, .. } if full.contains(&source.kind()))
    }
}

impl Blobs {
    /// The blobs in this folder. Opens nothing.
    pub fn new(folder: &Path) -> Blobs {
        Blobs(Arc::new(Shared { folder: folder.to_owned(), nth: AtomicU64::new(0) }))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// Keeps a blob; it is on disk when this returns. One that is there already is looked at, and replaced where it
    /// is damaged.
    ///
    /// # Errors
    /// [`BlobError::TooLarge`], [`BlobError::Io`].
    pub fn put(&self, content: &[u8]) -> Result<Kept, BlobError> {
        if content.len() > BLOB_BYTES_MAX {
            return Err(BlobError::TooLarge);
        }
        let kept = Kept { sha256: Sha256::of(content), bytes: content.len() as u64 };
        let place = self.place(&kept.sha256);
        let folder = place.parent().unwrap_or(self.folder());
        match self.get(&kept.sha256) {
            // Whoever put it may not have come as far as the flush of the folder.
            Ok(Some(_)) => flush_folder(folder)?,
            Ok(None) | Err(BlobError::Damaged { .. }) => self.write(content, folder, &place)?,
            Err(error) => return Err(error),
        }
        Ok(kept)
    }

    /// Reads a blob; none where there is none of this name.
    ///
    /// # Errors
    /// [`BlobError::Damaged`], [`BlobError::Io`].
    pub fn get(&self, sha256: &Sha256) -> Result<Option<Vec<u8>>, BlobError> {
        let path = self.place(sha256);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(BlobError::Io { path, source }),
        };
        let mut content = Vec::new();
        // One byte more than there may be: a file that has grown is damaged, not a reason to read on.
        let read = file.take(BLOB_BYTES_MAX as u64 + 1).read_to_end(&mut content);
        read.map_err(|source| BlobError::Io { path: path.clone(), source })?;
        if Sha256::of(&content) != *sha256 {
            tracing::error!(%sha256, path = %path.display(), "a blob is damaged");
            return Err(BlobError::Damaged { sha256: sha256.clone(), path });
        }
        Ok(Some(content))
    }

    fn place(&self, sha256: &Sha256) -> PathBuf {
        self.folder().join(&sha256.as_str()[..2]).join(sha256.as_str())
    }

    fn write(&self, content: &[u8], folder: &Path, place: &Path) -> Result<(), BlobError> {
        let unfinished = self.folder().join(UNFINISHED);
        for folder in [&unfinished, folder] {
            self.make(folder)?;
        }
        let nth = self.0.nth.fetch_add(1, Ordering::Relaxed);
        let beside = unfinished.join(format!("{}-{nth}", std::process::id()));
        let written = write_through(&beside, content).and_then(|()| fs::rename(&beside, place));
        written.map_err(at(place))?;
        flush_folder(folder)
    }

    /// Makes a folder below the blobs' own, and sees to it that it stays.
    fn make(&self, folder: &Path) -> Result<(), BlobError> {
        if folder.is_dir() {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
        flush_folder(self.folder())
    }
}

/// The file with this content, flushed. One that a crash has left there is written anew.
fn write_through(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn flush_folder(folder: &Path) -> Result<(), BlobError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> BlobError {
    let path = path.to_owned();
    |source| BlobError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_was_put_is_read_back_by_its_name_and_nothing_else_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(&folder.path().join("blobs"));
        let kept = blobs.put(b"tea").unwrap();
        assert_eq!((kept.bytes, blobs.put(b"tea").unwrap()), (3, kept.clone()));
        assert_eq!(Blobs::new(blobs.folder()).get(&kept.sha256).unwrap().unwrap(), b"tea");
        assert_eq!(blobs.get(&Sha256::of(b"cake")).unwrap(), None);
        assert_eq!(fs::read_dir(blobs.folder().join(UNFINISHED)).unwrap().count(), 0);
    }

    #[test]
    fn too_much_is_refused_and_the_most_fits() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(folder.path());
        assert!(matches!(blobs.put(&vec![7; BLOB_BYTES_MAX + 1]), Err(BlobError::TooLarge)));
        let kept = blobs.put(&vec![7; BLOB_BYTES_MAX]).unwrap();
        assert_eq!(blobs.get(&kept.sha256).unwrap().unwrap().len(), BLOB_BYTES_MAX);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_blob_that_was_changed_on_disk_is_refused_and_mended_by_putting_it_again(
            content in prop::collection::vec(any::<u8>(), 0..300), at: prop::sample::Index, damage in 0..3_u8
        ) {
            let folder = tempfile::tempdir().unwrap();
            let blobs = Blobs::new(folder.path());
            let kept = blobs.put(&content).unwrap();
            let mut damaged = content.clone();
            match damage {
                0 if !damaged.is_empty() => { let at = at.index(damaged.len()); damaged[at] ^= 1 << (at % 8); }
                1 if !damaged.is_empty() => damaged.truncate(at.index(content.len())),
                _ => damaged.push(0),
            }
            fs::write(blobs.place(&kept.sha256), &damaged).unwrap();
            let refused = matches!(blobs.get(&kept.sha256), Err(BlobError::Damaged { .. }));
            prop_assert!(refused);
            blobs.put(&content).unwrap();
            prop_assert_eq!(blobs.get(&kept.sha256).unwrap().unwrap(), content);
        }
    }

    #[test]
    fn many_may_put_the_same_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(folder.path());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..20_u8).for_each(|nth| drop(blobs.put(&[nth; 100]).unwrap())));
            }
        });
        for nth in 0..20_u8 {
            assert_eq!(blobs.get(&Sha256::of(&[nth; 100])).unwrap().unwrap(), [nth; 100]);
        }
    }
}
