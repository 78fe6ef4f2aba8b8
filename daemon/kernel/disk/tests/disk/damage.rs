//! A flipped bit anywhere in a database is found, or it changes no answer.

use std::fs;
use std::os::unix::fs::FileExt;
use std::thread;

use hecate_disk::{Disk, PAGE_BYTES};
use rusqlite::{Connection, ffi};

use crate::{READ_ONLY, checkpoint, extended_code, folder, make_notes, note, open};

/// All that can be asked of the database, by table and by index.
fn answers(conn: &Connection) -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
    let read = |sql: &str| -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
        conn.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    let mut all = read("SELECT id, said FROM notes ORDER BY id")?;
    all.extend(read("SELECT id, said FROM notes INDEXED BY by_said WHERE said >= x'00' ORDER BY said")?);
    Ok(all)
}

#[test]
fn every_flipped_bit_is_an_error_or_leaves_the_answer_as_it_was() {
    // Each thread flips every second byte of a database of its own.
    let found: usize = thread::scope(|scope| {
        let halves = [0, 1].map(|first| scope.spawn(move || flip_every_second_byte(first)));
        halves.into_iter().map(|half| half.join().unwrap()).sum()
    });
    assert!(found > 0);
}

/// How many flips were found; all others must change nothing.
fn flip_every_second_byte(first: usize) -> usize {
    let (_folder, path) = folder();
    let conn = open(&Disk::real(), &path).unwrap();
    make_notes(&conn).unwrap();
    (0..4).for_each(|id| note(&conn, id, 200).unwrap());
    note(&conn, 4, 5000).unwrap();
    // It stays open, so that the log need not be made and removed each time.
    checkpoint(&conn).unwrap();
    let read = || answers(&Disk::real().connect(&path, READ_ONLY)?);
    let whole = read().unwrap();
    assert_eq!(whole.len(), 10);
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let mut found = 0;
    for (offset, byte) in fs::read(&path).unwrap().iter().enumerate().skip(first).step_by(2) {
        for bit in 0..8 {
            file.write_all_at(&[byte ^ (1 << bit)], offset as u64).unwrap();
            match read() {
                Ok(answer) => assert!(answer == whole, "byte {offset} bit {bit} changed the answer"),
                Err(error) => {
                    assert_eq!(
                        extended_code(&error),
                        ffi::SQLITE_IOERR_DATA,
                        "byte {offset} bit {bit}: {error}"
                    );
                    found += 1;
                }
            }
        }
        file.write_all_at(&[*byte], offset as u64).unwrap();
    }
    found
}

#[test]
fn a_page_in_the_wrong_place_is_found() {
    let (_folder, path) = folder();
    let conn = open(&Disk::real(), &path).unwrap();
    make_notes(&conn).unwrap();
    (0..20).for_each(|id| note(&conn, id, 3000).unwrap());
    checkpoint(&conn).unwrap();
    drop(conn);
    let mut bytes = fs::read(&path).unwrap();
    let (one, other) = (3 * PAGE_BYTES, 7 * PAGE_BYTES);
    let moved = bytes[one..one + PAGE_BYTES].to_vec();
    bytes[other..other + PAGE_BYTES].copy_from_slice(&moved);
    fs::write(&path, bytes).unwrap();
    let error = answers(&Disk::real().connect(&path, READ_ONLY).unwrap()).unwrap_err();
    assert_eq!(extended_code(&error), ffi::SQLITE_IOERR_DATA);
}

#[test]
fn a_file_that_ends_too_early_is_found_at_every_page() {
    let (_folder, path) = folder();
    let conn = open(&Disk::real(), &path).unwrap();
    make_notes(&conn).unwrap();
    (0..10).for_each(|id| note(&conn, id, 6000).unwrap());
    checkpoint(&conn).unwrap();
    drop(conn);
    let bytes = fs::read(&path).unwrap();
    // SQLite takes a file of a single byte for an empty one.
    for length in (2..bytes.len()).step_by(PAGE_BYTES / 2) {
        fs::write(&path, &bytes[..length]).unwrap();
        let error = answers(&Disk::real().connect(&path, READ_ONLY).unwrap()).unwrap_err();
        let code = extended_code(&error);
        assert!(
            [ffi::SQLITE_IOERR_DATA, ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB].contains(&code),
            "{length}: {error}"
        );
    }
}
