//! A journey that records an event of every type, each with all that it can say. The ids are always the same,
//! so that samples which are years apart belong to the same thing.

use crate::operation::Operation;
use crate::sample::Sample;
use hecate_tests::divisions;
use hecate_tests::http::Client;
use hecate_tests::patience::until;
use hecate_tests::ventures::{VENTURES, below, keyed};
use serde_json::json;
use uuid::Uuid;

/// What the samples are about.
const VENTURE: &str = "v-01ARZ3NDEKTSV4RRFFQ69G5FAX";
/// Its division.
const DIVISION: &str = "d-01ARZ3NDEKTSV4RRFFQ69G5FAX";
/// The read model that is tended on the way.
const READ_MODEL: &str = "/api/read-models/query_ventures";

/// What the journey finds in the log: an event that no read model draws.
pub(crate) fn poison() -> Sample {
    let id = Uuid::nil();
    let event = json!({
        "event_type": "venture_archived_v1", "event_id": id, "stream_id": "setup-v-01ARZ3NDEKTSV4RRFFQ69G5FAY",
        "version": 0, "position": 1, "at_us": 0, "data": { "venture_id": 7 }, "tags": [],
        "metadata": {
            "correlation_id": id, "causation_id": id, "command_id": id,
            "actor": "uid:1@there", "node_id": "there", "realm": "there",
        },
    });
    serde_json::from_value(event).unwrap()
}

/// Walks it. Extend it where a new type is recorded: behind the birth, before what ends the thing.
pub(crate) fn walk(client: &Client) {
    let venture = json!({
        "venture_id": VENTURE,
        "name": "Café Übersee ☕",
        "brief": "Coffee from far away, \"fresh\" every morning.\nAnd cake.",
        "repos": ["https://example.org/cafe.git"],
        "skills": ["roasting", "Rust"],
        "context_map": { "roastery": { "upstream_of": ["counter"], "beans": 0.5 } },
        "visibility": "public",
    });
    client.ask(&keyed(VENTURES, &venture, "sample")).expect(201);
    let vision = json!({
        "brief": "Coffee alone.",
        "repos": [],
        "skills": ["roasting"],
        "context_map": {},
        "visibility": "private",
    });
    let venture = |route: &str, body| client.post(&below(VENTURE, route), &body).expect(200);
    venture("vision/refine", vision);
    venture("vision/submit", json!({}));
    discover(client);
    design(client);
    // The reopened design is completed once more, and the division goes on to operation.
    client.post(&divisions::of_division(DIVISION, "design/complete"), &json!({})).expect(200);
    Operation { client, division: DIVISION }.walk();
    let discovery = |route: &str, body| venture(&format!("discovery/{route}"), body);
    discovery("complete", json!({}));
    discovery("reopen", json!({ "reason": "Cake is another matter" }));
    discovery("dismiss", json!({ "division_id": DIVISION, "reason": "The roastery is sold" }));
    discovery("archive", json!({ "reason": "All of it is sold", "cascade": true }));
    venture("archive", json!({ "reason": "Sold to the staff", "cascade": false }));
    // The design hears that its division is gone.
    divisions::settled(client);
    tend(client);
}

fn discover(client: &Client) {
    let found = json!({
        "division_name": "roastery",
        "division_id": DIVISION,
        "description": "Buys green coffee, sells brown.",
        "rationale": "It smells \"different\".",
    });
    for (route, body) in [
        ("start", json!({})),
        ("pause", json!({ "reason": "The beans are at sea", "category": "waiting" })),
        ("resume", json!({ "note": "They have landed" })),
        ("discover", found),
    ] {
        client.post(&below(VENTURE, &format!("discovery/{route}")), &body).expect(200);
    }
}

fn design(client: &Client) {
    let aggregate = json!({
        "aggregate_name": "batch",
        "stream_pattern": "batch-{batch_id}",
        "status_flags": [{ "name": "ROASTED", "bit": 32 }],
        "description": "One drum full.",
    });
    let event = json!({
        "event_name": "batch_roasted_v1",
        "aggregate_name": "batch",
        "payload_fields": [{ "name": "colour", "type": "text", "required": true }],
        "description": "The beans crack twice.",
    });
    let flags = json!([{ "name": "ROASTED", "bit": 64 }]);
    let fields = json!([{ "name": "colour", "type": "integer" }]);
    for (route, body) in [
        ("start", json!({})),
        ("aggregate", aggregate),
        ("event", event),
        ("aggregate/revise", json!({ "aggregate_name": "batch", "status_flags": flags, "reason": "Room" })),
        (
            "event/revise",
            json!({ "event_name": "batch_roasted_v1", "payload_fields": fields, "reason": "Agtron" }),
        ),
        ("pause", json!({ "reason": "Lunch", "category": "break" })),
        ("resume", json!({ "note": "Espresso" })),
        ("complete", json!({})),
        ("reopen", json!({ "reason": "Decaf" })),
    ] {
        client.post(&divisions::of_division(DIVISION, &format!("design/{route}")), &body).expect(200);
    }
}

/// Keeps a read model drawn: the poison is tried again, left out, and all of it drawn anew.
fn tend(client: &Client) {
    let parked =
        || client.get(&format!("{READ_MODEL}/parked")).expect(200).json()["parked"][0]["tries"].as_u64();
    for (tries, route, body) in [
        (3, "parked/retry", json!({ "position": 1 })),
        (4, "parked/skip", json!({ "position": 1, "reason": "No build draws it" })),
    ] {
        until("the poison is parked", || parked().filter(|tried| *tried == tries));
        client.post(&format!("{READ_MODEL}/{route}"), &body).expect(200);
    }
    client.post(&format!("{READ_MODEL}/rebuild"), &json!({ "reason": "To be sure" })).expect(200);
}
