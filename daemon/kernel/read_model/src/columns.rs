//! Columns that hold more than SQLite has types for.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef};
use serde::de::{IntoDeserializer, value::Error as NoWord};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

/// A JSON column, going in or coming out: `row.get::<_, JsonColumn<Vec<String>>>("repos")?.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonColumn<T>(pub T);

/// One word of an enum, as it is written in events and answers, in a column or in a sentence: `TextColumn(Status::Passed)`
/// is `passed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextColumn<T>(pub T);

impl<T: Serialize> TextColumn<T> {
    fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        fmt::write(&mut text, format_args!("{self}")).map(|()| text)
    }
}

impl<T: Serialize> ToSql for TextColumn<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = self.text().map(ToSqlOutput::from);
        text.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

impl<T: Serialize> fmt::Display for TextColumn<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.serialize(f)
    }
}

impl<T: DeserializeOwned> FromSql for TextColumn<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = T::deserialize(value.as_str()?.into_deserializer());
        word.map(TextColumn).map_err(|error: NoWord| FromSqlError::Other(error.into()))
    }
}

/// What is no word is in no column.
impl<T: Serialize> From<TextColumn<T>> for Value {
    fn from(word: TextColumn<T>) -> Value {
        word.text().map_or(Value::Null, Value::from)
    }
}

impl<T: Serialize> ToSql for JsonColumn<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0);
        text.map(ToSqlOutput::from).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

impl<T: DeserializeOwned> FromSql for JsonColumn<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(JsonColumn)
            .map_err(|error| FromSqlError::Other(error.into()))
    }
}
