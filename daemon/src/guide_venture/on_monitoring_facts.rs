//! A division in operation: what its checks see, and what goes wrong. Samples that say nothing new are no story.

use super::GuideVenture;
use super::journal::{Entry, because, enter};
use super::subject::Subject;
use super::tells::{name, tells};
use crate::monitor_division::{
    Health as Seen, HealthCheckDeregistered, HealthCheckRegistered, HealthStatusRecorded, IncidentRaised,
    IncidentResolved, Monitoring, SlaThresholdSet,
};
use hecate_desk::Event;
use hecate_proto::guide::{Health, Process};
use hecate_read_model::{Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction};

tells! {
    Monitoring;
    HealthCheckRegistered, of pass, by registered_by: |fact, division|
        format!("Check {} of {division} registered", fact.check.check_name);
    SlaThresholdSet, of pass, by set_by: |fact, division|
        format!("Service level of {division} set: {} of {}", TextColumn(fact.threshold.signal), fact.threshold.threshold);
}

impl Project<HealthStatusRecorded> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<HealthStatusRecorded>) -> Result<()> {
        let HealthStatusRecorded { pass, check_id, check_name, status, previous_status, .. } =
            &recorded.event;
        if status == previous_status {
            return Ok(());
        }
        let (venture_id, division_id) = (pass.venture_id.as_str(), pass.division_id.as_str());
        tx.prepare_cached("INSERT OR REPLACE INTO division_checks VALUES (?1, ?2, ?3, ?4)")?.execute((
            venture_id,
            division_id,
            check_id,
            TextColumn(health(*status)),
        ))?;
        let of = name(tx, venture_id, division_id)?;
        let says = format!(
            "Check {check_name} of {of} is {}, was {}",
            TextColumn(status),
            TextColumn(previous_status)
        );
        happened(tx, recorded, Fact { venture_id, division_id, says, actor: None })
    }
}

impl Project<HealthCheckDeregistered> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<HealthCheckDeregistered>) -> Result<()> {
        let HealthCheckDeregistered { pass, check_id, check_name, reason, deregistered_by, .. } =
            &recorded.event;
        let (venture_id, division_id) = (pass.venture_id.as_str(), pass.division_id.as_str());
        tx.prepare_cached(
            "DELETE FROM division_checks WHERE venture_id = ?1 AND division_id = ?2 AND check_id = ?3",
        )?
        .execute([venture_id, division_id, check_id])?;
        let what = format!("Check {check_name} of {} deregistered", name(tx, venture_id, division_id)?);
        let says = because(what, reason.as_deref());
        happened(tx, recorded, Fact { venture_id, division_id, says, actor: Some(deregistered_by) })
    }
}

impl Project<IncidentRaised> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<IncidentRaised>) -> Result<()> {
        let IncidentRaised { of, incident_id, incident_title, severity, raised_by, .. } = &recorded.event;
        let (venture_id, division_id) = (of.venture_id.as_str(), of.division_id.as_str());
        tx.prepare_cached("INSERT OR REPLACE INTO open_incidents VALUES (?1, ?2, ?3)")?.execute([
            venture_id,
            division_id,
            incident_id,
        ])?;
        let says = format!("Incident of {}, {}: {incident_title}", of.division_name, TextColumn(severity));
        happened(tx, recorded, Fact { venture_id, division_id, says, actor: Some(raised_by) })
    }
}

impl Project<IncidentResolved> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<IncidentResolved>) -> Result<()> {
        let IncidentResolved { pass, incident_id, resolution, resolved_by, .. } = &recorded.event;
        let (venture_id, division_id) = (pass.venture_id.as_str(), pass.division_id.as_str());
        tx.prepare_cached(
            "DELETE FROM open_incidents WHERE venture_id = ?1 AND division_id = ?2 AND incident_id = ?3",
        )?
        .execute([venture_id, division_id, incident_id])?;
        let what = format!("Incident of {} resolved", name(tx, venture_id, division_id)?);
        let says = because(what, Some(resolution));
        happened(tx, recorded, Fact { venture_id, division_id, says, actor: Some(resolved_by) })
    }
}

/// The monitoring was archived: its open incidents are nobody's to resolve.
pub(super) fn abandon_incidents(tx: &Transaction<'_>, of: &Subject<'_>) -> Result<()> {
    tx.prepare_cached("DELETE FROM open_incidents WHERE venture_id = ?1 AND division_id = ?2")?
        .execute((of.venture_id, of.division_id))
        .map(drop)
}

/// What a fact says of a division in operation.
struct Fact<'f> {
    venture_id: &'f str,
    division_id: &'f str,
    says: String,
    actor: Option<&'f str>,
}

fn happened<E: Event<Monitoring>>(
    tx: &Transaction<'_>,
    recorded: &Recorded<E>,
    fact: Fact<'_>,
) -> Result<()> {
    let Fact { venture_id, division_id, says, actor } = fact;
    let entry = Entry {
        venture_id,
        division_id: Some(division_id),
        process: Process::Monitor,
        event_type: E::TYPE,
        says,
        actor,
        moves: true,
    };
    enter(tx, recorded, entry)
}

/// How a division does whose only check has seen this.
fn health(seen: Seen) -> Health {
    match seen {
        Seen::Healthy => Health::Ok,
        Seen::Degraded => Health::Degraded,
        Seen::Unhealthy => Health::Down,
        Seen::Unknown => Health::Unknown,
    }
}
