//! A client that does not know whether it was heard asks again under the same key and learns the first
//! result; a client that knows what it saw says so, and never writes over what it did not see.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hecate_proto::answer::CommandAnswer;
use hecate_tests::daemon::Daemon;
use hecate_tests::http::{Answer, Client, Request};
use hecate_tests::ventures::{self, NOBODY, VENTURES, below, fresh_key, head, id_of, keyed};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use tempfile::TempDir;

fn running() -> (TempDir, Daemon, Client) {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    (folder, daemon, client)
}

/// An answer without what belongs to the request rather than to its result.
fn result(answer: &Answer) -> (u16, Value) {
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("correlation_id");
    (answer.status, body)
}

#[test]
fn a_birth_under_the_same_key_is_one_venture_also_after_a_kill() {
    let (_folder, daemon, client) = running();
    let birth = keyed(VENTURES, &json!({"name": "Shop"}), &fresh_key());
    let first = result(&client.ask(&birth));
    assert_eq!(first.0, 201);
    assert_eq!(result(&client.ask(&birth)), first, "the minted id is the first one");
    let daemon = daemon.kill_and_restart();
    assert_eq!(result(&daemon.client().ask(&birth)), first);
    assert_eq!(head(&daemon.client()), 1);
}

#[test]
fn the_first_answer_comes_again_whatever_happened_since() {
    let (_folder, daemon, client) = running();
    let id = id_of(&ventures::set_up(&client, "Shop"));
    let refine = keyed(&below(&id, "vision/refine"), &json!({"brief": "One"}), &fresh_key());
    let first = result(&client.ask(&refine));
    client.post(&below(&id, "vision/submit"), &json!({})).expect(200);
    client.post(&below(&id, "archive"), &json!({})).expect(200);
    assert_eq!(result(&client.ask(&refine)), first);
    let daemon = daemon.kill_and_restart();
    assert_eq!(result(&daemon.client().ask(&refine)), first);
    let head = head(&daemon.client());
    assert_eq!(ventures::facts_of(&daemon, &id, head).len(), 4);
}

#[test]
fn a_refusal_is_a_first_answer_too() {
    let (_folder, daemon, client) = running();
    let id = id_of(&client.post(VENTURES, &json!({"name": "Shop"})).expect(201).read());
    let submit = keyed(&below(&id, "vision/submit"), &json!({}), &fresh_key());
    let first = result(&client.ask(&submit));
    assert_eq!((first.0, &first.1["error"]), (422, &json!("vision_incomplete")));
    ventures::refine(&client, &id, "Now there is one").expect(200);
    assert_eq!(result(&client.ask(&submit)), first, "it would be accepted under another key");
    let daemon = daemon.kill_and_restart();
    assert_eq!(result(&daemon.client().ask(&submit)), first);
    daemon.client().post(&below(&id, "vision/submit"), &json!({})).expect(200);
}

#[test]
fn another_request_under_the_same_key_is_a_conflict() {
    let (_folder, daemon, client) = running();
    let key = fresh_key();
    let id = id_of(&client.ask(&keyed(VENTURES, &json!({"name": "Shop"}), &key)).expect(201).read());
    let conflict = |request: &Request| {
        let answer = client.ask(request).expect(409).json();
        assert_eq!(
            (&answer["error"], &answer["details"]["field"]),
            (&json!("idempotency_conflict"), &json!("Idempotency-Key"))
        );
    };
    conflict(&keyed(VENTURES, &json!({"name": "Other"}), &key));
    conflict(&keyed(VENTURES, &json!({"name": "Shop", "brief": "More"}), &key));
    let other = id_of(&ventures::set_up(&client, "Other"));
    let archive_key = fresh_key();
    client.ask(&keyed(&below(&id, "archive"), &json!({}), &archive_key)).expect(200);
    conflict(&keyed(&below(&other, "archive"), &json!({}), &archive_key));
    let head = head(&client);
    let recorded = [&id, &other].map(|id| ventures::facts_of(&daemon, id, head).len());
    assert_eq!(recorded, [2, 1]);
}

#[test]
fn a_key_belongs_to_one_actor_and_one_desk() {
    let (_folder, _daemon, client) = running();
    let key = fresh_key();
    let birth = keyed(VENTURES, &json!({"name": "Shop"}), &key);
    let mine: CommandAnswer = client.ask(&birth).expect(201).read();
    let theirs: CommandAnswer =
        client.ask(&birth.clone().header("hecate-actor", "somebody else")).expect(201).read();
    assert_ne!(id_of(&mine), id_of(&theirs));
    let refine = keyed(&below(&id_of(&mine), "vision/refine"), &json!({"brief": "x"}), &key);
    client.ask(&refine).expect(200);
}

