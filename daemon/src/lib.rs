//! The Hecate daemon: one per node, it keeps ventures for whoever attaches.
//!
//! This page is the table of contents. A process knows neither another process nor a query app; they meet
//! here, in two lists, and through the facts that they record.

mod arguments;
mod blob_chores;
mod boot;
mod chores;
mod config;
mod exit;
mod hecate_api;
mod house;
mod life;
mod listening;
mod logging;
mod node_identity;
mod store_chores;
#[cfg(test)]
mod tests;
mod tree_chores;

mod deploy_division;
mod design_division;
mod discover_divisions;
mod generate_division;
mod guide_venture;
mod monitor_division;
mod plan_division;
mod query_deployments;
mod query_designs;
mod query_discoveries;
mod query_generations;
mod query_monitoring;
mod query_plans;
mod query_read_models;
mod query_rescues;
mod query_tests;
mod query_ventures;
mod rescue_division;
mod serve_blobs;
mod serve_llm;
mod setup_venture;
mod tend_read_models;
mod test_division;

use hecate_desk::{ProcessEntry, process};
use hecate_read_model::{ModelEntry, model};

/// The processes, in the order in which a venture walks through them; then those of the platform.
const PROCESSES: &[ProcessEntry] = &[
    process::<setup_venture::Venture>(),
    process::<discover_divisions::Discovery>(),
    process::<design_division::Design>(),
    process::<plan_division::Plan>(),
    process::<generate_division::Generation>(),
    process::<test_division::Testing>(),
    process::<deploy_division::Deployment>(),
    process::<monitor_division::Monitoring>(),
    process::<rescue_division::Rescue>(),
    process::<tend_read_models::TendedModel>(),
];

/// The read models.
const MODELS: &[ModelEntry] = &[
    model::<query_ventures::Ventures>(),
    model::<query_discoveries::Discoveries>(),
    model::<query_designs::Designs>(),
    model::<query_plans::Plans>(),
    model::<query_generations::Generations>(),
    model::<query_tests::Tests>(),
    model::<query_deployments::Deployments>(),
    model::<query_monitoring::Monitorings>(),
    model::<query_rescues::Rescues>(),
    model::<guide_venture::GuideVenture>(),
    model::<query_read_models::ReadModels>(),
];

/// Runs the program that the command line asks for; answers its exit code.
pub fn run() -> std::process::ExitCode {
    arguments::read().map_or_else(|usage| usage, |arguments| life::run(arguments).into())
}
