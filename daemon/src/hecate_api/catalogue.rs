//! `GET /api/desks`: every desk and every query as data; and how documents that describe the daemon are printed,
//! when somebody asks for the first time: a start does not wait for them.

use super::{
    answer::{self, Answer},
    command,
    edge::Edge,
    params, query,
};
use axum::extract::Request;
use axum::http::StatusCode;
use bytes::Bytes;
use hecate_desk::Refusal;
use hecate_proto::catalogue::Catalogue;
use std::sync::{Arc, OnceLock};
use tokio::task::spawn_blocking;

/// The catalogue as JSON.
fn print(edge: &Edge) -> Bytes {
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

/// What describes the daemon, the same as long as it lives.
#[derive(Clone, Copy)]
pub(super) struct Document {
    pub(super) print: fn(&Edge) -> Bytes,
    /// Where it is kept.
    pub(super) kept: fn(&Edge) -> &OnceLock<Bytes>,
}

/// This one.
pub(super) const DESKS: Document = Document { print, kept: |edge| &edge.desks };

/// Answers a document.
pub(super) async fn printed(document: Document, edge: Arc<Edge>, request: Request) -> Answer {
    params::known(request.uri().query(), &[])?;
    let known = (document.kept)(&edge).get().cloned();
    let bytes = match known {
        Some(bytes) => bytes,
        // Long enough to keep others waiting.
        None => {
            spawn_blocking(move || (document.kept)(&edge).get_or_init(|| (document.print)(&edge)).clone())
                .await
                .map_err(|_| Refusal::INTERNAL)?
        }
    };
    Ok(answer::json_bytes(StatusCode::OK, bytes))
}
