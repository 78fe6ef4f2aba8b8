//! Is the daemon up, and how far is each part. Answers at once, whatever state the rest is in.

use super::{
    answer::{self, Answer},
    connection::Asking,
    edge::{Edge, Phase},
};
use axum::extract::Request;
use axum::http::StatusCode;
use hecate_facts::Hearing;
use hecate_proto::health::{Component, Health};
use hecate_proto::route;
use hecate_read_model::ModelGauges;
use std::future::{Ready, ready as at_once};
use std::sync::Arc;

/// Always 200, with routes or without: whoever answers is alive.
pub(super) fn live(edge: Arc<Edge>, _: Asking, _: Request) -> Ready<Answer> {
    at_once(Ok(answer::json(StatusCode::OK, &health(&edge))))
}

/// 200 once commands and queries are served, 503 before and while stopping.
pub(super) fn ready(edge: Arc<Edge>, _: Asking, _: Request) -> Ready<Answer> {
    let health = health(&edge);
    let status = if health.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    at_once(Ok(answer::json(status, &health)))
}

fn health(edge: &Edge) -> Health {
    let phase = edge.phase();
    let head = edge.parts.store.get().map(|store| store.head());
    // The emitter that is furthest behind speaks for all.
    let told = edge.parts.told.iter().map(|(_, told)| told.position()).min().flatten();
    let log = Log { head, ready_from: edge.ready_from() };
    let facts = follower(told, log, "Nothing tells facts now.");
    let listeners = listeners(&edge.parts.hearings, log).map(|part| ("listeners".to_owned(), part));
    let models =
        edge.parts.models.iter().map(|model| (model.name().to_owned(), read_model(&model.gauges(), log)));
    Health {
        ok: phase == Phase::Ready,
        status: name(phase).to_owned(),
        ready: phase == Phase::Ready,
        version: edge.parts.version.to_owned(),
        node_id: edge.parts.node.node_id.to_string(),
        pid: std::process::id(),
        uptime_seconds: edge.parts.started.elapsed().as_secs(),
        components: [("store".to_owned(), store_health(head)), ("facts".to_owned(), facts)]
            .into_iter()
            .chain(listeners)
            .chain(models)
            .collect(),
    }
}

const fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Ready => "ready",
        Phase::Stopping => "stopping",
    }
}

fn store_health(head: Option<u64>) -> Component {
    let says = head.is_none().then(|| "The event store is not open.".to_owned());
    Component {
        status: if head.is_some() { "ok" } else { "down" }.to_owned(),
        position: head,
        says,
        ..Component::default()
    }
}

/// What followers of the log are measured by.
#[derive(Clone, Copy)]
struct Log {
    head: Option<u64>,
    /// Its head when the daemon began to serve: behind it, a follower still catches up.
    ready_from: Option<u64>,
}

/// A part that follows the log.
fn follower(position: Option<u64>, log: Log, down: &str) -> Component {
    let Some(reached) = position else {
        let (status, says) = ("down".to_owned(), Some(down.to_owned()));
        return Component { status, says, ..Component::default() };
    };
    let lag = log.head.map(|head| head.saturating_sub(reached));
    let starting = log.ready_from.is_some_and(|from| reached < from);
    let says = starting.then(|| "It catches up with what was recorded before.".to_owned());
    let status = if starting { "starting" } else { "ok" }.to_owned();
    Component { status, position, lag, says, ..Component::default() }
}

/// A read model: before its first file is whole it answers nobody, and shows how far it has come.
fn read_model(gauges: &ModelGauges, log: Log) -> Component {
    let reached = gauges.position.or(gauges.making);
    let part = follower(reached, log, "Nothing draws this read model now.");
    let part = Component { rebuilt_to: gauges.making, ..part };
    if let Some(why) = &gauges.waiting {
        let says = Some(format!(
            "Its answers grow old until somebody makes room, since it cannot be written: {why}"
        ));
        return Component { status: "degraded".to_owned(), says, ..part };
    }
    if gauges.position.is_none() && gauges.making.is_some() {
        let says = Some("It is drawn from the log before it answers.".to_owned());
        return Component { status: "starting".to_owned(), says, ..part };
    }
    if gauges.parked == 0 || part.status != "ok" {
        return part;
    }
    let says = Some(format!("It does without {} of its events, and what follows them.", gauges.parked));
    Component { status: "degraded".to_owned(), parked: Some(gauges.parked), says, ..part }
}

