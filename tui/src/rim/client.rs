//! HTTP/1.1 over the daemon's Unix socket: one connection a request, since a local connect costs less than
//! the care of a kept one. Everything has a bound.

use bytes::Bytes;
use hecate_proto::{header, health::Health, route};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::http1,
    header::{CONTENT_TYPE, HOST, HeaderName},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{net::UnixStream, task::JoinHandle, time::timeout};

/// The largest answer that is read.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long a connect may take.
const CONNECT_MS: u64 = 2_000;
/// How long an answer may take, its waits for a position included.
const ANSWER_MS: u64 = 15_000;
/// How long the answer to a question may take that every daemon has ready.
const PROBE_SECONDS: u64 = 2;

/// A request as the verbs, the doctor and the link send it.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Path and query.
    pub path: String,
    /// A body makes it a POST.
    pub body: Option<Value>,
    /// Header fields of our own.
    pub headers: Vec<(&'static str, String)>,
}

impl Call {
    /// A plain question.
    pub fn get(path: impl Into<String>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// With one more header field.
    pub fn with(mut self, name: &'static str, value: Option<String>) -> Self {
        self.headers.extend(value.map(|value| (name, value)));
        self
    }

    /// Refused unless the stream is at this version.
    pub fn if_match(self, version: Option<u64>) -> Self {
        self.with("if-match", version.map(|it| it.to_string()))
    }

    /// Waits until the read model has reached this position.
    pub fn min_position(self, position: Option<u64>) -> Self {
        self.with(header::MIN_POSITION, position.map(|it| it.to_string()))
    }

    /// The same key and body answer the first result again.
    pub fn idempotency_key(self, key: Option<String>) -> Self {
        self.with(header::IDEMPOTENCY_KEY, key)
    }
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The JSON body.
    pub body: Value,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody could be reached.
    #[error("{}: {}", .socket.display(), connect_trouble(.error))]
    Connect {
        /// Where.
        socket: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The request cannot be written as HTTP.
    #[error("the request cannot be sent: {0}")]
    Request(#[from] hyper::http::Error),
    /// The request cannot be written as JSON.
    #[error("the request cannot be written: {0}")]
    Unwritable(serde_json::Error),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[from] hyper::Error),
    /// A question that every daemon answers at once was not answered.
    #[error("{}: {}", .0.display(), silence())]
    Silent(PathBuf),
    /// It took too long.
    #[error("no answer within {0} ms")]
    TooSlow(u64),
    /// The answer is larger than we read.
    #[error("the answer is larger than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    /// The answer is not JSON.
    #[error("the answer {status} is not JSON: {error}")]
    NotJson {
        /// HTTP status.
        status: u16,
        /// Why.
        error: serde_json::Error,
    },
    /// The body broke off.
    #[error("the answer broke off: {0}")]
    Body(String),
    /// Whoever listens does not tell its health.
    #[error("asked for its health, it answers {0}")]
    NoHealth(u16),
}

impl CallError {
    /// Whether somebody may be there who does not let us in.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Connect { error, .. } if error.kind() == io::ErrorKind::PermissionDenied)
    }
}

/// What it means that a probe was not answered, for people.
pub fn silence() -> String {
    format!("accepts but does not answer within {PROBE_SECONDS} s")
}

/// What a failed connect means, for people.
pub fn connect_trouble(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no socket here".to_owned(),
        io::ErrorKind::ConnectionRefused => "a socket that nobody listens on".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::TimedOut => "connecting took too long".to_owned(),
        _ => error.to_string(),
    }
}

/// A connection that ends when it is let go of.
pub(super) struct Connection(Option<JoinHandle<Result<(), hyper::Error>>>);

impl Connection {
    /// Lets it end by itself, with the body that comes over it.
    fn release(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.take().inspect(JoinHandle::abort);
    }
}

/// Opens a connection and sends a request; the body of the answer is still to be read.
pub async fn open(socket: &Path, call: &Call) -> Result<Response<Incoming>, CallError> {
    let (response, connection) = open_held(socket, call).await?;
    connection.release();
    Ok(response)
}

