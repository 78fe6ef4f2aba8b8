//! How rows become values, for the writer and the readers alike. A row that does not parse is
//! damage, and is said so; it is never skipped.

use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::receipt::{EventRef, Keep, Receipt};

const RECEIPT: &str = "SELECT body_hash, note, stream, first_position, last_position, last_version, keep_until_us \
     FROM receipts WHERE key = ?1";

const EVENT_REFS: &str = "SELECT e.event_id, t.name, e.version FROM events e JOIN types t ON t.id = e.type_id \
     WHERE e.position BETWEEN ?1 AND ?2 ORDER BY e.position";

/// The receipt under `key`, unless it has expired at `at_us`.
pub(super) fn receipt(conn: &Connection, key: &str, at_us: i64) -> rusqlite::Result<Option<Receipt>> {
    let receipt = conn.prepare_cached(RECEIPT)?.query_row([key], |row| read_receipt(row, key)).optional()?;
    let Some(mut receipt) = receipt.filter(|receipt| receipt.keep.holds_at(at_us)) else {
        return Ok(None);
    };
    if let (Some(first), Some(last)) = (receipt.first_position, receipt.last_position) {
        let mut refs = conn.prepare_cached(EVENT_REFS)?;
        receipt.events = refs.query_map([first, last], read_ref)?.collect::<Result<_, _>>()?;
    }
    Ok(Some(receipt))
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
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// A column of 16 bytes.
pub(super) fn uuid(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    Ok(Uuid::from_bytes(row.get(column)?))
}
