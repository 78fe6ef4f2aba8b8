//! Deployments as people look at them: where each stands, its releases, and how far these are rolled out.

mod get_deployment_by_division;
mod get_releases_page;
mod get_rollouts_page;
mod release_to_releases;
mod rollout_to_rollout_stages;
mod row;
#[cfg(test)]
mod tests;

use crate::deploy_division::{Deployment, ReleaseDeployed, ReleaseRolledBack, RolloutStaged};
use hecate_read_model::{
    Dossiers, ProjectionEntry, QueryEntry, ReadModel, Show, dossier_projections, dossier_table, query,
};

/// The read model of deployments.
pub(crate) struct Deployments;

impl Dossiers for Deployments {
    type Drawn = Deployment;
    const TABLE: &'static str = "deployments";
}

impl ReadModel for Deployments {
    const NAME: &'static str = "query_deployments";
    const TABLES: &'static str = concat!(
        dossier_table!(
            "deployments",
            division,
            "current_release_id TEXT, current_version TEXT, target_env TEXT"
        ),
        include_str!("tables.sql")
    );
    const REVISION: u32 = 1;
    const PROJECTIONS: &'static [ProjectionEntry] =
        dossier_projections!(Deployments, Deployment, ReleaseDeployed, RolloutStaged, ReleaseRolledBack);
    const QUERIES: &'static [QueryEntry] = &[
        query::<Show<Deployments>>(),
        query::<get_releases_page::GetReleasesPage>(),
        query::<get_rollouts_page::GetRolloutsPage>(),
    ];
}
