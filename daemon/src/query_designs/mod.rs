//! Designs as people look at them: where each stands, and the aggregates and events that it says.

mod aggregate_to_designed_aggregates;
mod event_to_designed_events;
mod get_design_by_division;
mod get_designed_aggregates_page;
mod get_designed_events_page;
mod row;
#[cfg(test)]
mod tests;

use crate::design_division::{AggregateDesigned, AggregateRevised, Design, EventDesigned, EventRevised};
use hecate_read_model::{
    Dossiers, ProjectionEntry, QueryEntry, ReadModel, Show, dossier_projections, dossier_table, query,
};

/// The read model of designs.
pub(crate) struct Designs;

impl Dossiers for Designs {
    type Drawn = Design;
    const TABLE: &'static str = "designs";
}

impl ReadModel for Designs {
    const NAME: &'static str = "query_designs";
    const TABLES: &'static str = concat!(
        dossier_table!(
            "designs",
            division,
            "aggregate_count INTEGER NOT NULL DEFAULT 0, event_count INTEGER NOT NULL DEFAULT 0"
        ),
        include_str!("tables.sql")
    );
    const REVISION: u32 = 1;
    const PROJECTIONS: &'static [ProjectionEntry] = dossier_projections!(
        Designs,
        Design,
        AggregateDesigned,
        AggregateRevised,
        EventDesigned,
        EventRevised
    );
    const QUERIES: &'static [QueryEntry] = &[
        query::<Show<Designs>>(),
        query::<get_designed_aggregates_page::GetDesignedAggregatesPage>(),
        query::<get_designed_events_page::GetDesignedEventsPage>(),
    ];
}
