//! Conversations with models: `/api/llm/models`, `/api/llm/health`, `/api/llm/providers`,
//! `/api/llm/providers/reload` and `/api/llm/chat`, plain and as a stream.
//!
//! A streamed answer is `text/event-stream` with `data:` lines only. Each holds one [`ChatFrame`]: any number of
//! chunks, then exactly one that is done or has failed. After the frame that is done comes the line
//! `data: [DONE]` ([`STREAM_END`]); a stream that ends without a frame whose `done` is true was cut off, which is
//! a failure. A comment line every 10 s shows that the daemon still waits. Closing the connection cancels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What the last `data:` line of a whole streamed answer says.
pub const STREAM_END: &str = "[DONE]";

/// Bytes of the longest `data:` line of a streamed answer, the field's name included, its end not. A longer text
/// comes in several; a call or the opaque parts of an answer that do not fit one are a failure.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;

/// Codes of refusals and of failures in band.
pub mod code {
    /// 404: no provider knows this model; `details.near` names some that are known.
    pub const MODEL_NOT_FOUND: &str = "model_not_found";
    /// The provider refuses the request itself; `details.provider_status` says how.
    pub const PROVIDER_REJECTED: &str = "provider_rejected";
    /// 502: the provider fails; `details.reason` is one of `unreachable`, `unauthorized`, `not_configured`,
    /// `failed`, `malformed` (it does not speak its protocol) and `truncated` (it stopped before the end of its
    /// answer).
    pub const PROVIDER_ERROR: &str = "provider_error";
    /// 429: the provider takes no more for now.
    pub const RATE_LIMITED: &str = "rate_limited";
    /// 504: the provider took too long; `details.phase` says where.
    pub const TIMEOUT: &str = "timeout";
    /// 503: the daemon stops.
    pub const STOPPING: &str = "stopping";
}

/// Body of `POST /api/llm/chat`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChatRequest {
    /// `provider/model`, or a model's own name, which the first provider that knows it serves. Left out: the first
    /// healthy local model, else the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub model: Option<String>,
    /// The conversation so far, oldest first.
    #[schemars(length(min = 1))]
    pub messages: Vec<ChatMessage>,
    /// True for a stream of chunks, else one answer.
    #[serde(default)]
    pub stream: bool,
    /// Randomness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 2.0))]
    pub temperature: Option<f64>,
    /// Share of the likeliest tokens to choose from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub top_p: Option<f64>,
    /// The most tokens to write, thinking included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_tokens: Option<u32>,
    /// Texts that end the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub stop: Vec<String>,
    /// The same seed and request give the same answer, where a provider can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// How much to think before answering; left out, the model's own habit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub think: Option<Effort>,
    /// What the model may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// Fields of a provider's own, by dialect, for example `{"ollama": {"keep_alive": "5m"}}`. They are sent to
    /// providers of that dialect and never replace what this request says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, Map<String, Value>>,
}

/// How much a model thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Not at all.
    Off,
    /// A little.
    Low,
    /// As much as is usual.
    Medium,
    /// Much.
    High,
}

/// One message of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChatMessage {
    /// Who says it.
    pub role: Role,
    /// What is said; may be empty beside tool calls.
    #[serde(default)]
    pub content: String,
    /// Assistant only: what it thought before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
    /// User only: pictures beside the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// Assistant only: what it called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Tool only: which call this is the result of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// Assistant only: parts of its answer that only its provider understands, to be sent back as they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<OpaquePart>,
}

impl ChatMessage {
    /// A message that is text alone.
    pub fn text(role: Role, content: impl Into<String>) -> ChatMessage {
        ChatMessage { role, content: content.into(), ..ChatMessage::default() }
    }
}

/// Who says a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions.
    System,
    /// The person or program that asks.
    #[default]
    User,
    /// The model.
    Assistant,
    /// The result of a tool call.
    Tool,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Image {
    /// For example `image/png`.
    #[schemars(regex(pattern = r"^image/[A-Za-z0-9.+-]+$"))]
    pub media_type: String,
    /// The picture's bytes in Base64.
    pub data: String,
}