/// The same, with the connection in hand: dropping it closes the socket at once.
pub(super) async fn open_held(
    socket: &Path,
    call: &Call,
) -> Result<(Response<Incoming>, Connection), CallError> {
    let refused = |error| CallError::Connect { socket: socket.to_owned(), error };
    let limit = Duration::from_millis(CONNECT_MS);
    let stream = timeout(limit, UnixStream::connect(socket))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .map_err(refused)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // How it ended is told to whoever waits for the answer.
    let connection = Connection(Some(tokio::spawn(connection)));
    Ok((sender.send_request(request(call)?).await?, connection))
}

fn request(call: &Call) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let method = if call.body.is_some() { "POST" } else { "GET" };
    let mut request = Request::builder().method(method).uri(&call.path).header(HOST, "hecate");
    for (name, value) in &call.headers {
        request = request.header(HeaderName::from_static(name), value);
    }
    if call.body.is_some() {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    let bytes = call.body.as_ref().map(Value::to_string).unwrap_or_default();
    request.body(Full::new(Bytes::from(bytes)))
}

/// Asks and reads the whole answer.
pub async fn ask(socket: &Path, call: &Call) -> Result<Answer, CallError> {
    let limit = Duration::from_millis(ANSWER_MS);
    timeout(limit, answer(socket, call)).await.unwrap_or(Err(CallError::TooSlow(ANSWER_MS)))
}

/// Asks what every daemon answers at once, so that one that hangs is known soon.
pub async fn probe(socket: &Path, path: &str) -> Result<Answer, CallError> {
    let limit = Duration::from_secs(PROBE_SECONDS);
    let silent = |_| Err(CallError::Silent(socket.to_owned()));
    timeout(limit, answer(socket, &Call::get(path))).await.unwrap_or_else(silent)
}

async fn answer(socket: &Path, call: &Call) -> Result<Answer, CallError> {
    let response = open(socket, call).await?;
    let status = response.status().as_u16();
    let bytes = read_all(response).await?;
    let body = serde_json::from_slice(&bytes).map_err(|error| CallError::NotJson { status, error })?;
    Ok(Answer { status, body })
}

pub(super) async fn read_all(response: Response<Incoming>) -> Result<Bytes, CallError> {
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    body.map(|all| all.to_bytes()).map_err(|error| match error.downcast::<LengthLimitError>() {
        Ok(_) => CallError::TooLarge,
        Err(error) => CallError::Body(error.to_string()),
    })
}

/// A daemon that answered.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it listens.
    pub socket: PathBuf,
    /// What it says of itself.
    pub health: Health,
}

/// The first candidate that answers with its health, ready or not.
pub async fn find(candidates: &[PathBuf]) -> Result<Found, Vec<CallError>> {
    let mut errors = Vec::new();
    for socket in candidates {
        match health(socket).await {
            Ok(health) => return Ok(Found { socket: socket.clone(), health }),
            Err(error) => errors.push(error),
        }
    }
    Err(errors)
}

/// Health of the daemon at a socket. A daemon that lives answers 200; `ready` tells whether it serves.
pub async fn health(socket: &Path) -> Result<Health, CallError> {
    let Answer { status, body } = probe(socket, route::HEALTH).await?;
    if status != 200 {
        return Err(CallError::NoHealth(status));
    }
    serde_json::from_value(body).map_err(|error| CallError::NotJson { status, error })
}

/// One line about why nobody was found: the most telling of the candidates' troubles.
pub fn nobody(errors: &[CallError]) -> String {
    let told = |error: &&CallError| match error {
        CallError::Connect { error, .. } => error.kind() != io::ErrorKind::NotFound,
        _ => true,
    };
    match errors.iter().find(told).or(errors.last()) {
        Some(error) => error.to_string(),
        None => "there is no place where a daemon could listen".to_owned(),
    }
}
