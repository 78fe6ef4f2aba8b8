//! `GET /debug/store`: how the event store's writer is doing, for operators.

use super::super::{answer::Answer, connection::Asking, edge::Edge};
use super::look::{look, shown};
use axum::extract::Request;
use std::sync::Arc;

/// Which store, how far it is, what waits for its writer and how long the disk takes.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    look(&edge, &asking, &request, &[])?;
    let store = edge.store()?;
    shown(&edge, hecate_event_store::shown(&*store))
}
