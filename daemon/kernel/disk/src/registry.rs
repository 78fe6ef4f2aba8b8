//! Which watch sees which file. SQLite hands a VFS nothing but names, so a database names its watch by a
//! number in its URI, and what SQLite opens or removes beside it is found by the name of the database.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::watch::Observer;

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Registry {
    last_number: u64,
    disks: HashMap<u64, Observer>,
    databases: HashMap<PathBuf, Vec<(u64, Observer)>>,
}

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registry {
    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}

/// A disk that databases can name; forgotten when dropped. What is open by then keeps its watch.
pub(crate) struct Listed {
    pub(crate) number: u64,
}

impl Listed {
    pub(crate) fn new(observer: Observer) -> Listed {
        let mut registry = registry();
        let number = registry.next_number();
        registry.disks.insert(number, observer);
        Listed { number }
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        registry().disks.remove(&self.number);
    }
}

/// The watch of the disk with this number.
pub(crate) fn disk(number: u64) -> Option<Observer> {
    registry().disks.get(&number).cloned()
}

/// As long as it lives, the files beside this database have its watch.
pub(crate) struct OpenDatabase {
    path: PathBuf,
    number: u64,
}

impl OpenDatabase {
    pub(crate) fn new(path: &Path, observer: &Observer) -> OpenDatabase {
        let mut registry = registry();
        let number = registry.next_number();
        registry.databases.entry(path.to_owned()).or_default().push((number, observer.clone()));
        OpenDatabase { path: path.to_owned(), number }
    }
}

impl Drop for OpenDatabase {
    fn drop(&mut self) {
        let mut registry = registry();
        let Some(open) = registry.databases.get_mut(&self.path) else { return };
        open.retain(|(number, _)| *number != self.number);
        if open.is_empty() {
            registry.databases.remove(&self.path);
        }
    }
}

/// The watch of the database that this log or journal belongs to, the last opened one if there are more;
/// nobody for other files.
pub(crate) fn beside_database(path: &Path) -> Observer {
    let name = path.as_os_str().as_bytes();
    let database = [b"-wal".as_slice(), b"-journal"].iter().find_map(|suffix| name.strip_suffix(*suffix));
    let registry = registry();
    let open = database.and_then(|name| registry.databases.get(Path::new(OsStr::from_bytes(name))));
    open.and_then(|open| open.last()).map(|(_, observer)| observer.clone()).unwrap_or_default()
}
