//! Whole answers: what a peer says and counts is what the daemon says.

use crate::house::House;
use crate::peer::{Answers, CAMELLIA, MODEL};
use hecate_proto::llm::{ChatAnswer, ChatFrame, LlmHealth, ProviderStatus, StopReason, UsageSource};
use hecate_proto::route;
use serde_json::{Value, json};

/// The same request in the words of the daemon and of the engine; the same seed, nothing from a cache: the same
/// answer.
fn request(tokens_max: u32) -> (Value, Value) {
    let messages = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Grüße 🍵, hello world"},
    ]);
    let request = json!({"model": MODEL, "messages": messages, "seed": 7, "max_tokens": tokens_max});
    let (mut ours, mut theirs) = (request.clone(), request);
    ours["extra"] = json!({"openai": {"cache_prompt": false, "ignore_eos": true}});
    theirs["model"] = "tiny".into();
    theirs["cache_prompt"] = false.into();
    theirs["ignore_eos"] = true.into();
    (ours, theirs)
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn the_models_of_both_peers_are_listed() {
    let house = House::with_both();
    let mut models = house.models();
    models.sort();
    assert_eq!(models, [CAMELLIA, MODEL]);
    let health: LlmHealth = house.daemon.client().get(route::LLM_HEALTH).expect(200).read();
    assert_eq!(health.status, ProviderStatus::Healthy);
    assert!(health.providers.values().all(|it| it.status == ProviderStatus::Healthy), "{health:?}");
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_plain_answer_is_the_engines_own_with_its_counts() {
    let house = House::with_engine(Answers::Brief);
    let (ours, theirs) = request(24);
    let answer: ChatAnswer = house.daemon.client().post(route::LLM_CHAT, &ours).expect(200).read();
    let direct = house.engine.chat(&theirs);
    assert!(!answer.content.is_empty(), "{answer:?}");
    assert_eq!(answer.content, direct["choices"][0]["message"]["content"]);
    assert_eq!(answer.usage.prompt_tokens, direct["usage"]["prompt_tokens"]);
    assert_eq!(answer.usage.completion_tokens, direct["usage"]["completion_tokens"]);
    assert_eq!((answer.usage.completion_tokens, answer.usage.source), (24, UsageSource::Reported));
    assert_eq!((answer.provider.as_str(), &answer.stop_reason), ("openai", &StopReason::Length));
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_streamed_answer_is_the_engines_own_with_its_counts() {
    let house = House::with_engine(Answers::Brief);
    let (ours, theirs) = request(40);
    let (text, last) = house.stream(&ours).finish();
    let direct = house.engine.chat(&theirs);
    let ChatFrame::Done(done) = last else { panic!("{last:?}") };
    assert!(!text.is_empty());
    assert_eq!(text, direct["choices"][0]["message"]["content"]);
    assert_eq!(done.usage.prompt_tokens, direct["usage"]["prompt_tokens"]);
    assert_eq!(done.usage.completion_tokens, direct["usage"]["completion_tokens"]);
    assert_eq!((done.model.as_str(), done.stop_reason), ("tiny", StopReason::Length));
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn an_emulated_ollama_streams_exactly_what_it_was_given() {
    let house = House::with_both();
    let ask =
        |question: &str| json!({"model": CAMELLIA, "messages": [{"role": "user", "content": question}]});
    let (text, last) = house.stream(&ask("Tell me about tea")).finish();
    assert_eq!(text, "Grüner Tee 🍵 zieht\nzwei Minuten.\n\n- bei 70 °C\n");
    assert!(matches!(&last, ChatFrame::Done(done) if done.stop_reason == StopReason::Stop), "{last:?}");
    let (numbers, _) = house.stream(&ask("Tell me numbers")).finish();
    let wanted: String = (0..2000).map(|number| format!("{number}\n")).collect();
    assert_eq!(numbers, wanted);
    let plain: ChatAnswer =
        house.daemon.client().post(route::LLM_CHAT, &ask("Tell me numbers")).expect(200).read();
    assert_eq!((plain.content, plain.provider.as_str()), (wanted, "ollama"));
}
