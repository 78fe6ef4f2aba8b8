//! Names that repeat in every event (types, tags, contexts) are stored once; events refer to them by id.
//! Both directions are cached, bounded, and misses are read from the file.

use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use super::recent::Recent;
use crate::event::Metadata;

/// One of the tables of names.
pub(super) struct Table {
    id_of: &'static str,
    name_of: &'static str,
    insert: &'static str,
}

pub(super) const TYPES: Table = Table {
    id_of: "SELECT id FROM types WHERE name = ?1",
    name_of: "SELECT name FROM types WHERE id = ?1",
    insert: "INSERT INTO types (name) VALUES (?1)",
};

pub(super) const TAGS: Table = Table {
    id_of: "SELECT id FROM tags WHERE name = ?1",
    name_of: "SELECT name FROM tags WHERE id = ?1",
    insert: "INSERT INTO tags (name) VALUES (?1)",
};

pub(super) const STREAMS: Table = Table {
    id_of: "SELECT id FROM streams WHERE name = ?1",
    name_of: "SELECT name FROM streams WHERE id = ?1",
    insert: "INSERT INTO streams (name) VALUES (?1)",
};

pub(super) const CONTEXTS: Table = Table {
    id_of: "SELECT id FROM contexts WHERE name = ?1",
    name_of: "SELECT name FROM contexts WHERE id = ?1",
    insert: "INSERT INTO contexts (name) VALUES (?1)",
};

impl Table {
    pub(super) fn id_of(&self, conn: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
        conn.prepare_cached(self.id_of)?.query_row([name], |row| row.get(0)).optional()
    }

    pub(super) fn insert(&self, conn: &Connection, name: &str) -> rusqlite::Result<i64> {
        conn.prepare_cached(self.insert)?.insert([name])
    }
}

/// Names to ids, for the writer.
pub(super) struct Ids {
    table: Table,
    known: Recent<Arc<str>, i64>,
}

impl Ids {
    pub(super) fn of(table: Table, entries_max: usize) -> Self {
        Self { table, known: Recent::new(entries_max) }
    }

    /// The id of `name`, made when it is new.
    pub(super) fn intern(&mut self, conn: &Connection, name: &Arc<str>) -> rusqlite::Result<i64> {
        if let Some(id) = self.known.get(&**name) {
            return Ok(*id);
        }
        let id = match self.table.id_of(conn, name)? {
            Some(id) => id,
            None => self.table.insert(conn, name)?,
        };
        self.known.insert(name.clone(), id);
        Ok(id)
    }

    pub(super) fn forget(&mut self) {
        self.known.clear();
    }
}

/// Ids to what their names mean, for a reader: one place for each remainder of an id, taken by whoever came
/// last. One meaning is one allocation, however many events share it.
pub(super) struct Names<T: ?Sized> {
    table: Table,
    places: Vec<Option<(i64, Arc<T>)>>,
}

impl<T: Meaning + ?Sized> Names<T> {
    pub(super) fn of(table: Table, entries_max: usize) -> Self {
        Self { table, places: (0..entries_max.max(1)).map(|_| None).collect() }
    }

    pub(super) fn get(&mut self, conn: &Connection, id: i64) -> rusqlite::Result<Arc<T>> {
        let place = usize::try_from(id).unwrap_or(0) % self.places.len();
        if let Some((known, meaning)) = &self.places[place]
            && *known == id
        {
            return Ok(meaning.clone());
        }
        let name = |row: &Row<'_>| T::read(row.get_ref(0)?.as_str()?);
        let meaning = conn.prepare_cached(self.table.name_of)?.query_row([id], name)?;
        self.places[place] = Some((id, meaning.clone()));
        Ok(meaning)
    }
}

/// What a stored name is read as.
pub(super) trait Meaning {
    fn read(name: &str) -> rusqlite::Result<Arc<Self>>;
}

impl Meaning for str {
    fn read(name: &str) -> rusqlite::Result<Arc<Self>> {
        Ok(name.into())
    }
}

/// The part of an event's metadata that many events share, written as one name.
#[derive(Serialize, Deserialize)]
pub(super) struct Context {
    pub(super) actor: Arc<str>,
    pub(super) node_id: Arc<str>,
    pub(super) realm: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) visibility: Option<Arc<str>>,
}

impl Context {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            actor: metadata.actor.clone(),
            node_id: metadata.node_id.clone(),
            realm: metadata.realm.clone(),
            visibility: metadata.visibility.clone(),
        }
    }
}

impl Meaning for Context {
    fn read(name: &str) -> rusqlite::Result<Arc<Self>> {
        serde_json::from_str(name)
            .map(Arc::new)
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
    }
}
