//! `GET /api/desks`: every desk and every query as data, printed once.

use super::{
    answer::{self, Answer},
    command,
    edge::Edge,
    params, query,
};
use axum::extract::Request;
use axum::http::StatusCode;
use bytes::Bytes;
use hecate_proto::catalogue::Catalogue;

/// The catalogue as JSON.
pub(super) fn print(edge: &Edge) -> Bytes {
    let doors = edge.parts.processes.iter().flat_map(|process| process.doors());
    let internal = doors.filter(|door| !door.spec.is_public());
    let catalogue = Catalogue {
        ok: true,
        internal: internal.map(|door| door.sheet.clone()).collect(),
        desks: command::every(edge).map(|desk| desk.door().sheet.clone()).collect(),
        queries: query::every(edge).map(|query| query.door().sheet.clone()).collect(),
    };
    // Plain data always serialises.
    serde_json::to_vec(&catalogue).unwrap_or_default().into()
}

/// Answers a document that was printed when the routes were built.
pub(super) fn printed(document: Bytes, request: &Request) -> Answer {
    params::known(request.uri().query(), &[])?;
    Ok(answer::json_bytes(StatusCode::OK, document))
}
