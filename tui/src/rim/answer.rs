//! A question to a model and the stream of its answer. Dropping the stream closes the connection, which is
//! what cancels the answer everywhere behind it.

use super::{
    client::{self, Call, CallError, Connection},
    sse::{Item, Parser},
};
use crate::core::chat::AnswerEvent;
use hecate_proto::{
    answer::ErrorAnswer,
    header,
    llm::{ChatChunk, ChatFrame, ChatRequest, STREAM_END},
    route,
};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::{collections::VecDeque, path::Path, time::Duration};
use tokio::time::timeout;
use uuid::Uuid;

/// Until the first byte, which may have to wait until a model is loaded.
const HEAD_SECONDS_MAX: u64 = 330;
/// Heartbeats come every 10 s; a stream that is silent for longer than this is dead.
const SILENCE_SECONDS_MAX: u64 = 25;

/// Text of one event, bytes: what is drawn in one go, so that a key never waits for long.
const PIECE_BYTES_MAX: usize = 16 * 1024;

/// An answer under way.
pub(super) struct AnswerStream {
    body: Incoming,
    parser: Parser,
    events: VecDeque<AnswerEvent>,
    ended: bool,
    correlation_id: Uuid,
    _connection: Connection,
}

/// Why no answer began.
#[derive(Debug)]
pub(super) enum Unasked {
    /// The daemon said no.
    Refused(Box<ErrorAnswer>),
    /// Nothing came, or nothing that can be read.
    Failed(CallError),
    /// An answer without a reason.
    Speechless(u16),
}

impl From<CallError> for Unasked {
    fn from(error: CallError) -> Self {
        Self::Failed(error)
    }
}

impl From<Unasked> for AnswerEvent {
    fn from(why: Unasked) -> Self {
        match why {
            Unasked::Refused(error) => Self::Refused(error),
            Unasked::Failed(error) => Self::Broken(error.to_string()),
            Unasked::Speechless(status) => {
                Self::Broken(format!("the daemon answered {status} without a reason"))
            }
        }
    }
}

impl AnswerStream {
    /// Asks.
    pub(super) async fn open(socket: &Path, request: &ChatRequest) -> Result<Self, Unasked> {
        let body = serde_json::to_value(request).map_err(CallError::Unwritable)?;
        let correlation_id = Uuid::now_v7();
        let call = Call { path: route::LLM_CHAT.to_owned(), body: Some(body), headers: Vec::new() }
            .with("accept", Some("text/event-stream".to_owned()))
            .with(header::CORRELATION_ID, Some(correlation_id.to_string()));
        let opened = timeout(Duration::from_secs(HEAD_SECONDS_MAX), client::open_held(socket, &call)).await;
        let (response, connection) = opened.unwrap_or(Err(CallError::TooSlow(HEAD_SECONDS_MAX * 1_000)))?;
        let status = response.status().as_u16();
        if status != 200 {
            let read = timeout(Duration::from_secs(SILENCE_SECONDS_MAX), client::read_all(response)).await;
            let bytes = read.unwrap_or(Err(CallError::TooSlow(SILENCE_SECONDS_MAX * 1_000)))?;
            let error = serde_json::from_slice(&bytes);
            return Err(error.map_or(Unasked::Speechless(status), |error| Unasked::Refused(Box::new(error))));
        }
        let body = response.into_body();
        Ok(Self {
            body,
            parser: Parser::default(),
            events: VecDeque::new(),
            ended: false,
            correlation_id,
            _connection: connection,
        })
    }

    /// Under which name the daemon knows the question.
    pub(super) fn correlation_id(&self) -> Uuid {
        self.correlation_id
    }

    /// What comes next; nothing after the event that ends the answer.
    pub(super) async fn next(&mut self) -> Option<AnswerEvent> {
        while self.events.is_empty() && !self.ended {
            let broken = |why: &str| Some(AnswerEvent::Broken(why.to_owned()));
            let frame = timeout(Duration::from_secs(SILENCE_SECONDS_MAX), self.body.frame()).await;
            let chunk = match frame {
                Err(_) => return self.end(broken("the daemon fell silent")),
                Ok(None) => return self.end(broken("the stream ended before the answer did")),
                Ok(Some(Err(error))) => return self.end(broken(&error.to_string())),
                Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            };
            self.events.extend(self.parser.push(&chunk).into_iter().map(read).flat_map(split));
        }
        let event = self.events.pop_front().filter(|_| !self.ended);
        self.ended |= event.as_ref().is_none_or(is_last);
        event
    }

