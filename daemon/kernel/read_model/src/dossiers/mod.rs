//! Dossiers as rows: what the lifecycle does to them is drawn once, for every process that has one.
//!
//! A read model says which table holds the dossiers of which aggregate, and by that it is a projection of all
//! events of their lifecycle. What is a process's own it draws itself, through [`DossierRow`].
//!
//! ```text
//! impl Dossiers for Designs { type Drawn = Design; const TABLE: &'static str = "designs"; }
//!
//! impl ReadModel for Designs {
//!     const TABLES: &'static str = concat!(dossier_table!("designs", division, "…"), include_str!("tables.sql"));
//!     const PROJECTIONS: &'static [ProjectionEntry] = dossier_projections!(Designs, Design, AggregateDesigned);
//! ```

mod about;
mod lifecycle;
mod row;
mod show;
mod table;

pub use about::About;
pub use row::DossierRow;
pub use show::{Show, Shown};

use hecate_desk::lifecycle::{Archived, Completed, LongLived, Rebriefed, Reopened};
use hecate_proto::{rows::DossierColumns, time::rfc3339};
use rusqlite::{Connection, OptionalExtension, Result, Row, Transaction, params_from_iter};
use serde_json::Value;

use crate::{
    columns::JsonColumn,
    page::{Keyset, Paging},
    projection::Recorded,
    query::{Found, QueryError},
};

/// A read model that keeps one row for each dossier of a process.
pub trait Dossiers: Sized + 'static {
    /// The aggregate whose dossiers they are. Not a parameter of the trait: a model that draws the lifecycle in its
    /// own way could not be told from one that draws it in this one.
    type Drawn: LongLived<Of: About>;
    /// The table, made by [`dossier_table!`](crate::dossier_table).
    const TABLE: &'static str;

    /// It was handed something: what of that is a column of its own.
    fn handed(_: &DossierRow<'_, Self>, _: &<Self::Drawn as LongLived>::HandOff) -> Result<()> {
        Ok(())
    }

    /// It was completed with this: what of that is a column of its own.
    fn completed(_: &DossierRow<'_, Self>, _: &Recorded<Completed<Self::Drawn>>) -> Result<()> {
        Ok(())
    }

    /// Another pass begins: what of the one before is no longer true.
    fn reopened(_: &DossierRow<'_, Self>, _: &Recorded<Reopened<Self::Drawn>>) -> Result<()> {
        Ok(())
    }

    /// In the middle of a pass it was handed something else than `_before`: what of the pass no longer holds.
    fn rebriefed(
        _: &DossierRow<'_, Self>,
        _: &Recorded<Rebriefed<Self::Drawn>>,
        _before: <Self::Drawn as LongLived>::HandOff,
    ) -> Result<()> {
        Ok(())
    }

    /// It was put away: what of its rows nobody sees to any longer.
    fn archived(
        _: &Transaction<'_>,
        _: &DossierRow<'_, Self>,
        _: &Recorded<Archived<Self::Drawn>>,
    ) -> Result<()> {
        Ok(())
    }

    /// Reads the row that these ids name, if it is there. They are the first columns of [`About`].
    fn find<R>(db: &Connection, ids: &[&str], read: impl FnOnce(&Row<'_>) -> Result<R>) -> Result<Option<R>> {
        let named = <<Self::Drawn as LongLived>::Of as About>::NAMED;
        let sql = format!("SELECT * FROM {} WHERE {named}", Self::TABLE);
        db.prepare_cached(&sql)?.query_row(params_from_iter(ids), read).optional()
    }

    /// The row of one dossier, to be changed by an event of the process's own.
    fn row<'t>(tx: &'t Connection, ids: &[&str]) -> DossierRow<'t, Self> {
        DossierRow::of(tx, ids)
    }

    /// Reads one page of what belongs to a dossier, from a table that names it by the same columns. Where its first
    /// ids alone are given, of what belongs to any dossier that begins with them. Nothing when there is none.
    fn page<R>(
        db: &Connection,
        ids: &[&str],
        rows: Keyset<'_>,
        paging: &Paging,
        row: impl Fn(&Row<'_>) -> Result<R>,
    ) -> Result<Found<R>, QueryError> {
        let columns = <Self::Drawn as LongLived>::Of::ids();
        let named: Vec<_> =
            columns.iter().zip(ids).map(|(column, id)| (format!("{column} = ?"), *id)).collect();
        let conditions: Vec<&str> = named.iter().map(|(condition, _)| condition.as_str()).collect();
        let sql = format!("SELECT 1 FROM {} WHERE {} LIMIT 1", Self::TABLE, conditions.join(" AND "));
        if !db.prepare_cached(&sql)?.exists(params_from_iter(ids))? {
            return Ok(Found::Nothing);
        }
        let rows = named
            .into_iter()
            .fold(rows, |rows, (condition, id)| rows.only_with(condition, Some(id.to_owned())));
        Ok(Found::Page(rows.read(db, paging, row)?))
    }
}

/// The columns that every dossier has, as they are answered.
pub fn dossier_columns(row: &Row<'_>) -> Result<DossierColumns> {
    let time = |column: &str| row.get::<_, Option<i64>>(column).map(|at_us| at_us.map(rfc3339));
    Ok(DossierColumns {
        cycle: row.get("cycle")?,
        status: row.get("status")?,
        status_label: row.get("status_label")?,
        available_actions: row.get::<_, JsonColumn<_>>("available_actions")?.0,
        handoff: row.get::<_, Option<JsonColumn<Value>>>("handoff")?.map_or(Value::Null, |handoff| handoff.0),
        initiated_at: time("initiated_at")?,
        started_at: time("started_at")?,
        started_by: row.get("started_by")?,
        paused_at: time("paused_at")?,
        pause_reason: row.get("pause_reason")?,
        completed_at: time("completed_at")?,
        completed_by: row.get("completed_by")?,
        archived_at: time("archived_at")?,
        version: row.get("version")?,
        last_event_id: row.get("last_event_id")?,
        updated_at: rfc3339(row.get("updated_at")?),
    })
}
