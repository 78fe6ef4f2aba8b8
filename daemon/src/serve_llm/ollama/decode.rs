//! Ollama's answer: lines with pieces, the last of which is done and counts.

use super::super::delta::{Counts, Delta};
use super::super::dialect::{ToldError, Understand, entries, json, said, text};
use super::super::error::LlmError;
use super::super::message::ToolCall;
use hecate_proto::llm::StopReason;
use serde_json::Value;

/// Reads the lines of one answer.
pub(super) struct Answer {
    call_id: String,
    calls: usize,
    model: Option<String>,
    ended: bool,
}

impl Answer {
    pub(super) fn new(call_id: String) -> Answer {
        Answer { call_id, calls: 0, model: None, ended: false }
    }

    fn message(&mut self, message: &Value, deltas: &mut Vec<Delta>) -> Result<(), LlmError> {
        if !message.is_object() && !message.is_null() {
            return Err(LlmError::Malformed("`message` is no object".to_owned()));
        }
        deltas.extend(said(message, "thinking")?.map(Delta::Thinking));
        deltas.extend(said(message, "content")?.map(Delta::Text));
        for call in entries(message, "tool_calls")? {
            let call = self.call(call)?;
            deltas.push(Delta::ToolCall(call));
        }
        Ok(())
    }

    fn call(&mut self, call: &Value) -> Result<ToolCall, LlmError> {
        let function = &call["function"];
        let unnamed = || LlmError::Malformed("a tool call names no tool".to_owned());
        let name = text(function, "name").ok_or_else(unnamed)?;
        let arguments = match &function["arguments"] {
            Value::Null => "{}".to_owned(),
            Value::String(text) => text.clone(),
            object => object.to_string(),
        };
        let nth = self.calls;
        self.calls += 1;
        let id = text(call, "id").unwrap_or_else(|| format!("{}_{nth}", self.call_id));
        Ok(ToolCall { id, name, arguments })
    }

    fn finish(&mut self, line: &Value, deltas: &mut Vec<Delta>) {
        self.ended = true;
        let count = |field: &str| line.get(field).and_then(Value::as_u64);
        let counts = Counts {
            prompt: count("prompt_eval_count"),
            completion: count("eval_count"),
            ..Counts::default()
        };
        deltas.push(Delta::Usage(counts));
        let called = self.calls > 0;
        let reason = match line["done_reason"].as_str() {
            // Ollama says that it stopped, also when it stopped in order to call.
            Some("stop") | None if called => StopReason::ToolCalls,
            Some("stop") | None => StopReason::Stop,
            Some("length") => StopReason::Length,
            Some(other) => StopReason::Other(other.to_owned()),
        };
        deltas.extend([Delta::Finish(reason), Delta::End]);
    }
}

impl Understand for Answer {
    fn event(&mut self, event: &str, deltas: &mut Vec<Delta>) -> Result<(), LlmError> {
        if self.ended {
            return Ok(());
        }
        let line = json(event)?;
        if let Some(says) = text(&line, "error") {
            return Err(ToldError { says, code: String::new() }.into());
        }
        if let Some(model) = text(&line, "model").filter(|model| self.model.as_ref() != Some(model)) {
            self.model = Some(model.clone());
            deltas.push(Delta::Model(model));
        }
        self.message(&line["message"], deltas)?;
        if line["done"] == true {
            self.finish(&line, deltas);
        }
        Ok(())
    }
}
