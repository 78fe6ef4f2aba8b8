//! A key reaches its provider and shows nowhere: in no answer, no log line, no file.

use crate::house::House;
use crate::peer::{Answers, Engine, MODEL};
use hecate_proto::route;
use hecate_tests::daemon::Place;
use serde_json::{Value, json};
use std::path::Path;
use uuid::Uuid;

fn request(stream: bool) -> Value {
    let messages = json!([{"role": "user", "content": "Hello"}]);
    json!({"model": MODEL, "messages": messages, "stream": stream})
}

/// The engine serves nobody without this key.
fn keyed(key: &str, known_to_the_daemon: &str) -> House {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::start(folder.path(), Answers::Brief, Some(key));
    let mut place = Place { log_filter: "trace", ..Place::new(folder.path()) };
    place.environment.push(("OPENAI_API_KEY", known_to_the_daemon.to_owned()));
    House::furnish(folder, engine, None, place)
}

/// What a GET of each of these says.
fn every_answer(house: &House) -> Vec<(String, Vec<u8>)> {
    let paths = [
        route::LLM_MODELS,
        route::LLM_HEALTH,
        route::LLM_PROVIDERS,
        route::DEBUG_TREE,
        route::DEBUG_STORE,
        route::DEBUG_READ_MODELS,
        route::DEBUG_LISTENERS,
        route::OPENAPI,
    ];
    let said = |path: &str| {
        let answer = house.daemon.client().get(path).expect(200);
        let mut bytes = answer.bytes.clone();
        bytes.extend(format!("{:?}", answer.headers).bytes());
        (path.to_owned(), bytes)
    };
    paths.into_iter().map(said).collect()
}

/// Every file below a folder.
fn every_file(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            every_file(&path, found);
        } else if kind.is_file() {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_key_is_in_no_answer_no_log_line_and_no_file() {
    let canary = format!("sk-canary-{}", Uuid::new_v4());
    let mut house = keyed(&canary, &canary);
    let client = house.daemon.client();
    let mut shown = Vec::new();
    let plain = client.post(route::LLM_CHAT, &request(false)).expect(200);
    shown.push(("a plain answer".to_owned(), plain.bytes));
    let streamed = house.stream(&request(true)).finish();
    shown.push(("a streamed answer".to_owned(), format!("{streamed:?}").into_bytes()));
    let reload = client.post(route::LLM_RELOAD, &json!({})).expect(200);
    shown.push(("a reload".to_owned(), reload.bytes));
    shown.extend(every_answer(&house));
    house.engine.kill();
    let failed = client.post(route::LLM_CHAT, &request(false)).expect(502);
    shown.push(("a failure".to_owned(), failed.bytes));
    shown.extend(every_answer(&house));
    let place = house.daemon.place().clone();
    every_file(&place.home, &mut shown);
    assert!(
        shown
            .iter()
            .any(|(what, bytes)| *what == place.log_file().display().to_string() && !bytes.is_empty())
    );
    for (what, bytes) in &shown {
        let at = bytes.windows(canary.len()).position(|window| window == canary.as_bytes());
        assert_eq!(at, None, "the key is in {what}");
    }
}
