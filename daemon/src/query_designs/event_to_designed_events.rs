//! What is said of an event changes its row, and the count of its design.

use super::Designs;
use crate::design_division::{EventDesigned, EventRevised};
use hecate_read_model::{Dossiers, JsonColumn, Project, Recorded};
use rusqlite::{Result, Transaction, named_params};

impl Project<EventDesigned> for Designs {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<EventDesigned>) -> Result<()> {
        let EventDesigned { pass, event, designed_by, designed_at } = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO designed_events VALUES (:designed_event_id, :division_id, :venture_id, :event_name,
             :aggregate_name, :payload_fields, :description, 0, :designed_by, :designed_at)",
        )?
        .execute(named_params! {
            ":designed_event_id": event.designed_event_id, ":division_id": pass.division_id,
            ":venture_id": pass.venture_id, ":event_name": event.event_name,
            ":aggregate_name": event.aggregate_name, ":payload_fields": JsonColumn(&event.payload_fields),
            ":description": event.description, ":designed_by": designed_by, ":designed_at": designed_at,
        })?;
        let design = Designs::row(tx, &[&pass.division_id]);
        design.set("event_count = event_count + 1", &[])?;
        design.mark(recorded)
    }
}

impl Project<EventRevised> for Designs {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<EventRevised>) -> Result<()> {
        let EventRevised { pass, event, .. } = &recorded.event;
        tx.prepare_cached(
            "UPDATE designed_events SET payload_fields = ?2, description = ?3, revision = ?4
             WHERE designed_event_id = ?1",
        )?
        .execute((
            &event.designed_event_id,
            JsonColumn(&event.payload_fields),
            &event.description,
            event.revision,
        ))?;
        Designs::row(tx, &[&pass.division_id]).mark(recorded)
    }
}
