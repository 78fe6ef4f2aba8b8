//! Read models: what the log looks like when asked a question.
//!
//! One projection actor owns one SQLite file and writes it; readers beside it answer queries. Rows and
//! checkpoint move in one transaction, and rows depend on events alone, so a file may be thrown away at
//! any time and is drawn again from the log: beside the old one, and put in its place when it is whole.
//!
//! An event that does not draw is parked with its stream, and an operator decides; what was decided is in
//! the log ([`tending`]), so a file drawn anew ends the same.
#![warn(missing_docs)]

mod columns;
mod dossiers;
mod drawer;
mod file;
mod gauges;
#[cfg(any(test, feature = "kit"))]
pub mod kit;
mod model;
mod page;
mod parking;
mod pen;
mod projection;
mod projection_actor;
mod query;
mod read_side;
mod readers;
mod sheet;
mod telling;
pub mod tending;
#[cfg(test)]
mod tests;

pub use columns::{JsonColumn, TextColumn};
pub use dossiers::{About, DossierRow, Dossiers, Show, Shown, dossier_columns};
pub use gauges::ModelGauges;
pub use model::{ModelEntry, ModelWiring, ReadModel, Settle, model};
pub use page::{Keyset, Order, Page, Paging};
pub use parking::Poison;
pub use projection::{Project, ProjectError, ProjectionEntry, Recorded, projects};
pub use query::{AskedQuery, Found, Query, QueryAnswer, QueryDoor, QueryEntry, QueryError, QuerySpec, query};
pub use read_side::ReadSide;
