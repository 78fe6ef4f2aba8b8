//! An event that a read model cannot draw, as another build may have left it in the log: the daemon serves
//! everything else, says what is parked, and an operator decides.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hecate_event_store::{Append, EventStore, Expected, NewEvent, Options, SqliteStore, kit};
use hecate_proto::health::{Component, Health};
use hecate_proto::read_models::{ReadModelState, ReadModelsAnswer};
use hecate_proto::{answer::CommandAnswer, route};
use hecate_tests::daemon::Daemon;
use hecate_tests::http::{Client, Request};
use hecate_tests::patience::until;
use hecate_tests::ventures::{self, at, id_of, seen};
use serde_json::{Value, json};
use std::path::Path;

const MODEL: &str = "query_ventures";
const MODELS: &str = "/api/read-models";
const POISONED: &str = "v-01ARZ3NDEKTSV4RRFFQ69G5FAV";
const FINE: &str = "v-01ARZ3NDEKTSV4RRFFQ69G5FAW";
/// Where the poison stands in the log.
const POISON: u64 = 2;

fn setup(venture_id: &str, name: &str) -> NewEvent {
    let data = json!({
        "venture_id": venture_id, "name": name, "brief": null, "repos": [], "skills": [],
        "context_map": {}, "visibility": "realm", "setup_by": "uid:1@there", "setup_at": 1,
    });
    kit::event("venture_setup_v1", &data)
}

/// A log of two ventures: one of them has a revision that no build of today draws, and another behind it.
fn poisoned_log(folder: &Path) {
    std::fs::create_dir_all(folder.join("data")).unwrap();
    let refined = |data: Value| kit::event("venture_vision_refined_v1", &data);
    let poison = refined(json!({ "venture_id": POISONED, "revision": "first" }));
    let later = refined(json!({
        "venture_id": POISONED, "revision": 2, "brief": "Later", "refined_by": "uid:1@there", "refined_at": 3,
    }));
    let streams =
        [(POISONED, vec![setup(POISONED, "Poisoned"), poison, later]), (FINE, vec![setup(FINE, "Fine")])];
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        let store = SqliteStore::open(&folder.join("data/events.sqlite"), Options::default()).unwrap();
        for (venture_id, events) in streams {
            let stream_id = format!("setup-{venture_id}").into();
            let append = Append { stream_id, expected: Expected::NoStream, events, receipt: None };
            store.append(append).await.unwrap();
        }
        store.close().await;
    });
}

fn parked_path(model: &str) -> String {
    format!("{MODELS}/{model}/parked")
}

fn health(client: &Client) -> Component {
    let mut health: Health = client.get(route::HEALTH).expect(200).read();
    assert!(health.ready);
    health.components.remove(MODEL).unwrap()
}

/// The list as soon as it shows this.
fn parked_once(client: &Client, what: &str, shows: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    until(what, || {
        let page = client.get(&parked_path(MODEL)).expect(200).json();
        Some(page["parked"].as_array().unwrap().clone()).filter(|rows| shows(rows))
    })
}

fn state(client: &Client) -> ReadModelState {
    let answer: ReadModelsAnswer = client.get(route::DEBUG_READ_MODELS).expect(200).read();
    answer.read_models.into_iter().find(|state| state.model == MODEL).unwrap()
}

fn every_row(client: &Client) -> Value {
    let head = ventures::head(client);
    let page = client.ask(&seen("/api/ventures?include_archived=true&sort=name", head)).expect(200).json();
    let vision = client.ask(&seen(&ventures::below(POISONED, "vision"), head)).expect(200).json();
    json!([page["ventures"], vision["vision"]])
}

