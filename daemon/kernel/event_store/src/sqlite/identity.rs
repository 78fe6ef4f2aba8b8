//! Which store the file beside us holds, kept apart from it: a file that was emptied, taken away or
//! exchanged is noticed, where SQLite would begin a new one without a word.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use hecate_disk::{Disk, beside};
use uuid::Uuid;

/// A store and the timeline that it is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) store_id: Uuid,
    pub(super) epoch: u64,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} epoch {}", self.store_id, self.epoch)
    }
}

fn file(path: &Path) -> PathBuf {
    beside(path, ".id")
}

/// What was last written; none where nothing was.
pub(super) fn read(path: &Path) -> io::Result<Option<Identity>> {
    match std::fs::read_to_string(file(path)) {
        Ok(text) => parse(&text).map(Some).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{} is damaged", file(path).display()))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces it at once or not at all.
pub(super) fn write(disk: &Disk, path: &Path, identity: Identity) -> io::Result<()> {
    disk.replace(&file(path), format!("{identity}\n").as_bytes())
}

fn parse(text: &str) -> Option<Identity> {
    let (store_id, epoch) = text.strip_suffix('\n')?.split_once(" epoch ")?;
    Some(Identity { store_id: store_id.parse().ok()?, epoch: epoch.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_a_torn_text_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.sqlite");
        assert_eq!(read(&path).unwrap(), None);
        let identity = Identity { store_id: Uuid::now_v7(), epoch: 3 };
        write(&Disk::real(), &path, identity).unwrap();
        assert_eq!(read(&path).unwrap(), Some(identity));
        std::fs::write(file(&path), "01").unwrap();
        assert!(read(&path).is_err());
    }
}
