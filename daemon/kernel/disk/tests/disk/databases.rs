//! Databases as SQLite knows them, with checksums in their pages.

use std::sync::Barrier;
use std::thread;

use hecate_disk::{Disk, PAGE_BYTES};
use rusqlite::{Connection, ffi};

use crate::{
    READ_ONLY, READ_WRITE, checkpoint, extended_code, folder, ids, is_intact, make_notes, note, open,
    recorded, whole_pages,
};

#[test]
fn every_page_has_a_checksum_and_plain_sqlite_reads_the_file() {
    let (_folder, path) = folder();
    let conn = open(&Disk::real(), &path).unwrap();
    make_notes(&conn).unwrap();
    (0..200).for_each(|id| note(&conn, id, 50 * id as usize).unwrap());
    checkpoint(&conn).unwrap();
    assert!(is_intact(&conn));
    drop(conn);
    assert!(whole_pages(&path) > 200);
    let plain = Connection::open(&path).unwrap();
    assert!(is_intact(&plain));
    assert_eq!(ids(&plain).unwrap().len(), 200);
}

#[test]
fn a_path_may_hold_whatever_a_uri_would_take_for_its_own() {
    let (folder, _) = folder();
    for name in ["a?b=c&d#e%20f ö.sqlite", ":memory:", "-", "file:x"] {
        let path = folder.path().join(name);
        let conn = open(&Disk::real(), &path).unwrap();
        make_notes(&conn).unwrap();
        checkpoint(&conn).unwrap();
        assert!(whole_pages(&path) > 1, "{name}");
    }
}

