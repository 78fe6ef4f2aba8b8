//! `GET /debug/listeners` and below: what the processes heard, what came of it, and what operators decide about
//! the facts that were given up.

use super::super::{
    answer::{self, Answer},
    connection::Asking,
    edge::Edge,
    headers, params,
};
use super::attempt::{Attempt, Role};
use super::look::{Wanted, look};
use axum::extract::Request;
use axum::http::StatusCode;
use hecate_desk::{Refusal, Refused, Rule};
use hecate_facts::{Hearing, HearingError, Outcome, OutcomeFilter, OutcomeState};
use hecate_proto::listeners::{
    DecidedAnswer, HeardType, ListenerState, ListenersAnswer, OutcomeRow, OutcomesAnswer, RetriedFact,
};
use hecate_proto::time::rfc3339;
use serde_json::{Map, Value};
use std::sync::Arc;

const NO_SUCH_LISTENER: Refusal =
    Refusal::new(404, "listener_not_found", "No process of this name hears facts.");
const NO_DEAD_LETTER: Refusal =
    Refusal::new(404, "dead_letter_not_found", "No fact at this position was given up.");
const HEARD_NO_MORE: Refusal =
    Refusal::new(409, "heard_no_more", "Nobody hears this fact any more; it can only be dismissed.");
const NO_ANSWER: Refusal = Refusal::new(503, "listener_unavailable", "The listener does not answer now.");

/// Rows of a page where the caller names no limit, and most of them.
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: u64 = 500;
/// The largest position that a log can have.
const POSITION_MAX: u64 = i64::MAX as u64;
/// Characters of a reason, and of a listener's name.
const TEXT_CHARS_MAX: usize = 500;

/// What an operator decides about a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is tried once more.
    Replay,
    /// It has no effect.
    Dismiss,
}

impl Decision {
    const fn name(self) -> &'static str {
        match self {
            Decision::Replay => "replay",
            Decision::Dismiss => "dismiss",
        }
    }
}

/// Every listener.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    let parts = &edge.parts;
    look(&edge, &asking, &request, &[])?;
    let head = parts.store.get().map(|store| store.head());
    let answer = ListenersAnswer {
        ok: true,
        node_id: parts.node.node_id.to_string(),
        at: rfc3339(parts.node.clock.now_us()),
        head,
        listeners: parts.hearings.iter().map(|hearing| state(hearing, head)).collect(),
    };
    Ok(answer::json(StatusCode::OK, &answer))
}

/// A page of what came of the facts that one process heard.
pub(super) async fn outcomes(edge: Arc<Edge>, asking: Asking, mut request: Request) -> Answer {
    let filter = filter(&look(&edge, &asking, &request, &["cursor", "limit", "state"])?)?;
    let ids = params::path_ids(&mut request).await?;
    let page = hearing(&edge, &ids)?.outcomes(filter).await.map_err(refuse)?;
    let answer = OutcomesAnswer {
        ok: true,
        outcomes: page.outcomes.into_iter().map(row).collect(),
        next_cursor: page.next.map(|(position, listener)| format!("{position}.{listener}")),
    };
    Ok(answer::json(StatusCode::OK, &answer))
}

/// Carries out what an operator decides about a dead letter.
pub(super) async fn decide(edge: Arc<Edge>, decision: Decision, asking: Asking, request: Request) -> Answer {
    let attempt = Attempt::begin(&edge, &asking, decision.name(), &request);
    let decided = carry_out(&edge, decision, &attempt, request).await;
    attempt.end(decided)
}

async fn carry_out(edge: &Edge, decision: Decision, attempt: &Attempt, request: Request) -> Answer {
    let asked = attempt.admit(Role::Changes, edge.parts.limits.body_bytes_max, request).await?;
    attempt.confirmed(&asked.headers)?;
    let (hearing, position) = (hearing(edge, &asked.ids)?, position(&asked.ids)?);
    let Said { listener, reason } = said(asked.body, decision)?;
    let decided = match (decision, &reason) {
        (Decision::Dismiss, Some(reason)) => hearing.dismiss(position, listener.as_deref(), reason).await,
        _ => hearing.replay(position, listener.as_deref()).await,
    };
    let came_of_it = decided.as_ref().map_or_else(ToString::to_string, |row| row.state.as_str().to_owned());
    let process = hearing.process();
    tracing::info!(process, position, ?listener, ?reason, came_of_it, "a dead letter was decided about");
    let answer = DecidedAnswer { ok: true, outcome: row(decided.map_err(refuse)?) };
    Ok(answer::json(StatusCode::OK, &answer))
}

fn hearing<'e>(edge: &'e Edge, ids: &Map<String, Value>) -> Result<&'e Hearing, Refused> {
    let process = ids.get("process").and_then(Value::as_str).unwrap_or_default();
    let found = edge.parts.hearings.iter().find(|hearing| hearing.process() == process);
    found.ok_or_else(|| NO_SUCH_LISTENER.about("process", process))
}

