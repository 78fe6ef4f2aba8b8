//! How rows become values, for the writer and the readers alike. A row that does not parse is
//! damage, and is said so; it is never skipped.

use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::append::Appended;
use crate::event::Json;
use crate::receipt::{EventRef, Keep, NewReceipt, Receipt};
use crate::seal::Hash;
use crate::snapshot::Snapshot;

const RECEIPT: &str = "SELECT body_hash, note, stream, first_position, last_position, last_version, keep_until_us \
     FROM receipts WHERE key_hash = ?1 AND key = ?2";
const DELETE_RECEIPT: &str = "DELETE FROM receipts WHERE key_hash = ?1 AND key = ?2";
const INSERT_RECEIPT: &str = "INSERT INTO receipts (key_hash, key, body_hash, note, stream, first_position, \
     last_position, last_version, at_us, keep_until_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const EVENT_REFS: &str = "SELECT e.event_id, t.name, e.version FROM events e JOIN types t ON t.id = e.type_id \
     WHERE e.position BETWEEN ?1 AND ?2 ORDER BY e.position";
const SNAPSHOT: &str = "SELECT version, position, code, state FROM snapshots WHERE stream_id = ?1";

/// The receipt under `key`, expired or not.
pub(super) fn receipt(conn: &Connection, key: &str) -> rusqlite::Result<Option<Receipt>> {
    let mut select = conn.prepare_cached(RECEIPT)?;
    let Some(mut receipt) =
        select.query_row(params![key_hash(key), key], |row| read_receipt(row, key)).optional()?
    else {
        return Ok(None);
    };
    if let (Some(first), Some(last)) = (receipt.first_position, receipt.last_position) {
        let mut refs = conn.prepare_cached(EVENT_REFS)?;
        receipt.events = refs.query_map([first, last], read_ref)?.collect::<Result<_, _>>()?;
    }
    Ok(Some(receipt))
}

/// Keeps what an append did under its key; `replace` says that an expired receipt is there.
pub(super) fn keep_receipt(
    conn: &Connection,
    new: &NewReceipt,
    stream_id: &Arc<str>,
    appended: &Appended,
    replace: bool,
) -> rusqlite::Result<()> {
    let hash = key_hash(&new.key);
    if replace {
        conn.prepare_cached(DELETE_RECEIPT)?.execute(params![hash, new.key])?;
    }
    let keep_until_us = match new.keep {
        Keep::Forever => None,
        Keep::UntilUs(until_us) => Some(until_us),
    };
    conn.prepare_cached(INSERT_RECEIPT)?.execute(params![
        hash,
        new.key,
        new.body_hash,
        new.note.get(),
        stream_id,
        appended.first_position,
        appended.last_position,
        appended.last_version,
        new.at_us,
        keep_until_us,
    ])?;
    Ok(())
}

/// The snapshot of a stream, if `code` wrote it.
pub(super) fn snapshot(conn: &Connection, stream: i64, code: &Hash) -> rusqlite::Result<Option<Snapshot>> {
    let read = |row: &Row<'_>| {
        Ok(Snapshot {
            version: row.get(0)?,
            position: row.get(1)?,
            code: row.get(2)?,
            state: Json::trusted(row.get_ref(3)?.as_str()?),
        })
    };
    let found = conn.prepare_cached(SNAPSHOT)?.query_row([stream], read).optional()?;
    Ok(found.filter(|snapshot| snapshot.code == *code))
}

fn key_hash(key: &str) -> i64 {
    let hash: Hash = Sha256::digest(key).into();
    hash.first_chunk().map_or(0, |first| i64::from_be_bytes(*first))
}

fn read_receipt(row: &Row<'_>, key: &str) -> rusqlite::Result<Receipt> {
    Ok(Receipt {
        key: key.to_owned(),
        body_hash: row.get(0)?,
        note: json(row, 1)?,
        stream_id: row.get(2)?,
        first_position: row.get(3)?,
        last_position: row.get(4)?,
        last_version: row.get(5)?,
        events: Vec::new(),
        keep: row.get::<_, Option<i64>>(6)?.map_or(Keep::Forever, Keep::UntilUs),
    })
}

fn read_ref(row: &Row<'_>) -> rusqlite::Result<EventRef> {
    Ok(EventRef { event_id: uuid(row, 0)?, event_type: row.get::<_, Arc<str>>(1)?, version: row.get(2)? })
}

/// A column of JSON text.
fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// A column of 16 bytes.
pub(super) fn uuid(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    Ok(Uuid::from_bytes(row.get(column)?))
}
