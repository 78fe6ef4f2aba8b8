//! An incident is open until it is resolved or its monitoring is archived; the monitoring counts those that are.

use super::Monitorings;
use crate::monitor_division::{INCIDENT_OPEN, IncidentRaised, IncidentResolved};
use hecate_read_model::{DossierRow, Dossiers, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction, named_params};

impl Project<IncidentRaised> for Monitorings {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<IncidentRaised>) -> Result<()> {
        let raised = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO incidents VALUES (:incident_id, :division_id, :division_name, :venture_id, :cycle,
             :incident_title, :severity, :description, :check_id, :signal, :release_id, 'open', NULL, NULL,
             :raised_by, :raised_at, NULL)",
        )?
        .execute(named_params! {
            ":incident_id": raised.incident_id, ":division_id": raised.of.division_id,
            ":division_name": raised.of.division_name, ":venture_id": raised.of.venture_id,
            ":cycle": raised.cycle, ":incident_title": raised.incident_title,
            ":severity": TextColumn(raised.severity), ":description": raised.description,
            ":check_id": raised.check_id, ":signal": raised.signal.map(TextColumn),
            ":release_id": raised.release_id, ":raised_by": raised.raised_by,
            ":raised_at": raised.raised_at,
        })?;
        let monitoring = Monitorings::row(tx, &[&raised.of.division_id]);
        monitoring.set("open_incident_count = open_incident_count + 1", &[])?;
        monitoring.raise(INCIDENT_OPEN)?;
        monitoring.mark(recorded)
    }
}

impl Project<IncidentResolved> for Monitorings {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<IncidentResolved>) -> Result<()> {
        let IncidentResolved { pass, incident_id, outcome, resolution, resolved_at, .. } = &recorded.event;
        tx.prepare_cached(
            "UPDATE incidents SET state = 'resolved', outcome = ?2, resolution = ?3, resolved_at = ?4
             WHERE incident_id = ?1 AND division_id = ?5",
        )?
        .execute((incident_id, TextColumn(outcome), resolution, resolved_at, &pass.division_id))?;
        let monitoring = Monitorings::row(tx, &[&pass.division_id]);
        monitoring.set("open_incident_count = open_incident_count - 1", &[])?;
        let open = "SELECT 1 FROM incidents WHERE division_id = ? AND state = 'open'";
        if !tx.prepare_cached(open)?.exists([&pass.division_id])? {
            monitoring.lower(INCIDENT_OPEN)?;
        }
        monitoring.mark(recorded)
    }
}

/// Nobody watches any longer: what is open is nobody's to resolve.
pub(super) fn abandon(
    tx: &Transaction<'_>,
    monitoring: &DossierRow<'_, Monitorings>,
    division_id: &str,
) -> Result<()> {
    tx.prepare_cached("UPDATE incidents SET state = 'abandoned' WHERE division_id = ? AND state = 'open'")?
        .execute([division_id])?;
    monitoring.set("open_incident_count = 0", &[])
}
