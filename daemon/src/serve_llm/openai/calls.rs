//! Tool calls that come in pieces: each piece says which call it belongs to by its index.

use super::super::dialect::text;
use super::super::error::LlmError;
use super::super::message::ToolCall;
use hecate_proto::llm::FRAME_BYTES_MAX;
use serde_json::Value;
use std::collections::BTreeMap;

/// Calls at once, and bytes of arguments of all of them: a provider must not fill the memory, and each call is
/// told in one frame.
const CALLS_MAX: usize = 128;
const ARGUMENT_BYTES_MAX: usize = FRAME_BYTES_MAX;

/// The calls of one answer, as far as they have come.
pub(super) struct Calls {
    call_id: String,
    begun: BTreeMap<u64, ToolCall>,
    argument_bytes: usize,
}

impl Calls {
    pub(super) fn new(call_id: String) -> Calls {
        Calls { call_id, begun: BTreeMap::new(), argument_bytes: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.begun.is_empty()
    }

    /// Takes a piece. The `nth` of its chunk belongs to that call where it names no index, as some servers
    /// send whole calls.
    pub(super) fn add(&mut self, nth: usize, piece: &Value) -> Result<(), LlmError> {
        let index = piece["index"].as_u64().unwrap_or(nth as u64);
        let function = &piece["function"];
        let arguments = match &function["arguments"] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            object => object.to_string(),
        };
        self.argument_bytes += arguments.len();
        if self.argument_bytes > ARGUMENT_BYTES_MAX || self.begun.len() > CALLS_MAX {
            return Err(LlmError::Malformed("its tool calls are more than fits".to_owned()));
        }
        let call_id = &self.call_id;
        let call = self.begun.entry(index).or_insert_with(|| ToolCall {
            id: format!("{call_id}_{index}"),
            name: String::new(),
            arguments: String::new(),
        });
        if let Some(id) = text(piece, "id") {
            call.id = id;
        }
        if let Some(name) = text(function, "name") {
            call.name = name;
        }
        call.arguments.push_str(&arguments);
        Ok(())
    }

    /// All calls, in order; none are left.
    pub(super) fn finish(&mut self) -> Result<Vec<ToolCall>, LlmError> {
        let calls: Vec<_> = std::mem::take(&mut self.begun).into_values().collect();
        if calls.iter().any(|call| call.name.is_empty()) {
            return Err(LlmError::Malformed("a tool call names no tool".to_owned()));
        }
        Ok(calls)
    }
}
