//! Ventures as people look at them: one row each, and every revision of their visions.

mod get_venture_by_id;
mod get_ventures_page;
mod get_vision_revisions_page;
mod row;
#[cfg(test)]
mod tests;
mod venture_lifecycle_to_ventures;

use crate::setup_venture::{
    Venture, VentureArchived, VentureSetup, VentureVisionRefined, VentureVisionSubmitted,
};
use hecate_read_model::{ProjectionEntry, QueryEntry, ReadModel, projects, query};

/// The read model of ventures.
pub(crate) struct Ventures;

impl ReadModel for Ventures {
    const NAME: &'static str = "query_ventures";
    const TABLES: &'static str = include_str!("tables.sql");
    const REVISION: u32 = 1;
    const PROJECTIONS: &'static [ProjectionEntry] = &[
        projects::<Ventures, Venture, VentureSetup>(),
        projects::<Ventures, Venture, VentureVisionRefined>(),
        projects::<Ventures, Venture, VentureVisionSubmitted>(),
        projects::<Ventures, Venture, VentureArchived>(),
    ];
    const QUERIES: &'static [QueryEntry] = &[
        query::<get_ventures_page::GetVenturesPage>(),
        query::<get_venture_by_id::GetVentureById>(),
        query::<get_vision_revisions_page::GetVisionRevisionsPage>(),
    ];
}
