//! Requests as Ollama takes them, answers as it gives them. Where a test is the other side of a defect that the
//! design lists, it names the defect's number.

use super::super::delta::{Counts, Delta};
use super::super::dialect::Dialect;
use super::super::error::LlmError;
use super::super::message::ToolCall;
use super::super::tests::kit::{call, decoded, decoded_however_split};
use super::Ollama;
use hecate_proto::llm::StopReason;
use serde_json::{Value, json};

const ANSWER: &str = concat!(
    r#"{"model":"qwen3","created_at":"2026-11-22T12:00:00Z","message":{"role":"assistant","content":"","thinking":"Wél"},"done":false}"#,
    "\n",
    r#"{"model":"qwen3","message":{"role":"assistant","content":"Te"},"done":false}"#,
    "\r\n",
    r#"{"model":"qwen3","message":{"role":"assistant","content":"a ☕"},"done":false}"#,
    "\n\n",
    r#"{"model":"qwen3","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"brew","arguments":{"leaf":"assam","cups":2}}}]},"done":false}"#,
    "\n",
    r#"{"model":"qwen3","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":5,"prompt_eval_count":11,"eval_count":7}"#,
    "\n"
);

fn body(request: Value) -> Value {
    Ollama.encode(&call(request), "localhost")
}

/// Defect 10: what a model thinks was dropped.
#[test]
fn an_answer_is_understood_wherever_its_bytes_are_cut() {
    let brew = ToolCall {
        id: "call_0".to_owned(),
        name: "brew".to_owned(),
        arguments: r#"{"leaf":"assam","cups":2}"#.to_owned(),
    };
    let counts = Counts { prompt: Some(11), completion: Some(7), ..Counts::default() };
    assert_eq!(
        decoded_however_split(&Ollama, ANSWER.as_bytes()),
        [
            Delta::Model("qwen3".to_owned()),
            Delta::Thinking("Wél".to_owned()),
            Delta::Text("Te".to_owned()),
            Delta::Text("a ☕".to_owned()),
            Delta::ToolCall(brew),
            Delta::Usage(counts),
            Delta::Finish(StopReason::ToolCalls),
            Delta::End,
        ]
    );
}

#[test]
fn a_list_of_text_parts_is_text_and_anything_else_that_is_said_is_an_error() {
    let line = |message: Value| format!("{}\n", json!({"message": message}));
    let parts = json!([{"type": "text", "text": "Te"}, {"type": "text", "text": "a"}]);
    let (deltas, error) = decoded(&Ollama, &[line(json!({"content": parts})).as_bytes()]);
    assert_eq!((deltas, error), (vec![Delta::Text("Tea".to_owned())], None));
    for unread in [json!({"content": 42}), json!({"thinking": {}}), json!({"tool_calls": 1}), json!("Tea")] {
        let (deltas, error) = decoded(&Ollama, &[line(unread.clone()).as_bytes()]);
        assert_eq!(deltas, []);
        assert!(matches!(error, Some(LlmError::Malformed(_))), "{unread}: {error:?}");
    }
}

/// Defect 11: the reason of a failure in the midst of an answer was lost.
#[test]
fn a_failure_in_the_midst_is_an_error_with_its_reason() {
    let text = "{\"message\":{\"content\":\"Te\"},\"done\":false}\n{\"error\":\"the kettle broke\"}\n";
    let (deltas, error) = decoded(&Ollama, &[text.as_bytes()]);
    assert_eq!(deltas, [Delta::Text("Te".to_owned())]);
    assert_eq!(error, Some(LlmError::Failed { status: None, says: "the kettle broke".to_owned() }));
}

/// Defect 16: a line that could not be read was skipped in silence.
#[test]
fn a_line_that_is_no_json_is_an_error() {
    let (_, error) = decoded(&Ollama, &[b"{\"message\":{\"content\":\"Te\"}}\n{oops}\n"]);
    assert!(matches!(error, Some(LlmError::Malformed(_))), "{error:?}");
}

#[test]
fn an_answer_without_its_last_line_has_no_end() {
    let cut = ANSWER.trim_end_matches('\n');
    let (deltas, error) = decoded(&Ollama, &[cut.as_bytes()]);
    assert_eq!(error, None);
    assert!(!deltas.contains(&Delta::End));
}

