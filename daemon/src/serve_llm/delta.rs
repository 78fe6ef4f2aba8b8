//! An answer as it comes: what every dialect's stream is decoded into, and the whole that it adds up to.

use super::message::{Message, Part, ToolCall};
use hecate_proto::llm::{
    ChatAnswer, ChatChunk, ChatDone, ChatFrame, OpaquePart, Role, StopReason, Usage, UsageSource,
};
use serde_json::{Map, Value};

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Delta {
    Text(String),
    Thinking(String),
    /// A call that is whole.
    ToolCall(ToolCall),
    /// Fields that only the provider understands.
    Opaque(Map<String, Value>),
    /// The model that answers, as the provider names it.
    Model(String),
    Usage(Counts),
    Finish(StopReason),
    /// The protocol's own sign that the answer is whole. Without it the answer was cut off.
    End,
}

/// Tokens that a provider has counted; later counts replace earlier ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) prompt: Option<u64>,
    pub(super) completion: Option<u64>,
    pub(super) cached: Option<u64>,
    pub(super) thinking: Option<u64>,
}

impl Counts {
    fn or(self, earlier: Counts) -> Counts {
        Counts {
            prompt: self.prompt.or(earlier.prompt),
            completion: self.completion.or(earlier.completion),
            cached: self.cached.or(earlier.cached),
            thinking: self.thinking.or(earlier.thinking),
        }
    }
}

/// Bytes of text that make about one token.
const BYTES_PER_TOKEN: usize = 4;

/// The sum of an answer's pieces. A stream keeps only what its last frame needs, a plain answer all of it.
pub(super) struct Sum {
    provider: String,
    model: String,
    prompt_bytes: usize,
    written_bytes: usize,
    counts: Counts,
    stop_reason: Option<StopReason>,
    opaque: Vec<OpaquePart>,
}

impl Sum {
    pub(super) fn new(provider: &str, model: &str, prompt_bytes: usize) -> Sum {
        Sum {
            provider: provider.to_owned(),
            model: model.to_owned(),
            prompt_bytes,
            written_bytes: 0,
            counts: Counts::default(),
            stop_reason: None,
            opaque: Vec::new(),
        }
    }

    /// Adds a piece; answers the frame that shows it at once, where one does.
    pub(super) fn add(&mut self, delta: Delta) -> Option<ChatFrame> {
        let mut chunk = ChatChunk::default();
        match delta {
            Delta::Text(text) => {
                self.written_bytes += text.len();
                chunk.content = text;
            }
            Delta::Thinking(text) => {
                self.written_bytes += text.len();
                chunk.thinking = Some(text);
            }
            Delta::ToolCall(call) => {
                self.written_bytes += call.name.len() + call.arguments.len();
                chunk.tool_calls.push(call.into_wire());
            }
            unseen => {
                self.note(unseen);
                return None;
            }
        }
        Some(ChatFrame::Chunk(chunk))
    }

    fn note(&mut self, delta: Delta) {
        match delta {
            Delta::Opaque(part) => {
                self.opaque.push(OpaquePart { provider: self.provider.clone(), part });
            }
            Delta::Model(model) => self.model = model,
            Delta::Usage(counts) => self.counts = counts.or(self.counts),
            Delta::Finish(reason) => self.stop_reason = Some(reason),
            Delta::Text(_) | Delta::Thinking(_) | Delta::ToolCall(_) | Delta::End => {}
        }
    }

    /// The last frame.
    pub(super) fn done(self) -> ChatDone {
        let usage = self.usage();
        ChatDone {
            content: String::new(),
            done: true,
            model: self.model,
            provider: self.provider,
            stop_reason: self.stop_reason.unwrap_or_else(|| StopReason::Other("unknown".to_owned())),
            usage,
            parts: self.opaque,
        }
    }

    /// What was counted; the daemon's own guess stands in for a count that is missing.
    fn usage(&self) -> Usage {
        let Counts { prompt, completion, cached, thinking } = self.counts;
        let guess = |bytes: usize| bytes.div_ceil(BYTES_PER_TOKEN) as u64;
        let reported = prompt.is_some() && completion.is_some();
        Usage {
            prompt_tokens: prompt.unwrap_or_else(|| guess(self.prompt_bytes)),
            completion_tokens: completion.unwrap_or_else(|| guess(self.written_bytes)),
            cached_tokens: cached,
            thinking_tokens: thinking,
            source: if reported { UsageSource::Reported } else { UsageSource::Estimated },
        }
    }
}

/// A whole answer, folded from its stream.
pub(super) struct Fold {
    sum: Sum,
    message: Message,
}

impl Fold {
    pub(super) fn new(sum: Sum) -> Fold {
        Fold { sum, message: Message { role: Role::Assistant, parts: Vec::new() } }
    }

    /// Adds a piece; answers how many bytes were written so far.
    pub(super) fn add(&mut self, delta: Delta) -> usize {
        let parts = &mut self.message.parts;
        match (&delta, parts.last_mut()) {
            (Delta::Text(more), Some(Part::Text(text)))
            | (Delta::Thinking(more), Some(Part::Thinking(text))) => text.push_str(more),
            (Delta::Text(text), _) => parts.push(Part::Text(text.clone())),
            (Delta::Thinking(text), _) => parts.push(Part::Thinking(text.clone())),
            (Delta::ToolCall(call), _) => parts.push(Part::ToolCall(call.clone())),
            _ => {}
        }
        self.sum.add(delta);
        self.sum.written_bytes
    }

    pub(super) fn answer(self) -> ChatAnswer {
        let (done, message) = (self.sum.done(), self.message.into_wire());
        ChatAnswer {
            ok: true,
            content: message.content,
            thinking: message.thinking,
            tool_calls: message.tool_calls,
            parts: done.parts,
            model: done.model,
            provider: done.provider,
            stop_reason: done.stop_reason,
            usage: done.usage,
        }
    }
}
