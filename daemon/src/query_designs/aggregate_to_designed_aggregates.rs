//! What is said of an aggregate changes its row, and the count of its design.

use super::Designs;
use crate::design_division::{AggregateDesigned, AggregateRevised};
use hecate_read_model::{Dossiers, JsonColumn, Project, Recorded};
use rusqlite::{Result, Transaction, named_params};

impl Project<AggregateDesigned> for Designs {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<AggregateDesigned>) -> Result<()> {
        let AggregateDesigned { pass, aggregate, designed_by, designed_at } = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO designed_aggregates VALUES (:aggregate_id, :division_id, :venture_id, :aggregate_name,
             :stream_pattern, :status_flags, :description, 0, :designed_by, :designed_at)",
        )?
        .execute(named_params! {
            ":aggregate_id": aggregate.aggregate_id, ":division_id": pass.division_id,
            ":venture_id": pass.venture_id, ":aggregate_name": aggregate.aggregate_name,
            ":stream_pattern": aggregate.stream_pattern, ":status_flags": JsonColumn(&aggregate.status_flags),
            ":description": aggregate.description, ":designed_by": designed_by, ":designed_at": designed_at,
        })?;
        let design = Designs::row(tx, &[&pass.division_id]);
        design.set("aggregate_count = aggregate_count + 1", &[])?;
        design.mark(recorded)
    }
}

impl Project<AggregateRevised> for Designs {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<AggregateRevised>) -> Result<()> {
        let AggregateRevised { pass, aggregate, .. } = &recorded.event;
        tx.prepare_cached(
            "UPDATE designed_aggregates SET stream_pattern = :stream_pattern, status_flags = :status_flags,
             description = :description, revision = :revision WHERE aggregate_id = :aggregate_id",
        )?
        .execute(named_params! {
            ":aggregate_id": aggregate.aggregate_id, ":stream_pattern": aggregate.stream_pattern,
            ":status_flags": JsonColumn(&aggregate.status_flags), ":description": aggregate.description,
            ":revision": aggregate.revision,
        })?;
        Designs::row(tx, &[&pass.division_id]).mark(recorded)
    }
}
