//! Columns that hold one word of an enum, or JSON.

use rusqlite::{Error, Result, Row, types::Type};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The one word that an enum's unit variant is written as.
pub(super) fn word(variant: impl Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// A column that [`word`] wrote.
pub(super) fn from_word<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T> {
    serde_json::from_value(Value::String(row.get(column)?)).map_err(unreadable)
}

/// A list of names as a JSON column.
pub(super) fn json(names: &[&str]) -> String {
    serde_json::to_string(names).unwrap_or_default()
}

/// A column that [`json`] wrote.
pub(super) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T> {
    serde_json::from_str(&row.get::<_, String>(column)?).map_err(unreadable)
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
}
