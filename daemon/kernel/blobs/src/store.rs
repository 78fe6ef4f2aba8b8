//! Blobs as files: `ab/abcd…`, each written beside its place, flushed, and only then put there.

use crate::sha256::Sha256;
use hecate_disk::Disk;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Most bytes of one blob.
pub const BLOB_BYTES_MAX: usize = 1024 * 1024;
/// What is not yet in its place; a folder's name has two hex digits, so none is called so.
pub(crate) const UNFINISHED: &str = "unfinished";

/// Tells the unfinished files of this process apart.
static NTH: AtomicU64 = AtomicU64::new(0);

/// The blobs in one folder; clones share it. Makes the folder when the first is put.
#[derive(Clone, Debug)]
pub struct Blobs(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    disk: Disk,
    folder: PathBuf,
    /// The folders whose names are on disk for sure. That one is there says nothing: whoever made it may not have
    /// come as far as the flush.
    settled: Mutex<BTreeSet<PathBuf>>,
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
        Blobs::on(Disk::real(), folder)
    }

    /// The same, with another way to the disk.
    pub fn on(disk: Disk, folder: &Path) -> Blobs {
        Blobs(Arc::new(Shared { disk, folder: folder.to_owned(), settled: Mutex::default() }))
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
        let is_there = match self.get(&kept.sha256) {
            Ok(there) => there.is_some(),
            Err(BlobError::Damaged { .. }) => false,
            Err(error) => return Err(error),
        };
        let folder = self.folder().join(&kept.sha256.as_str()[..2]);
        self.settle(self.folder())?;
        self.settle(&folder)?;
        if !is_there {
            self.write(content, &folder.join(kept.sha256.as_str()))?;
        }
        // Whoever put one that is there may not have come as far as this.
        self.0.disk.flush_folder(&folder).map_err(at(&folder))?;
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

    fn write(&self, content: &[u8], place: &Path) -> Result<(), BlobError> {
        let folder = self.folder().join(UNFINISHED);
        self.0.disk.make_folder(&folder).map_err(at(&folder))?;
        let nth = NTH.fetch_add(1, Ordering::Relaxed);
        let unfinished = folder.join(format!("{}-{nth}", std::process::id()));
        self.0.disk.place(&unfinished, place, content).map_err(at(place))
    }

    /// Makes a folder where it is missing, and sees to it that it stays: its name is flushed before anything that
    /// lies in it is relied on.
    fn settle(&self, folder: &Path) -> Result<(), BlobError> {
        let made = self.0.disk.make_folder(folder).map_err(at(folder))?;
        let settled = || self.0.settled.lock().unwrap_or_else(PoisonError::into_inner);
        if !made && settled().contains(folder) {
            return Ok(());
        }
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        self.0.disk.flush_folder(above).map_err(at(above))?;
        settled().insert(folder.to_owned());
        Ok(())
    }
}

pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> BlobError {
    let path = path.to_owned();
    |source| BlobError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hecate_disk::simulation::{After, Model, Recorder};
    use hecate_disk::{Fault, Watch};
    use proptest::prelude::*;
    use std::fs;

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

    fn recorded(folder: &Path) -> (Arc<Recorder>, Blobs) {
        let recorder = Recorder::new();
        let blobs = Blobs::on(Disk::watched(Arc::clone(&recorder) as Arc<dyn Watch>), folder);
        (recorder, blobs)
    }

    /// Contents that share a folder and contents that do not.
    fn contents() -> Vec<Vec<u8>> {
        let all = (0_u16..).map(|nth| nth.to_be_bytes().to_vec());
        let named = |content: &Vec<u8>| ["00", "7f"].contains(&&Sha256::of(content).as_str()[..2]);
        all.filter(named).take(3).collect()
    }

    /// Puts contents, each until it is kept, while the disk fails this call; then cuts the power behind each. What was
    /// kept by then is whole.
    fn fail_then_cut(fails_at: u64) {
        let home = tempfile::tempdir().unwrap();
        let (recorder, blobs) = recorded(&home.path().join("data/blobs"));
        fs::create_dir(home.path().join("data")).unwrap();
        recorder.fail_at(fails_at, Fault::Io, After::Once);
        // One that is there is put again.
        let (mut kept, twice) = (Vec::new(), [contents(), contents()].concat());
        for content in &twice {
            let name = blobs.put(content).or_else(|_| blobs.put(content)).unwrap().sha256;
            kept.push((name, recorder.calls()));
        }
        let cut = home.path().join("cut");
        for at in kept.iter().map(|(_, calls)| calls + 1) {
            for model in Model::ALL {
                recorder.survivors(at, model, fails_at, &cut).unwrap();
                let left = Blobs::new(&cut.join("blobs"));
                for (name, _) in kept.iter().filter(|(_, calls)| *calls < at) {
                    let told = format!("{model:?}, before {}", recorder.describe(at));
                    assert!(
                        left.get(name).unwrap().is_some(),
                        "call {fails_at} failed; {told}: {name} is gone"
                    );
                }
                fs::remove_dir_all(&cut).unwrap();
            }
        }
    }

    #[test]
    fn what_was_kept_survives_every_power_cut_even_where_a_call_failed_before() {
        // The first content is put with ten calls or so; each of them fails once.
        (0..12).for_each(fail_then_cut);
    }

    #[test]
    fn a_put_that_fails_leaves_nothing_behind_and_says_whether_the_disk_is_full() {
        for fault in [Fault::Io, Fault::Full] {
            for fails_at in 1..12 {
                let folder = tempfile::tempdir().unwrap();
                let (recorder, blobs) = recorded(folder.path());
                recorder.fail_at(fails_at, fault, After::Once);
                let Err(error) = blobs.put(b"tea") else { continue };
                let unfinished = fs::read_dir(folder.path().join(UNFINISHED));
                assert_eq!(unfinished.map_or(0, Iterator::count), 0, "{}", recorder.describe(fails_at));
                let flushes_a_folder = recorder.describe(fails_at).contains("sync folder");
                assert_eq!(error.is_full(), fault == Fault::Full && !flushes_a_folder, "{error}");
                assert!(blobs.put(b"tea").is_ok());
            }
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
