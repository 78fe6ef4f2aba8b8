//! `GET /debug/deadlocks`: who may never answer.

use super::super::{answer::Answer, connection::Asking, edge::Edge};
use super::look::{look, shown};
use axum::extract::Request;
use std::sync::Arc;
use std::time::Duration;

/// A handler that has been at work for longer is suspect, ms.
const OLDER_THAN_MS: u64 = 2_000;
/// A tick of the coarse clock, and a day, ms.
const OLDER_THAN_MS_MIN: u64 = 10;
const OLDER_THAN_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

/// Cycles of waiting, and handlers at work for longer than `?older_than_ms=`.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    let wanted = look(&edge, &asking, &request, &["older_than_ms"])?;
    let older_than_ms = wanted.number("older_than_ms", OLDER_THAN_MS_MIN..=OLDER_THAN_MS_MAX)?;
    let older_than = Duration::from_millis(older_than_ms.unwrap_or(OLDER_THAN_MS));
    shown(&edge, edge.tree()?.deadlocks(older_than))
}
