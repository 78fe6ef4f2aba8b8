//! What comes back to a plan gets a row each, and counts; a desk that was generated says so itself.

use super::Plans;
use crate::plan_division::{
    DeploymentAcknowledged, DeploymentNews, Feedback, GenerationAcknowledged, GenerationNews,
    IncidentAcknowledged, IncidentNews, RescueAcknowledged, RescueNews, TestingAcknowledged, TestingNews,
};
use hecate_read_model::{DossierRow, Dossiers, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which process it came from.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Kind {
    Generation,
    Testing,
    Deployment,
    Incident,
    Rescue,
}

impl Project<GenerationAcknowledged> for Plans {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<GenerationAcknowledged>) -> Result<()> {
        let GenerationAcknowledged { feedback, news: GenerationNews { desk_id } } = &recorded.event;
        tx.prepare_cached("UPDATE planned_desks SET generated_at = ?2 WHERE desk_id = ?1")?
            .execute((desk_id, feedback.acknowledged_at))?;
        let plan = came_back(tx, feedback, Kind::Generation, format!("{desk_id} was generated"))?;
        plan.set(
            "generated_count = (SELECT count(generated_at) FROM planned_desks WHERE division_id = ?)",
            &[&feedback.pass.division_id],
        )?;
        plan.mark(recorded)
    }
}

impl Project<TestingAcknowledged> for Plans {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<TestingAcknowledged>) -> Result<()> {
        let TestingAcknowledged { feedback, news: TestingNews { gate_passed, totals } } = &recorded.event;
        let gate = if *gate_passed { "passed" } else { "not passed" };
        let summary = format!(
            "Gate {gate}: {} suites, {} passed, {} failed, {} skipped, {} errored",
            totals.suites, totals.passed, totals.failed, totals.skipped, totals.errored
        );
        came_back(tx, feedback, Kind::Testing, summary)?.mark(recorded)
    }
}

impl Project<DeploymentAcknowledged> for Plans {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<DeploymentAcknowledged>) -> Result<()> {
        let DeploymentAcknowledged { feedback, news: DeploymentNews { release_id, version, env } } =
            &recorded.event;
        let summary = format!("{version} was deployed to {env} as {release_id}");
        came_back(tx, feedback, Kind::Deployment, summary)?.mark(recorded)
    }
}

impl Project<IncidentAcknowledged> for Plans {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<IncidentAcknowledged>) -> Result<()> {
        let IncidentAcknowledged { feedback, news: IncidentNews { incident_id, severity } } = &recorded.event;
        let summary = format!("{incident_id} was raised, severity {severity}");
        came_back(tx, feedback, Kind::Incident, summary)?.mark(recorded)
    }
}

impl Project<RescueAcknowledged> for Plans {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<RescueAcknowledged>) -> Result<()> {
        let RescueAcknowledged { feedback, news: RescueNews { incident_id, outcome } } = &recorded.event;
        let summary = format!("{incident_id} came to its end: {outcome}");
        came_back(tx, feedback, Kind::Rescue, summary)?.mark(recorded)
    }
}

/// Answers the row of the plan, to be marked.
fn came_back<'t>(
    tx: &'t Transaction<'_>,
    feedback: &Feedback,
    kind: Kind,
    summary: String,
) -> Result<DossierRow<'t, Plans>> {
    let Feedback { pass, source_event_id, acknowledged_at } = feedback;
    tx.prepare_cached("INSERT INTO plan_feedback VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute((
        source_event_id.to_string(),
        &pass.division_id,
        &pass.venture_id,
        TextColumn(kind),
        summary,
        acknowledged_at,
    ))?;
    let plan = Plans::row(tx, &[&pass.division_id]);
    plan.set(&format!("{0}_acks = {0}_acks + 1", TextColumn(kind)), &[])?;
    Ok(plan)
}
