//! What goes on while somebody looks: events of the tree, the live trace of one actor, and pictures drawn again.

use super::super::show::clean;
use super::super::{failed, refused};
use super::table::span;
use crate::rim::client::{self, Answer, Call};
use crate::rim::exit::Exit;
use crate::rim::print;
use crate::rim::sse::{Frame, Item, Parser};
use hecate_proto::debug::{DebugEvent, TraceLine};
use http_body_util::BodyExt;
use hyper::{Response, body::Incoming};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

/// The daemon shows every 10 s that it lives.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Which stream is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// It has no end of its own.
    Events,
    /// Its last line says that it is the last.
    Trace,
}

/// Prints what a stream brings, until it ends or nobody reads any more.
pub(super) async fn follow(socket: &Path, call: &Call, stream: Stream, as_json: bool) -> Exit {
    let response = match client::open(socket, call).await {
        Ok(response) => response,
        Err(error) => return failed(Exit::Unreachable, &error.to_string()),
    };
    if response.status() != 200 {
        return turned_away(response, as_json).await;
    }
    tokio::select! {
        biased;
        exit = read(response, stream, as_json) => exit,
        () = print::reader_left() => Exit::Done,
    }
}

async fn turned_away(response: Response<Incoming>, as_json: bool) -> Exit {
    let status = response.status().as_u16();
    match client::read_all(response).await {
        Ok(bytes) => {
            let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            refused(Answer { status, body }, as_json, &[])
        }
        Err(error) => failed(Exit::Unreachable, &error.to_string()),
    }
}

async fn read(response: Response<Incoming>, stream: Stream, as_json: bool) -> Exit {
    let (mut body, mut parser, mut seen) = (response.into_body(), Parser::default(), None);
    loop {
        let chunk = match timeout(SILENCE_MAX, body.frame()).await {
            Err(_) => return cut_off("the daemon fell silent", seen),
            Ok(None) => return cut_off("the daemon closed the stream", seen),
            Ok(Some(Err(error))) => return cut_off(&format!("the stream broke: {error}"), seen),
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        };
        for item in parser.push(&chunk) {
            let Item::Frame(frame) = item else { continue };
            if as_json {
                print::json(&frame.data)
            } else {
                print::line(&line(&frame, stream))
            }
            if stream == Stream::Trace && frame.event == "ended" {
                return Exit::Done;
            }
            seen = frame.id.or(seen);
        }
    }
}

fn cut_off(why: &str, seen: Option<String>) -> Exit {
    let again = seen.map(|id| format!("; go on with --after {}", clean(&id))).unwrap_or_default();
    failed(Exit::Unreachable, &format!("{why}{again}"))
}

/// One event as people read it; a later daemon may say more than this terminal knows.
fn line(frame: &Frame, stream: Stream) -> String {
    let known = match (stream, frame.event.as_str()) {
        (_, "lagged") => serde_json::from_str(&frame.data).ok().map(|data: Value| lagged(&data)),
        (Stream::Events, _) => serde_json::from_str(&frame.data).ok().map(|event| happening(&event)),
        (Stream::Trace, _) => serde_json::from_str(&frame.data).ok().map(|line| traced(&line)),
    };
    known.unwrap_or_else(|| format!("{} {}", clean(&frame.event), clean(&frame.data)))
}

fn lagged(data: &Value) -> String {
    match data["count"].as_u64() {
        // It came with an id of another life of the daemon.
        Some(0) => "… events were missed, nobody knows how many".to_owned(),
        _ => format!("… {} events were missed", data["count"]),
    }
}

fn happening(event: &DebugEvent) -> String {
    let detail = event.detail.as_ref().map(|detail| format!("  {}", clean(detail))).unwrap_or_default();
    format!("{}  {:16}  {}{detail}", clean(&event.at), event.kind.as_str(), clean(&event.path))
}

fn traced(line: &TraceLine) -> String {
    match line {
        TraceLine::In { at, variant, queued_ns, handled_ns, sender, failed, .. } => {
            let from = sender.as_ref().map(|path| format!(" from {}", clean(path))).unwrap_or_default();
            let end = failed.as_ref().map(|why| format!(", failed: {}", clean(why))).unwrap_or_default();
            let times = format!("waited {}, took {}", span(*queued_ns), span(*handled_ns));
            format!("{}  in   {}{from}  {times}{end}", clean(at), clean(variant))
        }
        TraceLine::Out { at, variant, target, .. } => {
            format!("{}  out  {} to {}", clean(at), clean(variant), clean(target))
        }
        TraceLine::Restarted { at, generation } => {
            format!("{}  restarted, generation {generation}", clean(at))
        }
        TraceLine::Ended { at, why, lines, dropped } => {
            let why = serde_json::to_value(why).ok().and_then(|why| why.as_str().map(str::to_owned));
            format!("{}  ended: {}; {lines} lines, {dropped} left out", clean(at), why.unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(event: &str, data: &str) -> Frame {
        Frame { id: None, event: event.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn events_and_gaps_are_lines() {
        let data = r#"{"id":7,"at":"T","kind":"gave_up","path":"/h","detail":"/h/a: killed"}"#;
        assert_eq!(line(&frame("gave_up", data), Stream::Events), "T  gave_up           /h  /h/a: killed");
        assert_eq!(line(&frame("lagged", r#"{"count":3}"#), Stream::Events), "… 3 events were missed");
        let unknown = line(&frame("lagged", r#"{"count":0}"#), Stream::Events);
        assert_eq!(unknown, "… events were missed, nobody knows how many");
        assert_eq!(line(&frame("danced", "{}"), Stream::Events), "danced {}");
    }

    #[test]
    fn a_trace_says_what_came_and_how_long_it_took() {
        let data =
            r#"{"kind":"in","at":"T","variant":"Draw","queued_ns":1500,"handled_ns":20,"sender":"/h/b"}"#;
        assert_eq!(
            line(&frame("in", data), Stream::Trace),
            "T  in   Draw from /h/b  waited 1.5 µs, took 20 ns"
        );
        let data = r#"{"kind":"ended","at":"T","why":"time","lines":2,"dropped":1}"#;
        assert_eq!(line(&frame("ended", data), Stream::Trace), "T  ended: time; 2 lines, 1 left out");
    }
}
