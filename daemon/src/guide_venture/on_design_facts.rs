//! Aggregates and events are designed and revised: entries of the journal; where the design stands stays the same.

use super::GuideVenture;
use super::journal::{Entry, because, enter};
use crate::design_division::{AggregateDesigned, AggregateRevised, Design, EventDesigned, EventRevised};
use hecate_desk::{Event, lifecycle::Pass};
use hecate_proto::guide::Process;
use hecate_read_model::{Project, Recorded};
use rusqlite::{OptionalExtension, Result, Transaction};

impl Project<AggregateDesigned> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<AggregateDesigned>) -> Result<()> {
        let AggregateDesigned { pass, aggregate, designed_by, .. } = &recorded.event;
        let says = format!("Aggregate {} designed for {}", aggregate.aggregate_name, name(tx, pass)?);
        happened(tx, recorded, Fact { pass, says, actor: designed_by })
    }
}

impl Project<AggregateRevised> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<AggregateRevised>) -> Result<()> {
        let AggregateRevised { pass, aggregate, reason, revised_by, .. } = &recorded.event;
        let what = format!("Aggregate {} of {} revised", aggregate.aggregate_name, name(tx, pass)?);
        let says = because(what, Some(reason));
        happened(tx, recorded, Fact { pass, says, actor: revised_by })
    }
}

impl Project<EventDesigned> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<EventDesigned>) -> Result<()> {
        let EventDesigned { pass, event, designed_by, .. } = &recorded.event;
        let says = format!("Event {} designed for {}", event.event_name, name(tx, pass)?);
        happened(tx, recorded, Fact { pass, says, actor: designed_by })
    }
}

impl Project<EventRevised> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<EventRevised>) -> Result<()> {
        let EventRevised { pass, event, reason, revised_by, .. } = &recorded.event;
        let what = format!("Event {} of {} revised", event.event_name, name(tx, pass)?);
        let says = because(what, Some(reason));
        happened(tx, recorded, Fact { pass, says, actor: revised_by })
    }
}

/// What a fact says of a design.
struct Fact<'f> {
    pass: &'f Pass,
    says: String,
    actor: &'f str,
}

fn happened<E: Event<Design>>(tx: &Transaction<'_>, recorded: &Recorded<E>, fact: Fact<'_>) -> Result<()> {
    let entry = Entry {
        venture_id: &fact.pass.venture_id,
        division_id: Some(&fact.pass.division_id),
        process: Process::Design,
        event_type: E::TYPE,
        says: fact.says,
        actor: Some(fact.actor),
    };
    enter(tx, recorded, entry)
}

/// The division's name, which these facts leave out.
fn name(tx: &Transaction<'_>, pass: &Pass) -> Result<String> {
    let known = tx
        .prepare_cached("SELECT name FROM division_progress WHERE venture_id = ?1 AND division_id = ?2")?
        .query_row([&pass.venture_id, &pass.division_id], |row| row.get(0))
        .optional()?;
    Ok(known.unwrap_or_else(|| pass.division_id.clone()))
}
