//! Rows as the rules see them: plain data, read from the file and nowhere else.

use hecate_desk::Status;
use hecate_desk::lifecycle::Stage;
use hecate_proto::guide::{Health, Process};
use hecate_read_model::{JsonColumn, TextColumn};
use rusqlite::{Connection, OptionalExtension, Result, Row};

/// A venture and its discovery.
#[derive(Clone, Debug, Default)]
pub(super) struct Venture {
    pub(super) venture_id: String,
    pub(super) status: Status,
    pub(super) has_brief: bool,
    pub(super) available_actions: Vec<String>,
    pub(super) discovery: Option<Work>,
}

/// A division and all that works for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Division {
    pub(super) venture_id: String,
    pub(super) division_id: String,
    pub(super) name: String,
    pub(super) works: Vec<Work>,
}

/// One dossier: how far one process has come.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(super) process: Process,
    pub(super) incident_id: Option<String>,
    pub(super) status: Status,
    pub(super) cycle: u32,
    pub(super) available_actions: Vec<String>,
}

impl Work {
    pub(super) fn stage(&self) -> Stage {
        Stage::of(self.status)
    }
}

/// The venture, if the file knows it.
pub(super) fn venture(db: &Connection, venture_id: &str) -> Result<Option<Venture>> {
    let known = db
        .prepare_cached(
            "SELECT status, has_brief, available_actions FROM venture_progress WHERE venture_id = ?1",
        )?
        .query_row([venture_id], |row| {
            Ok(Venture {
                venture_id: venture_id.to_owned(),
                status: Status(row.get("status")?),
                has_brief: row.get("has_brief")?,
                available_actions: row.get::<_, JsonColumn<_>>("available_actions")?.0,
                discovery: None,
            })
        })
        .optional()?;
    let Some(venture) = known else { return Ok(None) };
    let discovery = works(db, venture_id, "")?.into_iter().next();
    Ok(Some(Venture { discovery, ..venture }))
}

/// All that works for a division; for the venture as a whole where the division's id is empty.
pub(super) fn works(db: &Connection, venture_id: &str, division_id: &str) -> Result<Vec<Work>> {
    db.prepare_cached(
        "SELECT process, incident_id, status, cycle, available_actions FROM division_process
         WHERE venture_id = ?1 AND division_id = ?2",
    )?
    .query_map([venture_id, division_id], work)?
    .collect()
}

/// The same without what can be done next: where all stands does not depend on it.
pub(super) fn stands(db: &Connection, venture_id: &str, division_id: &str) -> Result<Vec<Work>> {
    db.prepare_cached(
        "SELECT process, incident_id, status, cycle, '[]' AS available_actions FROM division_process
         WHERE venture_id = ?1 AND division_id = ?2",
    )?
    .query_map([venture_id, division_id], work)?
    .collect()
}

/// What the checks of a division have seen last.
pub(super) fn checks(db: &Connection, venture_id: &str, division_id: &str) -> Result<Vec<Health>> {
    db.prepare_cached("SELECT health FROM division_checks WHERE venture_id = ?1 AND division_id = ?2")?
        .query_map([venture_id, division_id], |row| {
            row.get::<_, TextColumn<_>>("health").map(|health| health.0)
        })?
        .collect()
}

fn work(row: &Row<'_>) -> Result<Work> {
    Ok(Work {
        process: row.get::<_, TextColumn<_>>(0)?.0,
        incident_id: Some(row.get(1)?).filter(|id: &String| !id.is_empty()),
        status: Status(row.get(2)?),
        cycle: row.get(3)?,
        available_actions: row.get::<_, JsonColumn<_>>(4)?.0,
    })
}
