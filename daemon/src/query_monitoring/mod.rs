//! Monitorings as people look at them: what is probed, what was seen, what was promised, what went wrong.

mod check_to_health_checks;
mod get_checks_page;
mod get_division_incidents_page;
mod get_incidents_page;
mod get_monitoring_by_division;
mod get_samples_page;
mod get_sla_thresholds_page;
mod health_to_samples;
mod incident_to_incidents;
mod row;
mod since;
#[cfg(test)]
mod tests;
mod threshold_to_sla_thresholds;
mod withdrawal_to_monitorings;

use crate::monitor_division::{
    HealthCheckDeregistered, HealthCheckRegistered, HealthStatusRecorded, IncidentRaised, IncidentResolved,
    Monitoring, ReleaseWithdrawn, SlaThresholdSet,
};
use hecate_desk::lifecycle::Archived;
use hecate_read_model::{
    DossierRow, Dossiers, ProjectionEntry, QueryEntry, ReadModel, Recorded, Show, dossier_projections,
    dossier_table, query,
};
use rusqlite::{Result, Transaction};

/// The read model of monitorings.
pub(crate) struct Monitorings;

impl Dossiers for Monitorings {
    type Drawn = Monitoring;
    const TABLE: &'static str = "monitorings";

    fn archived(
        tx: &Transaction<'_>,
        monitoring: &DossierRow<'_, Self>,
        recorded: &Recorded<Archived<Monitoring>>,
    ) -> Result<()> {
        incident_to_incidents::abandon(tx, monitoring, &recorded.event.of.division_id)
    }
}

impl ReadModel for Monitorings {
    const NAME: &'static str = "query_monitoring";
    const TABLES: &'static str = concat!(
        dossier_table!(
            "monitorings",
            division,
            "check_count INTEGER NOT NULL DEFAULT 0, open_incident_count INTEGER NOT NULL DEFAULT 0,
             health TEXT NOT NULL DEFAULT 'unknown'"
        ),
        include_str!("tables.sql")
    );
    const REVISION: u32 = 1;
    const PROJECTIONS: &'static [ProjectionEntry] = dossier_projections!(
        Monitorings,
        Monitoring,
        HealthCheckRegistered,
        HealthCheckDeregistered,
        HealthStatusRecorded,
        SlaThresholdSet,
        IncidentRaised,
        IncidentResolved,
        ReleaseWithdrawn
    );
    const QUERIES: &'static [QueryEntry] = &[
        query::<Show<Monitorings>>(),
        query::<get_checks_page::GetChecksPage>(),
        query::<get_samples_page::GetSamplesPage>(),
        query::<get_sla_thresholds_page::GetSlaThresholdsPage>(),
        query::<get_division_incidents_page::GetDivisionIncidentsPage>(),
        query::<get_incidents_page::GetIncidentsPage>(),
    ];
}