/// The listeners of all processes: the one that is furthest behind speaks for all; none where nobody listens.
fn listeners(hearings: &[Hearing], log: Log) -> Option<Component> {
    let gauges: Vec<_> = hearings.iter().map(|hearing| (hearing.process(), hearing.gauges())).collect();
    let cursor = gauges.iter().map(|(_, gauges)| gauges.cursor).min()?;
    let part = follower(cursor, log, "A process hears nothing now.");
    let held_up = gauges.iter().find_map(|(process, gauges)| {
        let retried =
            gauges.retrying.as_ref().map(|fact| format!("{} is tried again: {}", fact.position, fact.why));
        Some(format!("{process} waits. {}", gauges.waiting.clone().or(retried)?))
    });
    let part = match held_up {
        Some(says) if part.status == "ok" => {
            Component { status: "degraded".to_owned(), says: Some(says), ..part }
        }
        _ => part,
    };
    let dead = gauges.iter().map(|(_, gauges)| gauges.dead).sum();
    Some(with_dead_letters(part, dead))
}

fn with_dead_letters(part: Component, dead: u64) -> Component {
    let part = Component { dead: Some(dead).filter(|dead| *dead > 0), ..part };
    if dead == 0 || part.status != "ok" {
        return part;
    }
    let says =
        format!("{dead} facts were given up and wait for an operator; see {}.", route::DEBUG_LISTENERS);
    Component { status: "degraded".to_owned(), says: Some(says), ..part }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follower_shows_how_far_it_lags_and_whether_it_still_catches_up() {
        let shown = |position, head, ready_from| {
            let component = follower(position, Log { head, ready_from }, "down");
            (component.status, component.position, component.lag)
        };
        assert_eq!(shown(Some(3), Some(5), Some(3)), ("ok".to_owned(), Some(3), Some(2)));
        assert_eq!(shown(Some(2), Some(5), Some(3)), ("starting".to_owned(), Some(2), Some(3)));
        assert_eq!(shown(Some(5), None, None), ("ok".to_owned(), Some(5), None));
        assert_eq!(shown(None, Some(5), Some(3)), ("down".to_owned(), None, None));
    }

    #[test]
    fn listeners_are_degraded_by_dead_letters_once_they_have_caught_up() {
        let log = Log { head: Some(9), ready_from: Some(3) };
        let shown = |cursor, dead| {
            let part = with_dead_letters(follower(cursor, log, "down"), dead);
            (part.status, part.lag, part.dead)
        };
        assert_eq!(shown(Some(9), 0), ("ok".to_owned(), Some(0), None));
        assert_eq!(shown(Some(8), 2), ("degraded".to_owned(), Some(1), Some(2)));
        assert_eq!(shown(Some(2), 2), ("starting".to_owned(), Some(7), Some(2)));
        assert_eq!(shown(None, 2), ("down".to_owned(), None, Some(2)));
        assert_eq!(listeners(&[], log), None);
    }

    #[test]
    fn a_read_model_shows_what_is_parked_and_what_is_made() {
        let log = Log { head: Some(9), ready_from: Some(3) };
        let shown = |position, making, parked| {
            let gauges = ModelGauges { position, making, parked, ..ModelGauges::default() };
            let part = read_model(&gauges, log);
            (part.status, part.position, part.rebuilt_to, part.parked)
        };
        assert_eq!(shown(Some(9), None, 0), ("ok".to_owned(), Some(9), None, None));
        assert_eq!(shown(Some(9), Some(5), 0), ("ok".to_owned(), Some(9), Some(5), None));
        assert_eq!(shown(Some(9), None, 2), ("degraded".to_owned(), Some(9), None, Some(2)));
        assert_eq!(shown(None, Some(5), 2), ("starting".to_owned(), Some(5), Some(5), None));
        assert_eq!(shown(None, None, 0), ("down".to_owned(), None, None, None));
        let full =
            ModelGauges { position: Some(4), waiting: Some("disk is full".to_owned()), ..Default::default() };
        let part = read_model(&full, log);
        assert_eq!((part.status.as_str(), part.position, part.lag), ("degraded", Some(4), Some(5)));
        assert!(part.says.unwrap().ends_with("disk is full"));
    }
}
