//! Guides a venture through its processes: how far it and each of its divisions have come, what can be done next,
//! and its journal.
//!
//! It only listens. It draws what the processes record, one file a process; what all that last have in common is
//! drawn once, in [`on_lifecycle_facts`]. What follows from the rows is said by pure rules, [`standing`] and [`tasks`].

mod changed;
mod get_active_venture;
mod get_tasks_page;
mod get_timeline_page;
mod get_venture_status;
mod journal;
mod on_deployment_facts;
mod on_design_facts;
mod on_discovery_facts;
mod on_generation_facts;
mod on_lifecycle_facts;
mod on_monitoring_facts;
mod on_plan_facts;
mod on_rescue_facts;
mod on_testing_facts;
mod on_venture_facts;
mod plain;
mod refresh;
mod standing;
mod subject;
mod tasks;
mod tells;
#[cfg(test)]
mod tests;

use crate::deploy_division::{Deployment, ReleaseDeployed, ReleaseRolledBack, RolloutStaged};
use crate::design_division::{AggregateDesigned, AggregateRevised, Design, EventDesigned, EventRevised};
use crate::discover_divisions::{Discovery, DivisionDiscovered, DivisionDismissed};
use crate::generate_division::{
    DeskGenerated, Generation, ModuleGenerated, SkeletonGenerated, TestGenerated,
};
use crate::monitor_division::{
    HealthCheckDeregistered, HealthCheckRegistered, HealthStatusRecorded, IncidentRaised, IncidentResolved,
    Monitoring, SlaThresholdSet,
};
use crate::plan_division::{DependencyPlanned, DeskInventoried, DesksSequenced, Plan};
use crate::rescue_division::{FixApplied, IncidentDiagnosed, RedesignEscalated, Rescue};
use crate::setup_venture::{
    Venture, VentureArchived, VentureSetup, VentureVisionRefined, VentureVisionSubmitted,
};
use crate::test_division::{QualityGateSet, TestSuiteConcluded, TestSuiteRun, Testing};
use hecate_desk::lifecycle::{
    Archived, Completed, Initiated, LongLived, Paused, Rebriefed, Reopened, Resumed, Started,
};
use hecate_proto::guide::Process;
use hecate_read_model::{ProjectionEntry, QueryEntry, ReadModel, Settle, projects, query};
use rusqlite::{Result, Transaction};

/// The read model of what there is to do.
pub(crate) struct GuideVenture;

/// A long-lived process that ventures are guided through.
trait Guided: LongLived<Of: subject::About> {
    /// Its place on the way.
    const TURN: Process;

    /// It was put away: what it kept open is nobody's to close.
    fn put_away(_: &Transaction<'_>, _: &subject::Subject<'_>) -> Result<()> {
        Ok(())
    }
}

impl Guided for Discovery {
    const TURN: Process = Process::Discovery;
}

impl Guided for Design {
    const TURN: Process = Process::Design;
}

impl Guided for Plan {
    const TURN: Process = Process::Plan;
}

impl Guided for Generation {
    const TURN: Process = Process::Generate;
}

impl Guided for Testing {
    const TURN: Process = Process::Test;
}

impl Guided for Deployment {
    const TURN: Process = Process::Deploy;
}

impl Guided for Monitoring {
    const TURN: Process = Process::Monitor;

    fn put_away(tx: &Transaction<'_>, of: &subject::Subject<'_>) -> Result<()> {
        on_monitoring_facts::abandon_incidents(tx, of)
    }
}

impl Guided for Rescue {
    const TURN: Process = Process::Rescue;
}

/// The lifecycle of each long-lived process, and what else each process records.
macro_rules! projections {
    (lifecycle of $($long_lived:ty),+; $($aggregate:ty: $($event:ty),+;)+) => {
        &[
            $(
                projects::<GuideVenture, $long_lived, Initiated<$long_lived>>(),
                projects::<GuideVenture, $long_lived, Rebriefed<$long_lived>>(),
                projects::<GuideVenture, $long_lived, Started<$long_lived>>(),
                projects::<GuideVenture, $long_lived, Paused<$long_lived>>(),
                projects::<GuideVenture, $long_lived, Resumed<$long_lived>>(),
                projects::<GuideVenture, $long_lived, Completed<$long_lived>>(),
                projects::<GuideVenture, $long_lived, Reopened<$long_lived>>(),
                projects::<GuideVenture, $long_lived, Archived<$long_lived>>(),
            )+
            $($(projects::<GuideVenture, $aggregate, $event>(),)+)+
        ]
    };
}

impl ReadModel for GuideVenture {
    const NAME: &'static str = "guide_venture";
    const TABLES: &'static str = include_str!("tables.sql");
    const REVISION: u32 = 1;
    const PROJECTIONS: &'static [ProjectionEntry] = projections! {
        lifecycle of Discovery, Design, Plan, Generation, Testing, Deployment, Monitoring, Rescue;
        Venture: VentureSetup, VentureVisionRefined, VentureVisionSubmitted, VentureArchived;
        Discovery: DivisionDiscovered, DivisionDismissed;
        Design: AggregateDesigned, AggregateRevised, EventDesigned, EventRevised;
        Plan: DeskInventoried, DesksSequenced, DependencyPlanned;
        Generation: SkeletonGenerated, DeskGenerated, ModuleGenerated, TestGenerated;
        Testing: QualityGateSet, TestSuiteRun, TestSuiteConcluded;
        Deployment: ReleaseDeployed, RolloutStaged, ReleaseRolledBack;
        Monitoring: HealthCheckRegistered, HealthCheckDeregistered, SlaThresholdSet, HealthStatusRecorded, IncidentRaised, IncidentResolved;
        Rescue: IncidentDiagnosed, FixApplied, RedesignEscalated;
    };
    const SETTLE: Settle = changed::settle;
    const QUERIES: &'static [QueryEntry] = &[
        query::<get_active_venture::GetActiveVenture>(),
        query::<get_venture_status::GetVentureStatus>(),
        query::<get_tasks_page::GetTasksPage>(),
        query::<get_timeline_page::GetTimelinePage>(),
    ];
}
