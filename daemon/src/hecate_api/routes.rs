//! Routes that another part of the house serves. The edge reads the request, knows when its client leaves, and
//! carries the answer; what is asked and answered there it does not know.

use super::{
    answer::{self, Answer},
    command,
    connection::Asking,
    departure::{ClientSocket, Departure},
    edge::Edge,
    limits::Limits,
    params,
    peer::{AuditLine, Peer},
    request_body,
    stopping::Stopping,
};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use hecate_desk::Refused;
use serde_json::{Map, Value};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// The routes of one part of the house, and their chapter of the OpenAPI document.
#[derive(Clone)]
pub(crate) struct Routes {
    pub(crate) routes: Vec<Route>,
    /// What the part is called in the document, and what it does.
    pub(crate) tag: (&'static str, &'static str),
    /// Path items by path.
    pub(crate) paths: Map<String, Value>,
    /// Schemas that they lean on, by name.
    pub(crate) schemas: Map<String, Value>,
}

/// One route.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) serve: Arc<Serve>,
}

/// Answers one request.
pub(crate) type Serve = dyn Fn(RouteAsked) -> BoxFuture<'static, Result<Reply, Refused>> + Send + Sync;

/// How a route is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    /// With a JSON body of at most so many bytes.
    Post {
        body_bytes_max: usize,
    },
}

impl Method {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post { .. } => "POST",
        }
    }
}

/// One request.
pub(crate) struct RouteAsked {
    /// The ids that the path names, by parameter.
    pub(crate) path_ids: Map<String, Value>,
    /// The body; empty where there is none.
    pub(crate) body: Map<String, Value>,
    pub(crate) client: Client,
}

/// Who asks, for as long as the answer takes.
pub(crate) struct Client {
    /// Names the flow.
    pub(crate) correlation_id: Uuid,
    /// How often a stream shows that it lives.
    pub(crate) heartbeat: Duration,
    peer: Peer,
    socket: ClientSocket,
    departure: Option<Departure>,
    stopping: Stopping,
}

/// Why an answer is not waited for any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The client has closed its connection.
    Left,
    /// The socket goes down.
    Stopping,
}

impl Client {
    /// Puts into the audit that it has had something done that concerns all.
    pub(crate) fn audit(&self, operation: &str, on: &str) {
        self.peer.audit(AuditLine::changed(operation, on, "granted", self.correlation_id));
    }

    /// Resolves when nobody waits for the answer any longer.
    pub(crate) async fn ended(&mut self) -> Ended {
        let departure = self.departure.get_or_insert_with(|| self.socket.departure());
        tokio::select! {
            () = departure.seen() => Ended::Left,
            () = self.stopping.begun() => Ended::Stopping,
        }
    }
}

/// What a route answers.
pub(crate) enum Reply {
    /// JSON.
    Json(Bytes),
    /// Bytes as they are.
    Content(Bytes),
    /// Server-sent events, pulled as the client takes them.
    Events(BoxStream<'static, Bytes>),
}

/// Asks a route.
pub(super) async fn ask(edge: Arc<Edge>, route: Route, asking: Asking, mut request: Request) -> Answer {
    let body = std::mem::take(request.body_mut());
    let limits = edge.parts.limits;
    let bytes = match route.method {
        Method::Get => Bytes::new(),
        Method::Post { body_bytes_max } => {
            request_body::read(body, &Limits { body_bytes_max, ..limits }).await?
        }
    };
    params::known(request.uri().query(), &[])?;
    let client = Client {
        correlation_id: asking.correlation_id,
        heartbeat: limits.heartbeat,
        peer: asking.connected.peer,
        socket: asking.connected.client,
        departure: None,
        stopping: asking.connected.stopping,
    };
    let body = command::object(&bytes, &request)?;
    let path_ids = params::path_ids(&mut request).await?;
    drop((bytes, request));
    Ok(match (route.serve)(RouteAsked { path_ids, body, client }).await? {
        Reply::Json(bytes) => answer::json_bytes(StatusCode::OK, bytes),
        Reply::Content(bytes) => content(bytes),
        Reply::Events(events) => stream(events),
    })
}

fn content(bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let octets = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, octets);
    response
}

fn stream(events: BoxStream<'static, Bytes>) -> Response {
    let mut response = Response::new(Body::from_stream(events.map(Ok::<_, Infallible>)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
