//! What goes wrong at a provider, and what its caller is told.

use super::super::dialect::Dialect;
use super::super::error::{LlmError, Phase};
use super::super::ollama::Ollama;
use super::super::provider::{HttpProvider, Provider};
use super::super::upstream::Deadlines;
use super::super::{ProviderSettings, Speaks};
use super::house::{House, at};
use super::kit::{call, ollama_answer, openai_text, sse, within};
use super::upstream::Upstream;
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;

fn hello(stream: bool) -> Value {
    json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": stream})
}

/// Defect 11 of the design's list: the body of a refusal was lost, and Retry-After with it.
#[tokio::test]
async fn a_refusal_keeps_its_meaning_and_its_words() {
    let mut upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "openai", Speaks::OpenAi)]).await;
    for (status, wanted, code, retry_after) in [
        (400, 400, "provider_rejected", None),
        (404, 404, "provider_rejected", None),
        (413, 413, "provider_rejected", None),
        (422, 422, "provider_rejected", None),
        (401, 502, "provider_error", None),
        (403, 502, "provider_error", None),
        (429, 429, "rate_limited", Some("7")),
        (500, 502, "provider_error", None),
        (529, 502, "provider_error", None),
    ] {
        for stream in [false, true] {
            let mut client = house.ask(&hello(stream)).await;
            let body = r#"{"error": {"message": "too much tea", "type": "t"}}"#;
            upstream.chat().await.refuse(status, "retry-after: 7\r\n", body).await;
            let refused = client.answer().await;
            let (answered, said, provider) = refused.refusal("provider");
            assert_eq!((answered, said.as_str(), provider), (wanted, code, json!("openai")));
            assert!(refused.body["message"].as_str().unwrap().contains("too much tea"), "{refused:?}");
            let told = refused.head.lines().find_map(|line| line.strip_prefix("retry-after: "));
            assert_eq!(told, retry_after, "{status}");
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let mut upstream = Upstream::open(&["m"]).await;
    let elsewhere = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "openai", Speaks::OpenAi)]).await;
    let mut client = house.ask(&hello(false)).await;
    let location = format!("location: {}stolen\r\n", elsewhere.url());
    upstream.chat().await.refuse(307, &location, "").await;
    assert_eq!(client.answer().await.refusal("provider_status"), (502, "provider_error".into(), json!(307)));
    assert!(elsewhere.looks.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_a_failure_whichever_way_it_was_cut() {
    let mut upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "openai", Speaks::OpenAi)]).await;
    let bytes = sse(&[openai_text("Te")]);
    let cut = bytes.strip_suffix(b"data: [DONE]\n\n").unwrap();
    for clean in [true, false] {
        for stream in [true, false] {
            let mut client = house.ask(&hello(stream)).await;
            let mut chat = upstream.chat().await;
            chat.accept().await;
            chat.chunk(cut).await;
            if clean {
                chat.end().await;
            }
            drop(chat);
            if stream {
                client.follow().await;
                let frames = client.frames().await;
                assert_eq!(frames.len(), 2, "{frames:?}");
                assert_eq!(frames[0], json!({"content": "Te", "done": false}));
                assert_eq!(frames[1]["details"]["reason"], "truncated");
                assert_eq!((&frames[1]["retryable"], &frames[1]["done"]), (&json!(true), &json!(true)));
            } else {
                let refused = client.answer().await;
                assert_eq!(refused.refusal("reason"), (502, "provider_error".into(), json!("truncated")));
            }
        }
    }
}

/// Half a tag may be held back until it is known what it is, but not for good.
#[tokio::test]
async fn an_answer_that_is_cut_off_is_told_to_its_last_letter() {
    let mut upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "openai", Speaks::OpenAi)]).await;
    for (said, thought, content) in [("<thi", None, "<thi"), ("<think>Hm</th", Some("Hm</th"), "")] {
        let mut client = house.ask(&hello(true)).await;
        let mut chat = upstream.chat().await;
        chat.accept().await;
        let bytes = sse(&[openai_text(said)]);
        chat.chunk(bytes.strip_suffix(b"data: [DONE]\n\n").unwrap()).await;
        drop(chat);
        client.follow().await;
        let mut frames = client.frames().await;
        assert_eq!(frames.pop().unwrap()["details"]["reason"], "truncated");
        let all = |field: &str| frames.iter().filter_map(|frame| frame[field].as_str()).collect::<String>();
        assert_eq!((all("content").as_str(), all("thinking")), (content, thought.unwrap_or("").to_owned()));
    }
}

#[tokio::test]
async fn a_failure_in_the_midst_is_told_in_band_and_nothing_follows_it() {
    let mut upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "openai", Speaks::OpenAi)]).await;
    let mut client = house.ask(&hello(true)).await;
    let mut chat = upstream.chat().await;
    chat.accept().await;
    let error = json!({"error": {"message": "the kettle broke"}});
    chat.chunk(sse(&[openai_text("Te"), error, openai_text("never")])).await;
    client.follow().await;
    let frames = client.frames().await;
    assert_eq!(frames.len(), 2, "{frames:?}");
    assert_eq!(frames[1]["error"], "provider_error");
    assert!(frames[1]["message"].as_str().unwrap().contains("the kettle broke"));
    chat.closed().await;
}

