//! Chats that go well, plain and as streams.

use super::super::Speaks;
use super::house::{House, at};
use super::kit::{ollama_answer, openai_text, sse};
use super::upstream::Upstream;
use crate::hecate_api::Limits;
use hecate_proto::llm::FRAME_BYTES_MAX;
use hecate_proto::route;
use serde_json::{Value, json};
use std::time::Duration;

fn hello(more: Value) -> Value {
    let mut request = json!({"messages": [{"role": "user", "content": "Hi"}]});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

#[tokio::test]
async fn a_stream_reaches_its_reader_piece_by_piece() {
    let mut upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "ollama", Speaks::Ollama)]).await;
    let mut client = house.ask(&hello(json!({"model": "m", "stream": true}))).await;
    let mut chat = upstream.chat().await;
    assert!(chat.head.starts_with("POST /api/chat "), "{}", chat.head);
    assert_eq!((&chat.body["model"], &chat.body["stream"]), (&json!("m"), &json!(true)));
    chat.accept().await;
    client.follow().await;
    let (whole, line) = ("☕", json!({"message": {"thinking": "Hm", "content": "☕"}}).to_string());
    let cut = line.find(whole).unwrap() + 1;
    chat.chunk(&line.as_bytes()[..cut]).await;
    chat.chunk([&line.as_bytes()[cut..], b"\n"].concat()).await;
    // Both were told before the provider says more.
    assert_eq!(client.frame().await, json!({"content": "", "thinking": "Hm", "done": false}));
    assert_eq!(client.frame().await, json!({"content": "☕", "done": false}));
    chat.chunk(ollama_answer("more")).await;
    chat.end().await;
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "source": "reported"});
    assert_eq!(
        client.frames().await,
        [
            json!({"content": "more", "done": false}),
            json!({"content": "", "done": true, "model": "m", "provider": "ollama", "stop_reason": "stop", "usage": usage}),
            json!("[DONE]"),
        ]
    );
}

#[tokio::test]
async fn a_plain_answer_is_folded_from_a_stream() {
    let mut upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "openai", Speaks::OpenAi)]).await;
    let mut client = house.ask(&hello(json!({"model": "openai/m"}))).await;
    let chat = upstream.chat().await;
    assert!(chat.head.starts_with("POST /chat/completions "), "{}", chat.head);
    assert_eq!((&chat.body["model"], &chat.body["stream"]), (&json!("m"), &json!(true)));
    let call = json!({"index": 0, "id": "c", "function": {"name": "brew", "arguments": "{\"cups\":2}"}});
    let bytes = sse(&[
        json!({"choices": [{"delta": {"reasoning": "H"}}]}),
        json!({"choices": [{"delta": {"reasoning": "m"}}]}),
        openai_text("Te"),
        openai_text("a"),
        json!({"choices": [{"delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}),
        json!({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4}}),
    ]);
    chat.answer(bytes).await;
    assert_eq!(
        client.answer().await.body,
        json!({"ok": true, "content": "Tea", "thinking": "Hm",
            "tool_calls": [{"id": "c", "name": "brew", "arguments": {"cups": 2}}],
            "model": "m", "provider": "openai", "stop_reason": "tool_calls",
            "usage": {"prompt_tokens": 9, "completion_tokens": 4, "source": "reported"}})
    );
}

/// Defect 1 of the design's list: streams of a provider that does not count were metered as nothing.
#[tokio::test]
async fn tokens_that_a_provider_does_not_count_are_estimated() {
    let mut upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "openai", Speaks::OpenAi)]).await;
    let mut client = house.ask(&hello(json!({}))).await;
    upstream.chat().await.answer(sse(&[openai_text("eight by")])).await;
    let usage = json!({"prompt_tokens": 1, "completion_tokens": 2, "source": "estimated"});
    assert_eq!(client.answer().await.body["usage"], usage);
}

#[tokio::test]
async fn what_one_provider_alone_understands_is_shown_to_no_other_of_its_dialect() {
    let (mut one, mut two) = (Upstream::open(&["m1"]).await, Upstream::open(&["m2"]).await);
    let house = House::open(vec![at(&one, "one", Speaks::OpenAi), at(&two, "two", Speaks::OpenAi)]).await;
    let mut client = house.ask(&hello(json!({"model": "m1"}))).await;
    let own = json!({"choices": [{"delta": {"content": "Tea", "signature": "s3"}}]});
    one.chat().await.answer(sse(&[own])).await;
    let parts = client.answer().await.body["parts"].clone();
    assert_eq!(parts, json!([{"provider": "one", "part": {"signature": "s3"}}]));
    for (upstream, model, shown) in [(&mut one, "m1", json!("s3")), (&mut two, "m2", Value::Null)] {
        let said = json!({"role": "assistant", "content": "Tea", "parts": parts});
        let mut client = house.ask(&json!({"model": model, "messages": [said]})).await;
        let chat = upstream.chat().await;
        assert_eq!(chat.body["messages"][0]["signature"], shown, "{model}");
        chat.answer(sse(&[openai_text("Hi")])).await;
        assert_eq!(client.answer().await.status, 200);
    }
}

