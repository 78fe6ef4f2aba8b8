//! What happens to a venture changes its row.

use super::Ventures;
use crate::setup_venture::{VISION_REFINED, VISION_SUBMITTED, Venture};
use crate::setup_venture::{VentureArchived, VentureSetup, VentureVisionRefined, VentureVisionSubmitted};
use hecate_desk::{Status, shown};
use hecate_read_model::{Project, Recorded};
use rusqlite::{Result, Transaction, named_params};
use serde::Serialize;

impl Project<VentureSetup> for Ventures {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<VentureSetup>) -> Result<()> {
        let VentureSetup { venture_id, name, vision, setup_by, setup_at } = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO ventures VALUES (:venture_id, :name, :brief, :repos, :skills, :context_map, :visibility,
             0, 0, '', '[]', :setup_at, :setup_by, NULL, NULL, 0, '', 0)",
        )?
        .execute(named_params! {
            ":venture_id": venture_id, ":name": name, ":brief": vision.brief,
            ":repos": text(&vision.repos), ":skills": text(&vision.skills),
            ":context_map": text(&vision.context_map), ":visibility": vision.visibility.name(),
            ":setup_at": setup_at, ":setup_by": setup_by,
        })?;
        mark(tx, recorded, venture_id, Status::INITIATED)
    }
}

impl Project<VentureVisionRefined> for Ventures {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<VentureVisionRefined>) -> Result<()> {
        let VentureVisionRefined { venture_id, revision, change, refined_by, refined_at } = &recorded.event;
        tx.prepare_cached(
            "UPDATE ventures SET revision = :revision, brief = coalesce(:brief, brief),
             repos = coalesce(:repos, repos), skills = coalesce(:skills, skills),
             context_map = coalesce(:context_map, context_map), visibility = coalesce(:visibility, visibility)
             WHERE venture_id = :venture_id",
        )?
        .execute(named_params! {
            ":venture_id": venture_id, ":revision": revision, ":brief": change.brief,
            ":repos": change.repos.as_ref().map(text), ":skills": change.skills.as_ref().map(text),
            ":context_map": change.context_map.as_ref().map(text),
            ":visibility": change.visibility.map(|visibility| visibility.name()),
        })?;
        tx.prepare_cached(
            "INSERT INTO vision_revisions SELECT venture_id, revision, brief, repos, skills, context_map, ?2, ?3
             FROM ventures WHERE venture_id = ?1",
        )?
        .execute((venture_id, refined_by, refined_at))?;
        mark(tx, recorded, venture_id, VISION_REFINED)
    }
}

impl Project<VentureVisionSubmitted> for Ventures {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<VentureVisionSubmitted>) -> Result<()> {
        let VentureVisionSubmitted { venture_id, submitted_at, .. } = &recorded.event;
        tx.prepare_cached("UPDATE ventures SET vision_submitted_at = ?2 WHERE venture_id = ?1")?
            .execute((venture_id, submitted_at))?;
        mark(tx, recorded, venture_id, VISION_SUBMITTED)
    }
}

impl Project<VentureArchived> for Ventures {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<VentureArchived>) -> Result<()> {
        let VentureArchived { venture_id, archived_at, .. } = &recorded.event;
        tx.prepare_cached("UPDATE ventures SET archived_at = ?2 WHERE venture_id = ?1")?
            .execute((venture_id, archived_at))?;
        mark(tx, recorded, venture_id, Status::ARCHIVED)
    }
}

/// Sets a status flag and all that follows from it, and marks how far the row has come.
fn mark<E>(tx: &Transaction<'_>, recorded: &Recorded<E>, venture_id: &str, flag: Status) -> Result<()> {
    let status: u32 = tx
        .prepare_cached("SELECT status FROM ventures WHERE venture_id = ?1")?
        .query_row([venture_id], |row| row.get(0))?;
    let status = Status(status).and(flag);
    let shown = shown::<Venture>(status);
    tx.prepare_cached(
        "UPDATE ventures SET status = ?2, status_label = ?3, available_actions = ?4, version = ?5,
         last_event_id = ?6, updated_at = ?7 WHERE venture_id = ?1",
    )?
    .execute((
        venture_id,
        status.0,
        shown.label,
        text(&shown.available_actions),
        recorded.version,
        recorded.event_id.to_string(),
        recorded.at_us,
    ))?;
    Ok(())
}

/// A JSON column.
fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
