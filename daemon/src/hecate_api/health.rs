//! Is the daemon up, and how far is each part. Answers at once, whatever state the rest is in.

use super::{
    answer::{self, Answer},
    connection::Asking,
    edge::{Edge, Phase},
};
use axum::extract::Request;
use axum::http::StatusCode;
use hecate_proto::health::{Component, Health};
use hecate_read_model::ReadSide;
use std::future::{Ready, ready as at_once};
use std::sync::Arc;

/// Always 200: whoever answers is alive.
pub(super) fn live(edge: Arc<Edge>, _: Asking, _: Request) -> Ready<Answer> {
    at_once(Ok(answer::json(StatusCode::OK, &health(&edge))))
}

/// 200 once commands and queries are served, 503 before and while stopping.
pub(super) fn ready(edge: Arc<Edge>, _: Asking, _: Request) -> Ready<Answer> {
    let health = health(&edge);
    let status = if health.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    at_once(Ok(answer::json(status, &health)))
}

fn health(edge: &Edge) -> Health {
    let phase = edge.phase();
    let head = edge.parts.store.get().map(|store| store.head());
    let facts = behind(edge.parts.facts.position(), head);
    let models = edge.parts.models.iter().map(|model| (model.name().to_owned(), model_health(model, head)));
    Health {
        ok: phase == Phase::Ready,
        status: name(phase).to_owned(),
        ready: phase == Phase::Ready,
        version: edge.parts.version.to_owned(),
        node_id: edge.parts.node.node_id.to_string(),
        pid: std::process::id(),
        uptime_seconds: edge.parts.started.elapsed().as_secs(),
        components: [("store".to_owned(), store_health(head)), ("facts".to_owned(), facts)]
            .into_iter()
            .chain(models)
            .collect(),
    }
}

const fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Ready => "ready",
        Phase::Stopping => "stopping",
    }
}

fn store_health(head: Option<u64>) -> Component {
    let says = head.is_none().then(|| "The event store is not open.".to_owned());
    Component {
        status: if head.is_some() { "ok" } else { "down" }.to_owned(),
        position: head,
        lag: None,
        says,
    }
}

fn model_health(model: &ReadSide, head: Option<u64>) -> Component {
    drawn_health(model.position(), head)
}

fn drawn_health(drawn: Option<u64>, head: Option<u64>) -> Component {
    let Some(position) = drawn else {
        let says = Some("Nothing draws this read model now.".to_owned());
        return Component { status: "down".to_owned(), position: None, lag: None, says };
    };
    behind(position, head)
}

fn behind(position: u64, head: Option<u64>) -> Component {
    let lag = head.map(|head| head.saturating_sub(position));
    Component { status: "ok".to_owned(), position: Some(position), lag, says: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_model_shows_how_far_it_lags() {
        let shown = |drawn, head| {
            let component = drawn_health(drawn, head);
            (component.status, component.position, component.lag)
        };
        assert_eq!(shown(Some(3), Some(5)), ("ok".to_owned(), Some(3), Some(2)));
        assert_eq!(shown(Some(5), None), ("ok".to_owned(), Some(5), None));
        assert_eq!(shown(None, Some(5)), ("down".to_owned(), None, None));
    }
}
