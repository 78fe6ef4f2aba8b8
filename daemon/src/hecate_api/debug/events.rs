//! `GET /debug/events`: what happens in the tree, live and from a place in the past. A client that is too slow is
//! told how many events it has missed; no actor ever waits for one.

use super::super::{
    answer::Answer,
    connection::Asking,
    edge::Edge,
    headers,
    stream::{
        self, frame,
        pulled::{Pulled, Source},
    },
};
use super::look::look;
use axum::extract::Request;
use futures_util::FutureExt;
use hecate_desk::{Refusal, Refused, Rule};
use hecate_supervision::{Events, Heard};
use serde_json::json;
use std::sync::Arc;

/// Events printed in one go: the most that one slow client keeps in memory.
const CHUNK_EVENTS: usize = 64;

/// The events behind `?after=`, or behind the last one that the client saw; from now on where it says neither.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    let wanted = look(&edge, &asking, &request, &["after"])?;
    let named = wanted.text("after").map(|id| event_id("after", id)).transpose()?;
    let last_seen = headers::last_event_id(request.headers())?;
    // What the client saw last wins over its address, which stays the same when it connects again.
    let seen = last_seen.map(|id| event_id("Last-Event-ID", id)).transpose()?.or(named);
    let events = edge.tree()?.events(seen);
    let place = stream::place(&edge, &asking)?;
    let pulled = Pulled {
        source: Happenings { events },
        opening: Some(frame::opening(seen.map(|id| id.to_string()).as_deref())),
        heartbeat: edge.parts.limits.heartbeat,
        stopping: asking.connected.stopping,
    };
    Ok(pulled.answer(place))
}

fn event_id(field: &str, text: &str) -> Result<u64, Refused> {
    let hint = "The id of an event of this stream, a number.";
    headers::digits(text).ok_or_else(|| Refusal::rule(field, Rule::Type, hint))
}

struct Happenings {
    events: Events,
}

impl Source for Happenings {
    /// What has happened meanwhile, or happens next.
    async fn next(&mut self) -> Option<String> {
        let mut text = String::new();
        print(&mut text, self.events.next().await);
        for _ in 1..CHUNK_EVENTS {
            let Some(heard) = self.events.next().now_or_never() else { break };
            print(&mut text, heard);
        }
        Some(text)
    }
}

fn print(text: &mut String, heard: Heard) {
    match heard {
        Heard::Event(event) => {
            // Plain data always serialises.
            let data = serde_json::to_string(&event).unwrap_or_default();
            frame::event(text, Some(&event.id.to_string()), event.kind.as_str(), &data);
        }
        Heard::Lagged { count } => frame::event(text, None, "lagged", &json!({ "count": count }).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hecate_proto::debug::{DebugEvent, DebugEventKind};

    #[test]
    fn a_gap_is_told_and_leaves_the_place_of_its_reader_alone() {
        let mut text = String::new();
        print(&mut text, Heard::Lagged { count: 3 });
        let (at, path) = ("2026-11-23T10:00:00.000000Z".to_owned(), "/h".to_owned());
        let (kind, none) = (DebugEventKind::GaveUp, None);
        print(
            &mut text,
            Heard::Event(DebugEvent { id: 9, at, kind, path, actor: none, generation: None, detail: None }),
        );
        assert!(
            text.starts_with("event: lagged\ndata: {\"count\":3}\n\nid: 9\nevent: gave_up\ndata: {"),
            "{text}"
        );
    }
}
