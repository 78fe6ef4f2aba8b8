//! A release gets its row; whether it stands or was rolled back says which one its deployment shows.

use super::Deployments;
use crate::deploy_division::{ROLLED_BACK, ReleaseDeployed, ReleaseRolledBack};
use hecate_read_model::{DossierRow, Dossiers, JsonColumn, Project, Recorded};
use rusqlite::{Result, Transaction, named_params};

impl Project<ReleaseDeployed> for Deployments {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<ReleaseDeployed>) -> Result<()> {
        let release = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO releases VALUES (:division_id, :release_id, :venture_id, :cycle, :release_name,
             :release_version, :target_env, :artifacts, :endpoints, :notes, NULL, NULL, NULL, :deployed_by,
             :deployed_at)",
        )?
        .execute(named_params! {
            ":division_id": release.of.division_id, ":release_id": release.release_id,
            ":venture_id": release.of.venture_id, ":cycle": release.cycle,
            ":release_name": release.release_name, ":release_version": release.release_version,
            ":target_env": release.target_env.name(), ":artifacts": JsonColumn(&release.artifacts),
            ":endpoints": JsonColumn(&release.endpoints), ":notes": release.notes,
            ":deployed_by": release.deployed_by, ":deployed_at": release.deployed_at,
        })?;
        let deployment = Deployments::row(tx, &[&release.of.division_id])?;
        deployment.lower(ROLLED_BACK)?;
        show(&deployment, Some(&release.release_id))?;
        deployment.mark(recorded)
    }
}

impl Project<ReleaseRolledBack> for Deployments {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<ReleaseRolledBack>) -> Result<()> {
        let ReleaseRolledBack { of, release_id, to_release_id, reason, rolled_back_at, .. } = &recorded.event;
        tx.prepare_cached(
            "UPDATE releases SET rolled_back_at = ?3, rollback_reason = ?4
             WHERE division_id = ?1 AND release_id = ?2",
        )?
        .execute((&of.division_id, release_id, rolled_back_at, reason))?;
        let deployment = Deployments::row(tx, &[&of.division_id])?;
        deployment.raise(ROLLED_BACK)?;
        let shown = |row: &rusqlite::Row<'_>| row.get::<_, Option<String>>("current_release_id");
        if Deployments::find(tx, &[&of.division_id], shown)?.flatten().as_ref() == Some(release_id) {
            show(&deployment, to_release_id.as_ref())?;
        }
        deployment.mark(recorded)
    }
}

/// Shows this release as the one that stands, or that none does.
fn show(deployment: &DossierRow<'_, Deployments>, release_id: Option<&String>) -> Result<()> {
    deployment.set("current_release_id = ?", &[&release_id])?;
    deployment.set(
        "(current_version, target_env) = (SELECT release_version, releases.target_env FROM releases
         WHERE releases.division_id = deployments.division_id AND release_id = current_release_id)",
        &[],
    )
}
