//! Rows of read models, as queries answer them. Times are RFC 3339 in UTC.

mod deployments;
mod designs;
mod discoveries;
mod dossiers;
mod generations;
mod monitoring;
mod plans;
mod read_models;
mod rescues;
mod testings;
mod ventures;

pub use deployments::{ArtifactRow, DeploymentRow, ReleaseRow, RolloutStageRow};
pub use designs::{DesignRow, DesignedAggregateRow, DesignedEventRow, PayloadFieldRow, StatusFlagRow};
pub use discoveries::{DiscoveryRow, DivisionRow};
pub use dossiers::DossierColumns;
pub use generations::{
    GeneratedDeskRow, GeneratedFileRow, GeneratedModuleRow, GeneratedTestRow, GenerationRow,
};
pub use monitoring::{HealthCheckRow, HealthSampleRow, IncidentRow, MonitoringRow, SlaThresholdRow};
pub use plans::{PlanFeedbackRow, PlanRow, PlannedDependencyRow, PlannedDeskRow};
pub use read_models::{ParkedEventRow, ReadModelRow};
pub use rescues::{DiagnosisRow, EscalationRow, FixRow, RescueRow};
pub use testings::{CriterionRow, QualityGateRow, TestResultRow, TestSuiteRow, TestTotalsRow, TestingRow};
pub use ventures::{VentureRow, VisionRevisionRow};
