//! Rows of deployments, of releases and of rollouts, as they are answered.

use hecate_proto::{
    rows::{DeploymentRow, ReleaseRow, RolloutStageRow},
    time::rfc3339,
};
use hecate_read_model::{JsonColumn, dossier_columns};
use rusqlite::{Result, Row};

pub(super) fn deployment(row: &Row<'_>) -> Result<DeploymentRow> {
    Ok(DeploymentRow {
        division_id: row.get("division_id")?,
        division_name: row.get("division_name")?,
        venture_id: row.get("venture_id")?,
        dossier: dossier_columns(row)?,
        current_release_id: row.get("current_release_id")?,
        current_version: row.get("current_version")?,
        target_env: row.get("target_env")?,
    })
}

pub(super) fn release(row: &Row<'_>) -> Result<ReleaseRow> {
    Ok(ReleaseRow {
        release_id: row.get("release_id")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        cycle: row.get("cycle")?,
        release_name: row.get("release_name")?,
        release_version: row.get("release_version")?,
        target_env: row.get("target_env")?,
        artifacts: row.get::<_, JsonColumn<_>>("artifacts")?.0,
        endpoints: row.get::<_, JsonColumn<_>>("endpoints")?.0,
        notes: row.get("notes")?,
        rollout_pct: row.get("rollout_pct")?,
        rolled_back_at: row.get::<_, Option<i64>>("rolled_back_at")?.map(rfc3339),
        rollback_reason: row.get("rollback_reason")?,
        deployed_by: row.get("deployed_by")?,
        deployed_at: rfc3339(row.get("deployed_at")?),
    })
}

pub(super) fn stage(row: &Row<'_>) -> Result<RolloutStageRow> {
    Ok(RolloutStageRow {
        stage_id: row.get("stage_id")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        release_id: row.get("release_id")?,
        stage_name: row.get("stage_name")?,
        stage_percentage: row.get("stage_percentage")?,
        description: row.get("description")?,
        staged_by: row.get("staged_by")?,
        staged_at: rfc3339(row.get("staged_at")?),
    })
}
