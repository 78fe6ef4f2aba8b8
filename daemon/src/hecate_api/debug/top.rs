//! `GET /debug/top`: the actors that lead by one measure, over a window that ends now.

use super::super::{answer::Answer, connection::Asking, edge::Edge};
use super::look::{look, shown};
use axum::extract::Request;
use hecate_proto::debug::{TopBy, Window};
use std::sync::Arc;

const BY: [(&str, TopBy); 6] = [
    ("depth", TopBy::Depth),
    ("busy", TopBy::Busy),
    ("messages", TopBy::Messages),
    ("msgs", TopBy::Messages),
    ("restarts", TopBy::Restarts),
    ("latency", TopBy::Latency),
];
const WINDOWS: [(&str, Window); 3] =
    [("1s", Window::OneSecond), ("10s", Window::TenSeconds), ("60s", Window::OneMinute)];
const ROWS_DEFAULT: u64 = 20;
const ROWS_MAX: u64 = 200;

/// The leaders by `?by=`, over `?window=`, at most `?n=`.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    let wanted = look(&edge, &asking, &request, &["by", "window", "n"])?;
    let by = wanted.choice("by", &BY)?.unwrap_or(TopBy::Busy);
    let window = wanted.choice("window", &WINDOWS)?.unwrap_or_default();
    let rows_max = wanted.number("n", 1..=ROWS_MAX)?.unwrap_or(ROWS_DEFAULT);
    shown(&edge, edge.tree()?.top(by, window, rows_max as usize))
}
