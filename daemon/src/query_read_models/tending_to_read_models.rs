//! What is decided about a read model changes its rows. An event that is retried leaves the list; if it
//! still does not draw, it is parked again.

use super::ReadModels;
use hecate_read_model::tending::{
    EventParked, ParkedEventRetried, ParkedEventSkipped, ReadModelRebuildRequested,
};
use hecate_read_model::{Project, Recorded};
use rusqlite::{Result, Transaction};

impl Project<EventParked> for ReadModels {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<EventParked>) -> Result<()> {
        let EventParked { model, position, stream_id, event_type, error, tries } = &recorded.event;
        tx.prepare_cached("INSERT OR REPLACE INTO parked_events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
            .execute((model, position, stream_id, event_type, error, tries, recorded.at_us))?;
        Ok(())
    }
}

impl Project<ParkedEventRetried> for ReadModels {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<ParkedEventRetried>) -> Result<()> {
        take_off(tx, &recorded.event.model, recorded.event.position)
    }
}

impl Project<ParkedEventSkipped> for ReadModels {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<ParkedEventSkipped>) -> Result<()> {
        take_off(tx, &recorded.event.model, recorded.event.position)
    }
}

impl Project<ReadModelRebuildRequested> for ReadModels {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<ReadModelRebuildRequested>) -> Result<()> {
        let ReadModelRebuildRequested { model, reason, requested_by, requested_at } = &recorded.event;
        tx.prepare_cached("INSERT OR REPLACE INTO read_models VALUES (?1, ?2, ?3, ?4, ?5)")?.execute((
            model,
            requested_at,
            requested_by,
            reason,
            recorded.position,
        ))?;
        Ok(())
    }
}

fn take_off(tx: &Transaction<'_>, model: &str, position: u64) -> Result<()> {
    tx.prepare_cached("DELETE FROM parked_events WHERE model = ?1 AND position = ?2")?
        .execute((model, position))?;
    Ok(())
}
