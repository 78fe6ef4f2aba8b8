//! The files of one database: what lies beside it, and how large they are.

use std::fs;
use std::path::{Path, PathBuf};

/// What SQLite calls the log beside a database.
const LOG: &str = "-wal";

/// The file that is called like this one, with a suffix more.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// How much a database takes of the disk. What is not there takes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatabaseSize {
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes of the log beside it.
    pub wal_bytes: u64,
}

impl DatabaseSize {
    /// The size of the database at `path`, as the folder has it: nothing is opened.
    pub fn of(path: &Path) -> DatabaseSize {
        DatabaseSize { file_bytes: length(path), wal_bytes: length(&beside(path, LOG)) }
    }
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

#[cfg(test)]
#[test]
fn a_database_is_as_large_as_its_files_and_nothing_where_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.sqlite");
    assert_eq!(DatabaseSize::of(&path), DatabaseSize::default());
    fs::write(&path, [0; 7]).unwrap();
    assert_eq!(DatabaseSize::of(&path), DatabaseSize { file_bytes: 7, wal_bytes: 0 });
    fs::write(folder.path().join("some.sqlite-wal"), [0; 3]).unwrap();
    assert_eq!(DatabaseSize::of(&path), DatabaseSize { file_bytes: 7, wal_bytes: 3 });
}