#[test]
fn threads_write_read_and_checkpoint_the_same_database_at_once() {
    let (_folder, path) = folder();
    let (recorder, disk) = recorded();
    make_notes(&open(&disk, &path).unwrap()).unwrap();
    let start = Barrier::new(5);
    thread::scope(|scope| {
        for writer in 0..3_i64 {
            let (disk, path, start) = (&disk, &path, &start);
            scope.spawn(move || {
                let conn = open(disk, path).unwrap();
                conn.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
                start.wait();
                for n in 0..60 {
                    note(&conn, writer * 1000 + n, 3000).unwrap();
                    if n % 20 == 19 {
                        conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
                    }
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                let conn = disk.connect(&path, READ_ONLY).unwrap();
                start.wait();
                let mut seen = 0;
                while seen < 180 {
                    let now = ids(&conn).unwrap().len();
                    assert!(now >= seen);
                    seen = now;
                }
            });
        }
    });
    let conn = open(&disk, &path).unwrap();
    checkpoint(&conn).unwrap();
    assert!(is_intact(&conn));
    assert!(recorder.calls() > 180 * 2);
    assert!(whole_pages(&path) > 180);
}

#[test]
fn a_reader_keeps_its_view_while_a_checkpoint_runs_beneath_it() {
    let (_folder, path) = folder();
    let disk = Disk::real();
    let conn = open(&disk, &path).unwrap();
    make_notes(&conn).unwrap();
    (0..20).for_each(|id| note(&conn, id, 2000).unwrap());
    let mut reader = disk.connect(&path, READ_ONLY).unwrap();
    let view = reader.transaction().unwrap();
    assert_eq!(ids(&view).unwrap().len(), 20);
    (20..40).for_each(|id| note(&conn, id, 2000).unwrap());
    conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
    view.execute_batch("PRAGMA shrink_memory").unwrap();
    assert_eq!(ids(&view).unwrap().len(), 20);
    assert!(is_intact(&view));
    drop(view);
    checkpoint(&conn).unwrap();
    assert_eq!(ids(&reader).unwrap().len(), 40);
}

#[test]
fn deleting_vacuuming_and_growing_again_leave_whole_pages() {
    let (_folder, path) = folder();
    let conn = open(&Disk::real(), &path).unwrap();
    make_notes(&conn).unwrap();
    (0..100).for_each(|id| note(&conn, id, 9000).unwrap());
    checkpoint(&conn).unwrap();
    let grown = whole_pages(&path);
    conn.execute_batch("DELETE FROM notes WHERE id > 10; VACUUM").unwrap();
    checkpoint(&conn).unwrap();
    assert!(whole_pages(&path) < grown / 2);
    (200..300).for_each(|id| note(&conn, id, 9000).unwrap());
    checkpoint(&conn).unwrap();
    assert!(is_intact(&conn));
    assert!(whole_pages(&path) > grown);
}

#[test]
fn a_copy_by_vacuum_into_has_checksums_and_is_watched_under_its_name() {
    let (folder, path) = folder();
    let (recorder, disk) = recorded();
    let conn = open(&disk, &path).unwrap();
    make_notes(&conn).unwrap();
    (0..50).for_each(|id| note(&conn, id, 9000).unwrap());
    // A small cache: the copy's first page is not the first to be written.
    conn.pragma_update(None, "cache_size", 10).unwrap();
    let (plain, named) = (folder.path().join("plain.sqlite"), folder.path().join("named.sqlite"));
    let before = recorder.calls();
    conn.execute("VACUUM INTO ?1", [plain.to_str().unwrap()]).unwrap();
    assert_eq!(recorder.calls(), before);
    conn.execute("VACUUM INTO ?1", [disk.name_of(&named).unwrap()]).unwrap();
    assert!(
        recorder.describe(before + 1).contains("create named.sqlite"),
        "{}",
        recorder.describe(before + 1)
    );
    for copy in [plain, named] {
        assert!(whole_pages(&copy) > 100);
        assert_eq!(ids(&Disk::real().connect(&copy, READ_ONLY).unwrap()).unwrap().len(), 50);
    }
}

#[test]
fn sqlite_cannot_read_past_the_checksums() {
    let (_folder, path) = folder();
    let conn = open(&Disk::real(), &path).unwrap();
    // No journal: then SQLite would read parts of overflow pages directly, if it were told that it may.
    make_notes(&conn).unwrap();
    note(&conn, 1, 100_000).unwrap();
    conn.pragma_update(None, "journal_mode", "DELETE").unwrap();
    conn.execute_batch("PRAGMA mmap_size = 100000000; PRAGMA cache_size = 2").unwrap();
    let length: i64 = conn.query_row("SELECT length(said) FROM notes", [], |row| row.get(0)).unwrap();
    assert_eq!(length, 100_000);
    let whole: Vec<u8> = conn.query_row("SELECT said FROM notes", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, crate::said(1, 100_000));
}

#[test]
fn a_database_made_without_checksums_is_refused_by_name() {
    let (_folder, path) = folder();
    let plain = Connection::open(&path).unwrap();
    make_notes(&plain).unwrap();
    drop(plain);
    let refused = ids(&Disk::real().connect(&path, READ_WRITE).unwrap()).unwrap_err();
    assert_eq!(extended_code(&refused), ffi::SQLITE_NOTADB);
}

#[test]
fn an_attached_database_without_room_for_checksums_is_never_written() {
    let (folder, path) = folder();
    let conn = open(&Disk::real(), &path).unwrap();
    let other = folder.path().join("other.sqlite");
    conn.execute("ATTACH ?1 AS other", [other.to_str().unwrap()]).unwrap();
    let refused = conn.execute_batch("CREATE TABLE other.t (x)").unwrap_err();
    assert_eq!(extended_code(&refused), ffi::SQLITE_IOERR_WRITE);
    assert_eq!(std::fs::metadata(&other).unwrap().len() % PAGE_BYTES as u64, 0);
}

#[test]
fn a_disk_may_go_before_its_connections() {
    let (_folder, path) = folder();
    let (recorder, disk) = recorded();
    let conn = disk.connect(&path, READ_WRITE).unwrap();
    drop(disk);
    conn.pragma_update(None, "journal_mode", "WAL").unwrap();
    make_notes(&conn).unwrap();
    assert!((1..=recorder.calls()).any(|call| recorder.describe(call).contains("notes.sqlite-wal")));
}

#[test]
fn two_disks_see_their_own_files_alone() {
    let (folder, one) = folder();
    let two = folder.path().join("other.sqlite");
    let ((first, disk_one), (second, disk_two)) = (recorded(), recorded());
    for (disk, path) in [(&disk_one, &one), (&disk_two, &two)] {
        let conn = open(disk, path).unwrap();
        make_notes(&conn).unwrap();
        checkpoint(&conn).unwrap();
    }
    for (recorder, name) in [(first, "notes.sqlite"), (second, "other.sqlite")] {
        let calls: Vec<_> = (1..=recorder.calls()).map(|call| recorder.describe(call)).collect();
        assert!(calls.len() > 10);
        assert!(calls.iter().all(|call| call.contains(name) || call.contains("folder")), "{calls:#?}");
    }
}