#[test]
fn the_same_request_in_other_words_is_the_same_request() {
    let (_folder, _daemon, client) = running();
    let key = fresh_key();
    let raw = |body: &str| {
        Request::new("POST", VENTURES).raw("application/json", body).header("idempotency-key", &key)
    };
    let first = result(&client.ask(&raw(r#"{"name":"Shop","brief":"Tea"}"#)));
    assert_eq!(first.0, 201);
    assert_eq!(result(&client.ask(&raw("{ \"brief\": \"Tea\",\n \"name\": \"Shop\" }"))), first);
}

#[test]
fn sixteen_threads_with_one_key_record_one_event() {
    let (_folder, _daemon, client) = running();
    let birth = keyed(VENTURES, &json!({"name": "Shop"}), &fresh_key());
    let id = id_of(&ventures::set_up(&client, "Other"));
    let refine = keyed(&below(&id, "vision/refine"), &json!({"brief": "Same"}), &fresh_key());
    for (request, status) in [(birth, 201), (refine, 200)] {
        let before = head(&client);
        let together = Barrier::new(16);
        let answers: Vec<(u16, Value)> = thread::scope(|scope| {
            let ask = || {
                together.wait();
                result(&client.ask(&request))
            };
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let different: BTreeSet<String> = answers.iter().map(|(_, body)| body.to_string()).collect();
        assert_eq!(different.len(), 1, "{different:?}");
        assert!(answers.iter().all(|answer| answer.0 == status), "{answers:?}");
        assert_eq!(head(&client), before + 1);
    }
}

#[test]
fn sixteen_threads_without_a_version_all_get_their_turn() {
    let (_folder, _daemon, client) = running();
    let id = id_of(&ventures::set_up(&client, "Shop"));
    let versions: BTreeSet<u64> = thread::scope(|scope| {
        let ask = |n: usize| {
            ventures::refine(&client, &id, &format!("Brief {n}")).expect(200).read::<CommandAnswer>().version
        };
        let threads: Vec<_> = (0..16).map(|n| scope.spawn(move || ask(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(versions, (1..=16).collect());
}

#[test]
fn only_the_version_that_was_seen_is_written_over() {
    let (_folder, _daemon, client) = running();
    let id = id_of(&ventures::set_up(&client, "Shop"));
    let refine = |version: &str, brief: &str| {
        client.ask(
            &Request::post(&below(&id, "vision/refine"), &json!({ "brief": brief }))
                .header("if-match", version),
        )
    };
    refine("0", "One").expect(200);
    refine("\"1\"", "Two").expect(200);
    for stale in ["0", "\"1\"", "3", "18446744073709551615"] {
        let answer = refine(stale, "Never").expect(409).json();
        assert_eq!(answer["error"], "wrong_expected_version");
        assert_eq!(
            (&answer["details"]["actual"], &answer["details"]["field"]),
            (&json!(2), &json!("If-Match"))
        );
    }
    for malformed in ["*", "W/\"2\"", "two", "-1", "2, 3", ""] {
        let answer = refine(malformed, "Never").expect(400).json();
        assert_eq!(
            (&answer["details"]["field"], &answer["details"]["rule"]),
            (&json!("If-Match"), &json!("pattern")),
            "{malformed}"
        );
    }
    refine("2", "Three").expect(200);
    assert_eq!(head(&client), 4);
}

#[test]
fn of_many_writers_that_saw_the_same_version_one_writes() {
    let (_folder, _daemon, client) = running();
    let id = id_of(&ventures::set_up(&client, "Shop"));
    let path = below(&id, "vision/refine");
    let statuses: Vec<u16> = thread::scope(|scope| {
        let (client, path) = (&client, &path);
        let ask = move |n: usize| {
            let request =
                Request::post(path, &json!({ "brief": format!("Brief {n}") })).header("if-match", "0");
            client.ask(&request).status
        };
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || ask(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 7, "{statuses:?}");
    assert_eq!(head(&client), 2);
}

#[test]
fn a_birth_can_demand_that_nothing_is_there() {
    let (_folder, _daemon, client) = running();
    let birth =
        Request::post(VENTURES, &json!({"name": "Shop", "venture_id": NOBODY})).header("if-none-match", "*");
    client.ask(&birth).expect(201);
    assert_eq!(client.ask(&birth).expect(409).json()["error"], "venture_already_setup");
    let refine =
        Request::post(&below(NOBODY, "vision/refine"), &json!({"brief": "x"})).header("if-none-match", "*");
    assert_eq!(client.ask(&refine).expect(400).json()["details"]["field"], "If-None-Match");
    assert_eq!(head(&client), 1);
}
