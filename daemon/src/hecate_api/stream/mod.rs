//! Server-sent events. A stream is pulled: it reads the log only when its client has taken what came
//! before, so a slow client costs no memory, only its own delay.

mod ask;
mod cursor;
mod facts;
mod frame;
mod ids;

use super::{
    answer::{Answer, TOO_MANY_STREAMS},
    connection::Asking,
    edge::Edge,
    headers,
    places::NoPlace,
};
use ask::FactsAsked;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use facts::{FactStream, Start};
use ids::Ids;
use std::sync::Arc;

/// `GET /api/facts/stream`: facts whose ids are bare positions.
pub(super) async fn facts(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    open(&edge, &asking, &request, Ids::Positions)
}

/// `GET /api/stream?topics=…`: several topics, whose ids are one opaque cursor.
pub(super) async fn topics(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    open(&edge, &asking, &request, Ids::Cursors)
}

fn open(edge: &Edge, asking: &Asking, request: &Request, ids: Ids) -> Answer {
    let last_seen = headers::last_event_id(request.headers())?;
    let asked = FactsAsked::read(request.uri().query(), last_seen, ids, &edge.parts.processes)?;
    let store = edge.store()?;
    let crowded = |no_place: NoPlace| TOO_MANY_STREAMS.about("hint", no_place.to_string());
    let place = edge.stream_place(asking.connected.peer.uid).map_err(crowded)?;
    let start = Start::of(asked.after, store.head());
    let stopping = asking.connected.stopping.clone();
    let stream = FactStream::new(store, asked.filter, start, ids, edge.parts.limits.heartbeat, stopping);
    let mut response = Response::new(Body::from_stream(stream.chunks(place)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
