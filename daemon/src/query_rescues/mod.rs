//! Rescues as people look at them: what became of each incident, what was found, done and escalated.

mod diagnosis_to_diagnoses;
mod escalation_to_escalations;
mod fix_to_fixes;
mod get_diagnoses_page;
mod get_escalations_page;
mod get_fixes_page;
mod get_rescue_by_incident;
mod get_rescues_page;
mod row;
#[cfg(test)]
mod tests;

use crate::rescue_division::{
    FixApplied, IncidentDiagnosed, IncidentHandOff, RedesignEscalated, Rescue, Rescued,
};
use hecate_desk::lifecycle::{Completed, Reopened};
use hecate_read_model::{
    DossierRow, Dossiers, JsonColumn, ProjectionEntry, QueryEntry, ReadModel, Recorded, Show, TextColumn,
    dossier_projections, dossier_table, query,
};
use rusqlite::Result;

/// The read model of rescues.
pub(crate) struct Rescues;

impl Dossiers for Rescues {
    type Drawn = Rescue;
    const TABLE: &'static str = "rescues";

    fn handed(row: &DossierRow<'_, Self>, handoff: &IncidentHandOff) -> Result<()> {
        row.set("incident_title = ?, severity = ?", &[&handoff.incident_title, &handoff.severity])
    }

    fn completed(row: &DossierRow<'_, Self>, recorded: &Recorded<Completed<Rescue>>) -> Result<()> {
        let Completed { handover, completed_at, .. } = &recorded.event;
        let Rescued { outcome, resolution, lessons_learned, action_items, .. } = handover;
        row.set(
            "outcome = ?, resolution = ?, lessons_learned = ?, action_items = ?,
             time_to_resolve_ms = max(? - coalesce(pass_began_at, initiated_at), 0) / 1000",
            &[
                &TextColumn(outcome),
                resolution,
                &JsonColumn(lessons_learned),
                &JsonColumn(action_items),
                completed_at,
            ],
        )
    }

    fn reopened(row: &DossierRow<'_, Self>, recorded: &Recorded<Reopened<Rescue>>) -> Result<()> {
        row.set(
            "outcome = NULL, resolution = NULL, lessons_learned = '[]', action_items = '[]', mitigated_at = NULL,
             time_to_mitigate_ms = NULL, time_to_resolve_ms = NULL, pass_began_at = ?",
            &[&recorded.event.reopened_at],
        )
    }
}

impl ReadModel for Rescues {
    const NAME: &'static str = "query_rescues";
    const TABLES: &'static str = concat!(
        dossier_table!(
            "rescues",
            incident,
            "incident_title TEXT, severity TEXT, outcome TEXT, resolution TEXT,
             lessons_learned TEXT NOT NULL DEFAULT '[]', action_items TEXT NOT NULL DEFAULT '[]',
             pass_began_at INTEGER, mitigated_at INTEGER, time_to_mitigate_ms INTEGER, time_to_resolve_ms INTEGER"
        ),
        include_str!("tables.sql")
    );
    const REVISION: u32 = 1;
    const PROJECTIONS: &'static [ProjectionEntry] =
        dossier_projections!(Rescues, Rescue, IncidentDiagnosed, FixApplied, RedesignEscalated);
    const QUERIES: &'static [QueryEntry] = &[
        query::<get_rescues_page::GetRescuesPage>(),
        query::<Show<Rescues>>(),
        query::<get_diagnoses_page::GetDiagnosesPage>(),
        query::<get_fixes_page::GetFixesPage>(),
        query::<get_escalations_page::GetEscalationsPage>(),
    ];
}
