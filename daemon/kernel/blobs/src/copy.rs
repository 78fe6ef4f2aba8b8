//! Every blob once more in another folder: for a backup, and back from it.

use crate::collect::entries;
use crate::sha256::Sha256;
use crate::store::{BlobError, Blobs};

/// What a copy, or a look at everything, found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Blobs that are what their names say.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blobs that are not.
    pub damaged: Vec<Sha256>,
}

impl Blobs {
    /// Looks at every blob.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub fn verify(&self) -> Result<Seen, BlobError> {
        self.each(|_| Ok(()))
    }

    /// Keeps every blob in `to` as well; what is damaged here is not copied. It may be put to meanwhile: whatever was
    /// here at the beginning is there in the end, on disk.
    ///
    /// # Errors
    /// [`BlobError::Io`] of either folder.
    pub fn copy_to(&self, to: &Blobs) -> Result<Seen, BlobError> {
        self.each(|content| to.put(content).map(drop))
    }

    fn each(&self, mut take: impl FnMut(&[u8]) -> Result<(), BlobError>) -> Result<Seen, BlobError> {
        let mut seen = Seen::default();
        for sha256 in self.names()? {
            match self.get(&sha256) {
                Ok(Some(content)) => {
                    take(&content)?;
                    seen.blobs += 1;
                    seen.bytes += content.len() as u64;
                }
                // Nobody removes a blob while others are at work with it, so none is missed.
                Ok(None) => {}
                Err(BlobError::Damaged { sha256, .. }) => seen.damaged.push(sha256),
                Err(error) => return Err(error),
            }
        }
        Ok(seen)
    }

    /// The names of all blobs, in order; what is unfinished has none.
    fn names(&self) -> Result<Vec<Sha256>, BlobError> {
        let mut names = Vec::new();
        for folder in entries(self.folder())?.into_iter().filter(|entry| entry.path().is_dir()) {
            let files = entries(&folder.path())?.into_iter();
            names
                .extend(files.filter_map(|file| Sha256::try_from(file.file_name().into_string().ok()?).ok()));
        }
        names.sort();
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_whole_is_copied_and_what_is_damaged_is_named() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (blobs, copy) = (Blobs::new(from.path()), Blobs::new(&to.path().join("copy")));
        assert_eq!(blobs.copy_to(&copy).unwrap(), Seen::default());
        let [tea, cake] = ["tea", "cake"].map(|content| blobs.put(content.as_bytes()).unwrap().sha256);
        let place = from.path().join(&cake.as_str()[..2]).join(cake.as_str());
        fs::write(place, "crumbs").unwrap();
        let seen = Seen { blobs: 1, bytes: 3, damaged: vec![cake.clone()] };
        assert_eq!(blobs.verify().unwrap(), seen);
        assert_eq!(blobs.copy_to(&copy).unwrap(), seen);
        assert_eq!(blobs.copy_to(&copy).unwrap(), seen, "once more changes nothing");
        assert_eq!(copy.verify().unwrap(), Seen { blobs: 1, bytes: 3, damaged: Vec::new() });
        assert_eq!((copy.get(&tea).unwrap().unwrap(), copy.get(&cake).unwrap()), (b"tea".to_vec(), None));
    }
}
