//! OpenAI's chat completions, which many other servers speak too: server-sent events, arguments of tools as
//! text that comes in pieces.

mod calls;
mod decode;
mod encode;
mod models;
#[cfg(test)]
mod tests;

use super::dialect::{Decoder, Dialect, Framed, ListedModel, ToldError, text};
use super::error::LlmError;
use super::message::Call;
use super::stream::SseReader;
use decode::Answer;
use serde_json::Value;

pub(super) const NAME: &str = "openai";
/// Where OpenAI itself is.
pub(super) const BASE_URL: &str = "https://api.openai.com/v1/";
const OWN_HOST: &str = "api.openai.com";

pub(super) struct OpenAi;

impl Dialect for OpenAi {
    fn chat_path(&self) -> &'static str {
        "chat/completions"
    }

    fn models_path(&self) -> &'static str {
        "models"
    }

    fn encode(&self, call: &Call, host: &str) -> Value {
        encode::body(call, host == OWN_HOST)
    }

    fn decoder(&self, call_id: String) -> Box<dyn Decoder> {
        Box::new(Framed::new(SseReader::new(), Answer::new(call_id)))
    }

    fn models(&self, answer: &Value) -> Result<Vec<ListedModel>, LlmError> {
        models::read(answer)
    }

    fn refusal(&self, body: &Value) -> Option<ToldError> {
        told_error(body)
    }
}

/// The error that a body or an event tells of. Some servers say a plain text where OpenAI has an object.
fn told_error(body: &Value) -> Option<ToldError> {
    let error = body.get("error").filter(|error| !error.is_null())?;
    if let Some(says) = error.as_str() {
        return Some(ToldError { says: says.to_owned(), code: String::new() });
    }
    let code = match &error["code"] {
        Value::String(code) => Some(code.clone()),
        Value::Number(code) => Some(code.to_string()),
        _ => None,
    };
    Some(ToldError {
        says: text(error, "message").unwrap_or_else(|| error.to_string()),
        code: code.or_else(|| text(error, "type")).unwrap_or_default(),
    })
}
