//! What the shim costs: 100,000 rows written and read with it and without it, in turns, on this disk.
//! `cargo run --release -p hecate-disk --example cost`
#![expect(clippy::print_stdout, reason = "it tells what it measured")]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use hecate_disk::Disk;
use rusqlite::{Connection, OpenFlags};

const ROWS: i64 = 100_000;
const ROWS_PER_COMMIT: i64 = 1_000;
const ROUNDS: usize = 7;
const STEPS: [&str; 4] = ["write", "checkpoint", "scan, cold cache", "points, small cache"];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("hecate-disk-cost-{}", std::process::id()));
    let mut took: [Vec<[Duration; 4]>; 2] = Default::default();
    for _ in 0..ROUNDS {
        for (kind, took) in took.iter_mut().enumerate() {
            std::fs::create_dir_all(&folder)?;
            let path = folder.join("rows.sqlite");
            took.push(round(&|| connect(kind == 1, &path))?);
            std::fs::remove_dir_all(&folder)?;
        }
    }
    for (step, name) in STEPS.iter().enumerate() {
        let [plain, shim] = took.each_ref().map(|rounds| median(rounds.iter().map(|round| round[step])));
        let ratio = shim.as_secs_f64() / plain.as_secs_f64();
        println!("{name:20} plain {plain:>10.2?}  shim {shim:>10.2?}  {ratio:.2}x");
    }
    Ok(())
}

fn connect(shim: bool, path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::default() | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn =
        if shim { Disk::real().connect(path, flags)? } else { Connection::open_with_flags(path, flags)? };
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 64",
    )?;
    Ok(conn)
}

fn round(connect: &dyn Fn() -> rusqlite::Result<Connection>) -> rusqlite::Result<[Duration; 4]> {
    let conn = connect()?;
    conn.execute_batch("CREATE TABLE rows (id INTEGER PRIMARY KEY, name TEXT UNIQUE, data BLOB)")?;
    let write = timed(|| write(&conn))?;
    let checkpoint = timed(|| conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))?;
    drop(conn);
    let conn = connect()?;
    let scan = timed(|| {
        let bytes: i64 = conn.query_row("SELECT sum(length(hex(data))) FROM rows", [], |row| row.get(0))?;
        assert_eq!(bytes, ROWS * 800);
        Ok(())
    })?;
    Ok([write, checkpoint, scan, timed(|| points(&conn))?])
}

fn write(conn: &Connection) -> rusqlite::Result<()> {
    let mut insert = conn.prepare("INSERT INTO rows VALUES (?1, ?2, ?3)")?;
    for first in (0..ROWS).step_by(ROWS_PER_COMMIT as usize) {
        conn.execute_batch("BEGIN")?;
        for id in first..first + ROWS_PER_COMMIT {
            insert.execute((id, format!("row-{:08}", id * 7919 % 1_000_003), [id as u8; 400]))?;
        }
        conn.execute_batch("COMMIT")?;
    }
    Ok(())
}

/// Rows by name all over the file: nearly each one reads pages that the cache does not hold.
fn points(conn: &Connection) -> rusqlite::Result<()> {
    let mut find = conn.prepare("SELECT data FROM rows WHERE name = ?1")?;
    for id in 0..ROWS {
        let id = id * 7 % ROWS;
        find.query_row([format!("row-{:08}", id * 7919 % 1_000_003)], |row| row.get::<_, Vec<u8>>(0))?;
    }
    Ok(())
}

fn timed(work: impl FnOnce() -> rusqlite::Result<()>) -> rusqlite::Result<Duration> {
    let start = Instant::now();
    work().map(|()| start.elapsed())
}

fn median(durations: impl Iterator<Item = Duration>) -> Duration {
    let mut sorted: Vec<_> = durations.collect();
    sorted.sort();
    sorted[sorted.len() / 2]
}
