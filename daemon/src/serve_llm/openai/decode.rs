//! OpenAI's answer: chunks with pieces, one more with the counts, `[DONE]`.

use super::super::delta::{Counts, Delta};
use super::super::dialect::{Understand, entries, json, said, text};
use super::super::error::LlmError;
use super::calls::Calls;
use super::told_error;
use hecate_proto::llm::{FRAME_BYTES_MAX, StopReason};
use serde_json::{Map, Value};

const DONE: &str = "[DONE]";
/// What a piece of a message is known to say; `obfuscation` is padding, `function_call` was given up.
const KNOWN: &[&str] = &[
    "role",
    "content",
    "refusal",
    "tool_calls",
    "reasoning",
    "reasoning_content",
    "obfuscation",
    "function_call",
];

/// Bytes of fields that only the provider understands: they are told in one frame.
const UNKNOWN_BYTES_MAX: usize = FRAME_BYTES_MAX;

/// Reads the events of one answer.
pub(super) struct Answer {
    calls: Calls,
    called: bool,
    model: Option<String>,
    /// Fields of the message that only its provider understands.
    unknown: Map<String, Value>,
    unknown_bytes: usize,
    ended: bool,
}

impl Answer {
    pub(super) fn new(call_id: String) -> Answer {
        let calls = Calls::new(call_id);
        Answer { calls, called: false, model: None, unknown: Map::new(), unknown_bytes: 0, ended: false }
    }

    fn chunk(&mut self, chunk: &Value, deltas: &mut Vec<Delta>) -> Result<(), LlmError> {
        if let Some(model) = text(chunk, "model").filter(|model| self.model.as_ref() != Some(model)) {
            self.model = Some(model.clone());
            deltas.push(Delta::Model(model));
        }
        // One answer is asked for; should more come, the others are not ours.
        let choices = entries(chunk, "choices")?;
        for choice in choices.iter().filter(|choice| choice["index"].as_u64().unwrap_or(0) == 0) {
            self.choice(choice, deltas)?;
        }
        if let Some(usage) = chunk.get("usage").filter(|usage| usage.is_object()) {
            deltas.push(Delta::Usage(counts(usage)));
        }
        Ok(())
    }

    fn choice(&mut self, choice: &Value, deltas: &mut Vec<Delta>) -> Result<(), LlmError> {
        let delta = &choice["delta"];
        if !delta.is_object() && !delta.is_null() {
            return Err(LlmError::Malformed("`delta` is no object".to_owned()));
        }
        let thinking = said(delta, "reasoning_content")?.or(said(delta, "reasoning")?);
        deltas.extend(thinking.map(Delta::Thinking));
        deltas.extend(said(delta, "content")?.map(Delta::Text));
        deltas.extend(said(delta, "refusal")?.map(Delta::Text));
        for (nth, piece) in entries(delta, "tool_calls")?.iter().enumerate() {
            self.calls.add(nth, piece)?;
        }
        for (field, value) in delta.as_object().into_iter().flatten() {
            if !KNOWN.contains(&field.as_str()) && !value.is_null() {
                self.keep(field, value)?;
            }
        }
        if let Some(reason) = text(choice, "finish_reason") {
            self.finish(&reason, deltas)?;
        }
        Ok(())
    }

    fn keep(&mut self, field: &str, value: &Value) -> Result<(), LlmError> {
        self.unknown_bytes += field.len() + value.to_string().len();
        if self.unknown_bytes > UNKNOWN_BYTES_MAX {
            return Err(LlmError::Malformed("its fields of its own are more than fits".to_owned()));
        }
        append(&mut self.unknown, field, value);
        Ok(())
    }

    fn finish(&mut self, reason: &str, deltas: &mut Vec<Delta>) -> Result<(), LlmError> {
        self.tell_calls(deltas)?;
        deltas.push(Delta::Finish(match reason {
            // Some servers say that they stopped when they stopped in order to call.
            "stop" if self.called => StopReason::ToolCalls,
            "stop" => StopReason::Stop,
            "length" => StopReason::Length,
            "tool_calls" | "function_call" => StopReason::ToolCalls,
            "content_filter" => StopReason::ContentFilter,
            other => StopReason::Other(other.to_owned()),
        }));
        Ok(())
    }

    fn tell_calls(&mut self, deltas: &mut Vec<Delta>) -> Result<(), LlmError> {
        self.called |= !self.calls.is_empty();
        deltas.extend(self.calls.finish()?.into_iter().map(Delta::ToolCall));
        Ok(())
    }

    fn end(&mut self, deltas: &mut Vec<Delta>) -> Result<(), LlmError> {
        self.ended = true;
        self.tell_calls(deltas)?;
        if !self.unknown.is_empty() {
            let part = std::mem::take(&mut self.unknown);
            deltas.push(Delta::Opaque(part));
        }
        deltas.push(Delta::End);
        Ok(())
    }
}

impl Understand for Answer {
    fn event(&mut self, event: &str, deltas: &mut Vec<Delta>) -> Result<(), LlmError> {
        if self.ended {
            return Ok(());
        }
        if event.trim() == DONE {
            return self.end(deltas);
        }
        let chunk = json(event)?;
        match told_error(&chunk) {
            Some(told) => Err(told.into()),
            None => self.chunk(&chunk, deltas),
        }
    }
}

/// Lists that come in pieces are one list, texts one text; of anything else the last one counts.
fn append(kept: &mut Map<String, Value>, field: &str, value: &Value) {
    match (kept.get_mut(field), value) {
        (Some(Value::Array(all)), Value::Array(more)) => all.extend(more.iter().cloned()),
        (Some(Value::String(all)), Value::String(more)) => all.push_str(more),
        _ => drop(kept.insert(field.to_owned(), value.clone())),
    }
}

fn counts(usage: &Value) -> Counts {
    let details = |of: &str, count: &str| usage[of][count].as_u64();
    Counts {
        prompt: usage["prompt_tokens"].as_u64(),
        completion: usage["completion_tokens"].as_u64(),
        cached: details("prompt_tokens_details", "cached_tokens"),
        thinking: details("completion_tokens_details", "reasoning_tokens"),
    }
}