#[test]
fn an_event_that_does_not_draw_is_parked_until_an_operator_decides() {
    let folder = tempfile::tempdir().unwrap();
    poisoned_log(folder.path());
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();

    // Others are served, and the poisoned one up to its poison.
    let told = ventures::set_up(&client, "New");
    assert_eq!(ventures::row(&client, &id_of(&told), told.position).name, "New");
    assert_eq!(ventures::row(&client, FINE, told.position).name, "Fine");
    assert_eq!(ventures::row(&client, POISONED, told.position).brief, None);
    let part = health(&client);
    assert_eq!((part.status.as_str(), part.parked), ("degraded", Some(1)), "{part:?}");
    assert!(part.says.unwrap().contains("1 of its events"));
    let state = state(&client);
    assert_eq!((state.parked, state.parked_behind, state.positions_behind.is_some()), (1, 1, true));

    let rows = parked_once(&client, "the event is listed", |rows| rows.len() == 1);
    assert_eq!((&rows[0]["position"], &rows[0]["tries"]), (&json!(POISON), &json!(3)));
    assert_eq!(rows[0]["stream_id"], format!("setup-{POISONED}"));
    let listed = client.get(MODELS).expect(200).json();
    let models = listed["read_models"].as_array().unwrap();
    assert!(models.iter().any(|row| row["model"] == MODEL && row["parked"] == 1), "{listed}");

    let retry = format!("{}/retry", parked_path(MODEL));
    client.post(&retry, &json!({ "position": POISON })).expect(200);
    let rows = parked_once(&client, "it is tried once more", |rows| rows.iter().any(|row| row["tries"] == 4));
    assert_eq!(rows.len(), 1);

    let skip = format!("{}/skip", parked_path(MODEL));
    let skipped = client.post(&skip, &json!({ "position": POISON, "reason": "An old build wrote it" }));
    let skipped: CommandAnswer = skipped.expect(200).read();
    assert_eq!(ventures::row(&client, POISONED, skipped.position).brief.as_deref(), Some("Later"));
    parked_once(&client, "the list is empty", <[Value]>::is_empty);
    assert_eq!(health(&client).status, "ok");

    // The same from the log alone, after the same decisions.
    let before = every_row(&client);
    let daemon = restarted_without_its_file(daemon);
    assert_eq!(every_row(&daemon.client()), before);
    parked_once(&daemon.client(), "the list stays empty", <[Value]>::is_empty);
}

fn restarted_without_its_file(daemon: Daemon) -> Daemon {
    let place = daemon.place().clone();
    daemon.end_with(rustix::process::Signal::TERM);
    std::fs::remove_file(place.data().join(format!("read_models/{MODEL}.sqlite"))).unwrap();
    place.start()
}

#[test]
fn a_rebuild_on_demand_ends_with_the_same_rows_and_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let told = ventures::set_up(&client, "Shop");
    ventures::refine(&client, &id_of(&told), "Sell").expect(200);
    let file = daemon.place().data().join(format!("read_models/{MODEL}.sqlite"));
    let before = (ventures::every_row(&client, ventures::head(&client)), inode(&file));
    let rebuild = format!("{MODELS}/{MODEL}/rebuild");
    client.post(&rebuild, &json!({ "reason": "To be sure" })).expect(201);
    until("another file answers", || {
        (inode(&file) != before.1 && state(&client).rebuild.is_none()).then_some(())
    });
    assert_eq!(ventures::every_row(&client, ventures::head(&client)), before.0);
    let listed = client.ask(&seen(MODELS, ventures::head(&client))).expect(200).json();
    let row = listed["read_models"].as_array().unwrap().iter().find(|row| row["model"] == MODEL).unwrap();
    assert_eq!(row["rebuild_reason"], "To be sure");
    // The order is in the log; the next start does not follow it once more.
    let rebuilt = inode(&file);
    let daemon = daemon.kill_and_restart();
    ventures::row(&daemon.client(), &id_of(&told), told.position);
    assert_eq!(inode(&file), rebuilt);
}

fn inode(file: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(file).ok().map(|file| file.ino())
}

#[test]
fn what_nobody_knows_and_what_is_not_parked_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let refused = |request: Request, status: u16| {
        let answer = client.ask(&request).expect(status).json();
        let detail = |key: &str| answer["details"][key].as_str().unwrap_or_default().to_owned();
        assert!(!detail("hint").is_empty(), "{answer}");
        (answer["error"].as_str().unwrap().to_owned(), detail("field"))
    };
    let post =
        |model: &str, desk: &str, body: &Value| Request::post(&format!("{MODELS}/{model}/{desk}"), body);
    let (nobody, position) = ("query_nobody", json!({ "position": 1 }));
    let skip = json!({ "position": 1, "reason": "No use" });
    let unknown = ("read_model_not_found".to_owned(), "model".to_owned());
    assert_eq!(refused(Request::get(&parked_path(nobody)), 404), unknown);
    assert_eq!(refused(post(nobody, "rebuild", &json!({})), 404), unknown);
    assert_eq!(refused(post(nobody, "parked/retry", &position), 404), unknown);
    assert_eq!(refused(post(nobody, "parked/skip", &skip), 404), unknown);
    let nothing = ("nothing_parked".to_owned(), "position".to_owned());
    assert_eq!(refused(post(MODEL, "parked/retry", &position), 404), nothing);
    assert_eq!(refused(post(MODEL, "parked/skip", &skip), 404), nothing);
    let missing = ("validation_error".to_owned(), "reason".to_owned());
    assert_eq!(refused(post(MODEL, "parked/skip", &position), 400), missing);
    assert_eq!(client.get(&at(FINE)).status, 404, "nothing was recorded");
}
