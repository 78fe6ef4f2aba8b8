//! Ollama's own protocol: a JSON object a line, pictures in bare Base64, arguments of tools as objects.

mod decode;
mod encode;
mod host;
mod models;
#[cfg(test)]
mod tests;

use super::dialect::{Decoder, Dialect, Framed, ListedModel, ToldError, text};
use super::error::LlmError;
use super::message::Call;
use super::stream::NdjsonReader;
use decode::Answer;
pub(super) use host::base_url;
use serde_json::Value;

pub(super) const NAME: &str = "ollama";

pub(super) struct Ollama;

impl Dialect for Ollama {
    fn chat_path(&self) -> &'static str {
        "api/chat"
    }

    fn models_path(&self) -> &'static str {
        "api/tags"
    }

    fn encode(&self, call: &Call, _: &str) -> Value {
        encode::body(call)
    }

    fn decoder(&self, call_id: String) -> Box<dyn Decoder> {
        Box::new(Framed::new(NdjsonReader::new(), Answer::new(call_id)))
    }

    fn models(&self, answer: &Value) -> Result<Vec<ListedModel>, LlmError> {
        models::read(answer)
    }

    fn refusal(&self, body: &Value) -> Option<ToldError> {
        Some(ToldError { says: text(body, "error")?, code: String::new() })
    }
}
