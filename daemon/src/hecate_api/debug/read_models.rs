//! `GET /debug/read_models`: how each read model is drawn, for operators.

use super::super::{
    answer::{self, Answer},
    connection::Asking,
    edge::Edge,
};
use super::look::look;
use axum::extract::Request;
use axum::http::StatusCode;
use hecate_event_store::{EventStore, Filter};
use hecate_proto::read_models::{BatchTimes, ReadModelState, ReadModelsAnswer, RebuildProgress};
use hecate_proto::time::rfc3339;
use hecate_read_model::ReadSide;
use std::sync::Arc;

/// Every read model.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    let parts = &edge.parts;
    look(&edge, &asking, &request, &[])?;
    let store = parts.store.get();
    let mut read_models = Vec::new();
    for model in &parts.models {
        read_models.push(state(model, store.as_deref()).await);
    }
    let answer = ReadModelsAnswer {
        ok: true,
        node_id: parts.node.node_id.to_string(),
        at: rfc3339(parts.node.clock.now_us()),
        head: store.map(|store| store.head()),
        read_models,
    };
    Ok(answer::json(StatusCode::OK, &answer))
}

async fn state(model: &ReadSide, store: Option<&dyn EventStore>) -> ReadModelState {
    let (gauges, size, head) = (model.gauges(), model.size(), store.map(|store| store.head()));
    let behind = head.zip(gauges.position).map(|(head, reached)| head.saturating_sub(reached));
    ReadModelState {
        model: model.name().to_owned(),
        position: gauges.position,
        positions_behind: behind,
        seconds_behind: match (store, head, gauges.position) {
            (Some(store), Some(head), Some(reached)) => seconds_between(store, reached, head).await,
            _ => None,
        },
        events_per_second: gauges.events_per_second,
        batch_us: BatchTimes {
            samples: gauges.batch_us.samples,
            p50: gauges.batch_us.p50,
            p99: gauges.batch_us.p99,
        },
        parked: gauges.parked,
        parked_behind: gauges.parked_behind,
        rebuild: gauges.making.map(|position| RebuildProgress { position, head }),
        file_bytes: size.file_bytes,
        wal_bytes: size.wal_bytes,
    }
}

/// By the events' own times. A log that is read no further than to its end is not behind.
async fn seconds_between(store: &dyn EventStore, reached: u64, head: u64) -> Option<f64> {
    if reached >= head {
        return Some(0.0);
    }
    let (seen, last) = (at_us(store, reached.max(1)).await?, at_us(store, head).await?);
    Some(last.saturating_sub(seen).max(0) as f64 / 1_000_000.0)
}

async fn at_us(store: &dyn EventStore, position: u64) -> Option<i64> {
    let page = store.read_all(position - 1, &Filter::all(), 1).await.ok()?;
    page.events.first().map(|event| event.at_us)
}
