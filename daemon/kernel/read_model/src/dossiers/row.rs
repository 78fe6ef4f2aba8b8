//! The row of one dossier while an event changes it: what is set is gathered, and written once.

use super::{About, Dossiers};
use crate::{columns::JsonColumn, projection::Recorded};
use hecate_desk::{
    Status,
    lifecycle::{LongLived, Step, status_after},
    shown,
};
use rusqlite::types::{FromSql, ToSqlOutput, Value};
use rusqlite::{Connection, Error, Result, ToSql, params_from_iter};
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

/// The row of one dossier, to be changed by one event. Whoever changes it ends with [`DossierRow::mark`], which
/// writes it.
pub struct DossierRow<'t, M> {
    tx: &'t Connection,
    ids: Vec<Value>,
    /// Read when it is asked for: most events leave it alone.
    status: Cell<Option<Status>>,
    changes: RefCell<Changes>,
    of: PhantomData<fn(M)>,
}

/// What is set: assignments as SQL, and the values of their holes.
#[derive(Default)]
struct Changes {
    assignments: String,
    values: Vec<Value>,
}

impl<'t, A: LongLived<Of: About>, M: Dossiers<Drawn = A>> DossierRow<'t, M> {
    /// The row that these ids name. That there is none shows when it is read or written, and is an error then: a
    /// dossier is born before it is worked on.
    pub(super) fn of(tx: &'t Connection, ids: &[&str]) -> Self {
        let ids = ids.iter().map(|id| Value::from((*id).to_owned())).collect();
        DossierRow { tx, ids, status: Cell::default(), changes: RefCell::default(), of: PhantomData }
    }

    /// The row of what an event of the lifecycle is about.
    pub(super) fn about(tx: &'t Connection, of: &A::Of) -> Self {
        Self::of(tx, &of.values()[..A::Of::IDS])
    }

    /// The same, for an event that may come before its dossier was born.
    pub(super) fn about_or_new(tx: &'t Connection, of: &A::Of, cycle: u32) -> Result<Self> {
        let row = Self::about(tx, of);
        match row.status() {
            Err(Error::QueryReturnedNoRows) => Self::insert(tx, of, cycle),
            known => known.map(|_| row),
        }
    }

    /// A row to which nothing has happened yet.
    pub(super) fn insert(tx: &'t Connection, of: &A::Of, cycle: u32) -> Result<Self> {
        let (columns, holes) = (A::Of::COLUMNS.join(", "), "?, ".repeat(A::Of::COLUMNS.len()));
        let sql = format!("INSERT INTO {}({columns}, cycle) VALUES ({holes}?)", M::TABLE);
        let about = of.values();
        let values = about.iter().map(|value| value as &dyn ToSql).chain([&cycle as &dyn ToSql]);
        tx.prepare_cached(&sql)?.execute(params_from_iter(values))?;
        let row = Self::about(tx, of);
        row.status.set(Some(Status::UNBORN));
        Ok(row)
    }

    /// Sets columns: `row.set("started_at = ?, started_by = ?", &[at, by])`. What is assigned is worked out from the
    /// row as the event found it; of two assignments to one column the later holds.
    pub fn set(&self, assignments: &str, values: &[&dyn ToSql]) -> Result<()> {
        debug_assert_eq!(assignments.matches('?').count(), values.len(), "a plain hole a value");
        let mut changes = self.changes.borrow_mut();
        if !changes.assignments.is_empty() {
            changes.assignments.push_str(", ");
        }
        changes.assignments.push_str(assignments);
        for value in values {
            changes.values.push(owned(value.to_sql()?)?);
        }
        Ok(())
    }

    /// The file, for rows that hang on this one.
    pub fn tx(&self) -> &'t Connection {
        self.tx
    }

    /// Marks how far the row has come, and writes it.
    pub fn mark<E>(&self, recorded: &Recorded<E>) -> Result<()> {
        let Recorded { version, event_id, at_us, .. } = recorded;
        self.set("version = ?, last_event_id = ?, updated_at = ?", &[version, &event_id.to_string(), at_us])?;
        self.write()
    }

    /// What it was handed last.
    pub(super) fn handoff(&self) -> Result<A::HandOff> {
        self.read::<JsonColumn<_>>("handoff").map(|handoff| handoff.0)
    }

    /// Moves the dossier one step on, with all that follows from its status, and marks the row.
    pub(super) fn step<E>(&self, step: Step, recorded: &Recorded<E>) -> Result<()> {
        self.step_with(step, Status(0), recorded)
    }

    /// The same, raising flags of the process's own.
    pub(super) fn step_with<E>(&self, step: Step, flags: Status, recorded: &Recorded<E>) -> Result<()> {
        self.stand(status_after::<A>(self.status()?, step, flags))?;
        self.mark(recorded)
    }

    /// Raises flags of the process's own, with all that follows from them.
    pub fn raise(&self, flags: Status) -> Result<()> {
        self.stand(self.status()?.and(flags))
    }

    /// Takes flags of the process's own back, with all that follows from that.
    pub fn lower(&self, flags: Status) -> Result<()> {
        self.stand(self.status()?.without(flags))
    }

    fn stand(&self, status: Status) -> Result<()> {
        self.status.set(Some(status));
        let shown = shown::<A>(status);
        self.set(
            "status = ?, status_label = ?, available_actions = ?",
            &[&status.0, &shown.label, &JsonColumn(shown.available_actions)],
        )
    }

    fn status(&self) -> Result<Status> {
        if let Some(known) = self.status.get() {
            return Ok(known);
        }
        let status = self.read("status").map(Status)?;
        self.status.set(Some(status));
        Ok(status)
    }

    /// Reads one column. A hand-off may be long: what is not asked for is not read.
    fn read<T: FromSql>(&self, column: &str) -> Result<T> {
        let sql = format!("SELECT {column} FROM {} WHERE {}", M::TABLE, A::Of::NAMED);
        self.tx.prepare_cached(&sql)?.query_row(params_from_iter(&self.ids), |row| row.get(0))
    }

    /// Writes all that was set.
    fn write(&self) -> Result<()> {
        let Changes { assignments, values } = self.changes.take();
        let sql = format!("UPDATE {} SET {assignments} WHERE {}", M::TABLE, A::Of::NAMED);
        match self.tx.prepare_cached(&sql)?.execute(params_from_iter(values.iter().chain(&self.ids)))? {
            0 => Err(Error::QueryReturnedNoRows),
            _ => Ok(()),
        }
    }
}

fn owned(value: ToSqlOutput<'_>) -> Result<Value> {
    match value {
        ToSqlOutput::Owned(value) => Ok(value),
        ToSqlOutput::Borrowed(value) => Value::try_from(value).map_err(Error::from),
        other => Err(Error::ToSqlConversionFailure(format!("{other:?} is no column").into())),
    }
}
