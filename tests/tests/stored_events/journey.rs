//! A journey that records an event of every type, each with all that it can say. The ids are always the same,
//! so that samples which are years apart belong to the same thing.

use hecate_tests::http::Client;
use hecate_tests::ventures::{VENTURES, below, keyed};
use serde_json::json;

/// What the samples are about.
const VENTURE: &str = "v-01ARZ3NDEKTSV4RRFFQ69G5FAX";

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
    let steps = [
        ("vision/refine", vision),
        ("vision/submit", json!({})),
        ("archive", json!({ "reason": "Sold to the staff", "cascade": false })),
    ];
    for (route, body) in steps {
        client.post(&below(VENTURE, route), &body).expect(200);
    }
}
