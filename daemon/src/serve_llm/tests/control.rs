//! Lists, health, reloads, and what happens to chats when those who keep the lists die.

use super::super::{KeySource, ProviderSettings, Speaks};
use super::house::{House, KEEPER, at, with_key};
use super::kit::{ollama_answer, within};
use super::upstream::{Upstream, list};
use crate::hecate_api::Limits;
use hecate_proto::llm::{LlmHealth, ModelsAnswer, ProviderStatus, ProvidersAnswer, ReloadAnswer};
use hecate_proto::route;
use ractor::registry::where_is_pid;
use ractor::{ActorCell, ActorId};
use serde_json::{Value, json};

fn ask_for(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Hi"}], "stream": true})
}

async fn two() -> (Upstream, Upstream, House) {
    let (mine, theirs) = (Upstream::open(&["shared", "mine"]).await, Upstream::open(&["shared"]).await);
    let providers = vec![at(&mine, "mine", Speaks::OpenAi), at(&theirs, "ollama", Speaks::Ollama)];
    let house = House::open(providers).await;
    (mine, theirs, house)
}

fn pid(id: &str) -> ActorId {
    let digits = id.rsplit('.').next().unwrap().trim_matches(|c: char| !c.is_ascii_digit());
    ActorId::Local(digits.parse().unwrap())
}

fn cell(id: &str) -> ActorCell {
    where_is_pid(pid(id)).unwrap_or_else(|| panic!("no actor {id}"))
}

#[tokio::test]
async fn the_lists_show_every_provider_and_model() {
    let (mine, theirs, house) = two().await;
    let models: ModelsAnswer = serde_json::from_value(house.get(route::LLM_MODELS).await.body).unwrap();
    let seen: Vec<_> = models
        .models
        .iter()
        .map(|model| (model.provider.as_str(), model.name.as_str(), model.shadowed_by.as_deref()))
        .collect();
    assert_eq!(seen, [("mine", "mine", None), ("mine", "shared", None), ("ollama", "shared", Some("mine"))]);
    let providers: ProvidersAnswer =
        serde_json::from_value(house.get(route::LLM_PROVIDERS).await.body).unwrap();
    let seen: Vec<_> =
        providers.providers.iter().map(|p| (p.name.as_str(), p.kind.as_str(), &p.url)).collect();
    assert_eq!(seen, [("mine", "openai", &mine.url()), ("ollama", "ollama", &theirs.url())]);
    let health: LlmHealth = serde_json::from_value(house.get(route::LLM_HEALTH).await.body).unwrap();
    assert_eq!((health.status, health.providers["mine"].models), (ProviderStatus::Healthy, Some(2)));
    assert!(health.providers["ollama"].last_ok_at.is_some());
}

#[tokio::test]
async fn the_registry_offers_the_standing_of_every_provider_and_no_address() {
    let (mine, _theirs, house) = two().await;
    let mut state = house.offered(KEEPER).await;
    let providers = state["providers"].as_array_mut().unwrap();
    assert!(providers.iter_mut().all(|provider| provider["checked_at"].take().is_string()));
    let standing = |name: &str, kind: &str, models: u64| {
        json!({"name": name, "kind": kind, "local": true, "has_key": false, "status": "healthy",
            "models": models, "checked_at": null})
    };
    assert_eq!(providers[..], [standing("mine", "openai", 2), standing("ollama", "ollama", 1)]);
    let place = mine.url();
    assert!(!state.to_string().contains(place.trim_end_matches('/')), "{state}");
    assert_eq!(house.offered("/voice/providers/mine").await["models"], 2);
}

/// Defect 4's kin: health is asked for where it costs nothing.
#[tokio::test]
async fn a_look_asks_for_the_list_of_models_and_never_for_a_chat() {
    let (mut mine, mut theirs, house) = two().await;
    house.get(route::LLM_HEALTH).await;
    let looks = |upstream: &Upstream| upstream.looks.lock().unwrap().clone();
    assert!(looks(&mine).iter().all(|head| head.starts_with("GET /models ")), "{:?}", looks(&mine));
    assert!(looks(&theirs).iter().all(|head| head.starts_with("GET /api/tags ")));
    assert!(mine.no_chat() && theirs.no_chat());
}