fn position(ids: &Map<String, Value>) -> Result<u64, Refused> {
    let text = ids.get("position").and_then(Value::as_str).unwrap_or_default();
    log_position(text).ok_or_else(|| {
        let hint = format!("It is a position in the log, a number up to {POSITION_MAX}.");
        Refusal::rule("position", Rule::Type, hint)
    })
}

/// A number that a log can have as a position.
fn log_position(text: &str) -> Option<u64> {
    headers::digits(text).filter(|position| *position <= POSITION_MAX)
}

fn filter(wanted: &Wanted) -> Result<OutcomeFilter, Refused> {
    let states = OutcomeState::ALL.map(|state| (state.as_str(), state));
    Ok(OutcomeFilter {
        state: wanted.choice("state", &states)?,
        before: wanted.text("cursor").map(before).transpose()?,
        limit: wanted.number("limit", 1..=LIMIT_MAX)?.map_or(LIMIT_DEFAULT, |limit| limit as usize),
    })
}

fn before(cursor: &str) -> Result<(u64, String), Refused> {
    let parts = cursor.split_once('.').and_then(|(at, listener)| Some((log_position(at)?, listener)));
    let (position, listener) = parts.ok_or_else(|| Refusal::INVALID_CURSOR.about("field", "cursor"))?;
    Ok((position, listener.to_owned()))
}

/// What the body of a decision says.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    listener: Option<String>,
    reason: Option<String>,
}

fn said(mut body: Map<String, Value>, decision: Decision) -> Result<Said, Refused> {
    let listener = text(&mut body, "listener")?;
    let reason = if decision == Decision::Dismiss { text(&mut body, "reason")? } else { None };
    if let Some(unknown) = body.keys().next() {
        return Err(Refusal::rule(unknown, Rule::UnknownField, "Leave it out."));
    }
    if decision == Decision::Dismiss && reason.is_none() {
        return Err(Refusal::rule("reason", Rule::Required, "Say why the fact has no effect."));
    }
    Ok(Said { listener, reason })
}

fn text(body: &mut Map<String, Value>, field: &str) -> Result<Option<String>, Refused> {
    match body.remove(field) {
        None => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => {
            Err(Refusal::rule(field, Rule::Blank, "Say it in words."))
        }
        Some(Value::String(text)) if text.chars().count() > TEXT_CHARS_MAX => {
            Err(Refusal::rule(field, Rule::TooLong, format!("At most {TEXT_CHARS_MAX} characters.")))
        }
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::rule(field, Rule::Type, "It is text.")),
    }
}

fn refuse(error: HearingError) -> Refused {
    match error {
        HearingError::NoDeadLetter => NO_DEAD_LETTER.into(),
        HearingError::SeveralListeners { listeners } => {
            Refusal::rule("listener", Rule::Required, format!("Name one of {}.", listeners.join(", ")))
        }
        HearingError::HeardNoMore { listener } => HEARD_NO_MORE.about("listener", listener),
        HearingError::NoAnswer { why } => NO_ANSWER
            .about("reason", why)
            .about("hint", "A decision may yet be carried out: look at the outcome before you try again."),
    }
}

fn state(hearing: &Hearing, head: Option<u64>) -> ListenerState {
    let gauges = hearing.gauges();
    let hears = hearing.hears().into_iter().map(|(event_type, listeners)| HeardType {
        event_type: event_type.to_owned(),
        listeners: listeners.into_iter().map(str::to_owned).collect(),
    });
    ListenerState {
        process: hearing.process().to_owned(),
        hears: hears.collect(),
        cursor: gauges.cursor,
        lag: head.zip(gauges.cursor).map(|(head, cursor)| head.saturating_sub(cursor)),
        dead: gauges.dead,
        retrying: gauges.retrying.map(|retrying| RetriedFact {
            position: retrying.position,
            listener: retrying.listener,
            since: rfc3339(retrying.since_us),
            attempts: retrying.attempts,
            why: retrying.why,
        }),
        waiting: gauges.waiting,
        dispatched_total: gauges.dispatched_total,
        skipped_total: gauges.skipped_total,
        refused_total: gauges.refused_total,
    }
}

fn row(outcome: Outcome) -> OutcomeRow {
    OutcomeRow {
        position: outcome.position,
        listener: outcome.listener,
        event_id: outcome.event_id,
        event_type: outcome.event_type,
        stream_id: outcome.stream_id,
        event_at: rfc3339(outcome.event_at_us),
        state: outcome.state.as_str().to_owned(),
        code: outcome.code,
        why: outcome.why,
        dismissal: outcome.dismissal,
        recorded: outcome.recorded,
        attempts: outcome.attempts,
        first_at: rfc3339(outcome.first_at_us),
        settled_at: outcome.settled_at_us.map(rfc3339),
    }
}

#[cfg(test)]
#[test]
fn a_decision_that_cannot_be_carried_out_says_why() {
    let listener = "on_tea_brewed_pour_cup".to_owned();
    assert!(refuse(HearingError::HeardNoMore { listener }).is(HEARD_NO_MORE));
    assert!(refuse(HearingError::NoAnswer { why: "it is busy".to_owned() }).is(NO_ANSWER));
}
