//! A key goes to its provider and nowhere else.

use super::super::provider::{HttpProvider, Provider as _};
use super::super::upstream::Deadlines;
use super::super::{KeySource, Speaks, given};
use super::house::{House, KEEPER, with_key};
use super::kit::{call, openai_text, sse};
use super::upstream::Upstream;
use crate::tests::logged::Logged;
use futures_util::StreamExt;
use hecate_proto::route;
use serde_json::json;
use tracing::Level;

const CANARY: &str = "sk-canary-8d1f0a72";

/// Defects 9 and 15 of the design's list: keys in addresses and in files.
#[tokio::test]
async fn a_key_is_in_no_answer_no_log_line_no_file_and_no_debug_text() {
    let (logged, _guard) = Logged::from(Level::TRACE);
    let mut upstream = Upstream::open(&["m"]).await;
    let settings = with_key(&upstream, "openai", Speaks::OpenAi, given(CANARY));
    let mut shown = vec![format!("{settings:?}")];
    let house = House::open(vec![settings]).await;
    let ask = |stream: bool| json!({"messages": [{"role": "user", "content": "Hi"}], "stream": stream});
    // A provider that repeats the key it was sent, in every place where its words are passed on.
    let echo = json!({"error": {"message": format!("wrong key: Bearer {CANARY}"), "code": CANARY}});
    for (status, stream) in [(401, false), (400, true), (429, false), (500, true)] {
        let mut client = house.ask(&ask(stream)).await;
        let chat = upstream.chat().await;
        assert!(chat.head.contains(&format!("authorization: Bearer {CANARY}\r\n")), "{}", chat.head);
        assert!(!chat.head.lines().next().unwrap().contains(CANARY));
        chat.refuse(status, "", &echo.to_string()).await;
        shown.push(format!("{:?}", client.answer().await));
    }
    let mut client = house.ask(&ask(true)).await;
    upstream.chat().await.answer(sse(&[openai_text("Te"), echo.clone()])).await;
    client.follow().await;
    shown.push(format!("{:?}", client.frames().await));
    *upstream.list.lock().unwrap() = (401, echo);
    let mut client = house.connect().await;
    client.send("POST", route::LLM_RELOAD, "").await;
    shown.push(format!("{:?}", client.answer().await));
    for path in
        [route::LLM_HEALTH, route::LLM_PROVIDERS, route::LLM_MODELS, route::OPENAPI, route::DEBUG_TREE]
    {
        shown.push(format!("{:?}", house.get(path).await));
    }
    for actor in [KEEPER, "/voice/providers/openai"] {
        let state = house.offered(actor).await.to_string();
        assert!(state.contains(r#""status":"unauthorized""#), "{state}");
        shown.push(state);
    }
    shown.push(logged.text());
    for entry in std::fs::read_dir(house.dir.path()).unwrap() {
        shown.push(
            std::fs::read(entry.unwrap().path())
                .map_or_else(|_| String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned()),
        );
    }
    assert!(shown.iter().any(|text| text.contains("[key]")), "no provider's words were passed on");
    assert!(shown.iter().any(|text| text.contains("a chat failed")), "nothing was logged");
    for text in shown {
        assert!(!text.contains("canary"), "{text}");
    }
}

/// What is told of a provider that says `text`, when it refuses and in the midst of an answer.
async fn told_of(
    upstream: &mut Upstream,
    provider: &HttpProvider,
    speaks: Speaks,
    text: &str,
) -> Vec<String> {
    let asked = call(json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}));
    let error = json!({"error": text});
    let refusing = async { upstream.chat().await.refuse(400, "", &error.to_string()).await };
    let (refused, ()) = tokio::join!(provider.chat(&asked), refusing);
    let bytes = match speaks {
        Speaks::OpenAi => sse(std::slice::from_ref(&error)),
        Speaks::Ollama => format!("{error}\n").into_bytes(),
    };
    let failing = async { upstream.chat().await.answer(bytes).await };
    let (answered, ()) = tokio::join!(provider.chat(&asked), failing);
    let failed = answered.unwrap().next().await.unwrap();
    [refused.err().unwrap(), failed.unwrap_err()].iter().map(ToString::to_string).collect()
}

/// Words of an unknown shape are passed on as they came, escapes included.
#[tokio::test]
async fn a_key_that_is_spelt_otherwise_is_found_too() {
    const KEY: &str = "sk-CANARY/one/Two+x=";
    let mut upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![with_key(&upstream, "p", Speaks::OpenAi, given(KEY))]).await;
    let escaped = KEY.replace('/', "\\/");
    let percent = KEY.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
    let units: String = KEY.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect();
    for body in [
        format!(r#"{{"detail":"bad {escaped}"}}"#),
        format!(r#"{{"error":{{"message":"bad {percent}"}}}}"#),
        format!(r#"{{"detail":"bad {units}"}}"#),
    ] {
        let mut client = house.ask(&json!({"messages": [{"role": "user", "content": "Hi"}]})).await;
        upstream.chat().await.refuse(400, "", &body).await;
        let message = client.answer().await.body["message"].as_str().unwrap().to_owned();
        assert!(message.contains("bad [key]"), "{message}");
    }
}

#[tokio::test]
async fn a_key_is_found_wherever_the_cut_of_a_long_text_falls() {
    for speaks in [Speaks::OpenAi, Speaks::Ollama] {
        let mut upstream = Upstream::open(&["m"]).await;
        let settings = with_key(&upstream, "p", speaks, given(CANARY));
        let provider = HttpProvider::open(&settings, Deadlines::of(true)).unwrap();
        for offset in 1_000 - CANARY.len() - 2..=1_002 {
            let text = format!("{}{CANARY}{}", "x".repeat(offset), "y".repeat(100));
            for told in told_of(&mut upstream, &provider, speaks, &text).await {
                assert!(told.contains("xxx") && !told.contains("xs"), "{offset}: {told}");
                assert!(told.chars().count() < 1_100, "{offset}: {told}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_file_is_read_again_at_a_reload() {
    let upstream = Upstream::open(&["m"]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let house =
        House::open(vec![with_key(&upstream, "openai", Speaks::OpenAi, KeySource::File(path.clone()))]).await;
    let health = house.get(route::LLM_HEALTH).await.body;
    assert_eq!(health["providers"]["openai"]["status"], "not_configured", "{health}");
    for key in ["first", "second"] {
        std::fs::write(&path, key).unwrap();
        let mut client = house.connect().await;
        client.send("POST", route::LLM_RELOAD, "").await;
        assert_eq!(client.answer().await.body["providers_loaded"], json!(["openai"]));
        let looks = upstream.looks.lock().unwrap().clone();
        assert!(looks.last().unwrap().contains(&format!("authorization: Bearer {key}\r\n")), "{looks:?}");
    }
}
