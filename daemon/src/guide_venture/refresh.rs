//! What follows from the rows is written beside them, so that a page of ventures or divisions needs no rule.

use super::plain::{self, Division};
use super::{standing, tasks};
use crate::setup_venture::VISION_SUBMITTED;
use hecate_proto::guide::Phase;
use hecate_read_model::TextColumn;
use rusqlite::{Result, Transaction, named_params};

/// The division; its venture follows.
pub(super) fn division(tx: &Transaction<'_>, venture_id: &str, division_id: &str) -> Result<()> {
    let works = plain::stands(tx, venture_id, division_id)?;
    let standing = standing::of_division(&works, &plain::checks(tx, venture_id, division_id)?);
    let blocked = tasks::blocked(&tasks::of_division(&Division { works, ..Division::default() }));
    let incidents: usize = tx
        .prepare_cached("SELECT count(*) FROM open_incidents WHERE venture_id = ?1 AND division_id = ?2")?
        .query_row([venture_id, division_id], |row| row.get(0))?;
    // Most facts leave the division in the phase in which it is counted.
    let counts_the_same = tx
        .prepare_cached(
            "SELECT 1 FROM division_progress WHERE venture_id = ?1 AND division_id = ?2 AND phase = ?3
             AND blocked_count = ?4 AND open_incident_count = ?5",
        )?
        .exists((venture_id, division_id, TextColumn(standing.phase), blocked, incidents))?;
    let recount = |by| if counts_the_same { Ok(()) } else { count(tx, venture_id, division_id, by) };
    recount(-1)?;
    tx.prepare_cached(
        "UPDATE division_progress SET phase = :phase, current_process = :process, state = :state,
         health = :health, cycle = :cycle, blocked_count = :blocked, open_incident_count = :incidents
         WHERE venture_id = :venture_id AND division_id = :division_id",
    )?
    .execute(named_params! {
        ":venture_id": venture_id, ":division_id": division_id, ":phase": TextColumn(standing.phase), ":process": TextColumn(standing.process),
        ":state": TextColumn(standing.state), ":health": TextColumn(standing.health), ":cycle": standing.cycle,
        ":blocked": blocked, ":incidents": incidents,
    })?;
    recount(1)
}

/// Counts a live division in the phase that its row says, with `by` 1, or out of it with -1.
pub(super) fn count(tx: &Transaction<'_>, venture_id: &str, division_id: &str, by: i64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO venture_phases(venture_id, phase, divisions, blocked, incidents)
         SELECT venture_id, phase, ?3, ?3 * blocked_count, ?3 * open_incident_count FROM division_progress
         WHERE venture_id = ?1 AND division_id = ?2 AND NOT dismissed
         ON CONFLICT DO UPDATE SET divisions = divisions + excluded.divisions,
         blocked = blocked + excluded.blocked, incidents = incidents + excluded.incidents",
    )?
    .execute((venture_id, division_id, by))?;
    Ok(())
}

/// The venture. One whose own facts wait to be drawn follows as soon as they are.
pub(super) fn venture(tx: &Transaction<'_>, venture_id: &str) -> Result<()> {
    // A phase that was only passed through leaves no trace, however the batches fell.
    tx.prepare_cached("DELETE FROM venture_phases WHERE venture_id = ?1 AND divisions = 0")?
        .execute([venture_id])?;
    let Some(venture) = plain::venture(tx, venture_id)? else { return Ok(()) };
    let divisions = divisions(tx, venture_id)?;
    let phase = standing::phase_of_venture(venture.status, VISION_SUBMITTED, divisions.earliest);
    let own_tasks = tasks::of_venture(&venture);
    // In an archived venture nothing is left to do, so nothing waits.
    let waiting = if phase == Phase::Archived { 0 } else { divisions.blocked };
    tx.prepare_cached(
        "UPDATE venture_progress SET phase = ?2, division_count = ?3, blocked_count = ?4, open_incident_count = ?5
         WHERE venture_id = ?1",
    )?
    .execute((
        venture_id,
        TextColumn(phase),
        divisions.count,
        tasks::blocked(&own_tasks) + waiting,
        divisions.incidents,
    ))?;
    Ok(())
}

/// The live divisions of a venture, taken together.
#[derive(Default)]
struct Divisions {
    count: usize,
    blocked: usize,
    incidents: usize,
    earliest: Option<Phase>,
}

fn divisions(tx: &Transaction<'_>, venture_id: &str) -> Result<Divisions> {
    let mut all = Divisions::default();
    let mut statement = tx.prepare_cached(
        "SELECT phase, divisions, blocked, incidents FROM venture_phases WHERE venture_id = ?1",
    )?;
    let mut rows = statement.query([venture_id])?;
    while let Some(row) = rows.next()? {
        let phase = row.get::<_, TextColumn<_>>("phase")?.0;
        all.count += row.get::<_, usize>("divisions")?;
        all.blocked += row.get::<_, usize>("blocked")?;
        all.incidents += row.get::<_, usize>("incidents")?;
        all.earliest = all.earliest.into_iter().chain([phase]).min();
    }
    Ok(all)
}
