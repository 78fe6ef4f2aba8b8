//! Deployment: releases of a division go out, reach more and more of its users, and are rolled back where need be.
//!
//! It begins with tests that passed. It hands over the release that stands where most people see it, once that has
//! reached everybody.

mod deploy_release;
mod on_rollback_fix_applied_roll_back_release;
mod on_testing_completed_initiate_deployment;
mod release;
mod roll_back_release;
mod stage_rollout;

use hecate_desk::lifecycle::{Division, Dossier, LongLived, Names, Nothing, OnDivisionDismissed};
use hecate_desk::prelude::*;
use hecate_desk::{DeskEntry, ListenerEntry, ProcessSpec, lifecycle_desks, lifecycle_names, listener};
use hecate_proto::id::ReleaseId;
use release::Release;
use std::collections::BTreeMap;

pub(crate) use deploy_release::ReleaseDeployed;
pub(crate) use release::{Stage, Standing, TargetEnv};
pub(crate) use roll_back_release::ReleaseRolledBack;
pub(crate) use stage_rollout::RolloutStaged;

const ROLLOUT_INCOMPLETE: Refusal = Refusal::new(
    422,
    "rollout_incomplete",
    "A deployment is complete when a release stands, and its rollout has reached everybody.",
);
const INVALID_RELEASE_VERSION: Refusal =
    Refusal::new(422, "invalid_release_version", "A version is one of Semantic Versioning, as 1.4.0 is.");
const RELEASE_ALREADY_DEPLOYED: Refusal = Refusal::new(
    409,
    "release_already_deployed",
    "There is a release of this id, or this version was deployed to this environment and stands there.",
);
const RELEASE_NOT_FOUND: Refusal =
    Refusal::new(404, "release_not_found", "The deployment has no release with this id.");
const RELEASE_ALREADY_ROLLED_BACK: Refusal =
    Refusal::new(409, "release_already_rolled_back", "The release is rolled back already.");
const ROLLOUT_NOT_MONOTONIC: Refusal = Refusal::new(
    422,
    "rollout_not_monotonic",
    "Each stage of a rollout reaches further than the one before.",
);
const NO_STAND_IN: Refusal =
    Refusal::new(422, "no_stand_in", "A release is rolled back to another one of its environment.");

/// The flag of a deployment whose last step was back.
pub(crate) const ROLLED_BACK: Status = Status(32);

/// The deployment of one division.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Deployment {
    dossier: Dossier<Division, TestingHandOff>,
    /// As they were deployed, those that were rolled back included.
    releases: Vec<Release>,
    /// The release that stands in each environment: the last one, or what it was rolled back to.
    current: BTreeMap<TargetEnv, String>,
}

/// How the tests went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct TestingHandOff {
    pub(crate) gate_passed: bool,
    pub(crate) override_reason: Option<String>,
    pub(crate) totals: Totals,
    pub(crate) coverage_pct: Option<f64>,
}

/// How many tests went how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Totals {
    pub(crate) suites: u32,
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
    pub(crate) errored: u32,
}

/// What a deployment hands over.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Deployed {
    pub(crate) release_id: String,
    pub(crate) release_version: String,
    pub(crate) target_env: TargetEnv,
    pub(crate) endpoints: Vec<String>,
    pub(crate) rollout: Vec<Stage>,
}

impl LongLived for Deployment {
    const PROCESS: ProcessSpec = ProcessSpec {
        name: "deploy_division",
        noun: "deployment",
        says: "Deployment: releases of a division go out, and are rolled back where need be.",
        base: "/api/divisions/{division_id}/deploy",
        stream: "deployment-{division_id}",
    };
    const NAMES: Names = lifecycle_names!("deployment");
    const DESKS: &'static [DeskEntry<Self>] = lifecycle_desks![
        deploy_release::DeployRelease,
        stage_rollout::StageRollout,
        roll_back_release::RollBackRelease,
    ];
    const LISTENERS: &'static [ListenerEntry<Self>] = &[
        listener::<_, on_testing_completed_initiate_deployment::TestingCompleted>(),
        listener::<_, on_rollback_fix_applied_roll_back_release::FixApplied>(),
        listener::<_, OnDivisionDismissed>(),
    ];

    type Of = Division;
    type HandOff = TestingHandOff;
    type CompleteAsked = Nothing;
    type HandOver = Deployed;
    type ArchiveAsked = Nothing;

    const COMPLETE_REFUSES: &'static [Refusal] = &[ROLLOUT_INCOMPLETE];

    fn dossier(&self) -> &Dossier<Division, TestingHandOff> {
        &self.dossier
    }

    fn dossier_mut(&mut self) -> &mut Dossier<Division, TestingHandOff> {
        &mut self.dossier
    }

    fn complete(&self, _: Nothing, _: &Moment) -> Result<Deployed, Refused> {
        let Some(release) = self.most_public() else {
            return Err(ROLLOUT_INCOMPLETE.about("missing", vec!["a release that stands"]));
        };
        if let Some(reaches) = release.reaches().filter(|reaches| *reaches < 100) {
            let missing = format!("a stage of 100 % of {}", release.release_id);
            return Err(ROLLOUT_INCOMPLETE.about("missing", vec![missing]).about("reaches", reaches));
        }
        Ok(Deployed {
            release_id: release.release_id.clone(),
            release_version: release.release_version.clone(),
            target_env: release.target_env,
            endpoints: release.endpoints.clone(),
            rollout: release.rollout.clone(),
        })
    }
}

