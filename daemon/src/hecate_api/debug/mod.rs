//! What operators see of the running daemon, and what they can do to it: one file a resource.
//!
//! Looking needs the operator role and leaves a line in the audit where it is refused; changing needs the daemon's
//! own user or root, a confirmation, and leaves one whether it was granted or not. Nothing here is ever served on the
//! mesh.

mod act;
mod actor;
mod attempt;
mod body;
mod cluster;
mod crashes;
mod deadlocks;
pub(super) mod document;
mod events;
mod fields;
mod groups;
mod listeners;
mod look;
mod metrics;
mod protected;
mod read_models;
mod refused_look;
mod reload;
mod runtime;
mod store;
mod top;
mod trace;
mod tree;

use super::{answer::Answer, connection::Asking, edge::Edge};
use act::Operation;
use axum::extract::Request;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hecate_proto::route;
use listeners::Decision;
pub(super) use refused_look::{Look, watched};
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
        get(route::DEBUG_ACTOR, actor::show),
        get(route::DEBUG_TOP, top::show),
        get(route::DEBUG_GROUPS, groups::show),
        get(route::DEBUG_CLUSTER, cluster::show),
        get(route::DEBUG_CRASHES, crashes::show),
        get(route::DEBUG_DEADLOCKS, deadlocks::show),
        get(route::DEBUG_EVENTS, events::show),
        get(route::DEBUG_RUNTIME, runtime::show),
        get(route::METRICS, metrics::show),
        get(route::DEBUG_STORE, store::show),
        get(route::DEBUG_READ_MODELS, read_models::show),
        get(route::DEBUG_LISTENERS, listeners::show),
        get(route::DEBUG_OUTCOMES, listeners::outcomes),
        post(route::DEBUG_TRACE, trace::follow),
        post(route::DEBUG_PLAN, reload::plan),
        post(route::DEBUG_APPLY, reload::apply),
        acts(route::DEBUG_SUSPEND, Operation::Suspend),
        acts(route::DEBUG_RESUME, Operation::Resume),
        acts(route::DEBUG_KILL, Operation::Kill),
        acts(route::DEBUG_RESTART, Operation::Restart),
        acts(route::DEBUG_DRAIN, Operation::Drain),
        decides(route::DEBUG_REPLAY, Decision::Replay),
        decides(route::DEBUG_DISMISS, Decision::Dismiss),
    ]
}

fn acts(path: &'static str, operation: Operation) -> Door {
    post(path, move |edge, asking, request| act::act(edge, operation, asking, request))
}

fn decides(path: &'static str, decision: Decision) -> Door {
    post(path, move |edge, asking, request| listeners::decide(edge, decision, asking, request))
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
