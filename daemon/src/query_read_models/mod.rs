//! Read models as their operators look at them: what is parked in each, and when it was last rebuilt.

mod get_parked_events_page;
mod get_read_models_page;
mod tending_to_read_models;

use crate::tend_read_models::TendedModel;
use hecate_read_model::tending::{
    EventParked, ParkedEventRetried, ParkedEventSkipped, ReadModelRebuildRequested,
};
use hecate_read_model::{ProjectionEntry, QueryEntry, ReadModel, projects, query};

/// The read model of read models.
pub(crate) struct ReadModels;

impl ReadModel for ReadModels {
    const NAME: &'static str = "query_read_models";
    const TABLES: &'static str = include_str!("tables.sql");
    const REVISION: u32 = 1;
    const PROJECTIONS: &'static [ProjectionEntry] = &[
        projects::<ReadModels, TendedModel, EventParked>(),
        projects::<ReadModels, TendedModel, ParkedEventRetried>(),
        projects::<ReadModels, TendedModel, ParkedEventSkipped>(),
        projects::<ReadModels, TendedModel, ReadModelRebuildRequested>(),
    ];
    const QUERIES: &'static [QueryEntry] = &[
        query::<get_read_models_page::GetReadModelsPage>(),
        query::<get_parked_events_page::GetParkedEventsPage>(),
    ];
}
