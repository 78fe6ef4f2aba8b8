//! Answers that end before their time: whoever leaves frees the engine, and an engine that dies is an error.

use crate::house::House;
use crate::peer::{Answers, MODEL};
use hecate_proto::llm::{ChatFrame, code};
use hecate_proto::route;
use hecate_tests::http::Request;
use serde_json::{Value, json};

fn request() -> Value {
    json!({"model": MODEL, "messages": [{"role": "user", "content": "Go on for ever"}]})
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn whoever_leaves_a_stream_frees_the_engines_slot() {
    let house = House::with_engine(Answers::Endless);
    let mut streamed = house.stream(&request());
    assert!(streamed.some_text(3).contains("hello hello"));
    house.engine.wait_for_busy_slots(1);
    drop(streamed);
    house.engine.wait_for_busy_slots(0);
    assert_eq!(house.engine.stopped_early(), 1);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn whoever_leaves_a_plain_answer_frees_the_engines_slot() {
    let house = House::with_engine(Answers::Endless);
    let mut connection = house.daemon.client().connect().unwrap();
    connection.send(&Request::post(route::LLM_CHAT, &request()).bytes()).unwrap();
    house.engine.wait_for_busy_slots(1);
    drop(connection);
    house.engine.wait_for_busy_slots(0);
    assert_eq!(house.engine.stopped_early(), 1);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn one_who_leaves_leaves_the_others_their_answers() {
    let house = House::with_engine(Answers::Endless);
    let [mut stays, mut leaves] = [house.stream(&request()), house.stream(&request())];
    stays.some_text(1);
    leaves.some_text(1);
    house.engine.wait_for_busy_slots(2);
    drop(leaves);
    house.engine.wait_for_busy_slots(1);
    assert!(stays.some_text(50).contains("hello hello"));
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn an_engine_killed_in_mid_stream_is_an_error_in_the_stream() {
    let mut house = House::with_engine(Answers::Endless);
    let mut streamed = house.stream(&request());
    streamed.some_text(3);
    house.engine.kill();
    let (_, last) = streamed.finish();
    let ChatFrame::Failed(failure) = last else { panic!("{last:?}") };
    assert_eq!(failure.error, code::PROVIDER_ERROR, "{failure:?}");
    assert_eq!((&failure.details["provider"], failure.done), (&json!("openai"), true), "{failure:?}");
    let refused = house.daemon.client().post(route::LLM_CHAT, &request()).expect(502).json();
    assert_eq!(
        (&refused["error"], &refused["details"]["reason"]),
        (&json!("provider_error"), &json!("unreachable"))
    );
}
