//! `GET /debug/store`: how the event store's writer is doing, for operators.

use super::super::{
    answer::{self, Answer},
    connection::Asking,
    edge::Edge,
    params,
};
use axum::extract::Request;
use axum::http::StatusCode;
use hecate_desk::Refusal;
use hecate_proto::time::rfc3339;
use serde_json::json;
use std::sync::Arc;

/// Which store, how far it is, what waits for its writer and how long the disk takes.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    let parts = &edge.parts;
    parts.operators.admit(asking.connected.peer, edge.own_uid)?;
    params::known(request.uri().query(), &[])?;
    let store = parts.store.get().ok_or(Refusal::STARTING)?;
    let answer = json!({
        "ok": true,
        "node_id": parts.node.node_id,
        "at": rfc3339(parts.node.clock.now_us()),
        "store_id": store.store_id(),
        "epoch": store.epoch(),
        "head": store.head(),
        "writer": store.gauges(),
    });
    Ok(answer::json(StatusCode::OK, &answer))
}