    fn end(&mut self, last: Option<AnswerEvent>) -> Option<AnswerEvent> {
        self.ended = true;
        last
    }
}

/// An event as events that hold a piece each, in the order in which a chunk is read: thoughts, text, calls.
fn split(event: AnswerEvent) -> Vec<AnswerEvent> {
    let AnswerEvent::Frame(ChatFrame::Chunk(mut chunk)) = event else {
        return vec![event];
    };
    let thinking = cut(chunk.thinking.take().unwrap_or_default());
    let content = cut(std::mem::take(&mut chunk.content));
    let thoughts =
        thinking.into_iter().map(|text| ChatChunk { thinking: Some(text), ..ChatChunk::default() });
    let texts = content.into_iter().map(|content| ChatChunk { content, ..ChatChunk::default() });
    let mut pieces: Vec<ChatChunk> = thoughts.chain(texts).collect();
    match pieces.last_mut() {
        Some(last) => last.tool_calls = chunk.tool_calls,
        None => pieces.push(chunk),
    }
    pieces.into_iter().map(|chunk| AnswerEvent::Frame(ChatFrame::Chunk(chunk))).collect()
}

fn cut(text: String) -> Vec<String> {
    if text.len() <= PIECE_BYTES_MAX {
        return Some(text).filter(|text| !text.is_empty()).into_iter().collect();
    }
    let (mut rest, mut pieces) = (text.as_str(), Vec::new());
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES_MAX));
        pieces.push(piece.to_owned());
        rest = more;
    }
    pieces
}

/// Whether nothing counts that follows.
fn is_last(event: &AnswerEvent) -> bool {
    match event {
        AnswerEvent::Frame(frame) => !matches!(frame, ChatFrame::Chunk(_)),
        AnswerEvent::Refused(_) | AnswerEvent::Broken(_) => true,
        AnswerEvent::Unreadable(_) => false,
    }
}

fn read(item: Item) -> AnswerEvent {
    let data = match item {
        Item::TooLarge => return AnswerEvent::Unreadable("it is too large".to_owned()),
        Item::Stray => return AnswerEvent::Unreadable("a line that is no part of a stream".to_owned()),
        Item::Frame(frame) => frame.data,
    };
    if data.trim() == STREAM_END {
        return AnswerEvent::Broken("the stream ended before the answer did".to_owned());
    }
    match serde_json::from_str(&data) {
        Ok(ChatFrame::Chunk(chunk)) if chunk.done => {
            AnswerEvent::Unreadable("a last frame that does not say how the answer ended".to_owned())
        }
        Ok(frame) => AnswerEvent::Frame(frame),
        Err(error) => AnswerEvent::Unreadable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hecate_proto::llm::ToolCall;
    use serde_json::Value;

    #[test]
    fn a_large_chunk_comes_in_pieces_and_nothing_of_it_is_lost() {
        let call = ToolCall { id: "c".to_owned(), name: "brew".to_owned(), arguments: Value::Null };
        for (thinking, content) in [(0, 0), (1, 0), (0, 1), (7, 20_000), (20_000, 30_000)] {
            let thinking = Some("é☕".repeat(thinking)).filter(|text| !text.is_empty());
            let whole = ChatChunk {
                content: "日a".repeat(content),
                thinking,
                tool_calls: vec![call.clone()],
                done: false,
            };
            let mut joined = ChatChunk::default();
            for event in split(AnswerEvent::Frame(ChatFrame::Chunk(whole.clone()))) {
                let AnswerEvent::Frame(ChatFrame::Chunk(piece)) = event else {
                    panic!("{event:?}");
                };
                assert!(joined.tool_calls.is_empty(), "calls come last");
                assert!(
                    piece.content.len() + piece.thinking.as_ref().map_or(0, String::len) <= PIECE_BYTES_MAX
                );
                joined.content += &piece.content;
                joined.thinking =
                    Some(joined.thinking.unwrap_or_default() + &piece.thinking.unwrap_or_default())
                        .filter(|text| !text.is_empty());
                joined.tool_calls.extend(piece.tool_calls);
            }
            assert_eq!(joined, whole);
        }
    }
}