/// Defect 21 of the design's list.
#[tokio::test]
async fn two_providers_with_one_model_are_told_apart() {
    let (mut mine, mut theirs, house) = two().await;
    let mut first = house.ask(&ask_for("shared")).await;
    mine.chat().await.refuse(400, "", "{}").await;
    assert_eq!(first.answer().await.refusal("provider").2, "mine");
    let mut second = house.ask(&ask_for("ollama/shared")).await;
    theirs.chat().await.answer(ollama_answer("Hi")).await;
    second.follow().await;
    assert_eq!(second.frames().await[1]["provider"], "ollama");
}

#[tokio::test]
async fn a_model_that_nobody_offers_is_refused_with_those_that_are_like_it() {
    let (_mine, _theirs, house) = two().await;
    let refused = house.ask(&ask_for("shard")).await.answer().await;
    assert_eq!(refused.refusal("field"), (404, "model_not_found".into(), json!("model")));
    assert_eq!(refused.body["details"]["near"][0], "shared");
    let none = House::open(Vec::new()).await;
    let refused = none.ask(&json!({"messages": [{"role": "user"}]})).await.answer().await;
    assert_eq!(refused.refusal("near"), (404, "model_not_found".into(), json!([])));
    assert!(refused.refusal("hint").2.to_string().contains("Start Ollama"), "what to do is said");
}

#[tokio::test]
async fn a_model_that_came_since_the_last_look_is_found_when_it_is_asked_for() {
    let (mut mine, _theirs, house) = two().await;
    *mine.list.lock().unwrap() = (200, list(&["new"]));
    let mut client = within("it is found", async {
        loop {
            let mut client = house.ask(&ask_for("new")).await;
            tokio::select! {
                answered = client.answer() => assert_eq!(answered.status, 404),
                chat = mine.chat() => {
                    chat.refuse(400, "", "{}").await;
                    break client;
                }
            }
        }
    })
    .await;
    assert_eq!(client.answer().await.refusal("provider").2, "mine");
}

#[tokio::test]
async fn a_provider_that_does_not_answer_holds_up_no_chat_of_another() {
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", mute.local_addr().unwrap());
    let mute_settings = ProviderSettings::new("mute", Speaks::OpenAi, Some(&url), KeySource::None).unwrap();
    let mut mine = Upstream::open(&["m"]).await;
    let providers = vec![mute_settings, at(&mine, "mine", Speaks::Ollama)];
    let house = House::boot(providers, Limits::default()).await;
    let mut client = house.ask(&ask_for("m")).await;
    mine.chat().await.answer(ollama_answer("Hi")).await;
    client.follow().await;
    assert_eq!(client.frames().await[0]["content"], "Hi");
    assert_eq!(house.get(route::LLM_PROVIDERS).await.body["providers"][0]["status"], "unknown");
}

#[tokio::test]
async fn a_provider_that_fails_is_seen_to_fail_and_keeps_its_models() {
    let (mine, _theirs, house) = two().await;
    for (status, wanted) in [
        (500, ProviderStatus::Unhealthy),
        (401, ProviderStatus::Unauthorized),
        (429, ProviderStatus::RateLimited),
        (200, ProviderStatus::Healthy),
    ] {
        mine.list.lock().unwrap().0 = status;
        let mut client = house.connect().await;
        client.send("POST", route::LLM_RELOAD, "").await;
        let reloaded: ReloadAnswer = serde_json::from_value(client.answer().await.body).unwrap();
        assert_eq!(reloaded.providers, ["mine", "ollama"]);
        assert_eq!(reloaded.providers_loaded.contains(&"mine".to_owned()), status == 200);
        let health: LlmHealth = serde_json::from_value(house.get(route::LLM_HEALTH).await.body).unwrap();
        let seen = &health.providers["mine"];
        assert_eq!((seen.status, seen.models, seen.error.is_some()), (wanted, Some(2), status != 200));
    }
}

