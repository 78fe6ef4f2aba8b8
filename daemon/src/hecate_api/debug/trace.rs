//! `POST /debug/actors/{actor}/trace`: what one actor handles and sends, live, within limits of time, lines and
//! rate. Variants and times, never a payload.

use super::super::{
    answer::Answer,
    connection::Asking,
    departure::Departure,
    edge::Edge,
    stream::{
        self, frame,
        pulled::{Pulled, Source},
    },
};
use super::act::BODY_BYTES_MAX;
use super::actor::{no_such_actor, which};
use super::attempt::{Attempt, Role};
use super::body::Body;
use axum::extract::Request;
use futures_util::FutureExt;
use hecate_desk::{Refusal, Refused, Rule};
use hecate_proto::debug::{TraceEvents, TraceLimits, TraceLine};
use hecate_supervision::{Trace, TraceError};
use serde_json::{Map, Value};
use std::sync::Arc;

const NO_MESSAGES: Refusal = Refusal::new(
    409,
    "not_traceable",
    "It is a supervisor or a pool: only a worker's messages can be traced.",
);
const TOO_MANY_TRACES: Refusal =
    Refusal::new(429, "too_many_traces", "The actor is traced by as many as may; wait for one to end.");

const EVENTS: [(&str, TraceEvents); 3] =
    [("in", TraceEvents::In), ("out", TraceEvents::Out), ("both", TraceEvents::Both)];
/// Lines printed in one go.
const CHUNK_LINES: usize = 64;

/// Traces one actor for an operator.
pub(super) async fn follow(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    let mut attempt = Attempt::begin(&edge, &asking, "trace", &request);
    let followed = open(&edge, asking, &mut attempt, request).await;
    attempt.end(followed)
}

async fn open(edge: &Edge, asking: Asking, attempt: &mut Attempt, request: Request) -> Answer {
    let said = attempt.admit(Role::Looks, BODY_BYTES_MAX, request).await?;
    let (tree, which) = (edge.tree()?, which(&said.ids));
    let path = tree.resolve(which).ok_or_else(|| no_such_actor(which))?;
    attempt.acts_on(&path);
    let limits = limits(said.body)?;
    let place = stream::place(edge, &asking)?;
    let trace = tree.trace(&path, limits).map_err(|error| refuse(&path, &error))?;
    let pulled = Pulled {
        source: Lines { trace, client: asking.connected.client.departure() },
        opening: Some(frame::opening(None)),
        heartbeat: edge.parts.limits.heartbeat,
        stopping: asking.connected.stopping,
    };
    Ok(pulled.answer(place))
}

fn limits(body: Map<String, Value>) -> Result<TraceLimits, Refused> {
    let (mut body, usual) = (Body(body), TraceLimits::default());
    let limits = TraceLimits {
        events: events(&mut body)?.unwrap_or(usual.events),
        max_ms: body.number("ms", 1..=TraceLimits::MAX_MS)?.unwrap_or(usual.max_ms),
        max_lines: body.number("max", 1..=TraceLimits::MAX_LINES)?.unwrap_or(usual.max_lines),
        rate_per_s: body.number("rate", 1..=TraceLimits::RATE_PER_S)?.unwrap_or(usual.rate_per_s),
    };
    body.end()?;
    Ok(limits)
}

/// One of the names, or a list of those that are wanted.
fn events(body: &mut Body) -> Result<Option<TraceEvents>, Refused> {
    let Some(named) = body.choices("events", &EVENTS)? else { return Ok(None) };
    Ok(named.into_iter().reduce(|one, other| if one == other { one } else { TraceEvents::Both }))
}

fn refuse(path: &str, error: &TraceError) -> Refused {
    match error {
        TraceError::NotFound => no_such_actor(path),
        TraceError::NotAWorker(_) => NO_MESSAGES.about("path", path),
        TraceError::Limit { field, max } => Refusal::rule(field, Rule::Range, format!("From 1 to {max}.")),
        TraceError::TooMany { max } => TOO_MANY_TRACES.about("path", path).about("traces_max", *max),
    }
}

struct Lines {
    trace: Trace,
    /// Few may trace at once, so that nobody keeps a place that no longer reads. An actor at rest gives nothing
    /// to write that would tell.
    client: Departure,
}

impl Source for Lines {
    async fn next(&mut self) -> Option<String> {
        let mut text = String::new();
        tokio::select! {
            line = self.trace.next() => print(&mut text, &line?),
            () = self.client.seen() => return None,
        }
        for _ in 1..CHUNK_LINES {
            let Some(Some(line)) = self.trace.next().now_or_never() else { break };
            print(&mut text, &line);
        }
        Some(text)
    }
}

fn print(text: &mut String, line: &TraceLine) {
    let name = match line {
        TraceLine::In { .. } => "in",
        TraceLine::Out { .. } => "out",
        TraceLine::Restarted { .. } => "restarted",
        TraceLine::Ended { .. } => "ended",
    };
    // A trace cannot be resumed, so its lines have no ids.
    frame::event(text, None, name, &serde_json::to_string(line).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_trace_has_limits_whatever_its_body_says() {
        let read = |body: Value| limits(body.as_object().cloned().unwrap());
        assert_eq!(read(json!({})), Ok(TraceLimits::default()));
        let all = read(json!({"events": "in", "ms": 60_000, "max": 10_000, "rate": 1_000})).unwrap();
        assert_eq!(
            (all.events, all.max_ms, all.max_lines, all.rate_per_s),
            (TraceEvents::In, 60_000, 10_000, 1_000)
        );
        for (events, meant) in [
            (json!("out"), TraceEvents::Out),
            (json!(["in"]), TraceEvents::In),
            (json!(["out", "in"]), TraceEvents::Both),
        ] {
            assert_eq!(read(json!({ "events": events })).unwrap().events, meant);
        }
        for (body, field, rule) in [
            (json!({"ms": 60_001}), "ms", "range"),
            (json!({"ms": 0}), "ms", "range"),
            (json!({"max": 10_001}), "max", "range"),
            (json!({"rate": 1_001}), "rate", "range"),
            (json!({"rate": "fast"}), "rate", "type"),
            (json!({"events": "all"}), "events", "enum"),
            (json!({"events": ["in", "all"]}), "events", "enum"),
            (json!({"events": 7}), "events", "type"),
            (json!({"payloads": true}), "payloads", "unknown_field"),
        ] {
            let details = read(body).unwrap_err().details;
            assert_eq!((&details["field"], &details["rule"]), (&field.into(), &rule.into()));
        }
    }

    #[test]
    fn whoever_cannot_be_traced_is_named_by_a_code() {
        assert!(refuse("/h", &TraceError::NotAWorker("/h".into())).is(NO_MESSAGES));
        assert!(refuse("/h", &TraceError::TooMany { max: 4 }).is(TOO_MANY_TRACES));
        assert!(refuse("/h", &TraceError::Limit { field: "max_ms", max: 1 }).is(Refusal::VALIDATION));
    }
}
