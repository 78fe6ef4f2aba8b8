//! What is said of an event changes its row, and the count of its design.

use super::Designs;
use crate::design_division::{EventDesigned, EventRevised};
use hecate_read_model::{Dossiers, JsonColumn, Project, Recorded};
use rusqlite::{Result, Transaction, named_params};

impl Project<EventDesigned> for Designs {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<EventDesigned>) -> Result<()> {
        let designed = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO designed_events VALUES (:designed_event_id, :division_id, :venture_id, :event_name,
             :aggregate_name, :payload_fields, :description, 0, :designed_by, :designed_at)",
        )?
        .execute(named_params! {
            ":designed_event_id": designed.designed_event_id, ":division_id": designed.division_id,
            ":venture_id": designed.venture_id, ":event_name": designed.event_name,
            ":aggregate_name": designed.aggregate_name, ":payload_fields": JsonColumn(&designed.payload_fields),
            ":description": designed.description, ":designed_by": designed.designed_by,
            ":designed_at": designed.designed_at,
        })?;
        let design = Designs::row(tx, &[&designed.division_id])?;
        design.set("event_count = event_count + 1", &[])?;
        design.mark(recorded)
    }
}

impl Project<EventRevised> for Designs {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<EventRevised>) -> Result<()> {
        let EventRevised { division_id, event, .. } = &recorded.event;
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
        Designs::row(tx, &[division_id])?.mark(recorded)
    }
}
