//! One answer on its way to whoever asked: folded for those who want it whole, told piece by piece to the
//! others. Whoever leaves takes the provider's connection along.

use super::delta::{Delta, Fold, Sum};
use super::error::LlmError;
use super::message::Call;
use super::provider::Deltas;
use super::routing::Route;
use crate::hecate_api::{Client, Ended};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use hecate_desk::{Refusal, Refused};
use hecate_proto::llm::{ChatAnswer, ChatFailure, ChatFrame, FRAME_BYTES_MAX, STREAM_END, code};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// Nobody reads this: the client is gone.
const CLIENT_LEFT: Refusal = Refusal::new(499, "client_left", "The client left before the answer was whole.");
const STOPPING: Refusal = Refusal::new(503, code::STOPPING, "The daemon stops; ask again once it is back.");
/// A comment that shows that the connection lives.
const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");
/// Bytes of text in one frame: JSON makes six of one at most, and the rest of the frame has room beside them.
const TEXT_BYTES_MAX: usize = FRAME_BYTES_MAX / 8;
/// Bytes of an answer that is kept whole.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The answer, whole.
pub(super) async fn whole(route: &Route, call: &Call, mut client: Client) -> Result<ChatAnswer, Refused> {
    let name = &route.provider_name;
    let folded = async {
        let deltas = route.provider.chat(call).await?;
        fold(deltas, Fold::new(Sum::new(name, &call.model, call.text_bytes()))).await
    };
    tokio::select! {
        folded = folded => folded.map_err(|error| noted(&error, name).refused(name)),
        ended = client.ended() => Err(over(ended).into()),
    }
}

async fn fold(mut deltas: Deltas, mut fold: Fold) -> Result<ChatAnswer, LlmError> {
    while let Some(pieces) = deltas.next().await {
        for delta in pieces? {
            if delta == Delta::End {
                return Ok(fold.answer());
            }
            if fold.add(delta) > ANSWER_BYTES_MAX {
                let says = format!("its answer is longer than {ANSWER_BYTES_MAX} bytes");
                return Err(LlmError::Malformed(says));
            }
        }
    }
    Err(LlmError::Truncated)
}

fn over(ended: Ended) -> Refusal {
    match ended {
        Ended::Left => CLIENT_LEFT,
        Ended::Stopping => STOPPING,
    }
}

fn noted<'e>(error: &'e LlmError, provider: &str) -> &'e LlmError {
    tracing::info!(provider, %error, "a chat failed");
    error
}

/// The answer as a stream. A provider that refuses at once is a refusal; one that takes its time to accept is
/// waited for in the stream, where a sign of life can be shown.
pub(super) async fn streamed(
    route: &Route,
    call: &Call,
    client: Client,
) -> Result<BoxStream<'static, Bytes>, Refused> {
    let asked = route.provider.chat(call);
    let name = Arc::clone(&route.provider_name);
    let mut chat = Streaming {
        sum: Some(Sum::new(&name, &call.model, call.text_bytes())),
        source: Source::Asked(asked),
        heartbeat: client.heartbeat,
        next_sign: Instant::now() + client.heartbeat,
        provider: name,
        client,
    };
    chat.accepted().await?;
    Ok(stream::unfold(chat, |mut chat| async move { chat.next().await.map(|bytes| (bytes, chat)) }).boxed())
}

enum Source {
    Asked(BoxFuture<'static, Result<Deltas, LlmError>>),
    Answering(Deltas),
    Over,
}

/// One streamed answer.
struct Streaming {
    /// None once the last frame is told.
    sum: Option<Sum>,
    source: Source,
    heartbeat: Duration,
    next_sign: Instant,
    provider: Arc<str>,
    client: Client,
}

impl Streaming {
    /// Waits for the provider to accept, as long as nobody needs a sign of life.
    async fn accepted(&mut self) -> Result<(), Refused> {
        let Source::Asked(asked) = &mut self.source else { return Ok(()) };
        let answered = tokio::select! {
            answered = timeout(self.heartbeat, asked) => answered,
            ended = self.client.ended() => return Err(over(ended).into()),
        };
        match answered {
            Ok(Ok(deltas)) => self.source = Source::Answering(deltas),
            Ok(Err(error)) => return Err(noted(&error, &self.provider).refused(&self.provider)),
            Err(_) => {}
        }
        Ok(())
    }

