//! Requests as OpenAI takes them, answers as it and its imitators give them. Where a test is the other side of a
//! defect that the design lists, it names the defect's number.

use super::super::delta::{Counts, Delta};
use super::super::dialect::Dialect;
use super::super::error::LlmError;
use super::super::message::ToolCall;
use super::super::tests::kit::{call, decoded, decoded_however_split, sse};
use super::{OWN_HOST, OpenAi};
use hecate_proto::llm::StopReason;
use serde_json::{Value, json};

fn body(request: Value) -> Value {
    OpenAi.encode(&call(request), "localhost")
}

fn hello(more: Value) -> Value {
    let mut request = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

fn answered(events: &[Value]) -> Vec<Delta> {
    decoded_however_split(&OpenAi, &sse(events))
}

fn delta(delta: Value) -> Value {
    json!({"id": "c", "model": "gpt-9", "choices": [{"index": 0, "delta": delta, "finish_reason": null}], "usage": null})
}

fn finish(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

fn text(text: &str) -> Delta {
    Delta::Text(text.to_owned())
}

/// Defects 1 and 10: a stream was never asked to count, and what a model thinks was dropped.
#[test]
fn an_answer_is_understood_wherever_its_bytes_are_cut() {
    let usage = json!({"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 2}});
    let counts = Counts { prompt: Some(9), completion: Some(5), cached: Some(4), thinking: Some(2) };
    assert_eq!(
        answered(&[
            delta(json!({"role": "assistant", "content": null})),
            delta(json!({"reasoning_content": "Wél"})),
            delta(json!({"reasoning": "l."})),
            delta(json!({"content": "Te", "obfuscation": "xxxx"})),
            delta(json!({"content": "a ☕"})),
            finish("stop"),
            json!({"choices": [], "usage": usage}),
        ]),
        [
            Delta::Model("gpt-9".to_owned()),
            Delta::Thinking("Wél".to_owned()),
            Delta::Thinking("l.".to_owned()),
            text("Te"),
            text("a ☕"),
            Delta::Finish(StopReason::Stop),
            Delta::Usage(counts),
            Delta::End,
        ]
    );
}

#[test]
fn calls_that_come_in_pieces_are_put_together_by_their_index() {
    let piece = |index: u64, id: Value, name: Value, arguments: &str| {
        let function = json!({"name": name, "arguments": arguments});
        delta(json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]}))
    };
    let deltas = answered(&[
        piece(0, json!("a"), json!("brew"), ""),
        piece(1, json!("b"), json!("boil"), "{\"cups\""),
        piece(0, Value::Null, Value::Null, "{\"leaf\":"),
        piece(1, Value::Null, json!(""), ":2}"),
        piece(0, Value::Null, Value::Null, "\"assam\"}"),
        finish("tool_calls"),
    ]);
    let call = |id: &str, name: &str, arguments: &str| {
        Delta::ToolCall(ToolCall { id: id.into(), name: name.into(), arguments: arguments.into() })
    };
    assert_eq!(
        deltas,
        [
            Delta::Model("gpt-9".to_owned()),
            call("a", "brew", r#"{"leaf":"assam"}"#),
            call("b", "boil", r#"{"cups":2}"#),
            Delta::Finish(StopReason::ToolCalls),
            Delta::End,
        ]
    );
}

#[test]
fn whole_calls_without_index_or_id_get_both() {
    let call = |name: &str| json!({"function": {"name": name, "arguments": {"cups": 1}}});
    let deltas = answered(&[delta(json!({"tool_calls": [call("brew"), call("boil")]})), finish("stop")]);
    let ids: Vec<_> = deltas
        .iter()
        .filter_map(|delta| match delta {
            Delta::ToolCall(call) => Some((call.id.as_str(), call.name.as_str(), call.arguments.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(ids, [("call_0", "brew", "{\"cups\":1}"), ("call_1", "boil", "{\"cups\":1}")]);
    assert!(deltas.contains(&Delta::Finish(StopReason::ToolCalls)));
}

#[test]
fn what_only_its_provider_understands_is_kept_to_be_sent_back() {
    let deltas = answered(&[
        delta(json!({"reasoning_details": [{"data": "a"}], "content": "Tea"})),
        delta(json!({"reasoning_details": [{"data": "b"}]})),
        finish("stop"),
    ]);
    let Some(Delta::Opaque(part)) = deltas.iter().find(|delta| matches!(delta, Delta::Opaque(_))) else {
        panic!("{deltas:?}");
    };
    let parts = json!([{"provider": "mine", "part": part}, {"provider": "openai", "part": {"secret": 1}}]);
    let mut asked = call(json!({"model": "m", "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Tea", "parts": parts}]}));
    asked.provider = "mine".to_owned();
    let sent = OpenAi.encode(&asked, "localhost");
    assert_eq!(
        sent["messages"][1],
        json!({"role": "assistant", "content": "Tea", "reasoning_details": [{"data": "a"}, {"data": "b"}]})
    );
}

/// Defect 11: the reason of a failure in the midst of an answer was lost.
#[test]
fn a_failure_in_the_midst_is_an_error_with_its_reason() {
    for (error, wanted) in [
        (
            json!({"message": "the kettle broke", "type": "server_error", "code": null}),
            LlmError::Failed { status: None, says: "the kettle broke".to_owned() },
        ),
        (json!("plain words"), LlmError::Failed { status: None, says: "plain words".to_owned() }),
        (
            json!({"message": "slower", "code": "rate_limit_exceeded"}),
            LlmError::RateLimited { says: "slower".to_owned(), retry_after_ms: None, lasting: false },
        ),
        (
            json!({"message": "pay", "type": "insufficient_quota"}),
            LlmError::RateLimited { says: "pay".to_owned(), retry_after_ms: None, lasting: true },
        ),
    ] {
        let bytes = sse(&[delta(json!({"content": "Te"})), json!({"error": error})]);
        let (deltas, error) = decoded(&OpenAi, &[&bytes]);
        assert_eq!(deltas.last(), Some(&text("Te")));
        assert_eq!(error, Some(wanted));
    }
}

/// Defect 16: lines ended with LF alone, `data:` wanted a blank, and what could not be read was skipped.
#[test]
fn other_line_ends_and_comments_are_understood_and_what_is_no_json_is_an_error() {
    let chunk = delta(json!({"content": "Tea"})).to_string();
    for end in ["\n", "\r\n", "\r"] {
        let stream = format!(": OPENROUTER PROCESSING{end}{end}data:{chunk}{end}{end}data: [DONE]{end}{end}");
        let deltas = decoded_however_split(&OpenAi, stream.as_bytes());
        assert_eq!(deltas[1..], [text("Tea"), Delta::End], "{end:?}");
    }
    let (_, error) = decoded(&OpenAi, &[b"data: {oops}\n\n"]);
    assert!(matches!(error, Some(LlmError::Malformed(_))), "{error:?}");
}

/// Some servers send parts where OpenAI has a text.
#[test]
fn a_list_of_text_parts_is_text_and_anything_else_that_is_said_is_an_error() {
    let parts = json!([{"type": "text", "text": "Te"}, {"text": "a ☕"}, {"type": "text", "text": ""}]);
    let deltas = answered(&[
        delta(json!({"reasoning": [{"type": "text", "text": "Hm"}]})),
        delta(json!({"content": parts, "tool_calls": null})),
        delta(json!({"content": []})),
        delta(Value::Null),
    ]);
    let model = Delta::Model("gpt-9".to_owned());
    assert_eq!(deltas, [model, Delta::Thinking("Hm".to_owned()), text("Tea ☕"), Delta::End]);
    for unread in [
        delta(json!({"content": 42})),
        delta(json!({"content": {"text": "Tea"}})),
        delta(json!({"content": ["Tea"]})),
        delta(json!({"content": [{"type": "image", "text": "Tea"}]})),
        delta(json!({"content": [{"type": "text", "text": 7}]})),
        delta(json!({"reasoning_content": true})),
        delta(json!({"tool_calls": {"name": "brew"}})),
        delta(json!("Tea")),
        json!({"choices": "Tea"}),
        json!(null),
        json!([]),
        json!("Tea"),
    ] {
        let (deltas, error) = decoded(&OpenAi, &[&sse(&[delta(json!({"content": "Oh"})), unread.clone()])]);
        assert_eq!(deltas.last(), Some(&text("Oh")));
        assert!(matches!(error, Some(LlmError::Malformed(_))), "{unread}: {error:?}");
    }
}

#[test]
fn an_answer_without_its_last_line_has_no_end() {
    let bytes = sse(&[delta(json!({"content": "Tea"})), finish("stop")]);
    let cut = bytes.strip_suffix(b"data: [DONE]\n\n").unwrap();
    for bytes in [cut, &bytes[..bytes.len() - 1]] {
        let (deltas, error) = decoded(&OpenAi, &[bytes]);
        assert_eq!(error, None);
        assert!(!deltas.contains(&Delta::End));
    }
}

#[test]
fn tool_calls_cannot_fill_the_memory() {
    let piece = delta(
        json!({"tool_calls": [{"index": 0, "function": {"name": "x", "arguments": "y".repeat(900_000)}}]}),
    );
    let (_, error) = decoded(&OpenAi, &[&sse(&vec![piece; 10])]);
    assert!(matches!(error, Some(LlmError::Malformed(_))), "{error:?}");
    let many: Vec<_> = (0..200).map(|index| json!({"index": index, "function": {"name": "x"}})).collect();
    let (_, error) = decoded(&OpenAi, &[&sse(&[delta(json!({"tool_calls": many}))])]);
    assert!(matches!(error, Some(LlmError::Malformed(_))), "{error:?}");
    let details = delta(json!({"details": ["y".repeat(900_000)]}));
    let (_, error) = decoded(&OpenAi, &[&sse(&vec![details; 10])]);
    assert!(matches!(error, Some(LlmError::Malformed(_))), "{error:?}");
}

/// Defect 1 again, from the other side.
#[test]
fn a_stream_is_always_asked_to_count() {
    assert_eq!(body(hello(json!({})))["stream_options"], json!({"include_usage": true}));
    let own = OpenAi.encode(&call(hello(json!({}))), OWN_HOST);
    assert_eq!(own["stream_options"], json!({"include_usage": true, "include_obfuscation": false}));
    assert_eq!(own["stream"], true);
}

/// Defect 20: models that think were sent `max_tokens`, which they refuse.
#[test]
fn the_bound_on_tokens_has_the_name_that_the_model_takes() {
    for (model, field) in [
        ("o1", "max_completion_tokens"),
        ("o3-mini", "max_completion_tokens"),
        ("openai/gpt-5.1", "max_completion_tokens"),
        ("gpt-5", "max_completion_tokens"),
        ("gpt-4o", "max_tokens"),
        ("o1000", "max_tokens"),
        ("qwen3:8b", "max_tokens"),
    ] {
        let sent = body(hello(json!({"model": model, "max_tokens": 5})));
        assert_eq!(sent[field], 5, "{model}: {sent}");
        assert_ne!(sent.get("max_tokens").is_some(), sent.get("max_completion_tokens").is_some());
    }
    let own = OpenAi.encode(&call(hello(json!({"max_tokens": 5}))), OWN_HOST);
    assert_eq!(own["max_completion_tokens"], 5);
}

/// Defects 5, 6 and 7: system messages, calls and parts were lost on the way.
#[test]
fn every_message_and_every_part_is_sent_in_order() {
    let sent = body(json!({"model": "m", "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "What is it?", "images": [{"media_type": "image/png", "data": "AAAA"}]},
        {"role": "assistant", "thinking": "Hm.", "tool_calls": [
            {"id": "a", "name": "look", "arguments": {"at": 1}}, {"id": "b", "name": "ask", "arguments": "no json"}]},
        {"role": "tool", "content": "a cup", "tool_call_id": "a"},
    ]}));
    let call = |id: &str, name: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    assert_eq!(
        sent["messages"],
        json!([
            {"role": "system", "content": "Be kind."},
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": [{"type": "text", "text": "What is it?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]},
            {"role": "assistant", "content": null,
                "tool_calls": [call("a", "look", r#"{"at":1}"#), call("b", "ask", "no json")]},
            {"role": "tool", "content": "a cup", "tool_call_id": "a"},
        ])
    );
}

#[test]
fn settings_and_fields_of_its_own_are_sent_and_replace_nothing() {
    let sent = body(hello(json!({"temperature": 0.5, "seed": 7, "stop": ["END"], "think": "high",
        "extra": {"openai": {"service_tier": "flex", "stream": false, "model": "x"}, "ollama": {"keep_alive": 0}}})));
    assert_eq!(
        sent,
        json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": true,
            "stream_options": {"include_usage": true}, "temperature": 0.5, "seed": 7, "stop": ["END"],
            "reasoning_effort": "high", "service_tier": "flex"})
    );
}

#[test]
fn a_list_of_models_is_read_with_what_some_servers_add() {
    let models = OpenAi
        .models(&json!({"object": "list", "data": [
            {"id": "gpt-9", "object": "model", "owned_by": "openai"},
            {"id": "tiny", "meta": {"n_ctx_train": 2048, "size": 480_000}},
            {"id": "served", "max_model_len": 4096}, {"object": "model"}]}))
        .unwrap();
    let seen: Vec<_> = models.iter().map(|model| (model.name.as_str(), model.context_length)).collect();
    assert_eq!(seen, [("gpt-9", None), ("tiny", Some(2048)), ("served", Some(4096))]);
    assert!(matches!(OpenAi.models(&json!({})), Err(LlmError::Malformed(_))));
}
