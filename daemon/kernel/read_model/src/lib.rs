//! Read models: what the log looks like when asked a question.
//!
//! One projection actor owns one SQLite file and writes it; readers beside it answer queries. Rows and
//! checkpoint move in one transaction, and rows depend on events alone, so a file may be thrown away at
//! any time and is drawn again from the log.
#![warn(missing_docs)]

mod file;
mod model;
mod page;
mod projection;
mod query;
mod readers;
#[cfg(test)]
mod tests;

pub use model::{ModelEntry, ModelWiring, ReadModel, ReadSide, model};
pub use page::{Keyset, Order, Page, Paging};
pub use projection::{Project, ProjectionEntry, Recorded, projects};
pub use query::{AskedQuery, Found, Query, QueryAnswer, QueryDoor, QueryEntry, QueryError, QuerySpec, query};
