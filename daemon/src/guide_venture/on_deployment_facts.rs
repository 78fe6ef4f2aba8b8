//! Releases go out, further out, and back.

use super::GuideVenture;
use super::journal::{Entry, because, enter};
use super::tells::tells;
use crate::deploy_division::{Deployment, ReleaseDeployed, ReleaseRolledBack, RolloutStaged};
use hecate_desk::Event;
use hecate_proto::guide::Process;
use hecate_read_model::{Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction};

tells! {
    Deployment;
    RolloutStaged, of pass, by staged_by: |fact, division|
        format!("Stage {} of {division} at {} %", fact.stage.stage_name, fact.stage.stage_percentage);
    ReleaseRolledBack, of of, by rolled_back_by: |fact, division|
        because(format!("Release {} of {division} rolled back", fact.release_version), Some(&fact.reason));
}

impl Project<ReleaseDeployed> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<ReleaseDeployed>) -> Result<()> {
        let ReleaseDeployed { of, release_version, target_env, deployed_by, .. } = &recorded.event;
        tx.prepare_cached(
            "UPDATE division_progress SET last_release = ?3 WHERE venture_id = ?1 AND division_id = ?2",
        )?
        .execute([&of.venture_id, &of.division_id, release_version])?;
        let says = format!(
            "Release {release_version} of {} deployed to {}",
            of.division_name,
            TextColumn(target_env)
        );
        let entry = Entry {
            venture_id: &of.venture_id,
            division_id: Some(&of.division_id),
            process: Process::Deploy,
            event_type: ReleaseDeployed::TYPE,
            says,
            actor: Some(deployed_by),
            moves: false,
        };
        enter(tx, recorded, entry)
    }
}