/// A part of an answer that only the provider that wrote it understands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OpaquePart {
    /// The provider's name; other providers are not shown it, not even those of the same dialect.
    pub provider: String,
    /// The part itself.
    pub part: Map<String, Value>,
}

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Letters, digits, dashes and underscores.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,128}$"))]
    pub name: String,
    /// What it does, for the model.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of its arguments.
    #[serde(default)]
    pub input_schema: Map<String, Value>,
}

/// A call of a tool, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolCall {
    /// Names the call in its result; made by the daemon where the provider gives none.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments, an object. What a model wrote that is no JSON is a string here.
    pub arguments: Value,
}

/// Answer of `POST /api/llm/chat` without `stream`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatAnswer {
    /// Always true.
    pub ok: bool,
    /// What the model said.
    pub content: String,
    /// What it thought before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
    /// What it called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// To be sent back as they are in the next request's assistant message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<OpaquePart>,
    /// The model that answered, as its provider names it.
    pub model: String,
    /// The provider that answered.
    pub provider: String,
    /// Why it stopped.
    pub stop_reason: StopReason,
    /// What was read and written.
    pub usage: Usage,
}

/// One `data:` line of a streamed answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ChatFrame {
    /// The answer failed; nothing follows, not even [`STREAM_END`].
    Failed(ChatFailure),
    /// The answer is whole; [`STREAM_END`] follows.
    Done(ChatDone),
    /// More of the answer.
    Chunk(ChatChunk),
}

/// More of an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChatChunk {
    /// More text; may be empty.
    pub content: String,
    /// More of what the model thinks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
    /// Calls that are now whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Always false.
    pub done: bool,
}

/// The end of a whole answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatDone {
    /// Always empty.
    pub content: String,
    /// Always true.
    pub done: bool,
    /// The model that answered, as its provider names it.
    pub model: String,
    /// The provider that answered.
    pub provider: String,
    /// Why it stopped.
    pub stop_reason: StopReason,
    /// What was read and written.
    pub usage: Usage,
    /// To be sent back as they are in the next request's assistant message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<OpaquePart>,
}

/// The end of an answer that failed. What came before it stays what it is: part of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatFailure {
    /// Stable code for programs, see [`code`].
    pub error: String,
    /// One sentence for people.
    pub message: String,
    /// What a program may want to know: `provider`, `provider_status`, `reason`, `phase`, …
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub details: Map<String, Value>,
    /// True when asking again may help.
    pub retryable: bool,
    /// Always true.
    pub done: bool,
}

/// Why a model stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It had said everything, or met a stop text.
    Stop,
    /// It met the bound on tokens.
    Length,
    /// It waits for the results of its calls.
    ToolCalls,
    /// Its provider withheld the rest.
    ContentFilter,
    /// A reason of the provider's own, as the provider says it.
    #[serde(untagged)]
    Other(String),
}

/// Tokens read and written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read, cached ones included.
    pub prompt_tokens: u64,
    /// Tokens written, thinking included.
    pub completion_tokens: u64,
    /// Tokens read that the provider had cached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// Tokens written while thinking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking_tokens: Option<u64>,
    /// Who counted.
    pub source: UsageSource,
}

/// Who counted the tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageSource {
    /// The provider.
    Reported,
    /// The daemon, roughly, because the provider left a count out.
    Estimated,
    /// Nobody; the counts mean nothing.
    #[default]
    None,
}

/// Answer of `GET /api/llm/models`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelsAnswer {
    /// Always true.
    pub ok: bool,
    /// By provider, in the order of their priority, then by name.
    pub models: Vec<Model>,
}

