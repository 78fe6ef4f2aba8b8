//! HTTP to one provider: a client of its own, time limits on everything, and every failure as one of ours.

use super::dialect::{Dialect, ToldError};
use super::error::{LlmError, Phase};
use super::key::Key;
use super::settings::ProviderSettings;
use hecate_names::Names;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect};
use serde_json::Value;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long each step with a provider may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadlines {
    pub(super) connect: Duration,
    /// From the request to the status of its answer.
    pub(super) headers: Duration,
    /// From the status to the first bytes of the answer.
    pub(super) first_token: Duration,
    pub(super) between_chunks: Duration,
    /// The whole answer.
    pub(super) total: Duration,
    /// A list of models, or the text of a refusal.
    pub(super) look: Duration,
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

impl Deadlines {
    /// A model on this machine may have to be read from its disk first.
    const LOCAL: Deadlines = Deadlines {
        connect: seconds(2),
        headers: seconds(300),
        first_token: seconds(300),
        between_chunks: seconds(120),
        total: seconds(600),
        look: seconds(5),
    };
    const REMOTE: Deadlines = Deadlines {
        connect: seconds(5),
        headers: seconds(30),
        first_token: seconds(60),
        between_chunks: seconds(60),
        total: seconds(600),
        look: seconds(10),
    };

    pub(super) const fn of(local: bool) -> Deadlines {
        if local { Deadlines::LOCAL } else { Deadlines::REMOTE }
    }
}

/// Bytes of a list of models, and of a refusal.
const LIST_BYTES_MAX: usize = 8 * 1024 * 1024;
const REFUSAL_BYTES_MAX: usize = 64 * 1024;
/// How servers name a stream.
const STREAM_TYPES: &[&str] = &[
    "text/event-stream",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/octet-stream",
    "text/plain",
];
/// Characters of a provider's own words that are passed on.
const WORDS_MAX: usize = 1_000;
/// Idle connections that are kept for the next chat.
const IDLE_CONNECTIONS_MAX: usize = 32;
const IDLE_MAX: Duration = seconds(90);

/// One provider's HTTP.
pub(super) struct Upstream {
    client: Client,
    base: Url,
    key: Key,
    dialect: &'static dyn Dialect,
    pub(super) deadlines: Deadlines,
}

impl Upstream {
    /// Opens nothing yet. Reading the system's certificates takes some milliseconds, where they are needed.
    pub(super) fn new(
        settings: &ProviderSettings,
        dialect: &'static dyn Dialect,
        deadlines: Deadlines,
    ) -> Result<Upstream, LlmError> {
        let mut client = Client::builder()
            .connect_timeout(deadlines.connect)
            // A redirect would carry the key to whoever it names.
            .redirect(redirect::Policy::none())
            .referer(false)
            // One host, so one lookup at a time, on one of the threads that everybody shares.
            .dns_resolver(Arc::new(Names::of_the_system()))
            .user_agent(concat!("hecate/", env!("CARGO_PKG_VERSION")))
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .pool_idle_timeout(IDLE_MAX);
        if settings.base.scheme() == "http" {
            client = client.tls_certs_only([]);
        }
        if settings.is_local() {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| LlmError::NotConfigured(whole_story(&error)))?;
        Ok(Upstream { client, base: settings.base.clone(), key: settings.key.read()?, dialect, deadlines })
    }

    pub(super) fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    fn url(&self, path: &str) -> Result<Url, LlmError> {
        self.base.join(path).map_err(|error| LlmError::NotConfigured(error.to_string()))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match self.key.authorization() {
            Some(key) => request.header(AUTHORIZATION, key),
            None => request,
        }
    }

    /// Asks for a list, whole.
    pub(super) async fn get(&self, path: &str) -> Result<Value, LlmError> {
        let asked = async {
            let request = self.authorized(self.client.get(self.url(path)?));
            let response = self.accepted(request.send().await.map_err(|error| unsent(&error))?).await?;
            let body = read(response, LIST_BYTES_MAX).await?;
            serde_json::from_slice(&body).map_err(|error| LlmError::Malformed(error.to_string()))
        };
        timeout(self.deadlines.look, asked).await.unwrap_or(Err(LlmError::Timeout(Phase::Headers)))
    }

    /// Asks for a stream; answers when the provider has accepted.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Response, LlmError> {
        let body = serde_json::to_vec(body).map_err(|error| LlmError::Malformed(error.to_string()))?;
        let request = self.authorized(self.client.post(self.url(path)?));
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream, application/x-ndjson")
            .body(body);
        let sent = timeout(self.deadlines.headers.min(self.deadlines.total), request.send()).await;
        let response = sent.map_err(|_| LlmError::Timeout(Phase::Headers))?;
        let response = self.accepted(response.map_err(|error| unsent(&error))?).await?;
        if streams(response.headers()) { Ok(response) } else { Err(self.unstreamed(response).await) }
    }

    /// What an answer says that is no stream.
    async fn unstreamed(&self, response: Response) -> LlmError {
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let says = format!("its answer is no stream but {}", kind.unwrap_or("something else"));
        let read = timeout(self.deadlines.look, read(response, REFUSAL_BYTES_MAX)).await;
        let body = read.unwrap_or(Ok(Vec::new())).unwrap_or_default();
        let told = serde_json::from_slice(&body).ok().and_then(|json| self.dialect.refusal(&json));
        self.redacted(told.map_or(LlmError::Malformed(says), LlmError::from))
    }

    /// The answer, unless it is a refusal.
    async fn accepted(&self, response: Response) -> Result<Response, LlmError> {
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        let (status, rest_ms) = (response.status(), retry_after_ms(response.headers(), Timestamp::now()));
        let read = timeout(self.deadlines.look, read(response, REFUSAL_BYTES_MAX)).await;
        let body = read.unwrap_or(Ok(Vec::new())).unwrap_or_default();
        Err(refusal(status, rest_ms, self.told(&body)))
    }

    /// What the provider says is wrong, in its own words.
    fn told(&self, body: &[u8]) -> ToldError {
        let json = serde_json::from_slice::<Value>(body).ok();
        let told = json.and_then(|json| self.dialect.refusal(&json));
        let told = told.unwrap_or_else(|| ToldError {
            says: String::from_utf8_lossy(body).into_owned(),
            code: String::new(),
        });
        ToldError { says: self.words(&told.says), ..told }
    }

    /// A provider's own words, cut to a length that fits a message. The key is looked for first: half of one
    /// would not be found.
    fn words(&self, says: &str) -> String {
        let text = self.key.redact(says);
        let text = text.trim();
        match text.char_indices().nth(WORDS_MAX) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text.to_owned(),
        }
    }

    /// An error in the midst of an answer, cut to fit and without the key should it repeat it.
    pub(super) fn redacted(&self, error: LlmError) -> LlmError {
        match error {
            LlmError::Failed { status, says } => LlmError::Failed { status, says: self.words(&says) },
            LlmError::RateLimited { says, retry_after_ms, lasting } => {
                LlmError::RateLimited { says: self.words(&says), retry_after_ms, lasting }
            }
            LlmError::Malformed(says) => LlmError::Malformed(self.words(&says)),
            other => other,
        }
    }
}