    /// The next bytes for the client; none at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if matches!(self.source, Source::Over) {
                return None;
            }
            let pieces = tokio::select! {
                biased;
                ended = self.client.ended() => return self.give_up(ended),
                pieces = pieces(&mut self.source) => pieces,
                () = sleep_until(self.next_sign) => {
                    self.next_sign = Instant::now() + self.heartbeat;
                    return Some(HEARTBEAT);
                }
            };
            let text = self.tell(pieces);
            if !text.is_empty() {
                self.next_sign = Instant::now() + self.heartbeat;
                return Some(text.into());
            }
        }
    }

    fn give_up(&mut self, ended: Ended) -> Option<Bytes> {
        self.source = Source::Over;
        if ended == Ended::Left {
            tracing::debug!(provider = %self.provider, "a client left its chat");
            return None;
        }
        let Refused { code, says, .. } = over(ended).into();
        let (error, message) = (code.into_owned(), says.into_owned());
        let details = serde_json::Map::new();
        let failure = ChatFailure { error, message, details, retryable: true, done: true };
        Some(frame(&ChatFrame::Failed(failure)).into())
    }

    /// The pieces as frames; the last one where the answer ends.
    fn tell(&mut self, pieces: Result<Vec<Delta>, LlmError>) -> String {
        let mut text = String::new();
        let told = pieces.and_then(|deltas| {
            deltas.into_iter().flat_map(split).try_for_each(|delta| self.tell_piece(delta, &mut text))
        });
        if let Err(error) = told {
            self.source = Source::Over;
            let failure = noted(&error, &self.provider).failure(&self.provider);
            text.push_str(&frame(&ChatFrame::Failed(failure)));
        }
        text
    }

    fn tell_piece(&mut self, delta: Delta, text: &mut String) -> Result<(), LlmError> {
        if delta == Delta::End {
            self.source = Source::Over;
            if let Some(sum) = self.sum.take() {
                text.push_str(&bounded(&ChatFrame::Done(sum.done()))?);
                text.push_str(&format!("data: {STREAM_END}\n\n"));
            }
        } else if let Some(told) = self.sum.as_mut().and_then(|sum| sum.add(delta)) {
            text.push_str(&bounded(&told)?);
        }
        Ok(())
    }
}

/// A piece as pieces that fit a frame each.
fn split(delta: Delta) -> Vec<Delta> {
    let (text, make): (_, fn(String) -> Delta) = match delta {
        Delta::Text(text) if text.len() > TEXT_BYTES_MAX => (text, Delta::Text),
        Delta::Thinking(text) if text.len() > TEXT_BYTES_MAX => (text, Delta::Thinking),
        fits => return vec![fits],
    };
    let (mut rest, mut pieces) = (text.as_str(), Vec::new());
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.floor_char_boundary(TEXT_BYTES_MAX));
        pieces.push(make(piece.to_owned()));
        rest = more;
    }
    pieces
}

/// A frame, unless it is longer than readers take.
fn bounded(of: &ChatFrame) -> Result<String, LlmError> {
    let text = frame(of);
    match text.trim_end_matches('\n').len() {
        bytes if bytes > FRAME_BYTES_MAX => {
            Err(LlmError::Malformed(format!("a part of its answer takes {bytes} bytes, more than fits")))
        }
        _ => Ok(text),
    }
}

/// The next pieces, from a provider that may still have to accept.
async fn pieces(source: &mut Source) -> Result<Vec<Delta>, LlmError> {
    if let Source::Asked(asked) = source {
        *source = Source::Answering(asked.await?);
    }
    match source {
        Source::Answering(deltas) => deltas.next().await.unwrap_or(Err(LlmError::Truncated)),
        Source::Asked(_) | Source::Over => Err(LlmError::Truncated),
    }
}

fn frame(of: &impl Serialize) -> String {
    // The types hold nothing that JSON cannot say.
    let json = serde_json::to_string(of).unwrap_or_default();
    format!("data: {json}\n\n")
}

#[cfg(test)]
#[test]
fn an_answer_that_nobody_waits_for_ends_by_the_name_of_its_reason() {
    assert!(Refused::from(over(Ended::Left)).is(CLIENT_LEFT));
    assert!(Refused::from(over(Ended::Stopping)).is(STOPPING));
}