#[tokio::test]
async fn an_answer_whose_last_event_lacks_only_its_end_is_whole() {
    let mut upstream = Upstream::open(&["m"]).await;
    let providers = vec![at(&upstream, "openai", Speaks::OpenAi), at(&upstream, "ollama", Speaks::Ollama)];
    let house = House::open(providers).await;
    let sse = String::from_utf8(sse(&[openai_text("Tea")])).unwrap();
    for (model, bytes) in [("openai/m", sse), ("ollama/m", ollama_answer("Tea"))] {
        let whole = bytes.trim_end();
        for (bytes, status) in [(whole, 200), (&whole[..whole.len() - 1], 502)] {
            let mut request = hello(false);
            request["model"] = model.into();
            let mut client = house.ask(&request).await;
            upstream.chat().await.answer(bytes).await;
            let answered = client.answer().await;
            assert_eq!(answered.status, status, "{model}: {answered:?}");
            if status == 502 {
                assert_eq!(answered.refusal("reason").2, "truncated");
            }
        }
    }
}

#[tokio::test]
async fn an_acceptance_that_is_no_stream_is_read_for_what_it_says() {
    let mut upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "openai", Speaks::OpenAi)]).await;
    for (kind, body, reason, says) in [
        ("application/json", r#"{"error": {"message": "the kettle broke"}}"#, "failed", "the kettle broke"),
        ("application/json; charset=utf-8", "{}", "malformed", "application/json"),
        ("text/html", "<h1>Log in</h1>", "malformed", "text/html"),
    ] {
        let mut client = house.ask(&hello(true)).await;
        upstream.chat().await.refuse(200, &format!("content-type: {kind}\r\n"), body).await;
        let refused = client.answer().await;
        assert_eq!(refused.refusal("reason"), (502, "provider_error".into(), json!(reason)));
        assert!(refused.body["message"].as_str().unwrap().contains(says), "{refused:?}");
    }
}

#[tokio::test]
async fn a_provider_that_is_gone_is_unreachable() {
    let upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "openai", Speaks::OpenAi)]).await;
    upstream.close();
    // The idle connection goes with its server, the listener with its task.
    let refused = loop {
        let refused = within("it is refused", async { house.ask(&hello(true)).await.answer().await }).await;
        if refused.body["details"]["reason"] == "unreachable" {
            break refused;
        }
    };
    assert_eq!(refused.refusal("reason"), (502, "provider_error".into(), json!("unreachable")));
}

/// Time limits so short that a test can wait for one of them.
fn hasty() -> Deadlines {
    let long = Duration::from_secs(60);
    Deadlines {
        connect: long,
        headers: long,
        first_token: long,
        between_chunks: long,
        total: long,
        look: long,
    }
}

/// Where a provider that stops after `steps` steps is given up.
async fn given_up(deadlines: Deadlines, steps: usize) -> LlmError {
    let mut upstream = Upstream::open(&["m"]).await;
    let settings: ProviderSettings = at(&upstream, "ollama", Speaks::Ollama);
    let provider = HttpProvider::open(&settings, deadlines).unwrap();
    let asked = provider.chat(&call(hello(true)));
    let answering = async {
        let mut deltas = asked.await?;
        while let Some(pieces) = deltas.next().await {
            pieces?;
        }
        Ok::<_, LlmError>(())
    };
    let serving = async {
        let mut chat = upstream.chat().await;
        if steps > 0 {
            chat.accept().await;
        }
        if steps > 1 {
            chat.chunk("{\"message\":{\"content\":\"Te\"}}\n").await;
        }
        chat.closed().await;
    };
    let (answered, ()) = within("it is given up", async { tokio::join!(answering, serving) }).await;
    answered.unwrap_err()
}

#[tokio::test]
async fn each_step_of_an_answer_has_its_own_time_limit() {
    let short = Duration::from_millis(30);
    for (deadlines, steps, phase) in [
        (Deadlines { headers: short, ..hasty() }, 0, Phase::Headers),
        (Deadlines { first_token: short, ..hasty() }, 1, Phase::FirstToken),
        (Deadlines { between_chunks: short, ..hasty() }, 2, Phase::BetweenChunks),
        (Deadlines { total: short, ..hasty() }, 2, Phase::Total),
    ] {
        assert_eq!(given_up(deadlines, steps).await, LlmError::Timeout(phase));
    }
    let refused = LlmError::Timeout(Phase::FirstToken).refused("p");
    assert_eq!((refused.status, refused.details["phase"].as_str()), (504, Some("first_token")));
}

#[tokio::test]
async fn a_list_of_models_has_a_time_limit_too() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let settings =
        ProviderSettings::new("mute", Speaks::Ollama, Some(&url), super::super::KeySource::None).unwrap();
    let deadlines = Deadlines { look: Duration::from_millis(30), ..hasty() };
    let provider = HttpProvider::open(&settings, deadlines).unwrap();
    let listed = within("it is given up", provider.models()).await;
    assert_eq!(listed, Err(LlmError::Timeout(Phase::Headers)));
    assert_eq!(Ollama.models_path(), "api/tags");
}
