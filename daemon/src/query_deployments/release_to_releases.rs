//! A release gets its row; of those that stand, the one that most people see is what its deployment shows.

use super::Deployments;
use crate::deploy_division::{ROLLED_BACK, ReleaseDeployed, ReleaseRolledBack, TargetEnv};
use hecate_read_model::{DossierRow, Dossiers, JsonColumn, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction, named_params};

impl Project<ReleaseDeployed> for Deployments {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<ReleaseDeployed>) -> Result<()> {
        let release = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO releases VALUES (:division_id, :release_id, :venture_id, :cycle, :release_name,
             :release_version, :target_env, :artifacts, :endpoints, :notes, NULL, NULL, NULL, 1, :deployed_by,
             :deployed_at)",
        )?
        .execute(named_params! {
            ":division_id": release.of.division_id, ":release_id": release.release_id,
            ":venture_id": release.of.venture_id, ":cycle": release.cycle,
            ":release_name": release.release_name, ":release_version": release.release_version,
            ":target_env": TextColumn(release.target_env), ":artifacts": JsonColumn(&release.artifacts),
            ":endpoints": JsonColumn(&release.endpoints), ":notes": release.notes,
            ":deployed_by": release.deployed_by, ":deployed_at": release.deployed_at,
        })?;
        stand(tx, &release.of.division_id, release.target_env, Some(&release.release_id))?;
        let deployment = Deployments::row(tx, &[&release.of.division_id]);
        deployment.lower(ROLLED_BACK)?;
        show(&deployment)?;
        deployment.mark(recorded)
    }
}

impl Project<ReleaseRolledBack> for Deployments {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<ReleaseRolledBack>) -> Result<()> {
        let ReleaseRolledBack { of, release_id, target_env, standing, reason, rolled_back_at, .. } =
            &recorded.event;
        tx.prepare_cached(
            "UPDATE releases SET rolled_back_at = ?3, rollback_reason = ?4
             WHERE division_id = ?1 AND release_id = ?2",
        )?
        .execute((&of.division_id, release_id, rolled_back_at, reason))?;
        let standing = standing.as_ref().map(|standing| &*standing.release_id);
        stand(tx, &of.division_id, *target_env, standing)?;
        let deployment = Deployments::row(tx, &[&of.division_id]);
        deployment.raise(ROLLED_BACK)?;
        show(&deployment)?;
        deployment.mark(recorded)
    }
}

/// This release stands in the environment and no other one does, or none at all.
fn stand(tx: &Transaction<'_>, division_id: &str, env: TargetEnv, release_id: Option<&str>) -> Result<()> {
    tx.prepare_cached(
        "UPDATE releases SET is_current = (release_id IS ?3) WHERE division_id = ?1 AND target_env = ?2",
    )?
    .execute((division_id, TextColumn(env), release_id))
    .map(drop)
}

/// Shows the release that most people see, or that none stands.
fn show(deployment: &DossierRow<'_, Deployments>) -> Result<()> {
    deployment.set(
        "(current_release_id, current_version, target_env) =
         (SELECT release_id, release_version, releases.target_env FROM releases
         WHERE releases.division_id = deployments.division_id AND is_current
         ORDER BY CASE releases.target_env WHEN 'prod' THEN 0 WHEN 'staging' THEN 1 ELSE 2 END LIMIT 1)",
        &[],
    )
}
