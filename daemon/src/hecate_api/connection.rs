//! One connection: HTTP/1.1 with deadlines, and one frame around every request — its flow is named, its
//! panic is caught, its end is logged.

use super::{
    answer,
    client_io::{ClientIo, TakesNothing},
    debug,
    departure::ClientSocket,
    edge::Edge,
    headers,
    peer::Peer,
    router,
    stopping::Stopping,
};
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use futures_util::FutureExt;
use hecate_desk::Refusal;
use hecate_supervision::trace;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use tokio::net::UnixStream;
use tower::ServiceExt;
use tracing::Instrument;
use uuid::Uuid;

/// The client, and whether the socket is on its way down.
#[derive(Clone)]
pub(super) struct Connected {
    pub(super) peer: Peer,
    pub(super) client: ClientSocket,
    pub(super) stopping: Stopping,
}

/// What every request carries beside its own text.
#[derive(Clone)]
pub(super) struct Asking {
    pub(super) connected: Connected,
    pub(super) correlation_id: Uuid,
}

/// Serves one client until it leaves, is too slow, or the socket stops.
pub(super) async fn serve(stream: UnixStream, edge: Arc<Edge>, peer: Peer, mut stopping: Stopping) {
    let (limits, uid) = (edge.parts.limits, peer.uid);
    let io = ClientIo::new(stream, limits.write_idle_max);
    let connected = Connected { peer, client: io.socket(), stopping: stopping.clone() };
    let asked = Arc::clone(&edge);
    let service = service_fn(move |request| respond(Arc::clone(&asked), connected.clone(), request));
    // hyper's own bound of 100 headers stands; setting it would cost an allocation a request.
    let talk = http1::Builder::new()
        .timer(TokioTimer::new())
        // Who has sent everything may close its half and still be answered.
        .half_close(true)
        .header_read_timeout(limits.header_read_max)
        .max_header_size(limits.header_bytes_max)
        .serve_connection(TokioIo::new(io), service);
    let mut talk = pin!(talk);
    let ended = tokio::select! {
        ended = talk.as_mut() => ended,
        () = stopping.begun() => {
            talk.as_mut().graceful_shutdown();
            talk.await
        }
    };
    match ended {
        Ok(()) => {}
        Err(error) if took_nothing(&error) => {
            edge.cut_off.count("a client was cut off", &format_args!("it takes nothing, uid {uid}"));
        }
        // Nobody can tell what it was to be about, so this is no line of the audit.
        Err(error) if error.is_parse() => {
            edge.no_requests
                .count("a client sent no request of HTTP/1.1", &format_args!("{error}, uid {uid}"));
        }
        Err(error) => tracing::debug!(%error, "a connection ended early"),
    }
}

fn took_nothing(error: &hyper::Error) -> bool {
    let io = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    io.and_then(std::io::Error::get_ref).is_some_and(|inner| inner.is::<TakesNothing>())
}

async fn respond(
    edge: Arc<Edge>,
    connected: Connected,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let mut request = request.map(Body::new);
    let named = headers::correlation_id(request.headers());
    let correlation_id = named.as_ref().ok().copied().flatten().unwrap_or_else(Uuid::now_v7);
    let (method, path) = (request.method(), request.uri().path());
    let span = tracing::debug_span!("request", %method, path, %correlation_id);
    let asking = Asking { connected, correlation_id };
    let look = named.is_err().then(|| debug::Look::at(&asking, &request)).flatten();
    request.extensions_mut().insert(asking);
    let answering = async move {
        let response = match (named, edge.router()) {
            (Err(refused), _) => {
                look.into_iter().for_each(|look| look.refused(&edge, &refused.code));
                answer::refuse(refused, correlation_id)
            }
            (Ok(_), routes) => {
                let router = routes.unwrap_or_else(|| router::probes(&edge));
                route(router, request, correlation_id).await
            }
        };
        tracing::debug!(status = response.status().as_u16(), "answered");
        Ok(answer::echo(response, correlation_id))
    };
    // Messages that the request sends carry its flow.
    trace::scope(correlation_id, answering.instrument(span)).await
}

async fn route(router: axum::Router, request: Request<Body>, correlation_id: Uuid) -> Response {
    let answered = AssertUnwindSafe(router.oneshot(request)).catch_unwind().await;
    answered.map_or_else(
        |panic| {
            tracing::error!(says = panic_text(&*panic), "a request panicked");
            answer::refuse(Refusal::INTERNAL.into(), correlation_id)
        },
        |Ok(response)| response,
    )
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&'static str>().copied()).unwrap_or("a payload that is no text")
}
