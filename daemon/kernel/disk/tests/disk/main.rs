//! The disk with real parts: files, connections, threads, and power cuts at every call.

#![expect(clippy::unwrap_used, reason = "everything here is a test, the shared parts too")]

mod beside;
mod damage;
mod databases;
mod faults;
mod power_cuts;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hecate_disk::simulation::Recorder;
use hecate_disk::{Disk, PAGE_BYTES, page_is_whole};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

const READ_WRITE: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE
    .union(OpenFlags::SQLITE_OPEN_CREATE)
    .union(OpenFlags::SQLITE_OPEN_NO_MUTEX);
const READ_ONLY: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.sqlite");
    (folder, file)
}

fn recorded() -> (Arc<Recorder>, Disk) {
    let recorder = Recorder::new();
    (recorder.clone(), Disk::watched(recorder))
}

/// A connection to a database in WAL mode whose commits are flushed. That switch answers "wal" before it is
/// written: only who steps its statement to the end hears that the disk failed it.
fn open(disk: &Disk, path: &Path) -> rusqlite::Result<Connection> {
    prepared(disk.connect(path, READ_WRITE)?)
}

fn prepared(conn: Connection) -> rusqlite::Result<Connection> {
    let modes: Vec<String> = conn
        .prepare("PRAGMA journal_mode = WAL")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    assert_eq!(modes, ["wal"]);
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(conn)
}

fn make_notes(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, said BLOB); CREATE INDEX by_said ON notes (said)",
    )
}

/// One commit. What is said follows from the number.
fn note(conn: &Connection, id: i64, bytes: usize) -> rusqlite::Result<()> {
    conn.execute("INSERT INTO notes VALUES (?1, ?2)", (id, said(id, bytes))).map(|_| ())
}

fn said(id: i64, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at as i64 * 31 + id * 7) as u8).collect()
}

fn ids(conn: &Connection) -> rusqlite::Result<Vec<i64>> {
    conn.prepare("SELECT id FROM notes ORDER BY id")?.query_map([], |row| row.get(0))?.collect()
}

fn checkpoint(conn: &Connection) -> rusqlite::Result<()> {
    let busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    assert_eq!(busy, 0, "the checkpoint was held up");
    Ok(())
}

fn is_intact(conn: &Connection) -> bool {
    conn.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap() == "ok"
}

/// How many pages the file has; all of them must be whole.
fn whole_pages(path: &Path) -> usize {
    let bytes = fs::read(path).unwrap();
    assert_eq!(bytes.len() % PAGE_BYTES, 0);
    for (index, page) in bytes.chunks(PAGE_BYTES).enumerate() {
        assert!(page_is_whole(index as u32 + 1, page), "page {}", index + 1);
    }
    bytes.len() / PAGE_BYTES
}

fn extended_code(error: &rusqlite::Error) -> i32 {
    error.sqlite_error().map_or(0, |error| error.extended_code)
}