#[tokio::test]
async fn a_slow_provider_holds_up_no_look_at_another() {
    let (mine, theirs, house) = two().await;
    theirs.held.send_replace(true);
    let looks = || theirs.looks.lock().unwrap().len();
    let before = looks();
    let mut first = house.connect().await;
    first.send("POST", route::LLM_RELOAD, "").await;
    within("the slow one is asked", async {
        while looks() == before {
            tokio::task::yield_now().await;
        }
    })
    .await;
    *mine.list.lock().unwrap() = (200, list(&["new"]));
    let mut second = house.connect().await;
    second.send("POST", route::LLM_RELOAD, "").await;
    within("the quick one is read again", async {
        while house.get(route::LLM_MODELS).await.body["models"][0]["name"] != "new" {}
    })
    .await;
    // The first look at the slow one has neither failed nor ended.
    let providers = house.get(route::LLM_PROVIDERS).await.body;
    assert_eq!((&providers["providers"][1]["status"], looks()), (&json!("healthy"), before + 1));
    theirs.held.send_replace(false);
    for mut client in [first, second] {
        let reloaded = client.answer().await.body;
        assert_eq!(
            (&reloaded["providers_loaded"], &reloaded["unreached"]),
            (&json!(["mine", "ollama"]), &Value::Null)
        );
    }
}

#[tokio::test]
async fn a_reload_says_whom_it_did_not_reach() {
    let (gone, mine) = (Upstream::open(&["m"]).await, Upstream::open(&["m"]).await);
    let settings = at(&gone, "gone", Speaks::OpenAi);
    gone.close();
    drop(gone);
    let house = House::open(vec![settings, at(&mine, "mine", Speaks::OpenAi)]).await;
    mine.list.lock().unwrap().0 = 401;
    let mut client = house.connect().await;
    client.send("POST", route::LLM_RELOAD, "").await;
    let reloaded: ReloadAnswer = serde_json::from_value(client.answer().await.body).unwrap();
    assert_eq!((reloaded.unreached, reloaded.providers_loaded), (vec!["gone".to_owned()], Vec::new()));
}

#[tokio::test]
async fn a_provider_that_is_not_set_up_says_so_and_leaves_bare_names_to_the_next() {
    let (cloud, mut mine) = (Upstream::open(&["m"]).await, Upstream::open(&["m"]).await);
    let unset = with_key(&cloud, "openai", Speaks::OpenAi, KeySource::Unset("NO_SUCH_KEY".to_owned()));
    let house = House::open(vec![unset, at(&mine, "mine", Speaks::Ollama)]).await;
    let refused = house.ask(&ask_for("openai/gpt-x")).await.answer().await;
    assert_eq!(refused.refusal("reason"), (502, "provider_error".into(), json!("not_configured")));
    let mut client = house.ask(&ask_for("m")).await;
    mine.chat().await.answer(ollama_answer("Hi")).await;
    client.follow().await;
    assert_eq!(client.frames().await[1]["provider"], "mine");
}

#[tokio::test]
async fn the_first_chat_waits_for_a_local_model_before_it_goes_far() {
    let (far, mut near) = (Upstream::open(&["gpt"]).await, Upstream::open(&["m"]).await);
    // An address of this machine that does not look like one.
    let url = far.url().replace("127.0.0.1", "0.0.0.0");
    let remote = ProviderSettings::new("cloud", Speaks::OpenAi, Some(&url), KeySource::None).unwrap();
    near.held.send_replace(true);
    let providers = vec![remote, at(&near, "ollama", Speaks::Ollama)];
    let house = House::boot(providers, Limits::default()).await;
    let asked = json!({"messages": [{"role": "user", "content": "Hi"}], "stream": true});
    let mut client = house.ask(&asked).await;
    within("the cloud has said what it offers", async {
        while house.get(route::LLM_PROVIDERS).await.body["providers"][0]["status"] != "healthy" {}
    })
    .await;
    near.held.send_replace(false);
    near.chat().await.answer(ollama_answer("Hi")).await;
    client.follow().await;
    assert_eq!(client.frames().await[1]["provider"], "ollama");
}

