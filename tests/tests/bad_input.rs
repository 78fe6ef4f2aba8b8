//! Whatever is wrong with a request is said by status, code, field and rule; it changes nothing, and the
//! daemon goes on answering.

use hecate_proto::answer::ErrorAnswer;
use hecate_tests::daemon::Daemon;
use hecate_tests::http::{Answer, Client, Request};
use hecate_tests::ventures::{self, NOBODY, VENTURES, at, below, head, id_of};
use serde_json::{Value, json};

/// What is wrong, the request, and what must be answered: status, code, field, rule. A field or rule that
/// is empty is not there.
type Case = (&'static str, Request, u16, &'static str, &'static str, &'static str);

fn post(path: &str, body: Value) -> Request {
    Request::post(path, &body)
}

fn raw(body: impl Into<Vec<u8>>) -> Request {
    Request::new("POST", VENTURES).raw("application/json", body)
}

fn set_up_with(field: &str, value: Value) -> Request {
    let mut body = json!({ "name": "Shop" });
    body[field] = value;
    post(VENTURES, body)
}

fn bodies() -> Vec<Case> {
    let nested = |open: &str, close: &str, depth| format!("{}{}", open.repeat(depth), close.repeat(depth));
    let deep = |depth: usize| {
        format!(r#"{{"name":"Shop","context_map":{}1{}}}"#, r#"{"a":"#.repeat(depth), "}".repeat(depth))
    };
    let invalid = "invalid_json";
    vec![
        ("cut short", raw(r#"{"name": "Sh"#), 400, invalid, "", ""),
        ("a comma too many", raw(r#"{"name": "Shop",}"#), 400, invalid, "", ""),
        ("two values", raw(r#"{"name": "Shop"} {}"#), 400, invalid, "", ""),
        ("a list", raw("[]"), 400, invalid, "", ""),
        ("a text", raw("\"Shop\""), 400, invalid, "", ""),
        ("null", raw("null"), 400, invalid, "", ""),
        ("a byte order mark", raw("\u{feff}{\"name\": \"Shop\"}"), 400, invalid, "", ""),
        ("not UTF-8", raw(b"{\"name\": \"\xff\"}".to_vec()), 400, invalid, "", ""),
        ("half a surrogate pair", raw(r#"{"name": "\ud800"}"#), 400, invalid, "", ""),
        ("single quotes", raw("{'name': 'Shop'}"), 400, invalid, "", ""),
        ("not a number of JSON", raw(r#"{"name": NaN}"#), 400, invalid, "", ""),
        ("a key twice", raw(r#"{"name": "a", "name": "b"}"#), 400, invalid, "name", "duplicate_key"),
        (
            "a key twice in depth",
            raw(r#"{"name":"a","context_map":{"x":1,"x":2}}"#),
            400,
            invalid,
            "x",
            "duplicate_key",
        ),
        ("65 deep", raw(deep(65)), 400, invalid, "", ""),
        ("100,000 lists deep", raw(nested("[", "]", 100_000)), 400, invalid, "", ""),
        ("100,000 objects deep", raw(deep(100_000)), 400, invalid, "", ""),
        (
            "2 MB",
            raw(format!(r#"{{"name": "{}"}}"#, "x".repeat(2_000_000))),
            413,
            "payload_too_large",
            "",
            "",
        ),
        ("1 MiB and a byte", raw(" ".repeat(1024 * 1024 + 1)), 413, "payload_too_large", "", ""),
        (
            "another content type",
            Request::new("POST", VENTURES).raw("text/plain", "{}"),
            415,
            "unsupported_media_type",
            "",
            "",
        ),
        (
            "a form",
            Request::new("POST", VENTURES).raw("application/x-www-form-urlencoded", "name=Shop"),
            415,
            "unsupported_media_type",
            "",
            "",
        ),
    ]
}

fn fields() -> Vec<Case> {
    let bad = "validation_error";
    let bare = [
        ("no name", post(VENTURES, json!({})), 400, bad, "name", "required"),
        ("no body", Request::new("POST", VENTURES), 400, bad, "name", "required"),
    ];
    let vision = set_up_with("context_map", json!({"a": "x".repeat(300_000)}));
    let large = ("a vision beyond 128 KiB", vision, 422, "vision_too_large", "", "");
    let set = |(what, key, value, field, rule)| (what, set_up_with(key, value), 400, bad, field, rule);
    bare.into_iter().chain(values().into_iter().map(set)).chain([large]).collect()
}

/// What is wrong with one field of a set-up: what, its key, its value, and the field and the rule that are named.
fn values() -> Vec<(&'static str, &'static str, Value, &'static str, &'static str)> {
    let long = |count: usize| json!("x".repeat(count));
    let repos = |second: Value| json!(["a", second]);
    vec![
        ("an unknown key", "nmae", json!("Shop"), "nmae", "unknown_field"),
        ("a name of another type", "name", json!(7), "name", "type"),
        ("a name that is null", "name", json!(null), "name", "type"),
        ("an empty name", "name", json!(""), "name", "blank"),
        ("a blank name", "name", json!(" \t\n"), "name", "blank"),
        ("a blank of another script", "name", json!("\u{3000}\u{2003}"), "name", "blank"),
        ("101 characters", "name", long(101), "name", "too_long"),
        ("a blank brief", "brief", json!(" "), "brief", "blank"),
        ("4,001 characters", "brief", long(4_001), "brief", "too_long"),
        ("a visibility that is none", "visibility", json!("Realm"), "visibility", "enum"),
        ("a visibility of another type", "visibility", json!(1), "visibility", "type"),
        ("repos that are no list", "repos", json!("one"), "repos", "type"),
        ("a repo that is no text", "repos", repos(json!(1)), "repos.1", "type"),
        ("a blank repo", "repos", repos(json!(" ")), "repos.1", "blank"),
        ("a long skill", "skills", json!([long(501)]), "skills.0", "too_long"),
        ("101 skills", "skills", json!(vec!["x"; 101]), "skills", "too_long"),
        ("a context map that is a list", "context_map", json!([]), "context_map", "type"),
        ("an id without prefix", "venture_id", json!("01ARZ3NDEKTSV4RRFFQ69G5FAV"), "venture_id", "pattern"),
        (
            "an id of another kind",
            "venture_id",
            json!("d-01ARZ3NDEKTSV4RRFFQ69G5FAV"),
            "venture_id",
            "pattern",
        ),
        (
            "an id in small letters",
            "venture_id",
            json!("v-01arz3ndektsv4rrffq69g5fav"),
            "venture_id",
            "pattern",
        ),
        ("an id that climbs", "venture_id", json!("../../etc/passwd"), "venture_id", "pattern"),
    ]
}

fn headers() -> Vec<Case> {
    let with = |name: &str, value: &str| post(VENTURES, json!({"name": "Shop"})).header(name, value);
    let bad = "validation_error";
    vec![
        ("an empty key", with("idempotency-key", ""), 400, bad, "Idempotency-Key", "blank"),
        ("a long key", with("idempotency-key", &"k".repeat(256)), 400, bad, "Idempotency-Key", "too_long"),
        ("a key with a blank", with("idempotency-key", "a b"), 400, bad, "Idempotency-Key", "pattern"),
        (
            "two keys",
            with("idempotency-key", "a").header("idempotency-key", "b"),
            400,
            bad,
            "Idempotency-Key",
            "duplicate_key",
        ),
        ("a version that is none", with("if-match", "seven"), 400, bad, "If-Match", "pattern"),
        ("anything but a star", with("if-none-match", "\"7\""), 400, bad, "If-None-Match", "enum"),
        ("an empty actor", with("hecate-actor", ""), 400, bad, "Hecate-Actor", "blank"),
        ("a long actor", with("hecate-actor", &"a".repeat(201)), 400, bad, "Hecate-Actor", "too_long"),
        (
            "a flow that is no UUID",
            with("hecate-correlation-id", "flow"),
            400,
            bad,
            "Hecate-Correlation-Id",
            "pattern",
        ),
        (
            "a position that is none",
            Request::get(VENTURES).header("hecate-min-position", "+1"),
            400,
            bad,
            "Hecate-Min-Position",
            "type",
        ),
        (
            "an id that no stream gave",
            Request::get("/api/facts/stream").header("last-event-id", "x"),
            400,
            bad,
            "Last-Event-ID",
            "type",
        ),
        (
            "a cursor that no stream gave",
            Request::get("/api/stream?topics=facts").header("last-event-id", "7"),
            400,
            "invalid_cursor",
            "Last-Event-ID",
            "",
        ),
    ]
}

fn routes() -> Vec<Case> {
    let get = |query: &str| Request::get(&format!("{VENTURES}?{query}"));
    let bad = "validation_error";
    vec![
        ("an unknown parameter", get("colour=red"), 400, bad, "colour", "unknown_field"),
        ("a parameter twice", get("limit=1&limit=2"), 400, bad, "limit", "duplicate_key"),
        ("no row at all", get("limit=0"), 400, bad, "limit", "range"),
        ("501 rows", get("limit=501"), 400, bad, "limit", "range"),
        ("a limit that is none", get("limit=ten"), 400, bad, "limit", "type"),
        ("a flag that is none", get("include_archived=yes"), 400, bad, "include_archived", "type"),
        ("an order that is none", get("order=up"), 400, bad, "order", "enum"),
        ("a column that is none", get("sort=id%3B%20DROP%20TABLE%20ventures"), 400, bad, "sort", "enum"),
        ("a cursor that no page gave", get("cursor=rubbish"), 400, "invalid_cursor", "cursor", ""),
        ("an empty cursor", get("cursor="), 400, "invalid_cursor", "cursor", ""),
        ("a parameter that is no text", get("q=%ff"), 400, bad, "q", "pattern"),
        ("a position that is negative", get("min_position=-1"), 400, bad, "min_position", "range"),
        ("a topic that is none", Request::get("/api/stream?topics=weather"), 400, bad, "topics", "enum"),
        ("no topic", Request::get("/api/stream"), 400, bad, "topics", "required"),
        (
            "a process that is none",
            Request::get("/api/facts/stream?process=make_tea"),
            400,
            bad,
            "process",
            "enum",
        ),
        (
            "a parameter of a desk",
            post(&format!("{VENTURES}?dry=1"), json!({"name": "Shop"})),
            400,
            bad,
            "dry",
            "unknown_field",
        ),
        ("an id that is none", Request::get(&at("shop")), 400, bad, "venture_id", "pattern"),
        (
            "a desk of an id that is none",
            post(&below("shop", "archive"), json!({})),
            400,
            bad,
            "venture_id",
            "pattern",
        ),
        ("a climbing id", Request::get(&at("..%2f..%2fetc")), 400, bad, "venture_id", "pattern"),
        ("an unknown id", Request::get(&at(NOBODY)), 404, "venture_not_found", "", ""),
        (
            "the vision of an unknown id",
            Request::get(&below(NOBODY, "vision")),
            404,
            "venture_not_found",
            "",
            "",
        ),
        (
            "a desk of an unknown id",
            post(&below(NOBODY, "archive"), json!({})),
            404,
            "venture_not_found",
            "",
            "",
        ),
        ("another method", Request::new("DELETE", VENTURES), 405, "method_not_allowed", "", ""),
        ("a desk that is asked", Request::get(&below(NOBODY, "archive")), 405, "method_not_allowed", "", ""),
        ("a query that is told", post(&at(NOBODY), json!({})), 405, "method_not_allowed", "", ""),
        ("no route", Request::get("/api/nothing"), 404, "not_found", "", ""),
        ("a slash too many", Request::get("/api/ventures/"), 404, "not_found", "", ""),
        ("the root", Request::get("/"), 404, "not_found", "", ""),
        ("no place in the tree", Request::get("/debug/tree?path=/nowhere"), 404, "not_found", "", ""),
    ]
}

/// Every desk in every state in which it is closed.
fn wrong_states(client: &Client) -> Vec<Case> {
    let set_up = |name: &str| id_of(&ventures::set_up(client, name));
    let (submitted, archived, bare) = (set_up("Submitted"), set_up("Archived"), set_up("Open"));
    client.post(&below(&submitted, "vision/submit"), &json!({})).expect(200);
    client.post(&below(&archived, "archive"), &json!({})).expect(200);
    let without_brief = id_of(&client.post(VENTURES, &json!({"name": "Bare"})).expect(201).read());
    let refine = |id: &str| post(&below(id, "vision/refine"), json!({"brief": "New"}));
    let submit = |id: &str| post(&below(id, "vision/submit"), json!({}));
    vec![
        (
            "set up twice",
            post(VENTURES, json!({"name": "Again", "venture_id": bare})),
            409,
            "venture_already_setup",
            "",
            "",
        ),
        (
            "set up once archived",
            post(VENTURES, json!({"name": "Again", "venture_id": archived})),
            409,
            "venture_already_setup",
            "",
            "",
        ),
        ("refine nothing", post(&below(&bare, "vision/refine"), json!({})), 422, "nothing_to_refine", "", ""),
        (
            "refine to the same",
            post(&below(&bare, "vision/refine"), json!({"brief": "All about Open"})),
            422,
            "nothing_to_refine",
            "",
            "",
        ),
        ("refine once submitted", refine(&submitted), 409, "vision_already_submitted", "", ""),
        ("refine once archived", refine(&archived), 409, "venture_archived", "", ""),
        ("refine unborn", refine(NOBODY), 404, "venture_not_found", "", ""),
        ("submit without a brief", submit(&without_brief), 422, "vision_incomplete", "brief", ""),
        (
            "submit with a key that no desk knows",
            post(&below(&bare, "vision/submit"), json!({"colour": "red"})),
            400,
            "validation_error",
            "colour",
            "unknown_field",
        ),
        ("submit twice", submit(&submitted), 409, "vision_already_submitted", "", ""),
        ("submit once archived", submit(&archived), 409, "venture_archived", "", ""),
        ("submit unborn", submit(NOBODY), 404, "venture_not_found", "", ""),
        (
            "archive twice",
            post(&below(&archived, "archive"), json!({})),
            409,
            "venture_already_archived",
            "",
            "",
        ),
    ]
}

/// What is not as it should be, or nothing.
fn complaint(case: &Case, answer: &Answer) -> Option<String> {
    let (what, _, status, code, field, rule) = case;
    let Ok(error) = serde_json::from_slice::<ErrorAnswer>(&answer.bytes) else {
        return Some(format!("{what}: no error answer: {} {}", answer.status, answer.text()));
    };
    let detail = |key: &str| error.details.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let seen = (answer.status, error.error.as_str(), detail("field"), detail("rule"));
    let wanted = (*status, *code, (*field).to_owned(), (*rule).to_owned());
    let echoed = answer.headers.get("hecate-correlation-id") == Some(&error.correlation_id.to_string());
    let whole = !error.ok
        && !error.message.is_empty()
        && echoed
        && answer.headers["content-type"] == "application/json";
    (seen != wanted || !whole)
        .then(|| format!("{what}: wanted {wanted:?}, got {seen:?} in {}", answer.text()))
}

#[test]
fn every_mistake_is_named_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let cases: Vec<Case> = [wrong_states(&client), bodies(), fields(), headers(), routes()].concat();
    assert!(cases.len() >= 90, "{}", cases.len());
    let before = head(&client);
    let mut complaints = Vec::new();
    for case in &cases {
        match client.try_ask(&case.1) {
            Ok(answer) => complaints.extend(complaint(case, &answer)),
            Err(error) => complaints.push(format!("{}: no answer: {error}", case.0)),
        }
        if head(&client) != before {
            panic!("{} was recorded", case.0);
        }
    }
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), cases.len(), complaints.join("\n"));
    ventures::set_up(&client, "The daemon still answers");
}

#[test]
fn a_refused_state_says_what_is_open_instead() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let id = id_of(&ventures::set_up(&client, "Shop"));
    client.post(&below(&id, "vision/submit"), &json!({})).expect(200);
    let details = ventures::refine(&client, &id, "Late").expect(409).json()["details"].clone();
    assert_eq!((&details["status"], &details["status_label"]), (&json!(65), &json!("Submitted")));
    assert_eq!(details["available_actions"], json!(["archive_venture"]));
}

#[test]
fn what_is_just_within_the_bounds_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let body = json!({
        "name": "é".repeat(100), "brief": "x".repeat(4_000), "repos": vec!["r"; 100], "skills": null,
        "context_map": {"a": "x".repeat(120_000)}
    });
    client.post(VENTURES, &body).expect(201);
    let padded = format!("{{\"name\": \"Shop\"{}}}", " ".repeat(1024 * 1024 - 16));
    assert_eq!(padded.len(), 1024 * 1024);
    client.ask(&raw(padded)).expect(201);
}

#[test]
fn a_header_beyond_its_bound_and_a_line_that_is_no_http_end_the_connection_alone() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let large = Request::get(VENTURES).header("x-large", "x".repeat(64 * 1024));
    assert_eq!(client.ask(&large).status, 431);
    for line in
        ["rubbish\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n"]
    {
        let mut connection = client.connect().unwrap();
        connection.send(line.as_bytes()).unwrap();
        assert_eq!(connection.answer().unwrap().status, 400, "{line:?}");
    }
    let two_lengths =
        "POST /api/ventures HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}";
    let mut connection = client.connect().unwrap();
    connection.send(two_lengths.as_bytes()).unwrap();
    assert_eq!(connection.answer().unwrap().status, 400, "a request that two readers would read in two ways");
    ventures::set_up(&client, "The daemon still answers");
}
