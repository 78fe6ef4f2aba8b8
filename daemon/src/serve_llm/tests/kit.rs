//! Small things that many tests of models need.

use super::super::delta::Delta;
use super::super::dialect::Dialect;
use super::super::error::LlmError;
use super::super::message::Call;
use hecate_proto::llm::ChatRequest;
use serde_json::Value;

/// A request as it comes from the socket.
pub(in super::super) fn call(request: Value) -> Call {
    let Value::Object(body) = request else { panic!("a request is an object") };
    let request: ChatRequest = super::super::read(body).unwrap();
    Call::read(request).unwrap()
}

/// What pieces of bytes mean, and the error that ends them.
pub(in super::super) fn decoded(dialect: &dyn Dialect, pieces: &[&[u8]]) -> (Vec<Delta>, Option<LlmError>) {
    let (mut decoder, mut deltas) = (dialect.decoder("call".to_owned()), Vec::new());
    let failed = pieces.iter().find_map(|piece| decoder.push(piece, &mut deltas).err());
    (deltas, failed)
}

/// What bytes mean, found to be the same wherever they are cut in two, and byte by byte.
pub(in super::super) fn decoded_however_split(dialect: &dyn Dialect, bytes: &[u8]) -> Vec<Delta> {
    let whole = decoded(dialect, &[bytes]);
    assert_eq!(whole.1, None);
    for at in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(at);
        assert_eq!(decoded(dialect, &[head, tail]), whole, "cut at {at}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(decoded(dialect, &single), whole, "byte by byte");
    whole.0
}

/// Events as OpenAI frames them, with its last line.
pub(in super::super) fn sse(events: &[Value]) -> Vec<u8> {
    let events: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    format!("{events}data: [DONE]\n\n").into_bytes()
}

/// Nothing that a test waits for takes longer.
pub(super) async fn within<T>(what: &str, awaited: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(std::time::Duration::from_secs(20), awaited).await;
    waited.unwrap_or_else(|_| panic!("waited in vain until {what}"))
}

/// An answer in Ollama's words.
pub(super) fn ollama_answer(text: &str) -> String {
    let line = serde_json::json!({"model": "m", "message": {"content": text}, "done": false});
    let last = serde_json::json!({"model": "m", "message": {"content": ""}, "done": true, "done_reason": "stop",
        "prompt_eval_count": 3, "eval_count": 2});
    format!("{line}\n{last}\n")
}

/// An event with text in OpenAI's words.
pub(super) fn openai_text(text: &str) -> Value {
    serde_json::json!({"model": "m", "choices": [{"index": 0, "delta": {"content": text}}]})
}
