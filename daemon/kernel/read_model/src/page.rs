//! Pages by key, never by offset: a row that comes or goes does not move the others.

use crate::query::QueryError;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hecate_desk::Refusal;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, Value as Sql, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Rows of a page where the caller names no limit.
const LIMIT_DEFAULT: u16 = 50;

/// What every page query asks beside its own filters; flatten it into the query's struct.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Paging {
    /// Rows of one page.
    #[schemars(range(min = 1, max = 500))]
    pub limit: Option<u16>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `asc` or `desc`.
    pub order: Option<Order>,
}

/// The direction of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Order {
    /// Smallest first.
    #[default]
    Asc,
    /// Largest first.
    Desc,
}

/// Some rows, and where the next ones begin.
#[derive(Debug)]
pub struct Page<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// Give it back as `cursor`; none on the last page.
    pub next_cursor: Option<String>,
}

/// A page query: which columns of which table under which conditions, sorted by what.
pub struct Keyset<'a> {
    columns: &'a str,
    from: &'a str,
    sort: &'a str,
    id: &'a str,
    order: Order,
    conditions: Vec<Cow<'a, str>>,
    values: Vec<Sql>,
}

/// What a cursor holds: the query it belongs to and the last row's key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    of: String,
    sort: Key,
    id: Key,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Key {
    Integer(i64),
    Text(String),
}

impl<'a> Keyset<'a> {
    /// `sort` and `id` are columns of `from` that are never null; together they name one row.
    pub fn new(columns: &'a str, from: &'a str, (sort, id): (&'a str, &'a str), order: Order) -> Self {
        Keyset { columns, from, sort, id, order, conditions: Vec::new(), values: Vec::new() }
    }

    /// One condition more, without a value.
    #[must_use]
    pub fn only(mut self, condition: &'a str) -> Self {
        self.conditions.push(condition.into());
        self
    }

    /// One condition more that holds one `?`, where the caller gave the value.
    #[must_use]
    pub fn only_with(mut self, condition: impl Into<Cow<'a, str>>, value: Option<impl Into<Sql>>) -> Self {
        if let Some(value) = value {
            self.conditions.push(condition.into());
            self.values.push(value.into());
        }
        self
    }

    /// Reads one page. `row` reads the selected columns by name.
    pub fn read<R>(
        mut self,
        db: &Connection,
        paging: &Paging,
        row: impl Fn(&Row<'_>) -> rusqlite::Result<R>,
    ) -> Result<Page<R>, QueryError> {
        self.order = paging.order.unwrap_or(self.order);
        let limit = usize::from(paging.limit.unwrap_or(LIMIT_DEFAULT));
        let of = short_hash(&self.identity());
        let after = paging.cursor.as_deref().map(|cursor| decode(cursor, &of)).transpose()?;
        let sql = self.sql(after.is_some());
        if let Some((sort, id)) = after {
            self.values.extend([sort, id]);
        }
        self.values.push(Sql::from(i64::try_from(limit + 1).unwrap_or(i64::MAX)));
        let mut statement = db.prepare_cached(&sql)?;
        let mut found = statement.query(params_from_iter(&self.values))?;
        let mut rows = Vec::with_capacity(limit);
        let mut last = None;
        while let Some(next) = found.next()? {
            if rows.len() == limit {
                return Ok(Page { rows, next_cursor: last.map(|(sort, id)| encode(of, sort, id)) });
            }
            last = Some((next.get("_sort")?, next.get("_id")?));
            rows.push(row(next)?);
        }
        Ok(Page { rows, next_cursor: None })
    }

    fn sql(&self, after: bool) -> String {
        let Keyset { columns, from, sort, id, .. } = self;
        let (than, order) = if self.order == Order::Asc { (">", "ASC") } else { ("<", "DESC") };
        let key = format!("({sort}, {id}) {than} (?, ?)");
        let conditions: Vec<&str> = self
            .conditions
            .iter()
            .map(|condition| &**condition)
            .chain(after.then_some(key.as_str()))
            .collect();
        let filter =
            if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
        format!(
            "SELECT {columns}, {sort} AS _sort, {id} AS _id FROM {from} {filter} \
             ORDER BY {sort} {order}, {id} {order} LIMIT ?"
        )
    }

    fn identity(&self) -> String {
        // The filters too: a cursor of one venture's page says nothing about another's.
        format!("{} {} {:?} {:?} {:?}", self.from, self.sort, self.order, self.conditions, self.values)
    }
}

fn encode(of: String, sort: Key, id: Key) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&Cursor { of, sort, id }).unwrap_or_default())
}

fn decode(cursor: &str, of: &str) -> Result<(Sql, Sql), QueryError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let cursor = bytes.and_then(|bytes| serde_json::from_slice::<Cursor>(&bytes).ok());
    match cursor {
        Some(cursor) if cursor.of == of => Ok((cursor.sort.into(), cursor.id.into())),
        _ => Err(Refusal::INVALID_CURSOR.about("field", "cursor").into()),
    }
}

/// Enough of a hash to tell one query from another.
fn short_hash(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

impl FromSql for Key {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Integer(number) => Ok(Key::Integer(number)),
            ValueRef::Text(_) => Ok(Key::Text(value.as_str()?.to_owned())),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Err(FromSqlError::InvalidType),
        }
    }
}

impl From<Key> for Sql {
    fn from(key: Key) -> Self {
        match key {
            Key::Integer(number) => Sql::Integer(number),
            Key::Text(text) => Sql::Text(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE book(id TEXT PRIMARY KEY, year INTEGER NOT NULL) STRICT").unwrap();
        for (id, year) in [("a", 2), ("b", 1), ("c", 2), ("d", 2), ("e", 3)] {
            db.execute("INSERT INTO book VALUES (?1, ?2)", (id, year)).unwrap();
        }
        db
    }

    fn read(
        db: &Connection,
        order: Order,
        limit: u16,
        cursor: Option<String>,
    ) -> Result<Page<String>, QueryError> {
        let paging = Paging { limit: Some(limit), cursor, order: Some(order) };
        Keyset::new("id", "book", ("year", "id"), Order::Asc).read(db, &paging, |row| row.get("id"))
    }

    fn walk(order: Order, limit: u16) -> String {
        let (db, mut seen, mut cursor) = (shelf(), String::new(), None);
        loop {
            let page = read(&db, order, limit, cursor).unwrap();
            seen.extend(page.rows);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return seen;
            }
        }
    }

    #[test]
    fn pages_of_any_size_show_every_row_once_in_order() {
        for limit in 1..=6 {
            assert_eq!(walk(Order::Asc, limit), "bacde");
            assert_eq!(walk(Order::Desc, limit), "edcab");
        }
    }

    #[test]
    fn rows_that_come_and_go_do_not_move_the_others() {
        let db = shelf();
        let first = read(&db, Order::Asc, 2, None).unwrap();
        db.execute_batch("DELETE FROM book WHERE id = 'a'; INSERT INTO book VALUES ('0', 0)").unwrap();
        assert_eq!(read(&db, Order::Asc, 2, first.next_cursor).unwrap().rows, ["c", "d"]);
    }

    #[test]
    fn a_cursor_of_another_query_is_refused() {
        let db = shelf();
        let cursor = read(&db, Order::Asc, 2, None).unwrap().next_cursor;
        for foreign in [cursor, Some("rubbish".to_owned()), Some(String::new())] {
            assert!(matches!(read(&db, Order::Desc, 2, foreign), Err(QueryError::Refused(_))));
        }
    }
}
