//! Names that repeat in every event (types, tags) are stored once; events refer to them by id.
//! Both directions are cached, bounded, and misses are read from the file.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use super::recent::Recent;

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

/// Ids to names, for a reader. One name is one allocation, however many events share it.
pub(super) struct Names {
    table: Table,
    known: Recent<i64, Arc<str>>,
}

impl Names {
    pub(super) fn of(table: Table, entries_max: usize) -> Self {
        Self { table, known: Recent::new(entries_max) }
    }

    pub(super) fn name(&mut self, conn: &Connection, id: i64) -> rusqlite::Result<Arc<str>> {
        if let Some(name) = self.known.get(&id) {
            return Ok(name.clone());
        }
        let name: Arc<str> = conn.prepare_cached(self.table.name_of)?.query_row([id], |row| row.get(0))?;
        self.known.insert(id, name.clone());
        Ok(name)
    }
}