/// A model that a provider offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// As its provider names it.
    pub name: String,
    /// Its provider; `provider/name` always means this model.
    pub provider: String,
    /// True when it runs on this machine.
    pub local: bool,
    /// The provider that serves this bare name instead, because it comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadowed_by: Option<String>,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Tokens that fit; none where nobody says.
    #[serde(default)]
    pub context_length: Option<u64>,
    /// For example `llama`.
    #[serde(default)]
    pub family: Option<String>,
    /// For example `8.0B`.
    #[serde(default)]
    pub parameter_size: Option<String>,
    /// For example `gguf`.
    #[serde(default)]
    pub format: Option<String>,
    /// For example `Q4_K_M`.
    #[serde(default)]
    pub quantization_level: Option<String>,
    /// RFC 3339.
    #[serde(default)]
    pub modified_at: Option<String>,
    /// Of its content.
    #[serde(default)]
    pub digest: Option<String>,
    /// What its provider says it can: `completion`, `tools`, `vision`, `thinking`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
}

/// Answer of `GET /api/llm/health`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LlmHealth {
    /// Always true.
    pub ok: bool,
    /// `healthy` when at least one provider is, else `unhealthy`.
    pub status: ProviderStatus,
    /// By name.
    pub providers: BTreeMap<String, ProviderHealth>,
}

/// How one provider is, as last seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderHealth {
    /// In one word.
    pub status: ProviderStatus,
    /// Models that it offers; none where it was never reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<u64>,
    /// How long the last look took, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// When it was last looked at, RFC 3339; none before the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<String>,
    /// When it was last healthy, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_ok_at: Option<String>,
    /// What is wrong, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How a provider is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderStatus {
    /// It answers.
    Healthy,
    /// It does not answer, or answers nonsense.
    Unhealthy,
    /// It does not take the key.
    Unauthorized,
    /// It takes no more for now.
    RateLimited,
    /// It lacks a setting; nothing is asked of it.
    NotConfigured,
    /// Nobody has looked yet.
    Unknown,
}

/// Answer of `GET /api/llm/providers`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProvidersAnswer {
    /// Always true.
    pub ok: bool,
    /// In the order of their priority.
    pub providers: Vec<Provider>,
}

/// A provider as it is set up. Its key is never shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// The name that `provider/model` begins with.
    pub name: String,
    /// The dialect that it speaks: `ollama`, `openai`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it is.
    pub url: String,
    /// True when it runs on this machine.
    pub local: bool,
    /// True when a key is sent.
    pub has_key: bool,
    /// How it is.
    pub status: ProviderStatus,
}

/// Answer of `POST /api/llm/providers/reload`: keys are read anew and every provider's models are listed anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadAnswer {
    /// Always true.
    pub ok: bool,
    /// Those that answered.
    pub providers_loaded: Vec<String>,
    /// All that are set up.
    pub providers: Vec<String>,
    /// Those that were not reached; what is known of them is older than the reload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreached: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_kind_of_frame_is_read_as_what_it_is() {
        let read = |frame: Value| serde_json::from_value::<ChatFrame>(frame).unwrap();
        let chunk = read(json!({"content": "tea", "done": false}));
        assert!(matches!(chunk, ChatFrame::Chunk(chunk) if chunk.content == "tea"));
        let usage = json!({"prompt_tokens": 1, "completion_tokens": 2, "source": "reported"});
        let done = read(json!({
            "content": "", "done": true, "model": "m", "provider": "p", "stop_reason": "stop", "usage": usage
        }));
        assert!(matches!(done, ChatFrame::Done(done) if done.stop_reason == StopReason::Stop));
        let failed =
            read(json!({"error": "provider_error", "message": "No.", "retryable": true, "done": true}));
        assert!(matches!(failed, ChatFrame::Failed(failed) if failed.retryable));
    }

    #[test]
    fn a_reason_of_the_providers_own_stays_as_it_is() {
        for (text, reason) in [
            ("length", StopReason::Length),
            ("tool_calls", StopReason::ToolCalls),
            ("moonrise", StopReason::Other("moonrise".to_owned())),
        ] {
            assert_eq!(serde_json::from_value::<StopReason>(json!(text)).unwrap(), reason);
            assert_eq!(serde_json::to_value(reason).unwrap(), json!(text));
        }
    }
}
