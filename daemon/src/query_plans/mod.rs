//! Plans as people look at them: where each stands, its desks and what depends on what, and what came back to it.

mod dependency_to_planned_dependencies;
mod desk_to_planned_desks;
mod feedback_to_plan_feedback;
mod get_plan_by_division;
mod get_plan_feedback_page;
mod get_planned_dependencies_page;
mod get_planned_desks_page;
mod row;
#[cfg(test)]
mod tests;

use crate::plan_division::{
    DependencyPlanned, DeploymentAcknowledged, DeskInventoried, DesksSequenced, GenerationAcknowledged,
    IncidentAcknowledged, Plan, RescueAcknowledged, TestingAcknowledged,
};
use hecate_desk::lifecycle::Reopened;
use hecate_read_model::{
    DossierRow, Dossiers, ProjectionEntry, QueryEntry, ReadModel, Recorded, Show, dossier_projections,
    dossier_table, query,
};
use rusqlite::Result;

/// The read model of plans.
pub(crate) struct Plans;

impl Dossiers for Plans {
    type Drawn = Plan;
    const TABLE: &'static str = "plans";

    /// What an earlier pass has generated stays in its feedback.
    fn reopened(row: &DossierRow<'_, Self>, recorded: &Recorded<Reopened<Plan>>) -> Result<()> {
        row.tx()
            .prepare_cached("UPDATE planned_desks SET generated_at = NULL WHERE division_id = ?1")?
            .execute([&recorded.event.of.division_id])?;
        row.set("generated_count = 0", &[])
    }
}

impl ReadModel for Plans {
    const NAME: &'static str = "query_plans";
    const TABLES: &'static str = concat!(
        dossier_table!(
            "plans",
            division,
            "desk_count INTEGER NOT NULL DEFAULT 0, sprint_count INTEGER NOT NULL DEFAULT 0,
            generated_count INTEGER NOT NULL DEFAULT 0, generation_acks INTEGER NOT NULL DEFAULT 0,
            testing_acks INTEGER NOT NULL DEFAULT 0, deployment_acks INTEGER NOT NULL DEFAULT 0,
            incident_acks INTEGER NOT NULL DEFAULT 0, rescue_acks INTEGER NOT NULL DEFAULT 0"
        ),
        include_str!("tables.sql")
    );
    const REVISION: u32 = 1;
    const PROJECTIONS: &'static [ProjectionEntry] = dossier_projections!(
        Plans,
        Plan,
        DeskInventoried,
        DesksSequenced,
        DependencyPlanned,
        GenerationAcknowledged,
        TestingAcknowledged,
        DeploymentAcknowledged,
        IncidentAcknowledged,
        RescueAcknowledged
    );
    const QUERIES: &'static [QueryEntry] = &[
        query::<Show<Plans>>(),
        query::<get_planned_desks_page::GetPlannedDesksPage>(),
        query::<get_planned_dependencies_page::GetPlannedDependenciesPage>(),
        query::<get_plan_feedback_page::GetPlanFeedbackPage>(),
    ];
}
