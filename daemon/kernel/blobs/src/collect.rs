//! What no event names any more goes away, while nobody puts anything.

use crate::sha256::{Sha256, is_digit};
use crate::store::{BlobError, Blobs, UNFINISHED, at};
use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::io::ErrorKind;
use std::path::Path;

/// What a collection found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Blobs that stay.
    pub kept: u64,
    /// Files that went away.
    pub removed: u64,
    /// Their bytes.
    pub removed_bytes: u64,
}

/// Every text that could be the name of a blob: each run of exactly as many hex digits. Whatever an event calls the
/// field, what it names stays.
pub fn names_in(text: &str) -> impl Iterator<Item = Sha256> + '_ {
    let runs = text.split(|c: char| !u8::try_from(c).is_ok_and(is_digit));
    runs.filter_map(|run| Sha256::try_from(run.to_owned()).ok())
}

impl Blobs {
    /// Removes whatever a crash has left unfinished. Nobody may put a blob meanwhile.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub fn discard_unfinished(&self) -> Result<(), BlobError> {
        for file in entries(&self.folder().join(UNFINISHED))? {
            let path = file.path();
            fs::remove_file(&path).map_err(at(&path))?;
        }
        Ok(())
    }

    /// Removes every blob that is not among these, and whatever a crash has left unfinished. Nobody may put a blob
    /// meanwhile: one that no event names yet would be lost.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub fn collect(&self, named: &BTreeSet<Sha256>) -> Result<Collected, BlobError> {
        let mut collected = Collected::default();
        for folder in entries(self.folder())?.into_iter().filter(|entry| entry.path().is_dir()) {
            let unfinished = folder.file_name() == UNFINISHED;
            for file in entries(&folder.path())? {
                let name = file.file_name().into_string().ok().and_then(|name| Sha256::try_from(name).ok());
                if !unfinished && name.is_some_and(|name| named.contains(&name)) {
                    collected.kept += 1;
                    continue;
                }
                let path = file.path();
                collected.removed_bytes += file.metadata().map_err(at(&path))?.len();
                fs::remove_file(&path).map_err(at(&path))?;
                collected.removed += 1;
            }
        }
        Ok(collected)
    }
}

/// What is in a folder; nothing where there is none.
pub(crate) fn entries(folder: &Path) -> Result<Vec<DirEntry>, BlobError> {
    let read = fs::read_dir(folder).and_then(Iterator::collect);
    read.or_else(|error| match error.kind() {
        ErrorKind::NotFound => Ok(Vec::new()),
        _ => Err(at(folder)(error)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crash_has_left_goes_and_what_is_finished_stays() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(folder.path());
        blobs.discard_unfinished().unwrap();
        let tea = blobs.put(b"tea").unwrap().sha256;
        let left = folder.path().join(UNFINISHED).join("7-7");
        fs::write(&left, "half").unwrap();
        blobs.discard_unfinished().unwrap();
        assert!(!left.exists());
        assert_eq!(blobs.get(&tea).unwrap().unwrap(), b"tea");
    }

    #[test]
    fn what_is_named_stays_and_all_else_goes() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(folder.path());
        let [tea, cake] = ["tea", "cake"].map(|content| blobs.put(content.as_bytes()).unwrap().sha256);
        fs::write(folder.path().join(UNFINISHED).join("7-7"), "half").unwrap();
        let data = format!(r#"{{"anything": ["{tea}"], "note": "x{cake}", "long": "{cake}0"}}"#);
        let named: BTreeSet<_> = names_in(&data).collect();
        // A run of digits is one name: a longer one is none.
        assert_eq!(named, BTreeSet::from([tea.clone(), cake.clone()]));
        let collected = blobs.collect(&BTreeSet::from([tea.clone()])).unwrap();
        assert_eq!(collected, Collected { kept: 1, removed: 2, removed_bytes: 8 });
        assert_eq!(blobs.get(&tea).unwrap().unwrap(), b"tea");
        assert_eq!(blobs.get(&cake).unwrap(), None);
        assert_eq!(Blobs::new(&folder.path().join("none")).collect(&named).unwrap(), Collected::default());
    }
}
