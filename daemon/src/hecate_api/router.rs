//! Which path leads where: the fixed routes, then whatever the doors say.

use super::{
    answer::{self, Answer, METHOD_NOT_ALLOWED, NOT_FOUND},
    catalogue, command,
    connection::Asking,
    debug,
    edge::Edge,
    health, openapi, query, routes, stream,
};
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hecate_desk::Refusal;
use hecate_proto::route;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Two doors that claim one route.
#[derive(Debug, thiserror::Error)]
#[error("two doors claim {method} {path}")]
pub(super) struct RouteTaken {
    method: &'static str,
    path: String,
}

/// Every route of the edge.
pub(super) fn build(edge: &Arc<Edge>) -> Result<Router, RouteTaken> {
    let fixed = fixed(edge).into_iter().map(|(path, entry)| ("GET", path.to_owned(), entry));
    let doors = fixed.chain(debug(edge)).chain(desks(edge)).chain(queries(edge)).chain(others(edge));
    let mut taken = BTreeSet::new();
    let mut router = Router::new();
    for (method, path, entry) in doors {
        if !taken.insert((method, path.clone())) {
            return Err(RouteTaken { method, path });
        }
        router = router.route(&path, entry);
    }
    Ok(otherwise(edge, router, NOT_FOUND))
}

/// Is the daemon up: all that is answered while the `api` actor is down.
pub(super) fn probes(edge: &Arc<Edge>) -> Router {
    let router =
        health_routes(edge).into_iter().fold(Router::new(), |all, (path, entry)| all.route(path, entry));
    otherwise(edge, router, Refusal::STARTING)
}

fn otherwise(edge: &Arc<Edge>, router: Router, elsewhere: Refusal) -> Router {
    let refused = |refusal: Refusal| {
        entry(edge, debug::watched(move |_, _, _| std::future::ready(Err(refusal.into()))))
    };
    router.fallback(refused(elsewhere)).method_not_allowed_fallback(refused(METHOD_NOT_ALLOWED))
}

fn health_routes(edge: &Arc<Edge>) -> [(&'static str, MethodRouter); 3] {
    [
        (route::HEALTH, get(entry(edge, health::live))),
        ("/health", get(entry(edge, health::live))),
        ("/ready", get(entry(edge, health::ready))),
    ]
}

fn fixed(edge: &Arc<Edge>) -> Vec<(&'static str, MethodRouter)> {
    let printed =
        |document| get(entry(edge, move |edge, _, request| catalogue::printed(document, edge, request)));
    let more = [
        (route::DESKS, printed(catalogue::DESKS)),
        (route::OPENAPI, printed(openapi::OPENAPI)),
        (route::FACTS_STREAM, get(entry(edge, stream::facts))),
        (route::STREAM, get(entry(edge, stream::topics))),
    ];
    health_routes(edge).into_iter().chain(more).collect()
}

/// What operators see and can change.
fn debug(edge: &Arc<Edge>) -> impl Iterator<Item = (&'static str, String, MethodRouter)> + '_ {
    debug::doors().into_iter().map(move |debug::Door { method, path, ask }| {
        let ask = move |edge, asking, request| ask(edge, asking, request);
        let entry =
            if method == "GET" { get(entry(edge, debug::watched(ask))) } else { post(entry(edge, ask)) };
        (method, path.to_owned(), entry)
    })
}

fn desks(edge: &Arc<Edge>) -> impl Iterator<Item = (&'static str, String, MethodRouter)> + '_ {
    command::every(edge).flat_map(move |desk| {
        let paths = desk.paths().to_vec();
        paths.into_iter().map(move |path| {
            let desk = desk.clone();
            let ask = move |edge, asking, request| command::ask(edge, desk.clone(), asking, request);
            ("POST", path, post(entry(edge, ask)))
        })
    })
}

fn queries(edge: &Arc<Edge>) -> impl Iterator<Item = (&'static str, String, MethodRouter)> + '_ {
    query::every(edge).map(move |query| {
        let path = query.path().to_owned();
        let ask = move |edge, _, request| query::ask(edge, query.clone(), request);
        ("GET", path, get(entry(edge, ask)))
    })
}

/// What other parts of the house serve.
fn others(edge: &Arc<Edge>) -> impl Iterator<Item = (&'static str, String, MethodRouter)> + '_ {
    edge.parts.routes.iter().flat_map(|part| &part.routes).map(move |route| {
        let (served, method) = (route.clone(), route.method);
        let ask =
            entry(edge, move |edge, asking, request| routes::ask(edge, served.clone(), asking, request));
        let entry = if method == routes::Method::Get { get(ask) } else { post(ask) };
        (method.name(), route.path.to_owned(), entry)
    })
}

/// One entry of the edge as axum calls it: a refusal becomes its answer here and nowhere else.
fn entry<F, Fut>(
    edge: &Arc<Edge>,
    ask: F,
) -> impl Fn(Extension<Asking>, Request) -> BoxFuture<'static, Response> + Clone + Send + Sync + 'static
where
    F: Fn(Arc<Edge>, Asking, Request) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Answer> + Send + 'static,
{
    let edge = Arc::clone(edge);
    move |Extension(asking): Extension<Asking>, request: Request| {
        let correlation_id = asking.correlation_id;
        let answering = ask(Arc::clone(&edge), asking, request);
        let refuse = move |refused| answer::refuse(refused, correlation_id);
        answering.map(move |answer| answer.unwrap_or_else(refuse)).boxed()
    }
}
