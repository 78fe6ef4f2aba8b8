//! Ventures as a client drives them: the routes spelled once for all journeys.

use crate::daemon::Daemon;
use crate::http::{Answer, Client, Request};
use hecate_proto::answer::CommandAnswer;
use hecate_proto::fact::FactFrame;
use hecate_proto::header;
use hecate_proto::rows::VentureRow;
use serde_json::{Value, json};
use uuid::Uuid;

/// Where ventures are listed and set up.
pub const VENTURES: &str = "/api/ventures";
/// An id that no venture of a test has.
pub const NOBODY: &str = "v-01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// The id in an answer.
pub fn id_of(answer: &CommandAnswer) -> String {
    answer.about["venture_id"].as_str().unwrap().to_owned()
}

/// `/api/ventures/{id}`.
pub fn at(venture_id: &str) -> String {
    format!("{VENTURES}/{venture_id}")
}

/// A route below a venture: `vision/refine`, `vision/submit`, `archive`, `vision`.
pub fn below(venture_id: &str, route: &str) -> String {
    format!("{VENTURES}/{venture_id}/{route}")
}

/// A command under a key of its own choice.
pub fn keyed(path: &str, body: &Value, key: &str) -> Request {
    Request::post(path, body).header(header::IDEMPOTENCY_KEY, key)
}

/// A question that waits until its read model has seen a position.
pub fn seen(path: &str, position: u64) -> Request {
    Request::get(path).header(header::MIN_POSITION, position)
}

/// A key that nobody used before.
pub fn fresh_key() -> String {
    Uuid::now_v7().to_string()
}

/// Sets a venture up.
pub fn set_up(client: &Client, name: &str) -> CommandAnswer {
    client.post(VENTURES, &json!({ "name": name, "brief": format!("All about {name}") })).expect(201).read()
}

/// Refines the vision of a venture.
pub fn refine(client: &Client, venture_id: &str, brief: &str) -> Answer {
    client.post(&below(venture_id, "vision/refine"), &json!({ "brief": brief }))
}

/// The row of a venture once its read model has seen a position.
pub fn row(client: &Client, venture_id: &str, position: u64) -> VentureRow {
    let answer = client.ask(&seen(&at(venture_id), position)).expect(200).json();
    serde_json::from_value(answer["venture"].clone()).unwrap()
}

/// Every venture, archived ones too, page by page.
pub fn every_row(client: &Client, position: u64) -> Vec<VentureRow> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{VENTURES}?include_archived=true&limit=500{cursor}");
        let page = client.ask(&seen(&path, position)).expect(200).json();
        rows.extend(serde_json::from_value::<Vec<VentureRow>>(page["ventures"].clone()).unwrap());
        let Some(next) = page["next_cursor"].as_str() else { return rows };
        cursor = format!("&cursor={next}");
    }
}

/// The facts of one venture's own stream, of those up to a position.
pub fn facts_of(daemon: &Daemon, venture_id: &str, up_to: u64) -> Vec<FactFrame> {
    let facts = daemon.facts_after(0).facts(up_to as usize);
    facts.into_iter().filter(|fact| fact.stream_id == format!("setup-{venture_id}")).collect()
}

/// The position of the last event in the log, as the daemon's health tells it.
pub fn head(client: &Client) -> u64 {
    client.get(hecate_proto::route::HEALTH).expect(200).json()["components"]["store"]["position"]
        .as_u64()
        .unwrap()
}
