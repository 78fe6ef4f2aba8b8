//! The shape of every answer, in one place: JSON with `ok`, the correlation id echoed, and a hint when to
//! come back.

use super::pieces::Pieces;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use hecate_desk::{Refusal, Refused, Told};
use hecate_proto::answer::ErrorAnswer;
use hecate_proto::llm::code;
use serde::Serialize;
use uuid::Uuid;

/// What an entry of the edge answers.
pub(super) type Answer = Result<Response, Refused>;

pub(super) const NOT_FOUND: Refusal = Refusal::new(404, "not_found", "There is nothing at this path.");
pub(super) const METHOD_NOT_ALLOWED: Refusal =
    Refusal::new(405, "method_not_allowed", "This path does not know that method.");
pub(super) const BODY_TIMEOUT: Refusal =
    Refusal::new(408, "timeout", "The body stopped coming before its end; nothing was done.");
pub(super) const UNSUPPORTED_MEDIA_TYPE: Refusal =
    Refusal::new(415, "unsupported_media_type", "A command's body is JSON.");
pub(super) const TOO_MANY_CONNECTIONS: Refusal =
    Refusal::new(503, "too_many_connections", "Too many connections are open; close one or try again.");
pub(super) const TOO_MANY_STREAMS: Refusal =
    Refusal::new(503, "too_many_streams", "Too many streams are open; close one or try again.");

const CORRELATION_ID: HeaderName = HeaderName::from_static(hecate_proto::header::CORRELATION_ID);
/// When to come back after a refusal that does not say it itself.
const RETRY_AFTER_SECONDS: u64 = 1;

/// A success.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let mut pieces = Pieces::default();
    match serde_json::to_writer(&mut pieces, body) {
        Ok(()) => json_body(status, pieces.into_body()),
        Err(error) => {
            tracing::error!(%error, "an answer does not serialise");
            refuse(Refusal::INTERNAL.into(), Uuid::now_v7())
        }
    }
}

/// A success that was printed before.
pub(super) fn json_bytes(status: StatusCode, bytes: Bytes) -> Response {
    json_body(status, bytes.into())
}

fn json_body(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// What a command answers once its events are on disk.
pub(super) fn told(told: &Told) -> Response {
    let status = if told.born { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = json(status, &told.answer);
    if let Ok(version) = HeaderValue::try_from(format!("\"{}\"", told.answer.version)) {
        response.headers_mut().insert(header::ETAG, version);
    }
    response
}

/// A no.
pub(super) fn refuse(refused: Refused, correlation_id: Uuid) -> Response {
    let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let retry_after = retry_after_seconds(&refused);
    let mut response = json(status, &error_answer(refused, correlation_id));
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A whole no as bytes, for a client whose connection ends with it. Whoever has no flow gets one.
pub(super) fn last_words(refusal: Refusal) -> Bytes {
    let correlation_id = Uuid::now_v7();
    let response = echo(refuse(refusal.into(), correlation_id), correlation_id);
    let body = serde_json::to_string(&error_answer(refusal.into(), correlation_id)).unwrap_or_default();
    let mut text = format!("HTTP/1.1 {}\r\n", response.status());
    for (name, value) in response.headers() {
        text.extend([name.as_str(), ": ", value.to_str().unwrap_or_default(), "\r\n"]);
    }
    text.push_str(&format!("connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    text.into()
}

/// The body of a no.
pub(super) fn error_answer(refused: Refused, correlation_id: Uuid) -> ErrorAnswer {
    ErrorAnswer {
        ok: false,
        error: refused.code.into_owned(),
        message: refused.says.into_owned(),
        details: *refused.details,
        correlation_id,
    }
}

/// Every answer names its flow, whoever wrote it.
pub(super) fn echo(mut response: Response, correlation_id: Uuid) -> Response {
    if let Ok(value) = HeaderValue::try_from(correlation_id.to_string()) {
        response.headers_mut().insert(CORRELATION_ID, value);
    }
    response
}

fn retry_after_seconds(refused: &Refused) -> Option<u64> {
    if !matches!(refused.status, 429 | 503) {
        return None;
    }
    let told_ms = refused.details.get("retry_after_ms").and_then(serde_json::Value::as_u64);
    // How long somebody else's limit lasts is not ours to guess.
    let guess = (refused.code != code::RATE_LIMITED).then_some(RETRY_AFTER_SECONDS);
    told_ms.map(|ms| ms.div_ceil(1_000).max(1)).or(guess)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_no_that_passes_says_when_to_come_back() {
        let after = |refused: Refused| retry_after_seconds(&refused);
        assert_eq!(after(Refusal::STARTING.into()), Some(1));
        assert_eq!(after(Refusal::MAILBOX_FULL.about("retry_after_ms", 100)), Some(1));
        assert_eq!(after(Refusal::MAILBOX_FULL.about("retry_after_ms", 1_001)), Some(2));
        assert_eq!(after(Refusal::VALIDATION.into()), None);
        let limited = Refusal::new(429, code::RATE_LIMITED, "Not now.");
        assert_eq!(after(limited.into()), None);
        assert_eq!(after(limited.about("retry_after_ms", 1_500)), Some(2));
    }

    #[test]
    fn a_no_is_json_that_names_its_flow() {
        let id = Uuid::now_v7();
        let response = echo(refuse(NOT_FOUND.into(), id), id);
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers()["hecate-correlation-id"], id.to_string());
        let body = serde_json::to_value(error_answer(NOT_FOUND.into(), id)).unwrap();
        assert_eq!(body["ok"], false);
        assert_eq!(body["error"], "not_found");
        assert_eq!(body["details"], serde_json::json!({}));
    }
}