#[tokio::test]
async fn no_frame_is_longer_than_the_contract_says() {
    let mut upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "openai", Speaks::OpenAi)]).await;
    // Each of these letters takes six bytes in JSON.
    let text = format!("☕{}", "\u{1}".repeat(150_000));
    let arguments = "\u{1}".repeat(170_000);
    let call = json!({"index": 0, "id": "c", "function": {"name": "brew", "arguments": ""}});
    let more = json!({"index": 0, "function": {"arguments": arguments}});
    let part = json!({"choices": [{"delta": {"signature": arguments}}]});
    let calls = |calls: Value| json!({"choices": [{"delta": {"tool_calls": calls}}]});
    for (sent, is_told) in [
        (vec![openai_text(&text)], true),
        (vec![calls(json!([call])), calls(json!([more])), calls(json!([more]))], false),
        (vec![part.clone(), part], false),
    ] {
        let mut client = house.ask(&hello(json!({"stream": true}))).await;
        upstream.chat().await.answer(sse(&sent)).await;
        client.follow().await;
        let (mut told, mut last) = (String::new(), Value::Null);
        while let Some(event) = client.event().await {
            assert!(event.len() <= FRAME_BYTES_MAX, "{} bytes", event.len());
            let frame = event.strip_prefix("data: ").unwrap();
            let frame: Value = serde_json::from_str(frame).unwrap_or_else(|_| frame.into());
            told.push_str(frame["content"].as_str().unwrap_or_default());
            last = frame;
        }
        assert_eq!(last == "[DONE]", is_told);
        if is_told {
            assert!(told == text, "the text came otherwise than it was sent");
        } else {
            assert_eq!(last["details"]["reason"], "malformed");
        }
    }
}

#[tokio::test]
async fn one_connection_serves_one_chat_after_another() {
    let mut upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "ollama", Speaks::Ollama)]).await;
    let mut client = house.connect().await;
    for text in ["one", "two"] {
        client.send("POST", route::LLM_CHAT, &hello(json!({})).to_string()).await;
        upstream.chat().await.answer(ollama_answer(text)).await;
        assert_eq!(client.answer().await.body["content"], text);
    }
}

#[tokio::test]
async fn a_large_conversation_fits_and_one_beyond_the_bound_is_refused() {
    let mut upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "ollama", Speaks::Ollama)]).await;
    let image = |bytes: usize| json!([{"media_type": "image/png", "data": "A".repeat(bytes)}]);
    let with = |bytes| json!({"messages": [{"role": "user", "content": "Look", "images": image(bytes)}]});
    let mut client = house.ask(&with(4 << 20)).await;
    let chat = upstream.chat().await;
    assert_eq!(chat.body["messages"][0]["images"][0].as_str().unwrap().len(), 4 << 20);
    chat.answer(ollama_answer("a cup")).await;
    assert_eq!(client.answer().await.body["content"], "a cup");
    let refused = house.ask(&with(17 << 20)).await.answer().await;
    assert_eq!(refused.refusal("bytes_max"), (413, "payload_too_large".into(), json!(16 << 20)));
}

#[tokio::test]
async fn a_request_that_breaks_a_rule_names_its_field_and_is_not_passed_on() {
    let mut upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "ollama", Speaks::Ollama)]).await;
    let user = json!({"role": "user", "content": "Hi"});
    let call = json!({"id": "a", "name": "n", "arguments": {}});
    for (body, field, rule) in [
        (json!({}), "messages", "required"),
        (json!({"messages": []}), "messages", "range"),
        (json!({"messages": [{"content": "x"}]}), "messages.0.role", "required"),
        (json!({"messages": [{"role": "god"}]}), "messages.0.role", "enum"),
        (json!({"messages": [user], "temprature": 1}), "temprature", "unknown_field"),
        (json!({"messages": [user], "temperature": 3}), "temperature", "range"),
        (json!({"messages": [user], "max_tokens": 0}), "max_tokens", "range"),
        (json!({"messages": [user], "stream": "yes"}), "stream", "type"),
        (json!({"messages": [user], "think": "deep"}), "think", "enum"),
        (json!({"messages": [user], "model": ""}), "model", "blank"),
        (json!({"messages": [user], "tools": [{"name": "a b"}]}), "tools.0.name", "pattern"),
        (
            json!({"messages": [{"role": "user", "tool_calls": [call]}]}),
            "messages.0.tool_calls",
            "unknown_field",
        ),
        (json!({"messages": [{"role": "tool", "content": "x"}]}), "messages.0.tool_call_id", "required"),
        (json!({"messages": [{"role": "tool", "tool_call_id": "a"}]}), "messages.0.tool_call_id", "enum"),
        (
            json!({"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "name": "n", "arguments": 7}]}]}),
            "messages.0.tool_calls.0.arguments",
            "type",
        ),
    ] {
        let refused = house.ask(&body).await.answer().await;
        assert_eq!(refused.refusal("field"), (400, "validation_error".into(), json!(field)), "{body}");
        assert_eq!(refused.refusal("rule").2, rule, "{body}");
    }
    let mut client = house.connect().await;
    client.send("POST", route::LLM_CHAT, r#"{"messages": [], "messages": []}"#).await;
    assert_eq!(client.answer().await.refusal("rule").2, "duplicate_key");
    assert!(upstream.no_chat());
}

#[tokio::test]
async fn whoever_waits_for_a_model_to_load_sees_that_the_connection_lives() {
    let mut upstream = Upstream::open(&["m"]).await;
    let limits = Limits { heartbeat: Duration::from_millis(20), ..Limits::default() };
    let house = House::open_with(vec![at(&upstream, "ollama", Speaks::Ollama)], limits).await;
    let mut client = house.ask(&hello(json!({"stream": true}))).await;
    let chat = upstream.chat().await;
    client.follow().await;
    assert_eq!(client.event().await.as_deref(), Some(":"));
    // The provider refuses when a stream has long begun.
    chat.refuse(404, "", r#"{"error": "model not found"}"#).await;
    let failed = loop {
        match client.event().await.unwrap() {
            sign if sign == ":" => {}
            event => break event,
        }
    };
    let failed: Value = serde_json::from_str(failed.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!((&failed["error"], &failed["done"]), (&json!("provider_rejected"), &json!(true)));
    assert_eq!(client.event().await, None);
}