#[test]
fn a_count_that_is_left_out_is_none_and_other_reasons_are_told() {
    for (reason, wanted) in [
        ("length", StopReason::Length),
        ("stop", StopReason::Stop),
        ("unload", StopReason::Other("unload".to_owned())),
    ] {
        let line =
            format!("{{\"message\":{{}},\"done\":true,\"done_reason\":\"{reason}\",\"eval_count\":3}}\n");
        let (deltas, _) = decoded(&Ollama, &[line.as_bytes()]);
        let counts = Counts { completion: Some(3), ..Counts::default() };
        assert_eq!(deltas, [Delta::Usage(counts), Delta::Finish(wanted), Delta::End]);
    }
}

/// Defects 5 and 7: of several system messages only the last was kept, of several parts only the first.
#[test]
fn every_message_and_every_part_is_sent_in_order() {
    let sent = body(json!({"model": "m", "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "What is it?", "images": [
            {"media_type": "image/png", "data": "AAAA"}, {"media_type": "image/jpeg", "data": "BBBB"}]},
        {"role": "assistant", "content": "Tea.", "thinking": "Leaves."},
    ]}));
    assert_eq!(
        sent["messages"],
        json!([
            {"role": "system", "content": "Be kind."},
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "What is it?", "images": ["AAAA", "BBBB"]},
            {"role": "assistant", "content": "Tea.", "thinking": "Leaves."},
        ])
    );
    assert_eq!(sent["stream"], true);
}

/// Defect 6: calls were lost, and their results were no results any more.
#[test]
fn calls_and_their_results_are_sent_as_what_they_are() {
    let sent = body(json!({"model": "m", "messages": [
        {"role": "user", "content": "Brew."},
        {"role": "assistant", "tool_calls": [
            {"id": "a", "name": "brew", "arguments": {"leaf": "assam"}},
            {"id": "b", "name": "boil", "arguments": "no json"}]},
        {"role": "tool", "content": "done", "tool_call_id": "b"},
    ], "tools": [{"name": "brew", "description": "Brews.", "input_schema": {"type": "object"}}]}));
    assert_eq!(
        sent["messages"][1],
        json!({"role": "assistant", "content": "", "tool_calls": [
            {"id": "a", "function": {"index": 0, "name": "brew", "arguments": {"leaf": "assam"}}},
            {"id": "b", "function": {"index": 1, "name": "boil", "arguments": {}}}]})
    );
    let result = json!({"role": "tool", "content": "done", "tool_name": "boil", "tool_call_id": "b"});
    assert_eq!(sent["messages"][2], result);
    let tool = json!({"type": "function", "function":
        {"name": "brew", "description": "Brews.", "parameters": {"type": "object"}}});
    assert_eq!(sent["tools"], json!([tool]));
}

#[test]
fn settings_and_fields_of_its_own_are_sent_and_replace_nothing() {
    let sent = body(json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0.5, "top_p": 0.9, "max_tokens": 9, "seed": 7, "stop": ["END"], "think": "off",
        "extra": {
            "ollama": {"keep_alive": "5m", "stream": false, "options": {"num_ctx": 8192, "seed": 1}},
            "openai": {"store": true}}}));
    assert_eq!(
        sent,
        json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": true, "think": false,
            "options": {"temperature": 0.5, "top_p": 0.9, "num_predict": 9, "seed": 7, "stop": ["END"],
                "num_ctx": 8192},
            "keep_alive": "5m"})
    );
    assert!(body(json!({"model": "m", "messages": [{"role": "user"}]})).get("options").is_none());
}

#[test]
fn a_list_of_models_is_read_with_all_that_it_says() {
    let listed = json!({"models": [
        {"name": "qwen3:8b", "model": "qwen3:8b", "modified_at": "2026-11-01T00:00:00Z", "size": 5_000_000_000_u64,
         "digest": "abc", "capabilities": ["completion", "tools"],
         "details": {"format": "gguf", "family": "qwen3", "parameter_size": "8.2B", "quantization_level": "Q4_K_M",
            "context_length": 40960}},
        {"size": 1}, {"model": "old"}]});
    let models = Ollama.models(&listed).unwrap();
    assert_eq!(models.len(), 2);
    assert_eq!((models[0].context_length, models[0].size), (Some(40_960), Some(5_000_000_000)));
    assert_eq!(models[0].capabilities, ["completion", "tools"]);
    assert_eq!((models[1].name.as_str(), models[1].family.as_deref()), ("old", None));
    assert!(matches!(Ollama.models(&json!([])), Err(LlmError::Malformed(_))));
}