/// Defect 12 of the design's list: chats queued behind the actor that kept the list of models.
#[tokio::test]
async fn actors_that_die_or_stand_still_harm_no_chat() {
    let (_mine, mut theirs, house) = two().await;
    let mut client = house.ask(&ask_for("ollama/shared")).await;
    let mut chat = theirs.chat().await;
    chat.accept().await;
    client.follow().await;
    let actors = house.actors("/voice/providers/");
    assert_eq!(actors.len(), 2, "{actors:?}");
    let doomed: Vec<_> = actors.into_iter().chain(house.actors("/voice/registry")).collect();
    for (_, id) in &doomed {
        cell(id).kill();
    }
    for (path, id) in &doomed {
        within(&format!("{path} is dead"), async {
            while where_is_pid(pid(id)).is_some() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    // In flight, and begun with nobody there.
    let mut next = house.ask(&ask_for("ollama/shared")).await;
    theirs.chat().await.answer(ollama_answer("next")).await;
    next.follow().await;
    assert_eq!(next.frames().await[0]["content"], "next");
    chat.chunk(ollama_answer("still here")).await;
    chat.end().await;
    assert_eq!(client.frames().await[0]["content"], "still here");
    within("everybody is back", async {
        while house.actors("/voice/registry").is_empty() || house.actors("/voice/providers/").len() < 2 {
            house.get(route::LLM_HEALTH).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_reload_leaves_chats_in_flight_whole() {
    let (_mine, mut theirs, house) = two().await;
    let mut client = house.ask(&ask_for("ollama/shared")).await;
    let mut chat = theirs.chat().await;
    chat.accept().await;
    client.follow().await;
    let mut other = house.connect().await;
    other.send("POST", route::LLM_RELOAD, "{}").await;
    assert_eq!(other.answer().await.status, 200);
    chat.chunk(ollama_answer("whole")).await;
    assert_eq!(client.frame().await["content"], "whole");
    other.send("POST", route::LLM_RELOAD, r#"{"name": "x"}"#).await;
    assert_eq!(other.answer().await.refusal("rule").2, "unknown_field");
}

#[tokio::test]
async fn answers_fit_the_document() {
    let (_mine, mut theirs, house) = two().await;
    let document = house.get(route::OPENAPI).await.body;
    let check = |schema: &str, answer: &Value| {
        let reference = format!("#/components/schemas/{schema}");
        let rooted = json!({ "$ref": reference, "components": document["components"] });
        let faults: Vec<_> = jsonschema::validator_for(&rooted)
            .unwrap()
            .iter_errors(answer)
            .map(|fault| fault.to_string())
            .collect();
        assert!(faults.is_empty(), "{schema}: {faults:?} in {answer}");
    };
    for (path, schema) in [
        (route::LLM_MODELS, "ModelsAnswer"),
        (route::LLM_HEALTH, "LlmHealth"),
        (route::LLM_PROVIDERS, "ProvidersAnswer"),
    ] {
        check(schema, &house.get(path).await.body);
        assert!(document["paths"][path]["get"].is_object(), "{path}");
    }
    assert!(document["paths"][route::LLM_CHAT]["post"].is_object());
    check("ChatRequest", &ask_for("ollama/shared"));
    let mut client = house.connect().await;
    client.send("POST", route::LLM_RELOAD, "").await;
    check("ReloadAnswer", &client.answer().await.body);
    let mut client = house.ask(&ask_for("ollama/shared")).await;
    theirs.chat().await.answer(ollama_answer("Tea")).await;
    client.follow().await;
    client.frames().await.iter().take(2).for_each(|frame| check("ChatFrame", frame));
    let mut plain = ask_for("ollama/shared");
    plain["stream"] = false.into();
    let mut client = house.ask(&plain).await;
    theirs.chat().await.answer(ollama_answer("Tea")).await;
    check("ChatAnswer", &client.answer().await.body);
}