impl Deployment {
    /// Refuses what is no version, an id that was used before, and a version that stands in the environment.
    fn demand_new(&self, release_id: &str, version: &str, target_env: TargetEnv) -> Result<(), Refused> {
        if !release::is_semver(version) {
            return Err(INVALID_RELEASE_VERSION.about("field", "release_version"));
        }
        if self.releases.iter().any(|release| release.release_id == release_id) {
            return Err(RELEASE_ALREADY_DEPLOYED.about("field", "release_id"));
        }
        let is_it =
            |release: &&Release| release.release_version == version && release.target_env == target_env;
        if let Some(release) = self.standing_releases().find(is_it) {
            let refused = RELEASE_ALREADY_DEPLOYED.about("field", "release_version");
            return Err(refused.about("release_id", release.release_id.as_str()));
        }
        Ok(())
    }

    /// The releases that were not rolled back.
    fn standing_releases(&self) -> impl DoubleEndedIterator<Item = &Release> {
        self.releases.iter().filter(|release| !release.rolled_back)
    }

    /// The release with this id, if it was not rolled back.
    fn standing(&self, field: &str, release_id: &ReleaseId) -> Result<&Release, Refused> {
        let release = self.releases.iter().find(|release| release.release_id == release_id.as_str());
        let release = release.ok_or_else(|| RELEASE_NOT_FOUND.about("field", field))?;
        if release.rolled_back {
            return Err(RELEASE_ALREADY_ROLLED_BACK.about("field", field));
        }
        Ok(release)
    }

    /// What runs when this release does not: another one that stands in its environment, the last one unless this is
    /// asked for.
    fn stands_in_for(
        &self,
        release: &Release,
        asked: Option<&ReleaseId>,
    ) -> Result<Option<&Release>, Refused> {
        let stands_in = |other: &&Release| {
            other.target_env == release.target_env && other.release_id != release.release_id
        };
        let Some(asked) = asked else { return Ok(self.standing_releases().rev().find(stands_in)) };
        let to = Some(self.standing("to_release_id", asked)?).filter(stands_in);
        to.map(Some).ok_or_else(|| NO_STAND_IN.about("field", "to_release_id"))
    }

    /// What stands in the environment of this release once it is rolled back to that one. Of one that others have
    /// followed nothing is taken away.
    fn standing_after(&self, release: &Release, to: Option<&Release>) -> Option<Standing> {
        let current = self.current(release.target_env);
        let goes_on = current.filter(|current| current.release_id != release.release_id);
        goes_on.or(to).map(Standing::from)
    }

    /// The release that stands in this environment.
    fn current(&self, target_env: TargetEnv) -> Option<&Release> {
        let current = self.current.get(&target_env)?;
        self.releases.iter().find(|release| release.release_id == *current)
    }

    /// The release that stands where most people see it.
    fn most_public(&self) -> Option<&Release> {
        self.current.keys().next_back().and_then(|target_env| self.current(*target_env))
    }

    /// A release stands now, and is the one that counts in its environment.
    fn keep(&mut self, release: Release) {
        self.dossier.status = self.dossier.status.without(ROLLED_BACK);
        self.current.insert(release.target_env, release.release_id.clone());
        self.releases.push(release);
    }

    /// A release stands no more, and this one does in its environment, if any does.
    fn take_back(&mut self, release_id: &str, target_env: TargetEnv, standing: Option<Standing>) {
        self.dossier.status = self.dossier.status.and(ROLLED_BACK);
        if let Some(release) = self.release_mut(release_id) {
            release.rolled_back = true;
        }
        match standing {
            Some(standing) => self.current.insert(target_env, standing.release_id),
            None => self.current.remove(&target_env),
        };
    }

    fn release_mut(&mut self, release_id: &str) -> Option<&mut Release> {
        self.releases.iter_mut().find(|release| release.release_id == release_id)
    }
}

#[cfg(test)]
mod kit;
#[cfg(test)]
mod tests;
