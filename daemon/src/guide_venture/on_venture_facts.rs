//! A venture is named, its vision refined and submitted, and one day it is archived.

use super::GuideVenture;
use super::journal::{Entry, because, enter};
use crate::setup_venture::{VISION_REFINED, VISION_SUBMITTED, Venture};
use crate::setup_venture::{VentureArchived, VentureSetup, VentureVisionRefined, VentureVisionSubmitted};
use hecate_desk::{Event, Status, shown};
use hecate_proto::guide::Process;
use hecate_read_model::{JsonColumn, Project, Recorded};
use rusqlite::{Result, Transaction};

impl Project<VentureSetup> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<VentureSetup>) -> Result<()> {
        let VentureSetup { venture_id, name, vision, setup_by, .. } = &recorded.event;
        tx.prepare_cached("INSERT INTO venture_progress(venture_id, name, has_brief) VALUES (?1, ?2, ?3)")?
            .execute((venture_id, name, vision.brief.is_some()))?;
        let says = format!("Venture {name} set up");
        happened(tx, recorded, Fact { venture_id, flag: Status::INITIATED, says, actor: setup_by })
    }
}

impl Project<VentureVisionRefined> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<VentureVisionRefined>) -> Result<()> {
        let VentureVisionRefined { venture_id, revision, change, refined_by, .. } = &recorded.event;
        tx.prepare_cached("UPDATE venture_progress SET has_brief = has_brief OR ?2 WHERE venture_id = ?1")?
            .execute((venture_id, change.brief.is_some()))?;
        let says = format!("Vision of {} refined, revision {revision}", name(tx, venture_id)?);
        happened(tx, recorded, Fact { venture_id, flag: VISION_REFINED, says, actor: refined_by })
    }
}

impl Project<VentureVisionSubmitted> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<VentureVisionSubmitted>) -> Result<()> {
        let VentureVisionSubmitted { venture_id, name, submitted_by, .. } = &recorded.event;
        let says = format!("Vision of {name} submitted");
        happened(tx, recorded, Fact { venture_id, flag: VISION_SUBMITTED, says, actor: submitted_by })
    }
}

impl Project<VentureArchived> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<VentureArchived>) -> Result<()> {
        let VentureArchived { venture_id, name, reason, archived_by, .. } = &recorded.event;
        let says = because(format!("Venture {name} archived"), reason.as_deref());
        happened(tx, recorded, Fact { venture_id, flag: Status::ARCHIVED, says, actor: archived_by })
    }
}

/// What a fact says of a venture.
struct Fact<'f> {
    venture_id: &'f str,
    /// The status flag that it sets.
    flag: Status,
    says: String,
    actor: &'f str,
}

fn happened<E: Event<Venture>>(tx: &Transaction<'_>, recorded: &Recorded<E>, fact: Fact<'_>) -> Result<()> {
    let Fact { venture_id, flag, says, actor } = fact;
    let before: u32 = tx
        .prepare_cached("SELECT status FROM venture_progress WHERE venture_id = ?1")?
        .query_row([venture_id], |row| row.get(0))?;
    let status = Status(before).and(flag);
    let shown = shown::<Venture>(status);
    tx.prepare_cached(
        "UPDATE venture_progress SET status = ?2, status_label = ?3, available_actions = ?4
         WHERE venture_id = ?1",
    )?
    .execute((venture_id, status.0, shown.label, JsonColumn(shown.available_actions)))?;
    let (process, division_id, actor) = (Process::Setup, None, Some(actor));
    let event_type = E::TYPE;
    enter(tx, recorded, Entry { venture_id, division_id, process, event_type, says, actor, moves: true })
}

fn name(tx: &Transaction<'_>, venture_id: &str) -> Result<String> {
    tx.prepare_cached("SELECT name FROM venture_progress WHERE venture_id = ?1")?
        .query_row([venture_id], |row| row.get(0))
}
