//! The row of one dossier while an event changes it.

use super::{About, Dossiers, named};
use crate::{columns::JsonColumn, projection::Recorded};
use hecate_desk::{
    Status,
    lifecycle::{LongLived, Step, status_after},
    shown,
};
use rusqlite::{Connection, Error, OptionalExtension, Result, Row, ToSql, params_from_iter};
use std::{cell::Cell, marker::PhantomData};

/// The row of one dossier, to be changed by one event. Whoever changes it ends with [`DossierRow::mark`].
pub struct DossierRow<'t, M> {
    tx: &'t Connection,
    rowid: i64,
    status: Cell<Status>,
    of: PhantomData<fn(M)>,
}

impl<'t, A: LongLived<Of: About>, M: Dossiers<Drawn = A>> DossierRow<'t, M> {
    /// The row that these ids name; an error when there is none, since a dossier is born before it is worked on.
    pub(super) fn of(tx: &'t Connection, ids: &[&str]) -> Result<Self> {
        Self::find(tx, ids)?.ok_or(Error::QueryReturnedNoRows)
    }

    /// The row of what an event of the lifecycle is about.
    pub(super) fn about(tx: &'t Connection, of: &A::Of) -> Result<Self> {
        Self::of(tx, &of.values()[..A::Of::IDS])
    }

    /// The same, for an event that may come before its dossier was born.
    pub(super) fn about_or_new(tx: &'t Connection, of: &A::Of, cycle: u32) -> Result<Self> {
        let found = Self::find(tx, &of.values()[..A::Of::IDS])?;
        found.map_or_else(|| Self::insert(tx, of, cycle), Ok)
    }

    /// A row to which nothing has happened yet.
    pub(super) fn insert(tx: &'t Connection, of: &A::Of, cycle: u32) -> Result<Self> {
        let (columns, holes) = (A::Of::COLUMNS.join(", "), "?, ".repeat(A::Of::COLUMNS.len()));
        let sql = format!("INSERT INTO {}({columns}, cycle) VALUES ({holes}?)", M::TABLE);
        let about = of.values();
        let values = about.iter().map(|value| value as &dyn ToSql).chain([&cycle as &dyn ToSql]);
        let rowid = tx.prepare_cached(&sql)?.insert(params_from_iter(values))?;
        Ok(DossierRow { tx, rowid, status: Cell::new(Status::UNBORN), of: PhantomData })
    }

    /// Sets columns: `row.set("started_at = ?, started_by = ?", &[at, by])`.
    pub fn set(&self, assignments: &str, values: &[&dyn ToSql]) -> Result<()> {
        let sql = format!("UPDATE {} SET {assignments} WHERE rowid = ?", M::TABLE);
        let values = values.iter().copied().chain([&self.rowid as &dyn ToSql]);
        self.tx.prepare_cached(&sql)?.execute(params_from_iter(values)).map(drop)
    }

    /// The file, for rows that hang on this one.
    pub fn tx(&self) -> &'t Connection {
        self.tx
    }

    /// Marks how far the row has come.
    pub fn mark<E>(&self, recorded: &Recorded<E>) -> Result<()> {
        let Recorded { version, event_id, at_us, .. } = recorded;
        self.set("version = ?, last_event_id = ?, updated_at = ?", &[version, &event_id.to_string(), at_us])
    }

    /// What it was handed last.
    pub(super) fn handoff(&self) -> Result<A::HandOff> {
        let sql = format!("SELECT handoff FROM {} WHERE rowid = ?", M::TABLE);
        let handoff: JsonColumn<_> =
            self.tx.prepare_cached(&sql)?.query_row([self.rowid], |row| row.get("handoff"))?;
        Ok(handoff.0)
    }

    /// Moves the dossier one step on, with all that follows from its status, and marks the row.
    pub(super) fn step<E>(&self, step: Step, recorded: &Recorded<E>) -> Result<()> {
        self.step_with(step, Status(0), recorded)
    }

    /// The same, raising flags of the process's own.
    pub(super) fn step_with<E>(&self, step: Step, flags: Status, recorded: &Recorded<E>) -> Result<()> {
        let status = status_after::<A>(self.status.get(), step, flags);
        self.status.set(status);
        let (shown, Recorded { version, event_id, at_us, .. }) = (shown::<A>(status), recorded);
        let actions = JsonColumn(shown.available_actions);
        self.set(
            "status = ?, status_label = ?, available_actions = ?, version = ?, last_event_id = ?, updated_at = ?",
            &[&status.0, &shown.label, &actions, version, &event_id.to_string(), at_us],
        )
    }

    /// Raises flags of the process's own, with all that follows from them.
    pub fn raise(&self, flags: Status) -> Result<()> {
        self.stand(self.status.get().and(flags))
    }

    /// Takes flags of the process's own back, with all that follows from that.
    pub fn lower(&self, flags: Status) -> Result<()> {
        self.stand(self.status.get().without(flags))
    }

    fn stand(&self, status: Status) -> Result<()> {
        self.status.set(status);
        let shown = shown::<A>(status);
        self.set(
            "status = ?, status_label = ?, available_actions = ?",
            &[&status.0, &shown.label, &JsonColumn(shown.available_actions)],
        )
    }

    fn find(tx: &'t Connection, ids: &[&str]) -> Result<Option<Self>> {
        // A hand-off may be long: what is not asked for is not read.
        let sql = format!("SELECT rowid, status FROM {} WHERE {}", M::TABLE, named::<A::Of>());
        let row = |row: &Row<'_>| {
            let (rowid, status) = (row.get(0)?, Cell::new(Status(row.get(1)?)));
            Ok(DossierRow { tx, rowid, status, of: PhantomData })
        };
        tx.prepare_cached(&sql)?.query_row(params_from_iter(ids), row).optional()
    }
}
