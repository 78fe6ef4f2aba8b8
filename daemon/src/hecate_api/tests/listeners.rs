//! What operators see of the listeners, and decide about dead letters.

use super::client::Client;
use super::debug::offered;
use super::documents::check;
use super::teahouse::{Teahouse, Wish, within};
use hecate_event_store::BoxFuture;
use hecate_facts::{Fact, Reaction, Reacts};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Two listeners of one fact; the second gives up whatever it hears until it is helped.
#[derive(Default)]
pub(super) struct Ears {
    helped: AtomicBool,
}

/// No log can have a position like this.
const BEYOND: u64 = 1 << 63;
const DRIES: &str = "on_leaf_picked_dry_leaf";
const ROLLS: &str = "on_leaf_picked_roll_leaf";

impl Reacts for Ears {
    fn process(&self) -> &'static str {
        "brew_tea"
    }

    fn hears(&self) -> Vec<&'static str> {
        vec!["leaf_picked_v1"]
    }

    fn listeners(&self, _: &str) -> Vec<&'static str> {
        vec![DRIES, ROLLS]
    }

    fn react<'a>(&'a self, listener: &'static str, fact: &'a Fact) -> BoxFuture<'a, Reaction> {
        let fits = self.helped.load(Relaxed) || (listener == DRIES && fact.position > 1);
        let done = Reaction::Done { recorded: None };
        let dead = Reaction::Dead { why: "`leaves` is no number".to_owned() };
        Box::pin(async move { if fits { done } else { dead } })
    }

    fn forgo<'a>(&'a self, _: &'static str, _: &'a Fact, _: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

/// A house where both listeners gave up the first fact and one of them the second.
async fn house() -> (Arc<Ears>, Teahouse) {
    let ears = Arc::new(Ears::default());
    let listens = Some(Arc::clone(&ears) as Arc<dyn Reacts>);
    let house = Teahouse::open_with(Wish { listens, ..Wish::default() }).await;
    house.record(1).await;
    let last = house.record(1).await;
    within("it is heard", house.edge.parts.hearings[0].progress().reached(last)).await;
    (ears, house)
}

fn path(position: u64, decision: &str) -> String {
    format!("/debug/listeners/brew_tea/dead_letters/{position}/{decision}")
}

/// Decides, and confirms it.
async fn decide(client: &mut Client, path: &str, body: &Value) -> super::client::Answered {
    let headers = [("content-type", "application/json"), ("x-confirm", path)];
    client.ask("POST", path, &headers, &body.to_string()).await
}

#[tokio::test]
async fn an_operator_sees_what_is_heard_and_what_came_of_it() {
    let (_, house) = house().await;
    let mut client = house.connect().await;
    let document = client.get("/api/openapi.json").await.body;
    let shown = client.get("/debug/listeners").await.body;
    check(&document, "ListenersAnswer", &shown);
    let listener = &shown["listeners"][0];
    let hears = json!([{"event_type": "leaf_picked_v1", "listeners": [DRIES, ROLLS]}]);
    assert_eq!((&listener["process"], &listener["hears"]), (&json!("brew_tea"), &hears));
    assert_eq!((&listener["cursor"], &listener["lag"], &shown["head"]), (&json!(2), &json!(0), &json!(2)));
    assert_eq!((&listener["dead"], &listener["dispatched_total"]), (&json!(3), &json!(1)));
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/debug/listeners/brew_tea/outcomes?limit=3{cursor}")).await.body;
        check(&document, "OutcomesAnswer", &page);
        let rows = page["outcomes"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| (row["position"].as_u64().unwrap(), row["state"].clone())));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, [(2, "dead".into()), (2, "dispatched".into()), (1, "dead".into()), (1, "dead".into())]);
    let dead = client.get("/debug/listeners/brew_tea/outcomes?state=dispatched").await.body;
    assert_eq!(
        (dead["outcomes"].as_array().unwrap().len(), &dead["outcomes"][0]["listener"]),
        (1, &json!(DRIES))
    );
}

#[tokio::test]
async fn a_listener_offers_how_far_it_is_without_the_words_of_what_went_wrong() {
    let (_, house) = house().await;
    let mut client = house.connect().await;
    let mut state = offered(&mut client, "/tea/listener", |_| true).await;
    assert!(state["file"].take().as_str().unwrap().ends_with("/listeners/brew_tea.sqlite"));
    assert!(state["file_bytes"].take().as_u64() > Some(0));
    assert!(state["wal_bytes"].take().is_u64());
    let expected = json!({"process": "brew_tea", "phase": "following", "cursor": 2, "head": 2, "told": 0,
        "at_hand": null, "retrying": null, "dead": 3, "decisions_waiting": 0, "file": null, "file_bytes": null,
        "wal_bytes": null});
    assert_eq!(state, expected);
}

