//! What a batch of events touched. What follows from the rows is drawn once, at the end of the batch, however much
//! happened in it.

use super::refresh;
use rusqlite::{Result, Row, Transaction};

/// A venture, or one of its divisions, to which something happened.
struct Changed {
    venture_id: String,
    /// Empty for the venture itself.
    division_id: String,
    /// Position and time of the last event; none where nothing is told of it.
    last: Option<(u64, i64)>,
    /// True when more may follow from it than that.
    moved: bool,
}

/// Something happened that is told in the journal; `moves` where it may move it on, too.
pub(super) fn happened(
    tx: &Transaction<'_>,
    (venture_id, division_id): (&str, Option<&str>),
    (position, at_us): (u64, i64),
    moves: bool,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO changed VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET position = excluded.position, at = excluded.at, moved = moved OR excluded.moved",
    )?
    .execute((venture_id, division_id.unwrap_or_default(), position, at_us, moves))?;
    Ok(())
}

/// Something happened that may move it on, and is told elsewhere or not at all.
pub(super) fn moved(tx: &Transaction<'_>, venture_id: &str, division_id: Option<&str>) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO changed VALUES (?1, ?2, NULL, NULL, 1) ON CONFLICT DO UPDATE SET moved = 1",
    )?
    .execute((venture_id, division_id.unwrap_or_default()))?;
    Ok(())
}

/// Draws what follows from all that changed, each division before its venture.
pub(super) fn settle(tx: &Transaction<'_>) -> Result<()> {
    let sql =
        "SELECT venture_id, division_id, position, at, moved FROM changed ORDER BY venture_id, division_id";
    let all: Vec<Changed> = tx.prepare_cached(sql)?.query_map([], changed)?.collect::<Result<_>>()?;
    for venture in all.chunk_by(|one, next| one.venture_id == next.venture_id) {
        settle_venture(tx, venture)?;
    }
    tx.prepare_cached("DELETE FROM changed")?.execute([]).map(drop)
}

/// One venture by all that changed in it.
fn settle_venture(tx: &Transaction<'_>, changed: &[Changed]) -> Result<()> {
    let divisions = changed.iter().filter(|changed| !changed.division_id.is_empty());
    for Changed { venture_id, division_id, last, moved } in divisions {
        if let Some((_, at_us)) = last {
            tx.prepare_cached(
                "UPDATE division_progress SET updated_at = ?3 WHERE venture_id = ?1 AND division_id = ?2",
            )?
            .execute((venture_id, division_id, at_us))?;
        }
        if *moved {
            refresh::division(tx, venture_id, division_id)?;
        }
    }
    let Some(Changed { venture_id, .. }) = changed.first() else { return Ok(()) };
    if let Some((position, at_us)) = changed.iter().filter_map(|changed| changed.last).max() {
        tx.prepare_cached(
            "UPDATE venture_progress SET last_position = ?2, updated_at = ?3 WHERE venture_id = ?1",
        )?
        .execute((venture_id, position, at_us))?;
    }
    if changed.iter().any(|changed| changed.moved) { refresh::venture(tx, venture_id) } else { Ok(()) }
}

fn changed(row: &Row<'_>) -> Result<Changed> {
    let (position, at_us): (Option<u64>, Option<i64>) = (row.get(2)?, row.get(3)?);
    Ok(Changed {
        venture_id: row.get(0)?,
        division_id: row.get(1)?,
        last: position.zip(at_us),
        moved: row.get(4)?,
    })
}
