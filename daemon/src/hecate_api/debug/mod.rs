//! What operators see of the running daemon, and what they can do to it: one file a resource.
//!
//! Looking needs the operator role; changing needs the daemon's own user or root, a confirmation, and leaves a
//! line in the audit whether it was granted or not. Nothing here is ever served on the mesh.

mod attempt;
mod listeners;
mod read_models;
mod store;
mod tree;

use super::{answer::Answer, connection::Asking, edge::Edge};
use axum::extract::Request;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hecate_proto::route;
use listeners::Decision;
use std::sync::Arc;

/// One resource.
pub(super) struct Door {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) ask: Arc<Ask>,
}

/// Answers one request.
type Ask = dyn Fn(Arc<Edge>, Asking, Request) -> BoxFuture<'static, Answer> + Send + Sync;

/// Every resource.
pub(super) fn doors() -> Vec<Door> {
    vec![
        get(route::DEBUG_TREE, tree::show),
        get(route::DEBUG_STORE, store::show),
        get(route::DEBUG_READ_MODELS, read_models::show),
        get(route::DEBUG_LISTENERS, listeners::show),
        get(route::DEBUG_OUTCOMES, listeners::outcomes),
        post(route::DEBUG_REPLAY, |edge, asking, request| {
            listeners::decide(edge, Decision::Replay, asking, request)
        }),
        post(route::DEBUG_DISMISS, |edge, asking, request| {
            listeners::decide(edge, Decision::Dismiss, asking, request)
        }),
    ]
}

fn get<Fut>(
    path: &'static str,
    ask: impl Fn(Arc<Edge>, Asking, Request) -> Fut + Send + Sync + 'static,
) -> Door
where
    Fut: Future<Output = Answer> + Send + 'static,
{
    Door {
        method: "GET",
        path,
        ask: Arc::new(move |edge, asking, request| ask(edge, asking, request).boxed()),
    }
}

fn post<Fut>(
    path: &'static str,
    ask: impl Fn(Arc<Edge>, Asking, Request) -> Fut + Send + Sync + 'static,
) -> Door
where
    Fut: Future<Output = Answer> + Send + 'static,
{
    Door { method: "POST", ..get(path, ask) }
}
