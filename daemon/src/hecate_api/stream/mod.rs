//! Server-sent events: the streams of facts, and what every stream is made of.

mod ask;
mod cursor;
mod facts;
pub(super) mod frame;
mod ids;
pub(super) mod pulled;

use super::{
    answer::{Answer, TOO_MANY_STREAMS},
    connection::Asking,
    edge::Edge,
    headers,
    places::{NoPlace, Place},
};
use ask::FactsAsked;
use axum::extract::Request;
use facts::{Facts, Start};
use hecate_desk::Refused;
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
    let place = place(edge, asking)?;
    let start = Start::of(asked.after, store.head());
    let stopping = asking.connected.stopping.clone();
    let heartbeat = edge.parts.limits.heartbeat;
    Ok(Facts::stream(store, asked.filter, start, ids, heartbeat, stopping).answer(place))
}

/// A place for one more stream of this client.
pub(super) fn place(edge: &Edge, asking: &Asking) -> Result<Place, Refused> {
    let crowded = |no_place: NoPlace| TOO_MANY_STREAMS.about("hint", no_place.to_string());
    edge.stream_place(asking.connected.peer.uid).map_err(crowded)
}
