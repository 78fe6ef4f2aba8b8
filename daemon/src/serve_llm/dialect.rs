//! A wire protocol of providers, pure: what is sent, and what the bytes that come back mean.

use super::delta::Delta;
use super::error::LlmError;
use super::message::Call;
use super::stream::Reader;
use super::thoughts::Thoughts;
use serde_json::{Map, Value};

/// One protocol. Every chat is asked as a stream, whatever its caller wants, since only a stream that is closed
/// stops the model.
pub(super) trait Dialect: Send + Sync {
    /// Path of the chat route below the base URL.
    fn chat_path(&self) -> &'static str;

    /// Path of the list of models, which costs nothing to ask for.
    fn models_path(&self) -> &'static str;

    /// The body of a chat; `host` is the provider's, for differences between servers of one dialect.
    fn encode(&self, call: &Call, host: &str) -> Value;

    /// Reads the answer to one chat. `call_id` begins the ids of calls that the provider gives none.
    fn decoder(&self, call_id: String) -> Box<dyn Decoder>;

    /// Reads the list of models.
    fn models(&self, answer: &Value) -> Result<Vec<ListedModel>, LlmError>;

    /// What the body of a refusal says.
    fn refusal(&self, body: &Value) -> Option<ToldError>;
}

/// Reads one answer.
pub(super) trait Decoder: Send {
    /// Takes more bytes, however they were cut, and appends what they mean.
    fn push(&mut self, bytes: &[u8], deltas: &mut Vec<Delta>) -> Result<(), LlmError>;

    /// Takes the end of the bytes: a last event counts that lacks nothing but its end.
    fn finish(&mut self, deltas: &mut Vec<Delta>) -> Result<(), LlmError>;
}

/// Understands the events of one answer.
pub(super) trait Understand: Send {
    fn event(&mut self, event: &str, deltas: &mut Vec<Delta>) -> Result<(), LlmError>;
}

/// A framing and who understands its events.
pub(super) struct Framed<R, U> {
    reader: R,
    understand: U,
    thoughts: Thoughts,
}

impl<R: Reader, U: Understand> Framed<R, U> {
    pub(super) fn new(reader: R, understand: U) -> Framed<R, U> {
        Framed { reader, understand, thoughts: Thoughts::default() }
    }

    fn sort(&mut self, told: Vec<Delta>, deltas: &mut Vec<Delta>) {
        told.into_iter().for_each(|delta| self.thoughts.sort(delta, deltas));
    }
}

impl<R: Reader, U: Understand> Decoder for Framed<R, U> {
    fn push(&mut self, bytes: &[u8], deltas: &mut Vec<Delta>) -> Result<(), LlmError> {
        let (understand, mut told) = (&mut self.understand, Vec::new());
        let read = self.reader.push(bytes, &mut |event: &str| understand.event(event, &mut told));
        self.sort(told, deltas);
        // What was held back for what follows is told: nothing follows.
        read.inspect_err(|_| self.thoughts.finish(deltas))
    }

    fn finish(&mut self, deltas: &mut Vec<Delta>) -> Result<(), LlmError> {
        let (understand, mut told) = (&mut self.understand, Vec::new());
        let read = self.reader.finish(&mut |event: &str| understand.event(event, &mut told));
        self.sort(told, deltas);
        self.thoughts.finish(deltas);
        match read {
            // It was cut off in the midst of an event.
            Err(LlmError::Malformed(_)) => Ok(()),
            finished => finished,
        }
    }
}

/// A model as its provider lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ListedModel {
    pub(super) name: String,
    pub(super) size: Option<u64>,
    pub(super) context_length: Option<u64>,
    pub(super) family: Option<String>,
    pub(super) parameter_size: Option<String>,
    pub(super) format: Option<String>,
    pub(super) quantization_level: Option<String>,
    pub(super) modified_at: Option<String>,
    pub(super) digest: Option<String>,
    pub(super) capabilities: Vec<String>,
}

/// A provider's own account of what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ToldError {
    pub(super) says: String,
    /// Its code or type, where it has one.
    pub(super) code: String,
}

/// Reads the JSON of one event, which is an object in every dialect.
pub(super) fn json(event: &str) -> Result<Value, LlmError> {
    let read = serde_json::from_str::<Map<String, Value>>(event).map(Value::Object);
    read.map_err(|error| LlmError::Malformed(format!("an event is no JSON object: {error}")))
}

/// The text of a field; none where it is missing, null, empty or no text.
pub(super) fn text(of: &Value, field: &str) -> Option<String> {
    of.get(field).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// What a field says of an answer, as text or, as some servers send it, as a list of parts that are text; none where
/// it says nothing. Anything else would be lost in silence, and so is an error.
pub(super) fn said(of: &Value, field: &str) -> Result<Option<String>, LlmError> {
    let text = match &of[field] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(
            parts
                .iter()
                .map(part)
                .collect::<Option<String>>()
                .ok_or_else(|| LlmError::Malformed(format!("`{field}` has parts that are no text")))?,
        ),
        _ => return Err(LlmError::Malformed(format!("`{field}` is no text"))),
    };
    Ok(text.filter(|text| !text.is_empty()))
}

fn part(part: &Value) -> Option<&str> {
    let is_text = part.get("type").is_none_or(|kind| kind == "text");
    part["text"].as_str().filter(|_| is_text)
}

/// The entries of a list of an answer; none where it is missing or null. Anything else is an error, as above.
pub(super) fn entries<'v>(of: &'v Value, field: &str) -> Result<&'v [Value], LlmError> {
    match &of[field] {
        Value::Null => Ok(&[]),
        Value::Array(entries) => Ok(entries),
        _ => Err(LlmError::Malformed(format!("`{field}` is no list"))),
    }
}

/// Adds fields that the body does not have; what the body says already stays, objects are merged.
pub(super) fn add_missing(body: &mut Map<String, Value>, fields: &Map<String, Value>) {
    for (key, value) in fields {
        match (body.get_mut(key), value) {
            (None, _) => drop(body.insert(key.clone(), value.clone())),
            (Some(Value::Object(inner)), Value::Object(more)) => add_missing(inner, more),
            (Some(_), _) => {}
        }
    }
}

/// Puts a field where there is a value for it.
pub(super) fn put(body: &mut Map<String, Value>, field: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        body.insert(field.to_owned(), value.into());
    }
}

impl From<ToldError> for LlmError {
    /// A failure in the midst of an answer, where no status tells its kind.
    fn from(told: ToldError) -> LlmError {
        match told.code.as_str() {
            "rate_limit_exceeded" | "rate_limit_error" | "429" => {
                LlmError::RateLimited { says: told.says, retry_after_ms: None, lasting: false }
            }
            "insufficient_quota" => {
                LlmError::RateLimited { says: told.says, retry_after_ms: None, lasting: true }
            }
            _ => LlmError::Failed { status: None, says: told.says },
        }
    }
}
