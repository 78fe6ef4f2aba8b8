//! Every call of a small scenario fails once, and for ever: SQLite hears of it, and nothing acknowledged goes.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hecate_disk::simulation::After;
use hecate_disk::{Call, Disk, Fault, Watch};
use rusqlite::{Connection, ffi};

use crate::{READ_ONLY, checkpoint, extended_code, folder, ids, is_intact, make_notes, note, open, recorded};

/// Adds to `acknowledged`; the code of the first failure ends it. The connection is left to its caller.
fn scenario(disk: &Disk, path: &Path, acknowledged: &mut Vec<i64>) -> Result<Connection, i32> {
    let code = |error: rusqlite::Error| extended_code(&error);
    let conn = open(disk, path).map_err(code)?;
    make_notes(&conn).map_err(code)?;
    for id in 0..4 {
        note(&conn, id, 3000).map_err(code)?;
        acknowledged.push(id);
    }
    checkpoint(&conn).map_err(code)?;
    note(&conn, 4, 100).map_err(code)?;
    acknowledged.push(4);
    Ok(conn)
}

#[test]
fn each_call_that_fails_is_reported_and_costs_nothing_that_was_acknowledged() {
    let (_folder, path) = folder();
    let (recorder, disk) = recorded();
    let conn = scenario(&disk, &path, &mut Vec::new()).unwrap();
    let told = recorder.calls();
    conn.close().unwrap();
    let calls = recorder.calls();
    assert!(told > 80 && calls > told, "{told} of {calls}");
    for fault in [Fault::Io, Fault::Full] {
        for then in [After::Once, After::ForEver] {
            (1..=told).for_each(|at| assert!(fails_at(at, fault, then), "call {at}: {fault:?}, {then:?}"));
            // SQLite closes a connection whether or not its last checkpoint fails, and says nothing.
            (told + 1..=calls).for_each(|at| assert!(!fails_at(at, fault, then), "call {at}"));
        }
    }
}

/// Whether SQLite reported it. All that was acknowledged is there in any case.
fn fails_at(at: u64, fault: Fault, then: After) -> bool {
    let (_folder, path) = folder();
    let (recorder, disk) = recorded();
    recorder.fail_at(at, fault, then);
    let mut acknowledged = Vec::new();
    let ended = scenario(&disk, &path, &mut acknowledged).map(drop);
    let told = format!("{fault:?} {then:?} {}: {ended:?}", recorder.describe(at));
    if let Err(code) = ended {
        let primary = code & 0xff;
        assert!([ffi::SQLITE_IOERR, ffi::SQLITE_FULL, ffi::SQLITE_CANTOPEN].contains(&primary), "{told}");
    }
    let conn = open(&Disk::real(), &path).unwrap_or_else(|error| panic!("{told}: {error}"));
    assert!(is_intact(&conn), "{told}");
    let found = ids(&conn).unwrap_or_default();
    assert!(found.starts_with(&acknowledged), "{told}: {found:?} of {acknowledged:?}");
    ended.is_err()
}

#[test]
fn a_full_disk_that_gets_space_again_goes_on() {
    let (_folder, path) = folder();
    let (recorder, disk) = recorded();
    let conn = open(&disk, &path).unwrap();
    make_notes(&conn).unwrap();
    recorder.fail_when(Box::new(|call| match call {
        Call::Write { path, .. } if path.extension()? == "sqlite-wal" => Some(Fault::Full),
        _ => None,
    }));
    assert_eq!(extended_code(&note(&conn, 1, 10).unwrap_err()), ffi::SQLITE_FULL);
    recorder.heal();
    note(&conn, 2, 10).unwrap();
    assert_eq!(ids(&disk.connect(&path, READ_ONLY).unwrap()).unwrap(), [2]);
}

struct Panics;

impl Watch for Panics {
    fn before(&self, call: &Call<'_>) -> Result<(), Fault> {
        assert!(!matches!(call, Call::Sync { .. }), "held back");
        Ok(())
    }
}

#[test]
fn a_panic_of_the_watch_is_an_io_error() {
    let (_folder, path) = folder();
    let error = open(&Disk::watched(Arc::new(Panics)), &path).and_then(|conn| make_notes(&conn)).unwrap_err();
    assert_eq!(extended_code(&error) & 0xff, ffi::SQLITE_IOERR);
}

#[derive(Default)]
struct Flushes(Mutex<Vec<String>>);

impl Watch for Flushes {
    fn before(&self, call: &Call<'_>) -> Result<(), Fault> {
        match call {
            Call::Sync { path } if path.ends_with("fails") => Err(Fault::Io),
            _ => Ok(()),
        }
    }

    fn synced(&self, path: &Path, _took: Duration) {
        self.0.lock().unwrap().push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
}

#[test]
fn each_flush_that_succeeded_is_timed() {
    let (folder, path) = folder();
    let flushes = Arc::new(Flushes::default());
    let disk = Disk::watched(flushes.clone());
    let conn = open(&disk, &path).unwrap();
    make_notes(&conn).unwrap();
    flushes.0.lock().unwrap().clear();
    note(&conn, 1, 10).unwrap();
    disk.create(&folder.path().join("fails")).unwrap_err();
    assert_eq!(*flushes.0.lock().unwrap(), ["notes.sqlite-wal"]);
}
