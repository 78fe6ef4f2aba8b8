//! Rows of read models, as queries answer them. Times are RFC 3339 in UTC.

mod designs;
mod discoveries;
mod dossiers;
mod read_models;
mod ventures;

pub use designs::{DesignRow, DesignedAggregateRow, DesignedEventRow, PayloadFieldRow, StatusFlagRow};
pub use discoveries::{DiscoveryRow, DivisionRow};
pub use dossiers::DossierColumns;
pub use read_models::{ParkedEventRow, ReadModelRow};
pub use ventures::{VentureRow, VisionRevisionRow};