/// False for an answer that says that it is something else. Some servers say nothing, some not quite the truth.
fn streams(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return true };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    STREAM_TYPES.contains(&kind.as_str())
}

fn refusal(status: StatusCode, retry_after_ms: Option<u64>, told: ToldError) -> LlmError {
    let says = match told.says.is_empty() {
        true => status.canonical_reason().unwrap_or("it does not say why").to_owned(),
        false => told.says,
    };
    let status = status.as_u16();
    match status {
        400 | 404 | 413 | 422 => LlmError::Rejected { status, says },
        401 | 403 => LlmError::Unauthorized { status, says },
        429 => LlmError::RateLimited { says, retry_after_ms, lasting: told.code == "insufficient_quota" },
        _ => LlmError::Failed { status: Some(status), says },
    }
}

/// When to come back, where the provider says it in seconds, in milliseconds or as a date.
fn retry_after_ms(headers: &HeaderMap, now: Timestamp) -> Option<u64> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let number = |name: &str| text(name)?.parse::<f64>().ok().filter(|number| number.is_finite());
    let date = || {
        let at = DateTimeParser::new().parse_timestamp(text("retry-after")?).ok()?;
        Some((at.as_millisecond() - now.as_millisecond()) as f64)
    };
    let ms = number("retry-after-ms").or_else(|| Some(number("retry-after")? * 1_000.0)).or_else(date)?;
    Some(ms.clamp(0.0, 86_400_000.0).ceil() as u64)
}

async fn read(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, LlmError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| LlmError::Truncated)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(LlmError::Malformed(format!("its answer is longer than {bytes_max} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unsent(error: &reqwest::Error) -> LlmError {
    match error {
        error if error.is_timeout() => LlmError::Timeout(Phase::Connect),
        error => LlmError::Unreachable(whole_story(error)),
    }
}

/// The error and what caused it, without the address.
fn whole_story(error: &reqwest::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source());
    match causes.last() {
        Some(root) => root.to_string(),
        None if error.is_builder() => "the client cannot be built".to_owned(),
        None => "the connection failed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn a_status_becomes_what_the_caller_can_act_on() {
        let told = |code: &str| ToldError { says: "no".to_owned(), code: code.to_owned() };
        let answered = |status: u16, code: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            let error = refusal(status, Some(2_000), told(code));
            let refused = error.refused("p");
            let reason = refused.details.get("reason").and_then(Value::as_str).unwrap_or("").to_owned();
            (refused.status, refused.code.into_owned(), reason, error.is_retryable())
        };
        for status in [400, 404, 413, 422] {
            assert_eq!(answered(status, "").0, status);
            assert_eq!(answered(status, "").1, "provider_rejected");
        }
        for status in [401, 403] {
            assert_eq!(answered(status, ""), (502, "provider_error".into(), "unauthorized".into(), false));
        }
        assert_eq!(answered(429, ""), (429, "rate_limited".into(), String::new(), true));
        assert_eq!(answered(429, "insufficient_quota"), (429, "rate_limited".into(), String::new(), false));
        for (status, again) in
            [(301, false), (307, false), (402, false), (408, true), (500, true), (503, true), (529, true)]
        {
            assert_eq!(
                answered(status, ""),
                (502, "provider_error".into(), "failed".into(), again),
                "{status}"
            );
        }
    }

    #[test]
    fn the_time_to_come_back_is_read_in_seconds_in_milliseconds_and_as_a_date() {
        let read = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| {
                (reqwest::header::HeaderName::from_static(name), HeaderValue::from_static(value))
            });
            retry_after_ms(&pairs.collect(), Timestamp::UNIX_EPOCH)
        };
        assert_eq!(read(&[("retry-after", "7")]), Some(7_000));
        assert_eq!(read(&[("retry-after", "7"), ("retry-after-ms", "1500")]), Some(1_500));
        assert_eq!(read(&[("retry-after", "Thu, 01 Jan 1970 00:01:30 GMT")]), Some(90_000));
        assert_eq!(read(&[("retry-after", "Wed, 31 Dec 1969 23:59:00 GMT")]), Some(0));
        assert_eq!(read(&[("retry-after", "soon")]), None);
        assert_eq!(read(&[("retry-after", "inf")]), None);
        assert_eq!(read(&[]), None);
    }
}
