//! Discoveries as people look at them: where each stands, and the divisions that it found.

mod division_to_discovered_divisions;
mod get_discovery_by_venture;
mod get_division_by_id;
mod get_divisions_page;
mod row;
#[cfg(test)]
mod tests;

use crate::discover_divisions::{Discovery, DivisionDiscovered, DivisionDismissed};
use hecate_read_model::{
    Dossiers, ProjectionEntry, QueryEntry, ReadModel, Show, dossier_projections, dossier_table, query,
};

/// The read model of discoveries.
pub(crate) struct Discoveries;

impl Dossiers for Discoveries {
    type Drawn = Discovery;
    const TABLE: &'static str = "discoveries";
}

impl ReadModel for Discoveries {
    const NAME: &'static str = "query_discoveries";
    const TABLES: &'static str = concat!(
        dossier_table!("discoveries", venture, "division_count INTEGER NOT NULL DEFAULT 0"),
        include_str!("tables.sql")
    );
    const REVISION: u32 = 1;
    const PROJECTIONS: &'static [ProjectionEntry] =
        dossier_projections!(Discoveries, Discovery, DivisionDiscovered, DivisionDismissed);
    const QUERIES: &'static [QueryEntry] = &[
        query::<Show<Discoveries>>(),
        query::<get_divisions_page::GetDivisionsPage>(),
        query::<get_division_by_id::GetDivisionById>(),
    ];
}
