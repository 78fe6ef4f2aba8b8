//! A stage of a rollout gets its row, and its release reaches that far.

use super::Deployments;
use crate::deploy_division::RolloutStaged;
use hecate_read_model::{Dossiers, Project, Recorded};
use rusqlite::{Result, Transaction, named_params};

impl Project<RolloutStaged> for Deployments {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<RolloutStaged>) -> Result<()> {
        let RolloutStaged { pass, stage_id, release_id, stage, description, staged_by, staged_at } =
            &recorded.event;
        tx.prepare_cached(
            "INSERT INTO rollout_stages VALUES (:stage_id, :division_id, :venture_id, :release_id, :stage_name,
             :stage_percentage, :description, :staged_by, :staged_at)",
        )?
        .execute(named_params! {
            ":stage_id": stage_id, ":division_id": pass.division_id, ":venture_id": pass.venture_id,
            ":release_id": release_id, ":stage_name": stage.stage_name,
            ":stage_percentage": stage.stage_percentage, ":description": description,
            ":staged_by": staged_by, ":staged_at": staged_at,
        })?;
        tx.prepare_cached("UPDATE releases SET rollout_pct = ?3 WHERE division_id = ?1 AND release_id = ?2")?
            .execute((&pass.division_id, release_id, stage.stage_percentage))?;
        Deployments::row(tx, &[&pass.division_id]).mark(recorded)
    }
}