#[tokio::test]
async fn dead_letters_degrade_the_listeners_health_until_they_are_decided() {
    let (ears, house) = house().await;
    let mut client = house.connect().await;
    let health = client.get("/api/health").await.body;
    let part = &health["components"]["listeners"];
    assert_eq!(
        (&part["status"], &part["dead"], &health["ready"]),
        (&json!("degraded"), &json!(3), &json!(true))
    );
    let document = client.get("/api/openapi.json").await.body;
    check(&document, "Health", &health);
    ears.helped.store(true, Relaxed);
    let replayed = decide(&mut client, &path(2, "replay"), &json!({})).await;
    assert_eq!((replayed.status, &replayed.body["outcome"]["state"]), (200, &json!("dispatched")));
    check(&document, "DecidedAnswer", &replayed.body);
    for listener in [DRIES, ROLLS] {
        let body = json!({"reason": "no leaves today", "listener": listener});
        let dismissed = decide(&mut client, &path(1, "dismiss"), &body).await.body;
        let row = &dismissed["outcome"];
        assert_eq!((&row["state"], &row["dismissal"]), (&json!("dismissed"), &json!("no leaves today")));
    }
    let part = client.get("/api/health").await.body["components"]["listeners"].clone();
    assert_eq!((&part["status"], part.get("dead")), (&json!("ok"), None));
}

#[tokio::test]
async fn a_replay_that_fails_again_stays_dead_and_says_so() {
    let (_, house) = house().await;
    let mut client = house.connect().await;
    let row = decide(&mut client, &path(2, "replay"), &json!({})).await.body["outcome"].clone();
    assert_eq!(
        (&row["state"], &row["attempts"], &row["listener"]),
        (&json!("dead"), &json!(2), &json!(ROLLS))
    );
}

#[tokio::test]
async fn what_is_not_confirmed_or_not_right_is_refused_and_changes_nothing() {
    let (ears, house) = house().await;
    ears.helped.store(true, Relaxed);
    let mut client = house.connect().await;
    let (replay, dismiss) = (path(2, "replay"), path(2, "dismiss"));
    let bare = client.post(&replay, "").await;
    assert_eq!(bare.refusal(), (400, "validation_error", "X-Confirm", "required"));
    let elsewhere = client.ask("POST", &replay, &[("x-confirm", &dismiss)], "").await;
    assert_eq!(elsewhere.refusal(), (400, "validation_error", "X-Confirm", "pattern"));
    for (path, body, refusal) in [
        (&dismiss, json!({}), (400, "validation_error", "reason", "required")),
        (&dismiss, json!({"reason": " "}), (400, "validation_error", "reason", "blank")),
        (&dismiss, json!({"reason": "x".repeat(501)}), (400, "validation_error", "reason", "too_long")),
        (&dismiss, json!({"reason": "x", "why": "y"}), (400, "validation_error", "why", "unknown_field")),
        (&replay, json!({"listener": 1}), (400, "validation_error", "listener", "type")),
        (&replay, json!({"listener": DRIES}), (404, "dead_letter_not_found", "", "")),
        (&replay, json!({"reason": "x"}), (400, "validation_error", "reason", "unknown_field")),
        (&path(1, "replay"), json!({}), (400, "validation_error", "listener", "required")),
        (&path(9, "replay"), json!({}), (404, "dead_letter_not_found", "", "")),
        (&replay.replace("/2/", "/x/"), json!({}), (400, "validation_error", "position", "type")),
        (&path(BEYOND, "replay"), json!({}), (400, "validation_error", "position", "type")),
        (&path(BEYOND, "dismiss"), json!({"reason": "x"}), (400, "validation_error", "position", "type")),
        (&path(BEYOND - 1, "replay"), json!({}), (404, "dead_letter_not_found", "", "")),
        (&replay.replace("brew_tea", "sell_tea"), json!({}), (404, "listener_not_found", "", "")),
    ] {
        assert_eq!(decide(&mut client, path, &body).await.refusal(), refusal, "{path} {body}");
    }
    assert_eq!(client.get("/debug/listeners").await.body["listeners"][0]["dead"], 3);
    for (query, refusal) in [
        ("state=alive", (400, "validation_error", "state", "enum")),
        ("limit=0", (400, "validation_error", "limit", "range")),
        ("limit=501", (400, "validation_error", "limit", "range")),
        ("cursor=rubbish", (400, "invalid_cursor", "cursor", "")),
        ("cursor=9223372036854775808.x", (400, "invalid_cursor", "cursor", "")),
        ("page=1", (400, "validation_error", "page", "unknown_field")),
    ] {
        let asked = client.get(&format!("/debug/listeners/brew_tea/outcomes?{query}")).await;
        assert_eq!(asked.refusal(), refusal, "{query}");
    }
    assert_eq!(client.get("/debug/listeners/sell_tea/outcomes").await.refusal().1, "listener_not_found");
}

#[tokio::test]
async fn a_house_where_nobody_listens_shows_no_listeners() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    assert_eq!(client.get("/debug/listeners").await.body["listeners"], json!([]));
    assert_eq!(client.get("/api/health").await.body["components"].get("listeners"), None);
}
