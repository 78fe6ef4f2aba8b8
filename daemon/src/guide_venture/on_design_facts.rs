//! Aggregates and events are designed and revised.

use super::journal::because;
use super::tells::tells;
use crate::design_division::{AggregateDesigned, AggregateRevised, Design, EventDesigned, EventRevised};

tells! {
    Design;
    AggregateDesigned, of pass, by designed_by: |fact, division|
        format!("Aggregate {} designed for {division}", fact.aggregate.aggregate_name);
    AggregateRevised, of pass, by revised_by: |fact, division| because(
        format!("Aggregate {} of {division} revised", fact.aggregate.aggregate_name), Some(&fact.reason));
    EventDesigned, of pass, by designed_by: |fact, division|
        format!("Event {} designed for {division}", fact.event.event_name);
    EventRevised, of pass, by revised_by: |fact, division| because(
        format!("Event {} of {division} revised", fact.event.event_name), Some(&fact.reason));
}
