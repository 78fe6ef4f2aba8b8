//! What others see of the daemon, as goldens; and the OpenAPI document against the catalogue, both ways.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hecate_proto::{catalogue::Catalogue, route};
use hecate_tests::daemon::{Daemon, Place};
use hecate_tests::golden;
use serde_json::Value;
use std::collections::BTreeSet;

/// Routes that are neither desks nor queries.
const FIXED: &[(&str, &str)] = &[
    ("GET", route::DESKS),
    ("GET", route::OPENAPI),
    ("GET", route::HEALTH),
    ("GET", "/api/blobs/{sha256}"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", route::STREAM),
    ("GET", route::FACTS_STREAM),
    ("GET", route::DEBUG_TREE),
    ("GET", route::DEBUG_ACTOR),
    ("GET", route::DEBUG_CLUSTER),
    ("GET", route::DEBUG_TOP),
    ("GET", route::DEBUG_GROUPS),
    ("GET", route::DEBUG_CRASHES),
    ("GET", route::DEBUG_DEADLOCKS),
    ("GET", route::DEBUG_EVENTS),
    ("GET", route::DEBUG_RUNTIME),
    ("GET", route::METRICS),
    ("POST", route::DEBUG_PLAN),
    ("POST", route::DEBUG_APPLY),
    ("POST", route::DEBUG_TRACE),
    ("POST", route::DEBUG_SUSPEND),
    ("POST", route::DEBUG_RESUME),
    ("POST", route::DEBUG_KILL),
    ("POST", route::DEBUG_RESTART),
    ("POST", route::DEBUG_DRAIN),
    ("GET", route::DEBUG_STORE),
    ("GET", route::DEBUG_READ_MODELS),
    ("GET", route::DEBUG_LISTENERS),
    ("GET", route::DEBUG_OUTCOMES),
    ("GET", route::LLM_MODELS),
    ("GET", route::LLM_HEALTH),
    ("GET", route::LLM_PROVIDERS),
    ("POST", route::LLM_CHAT),
    ("POST", route::LLM_RELOAD),
    ("POST", route::DEBUG_REPLAY),
    ("POST", route::DEBUG_DISMISS),
];

fn documents() -> (Catalogue, Value) {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    (client.get(route::DESKS).expect(200).read(), client.get(route::OPENAPI).expect(200).json())
}

/// Every operation of the document: path, method, operation.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, op)| (path.as_str(), method.as_str(), op))
        })
        .collect()
}

#[test]
fn what_others_see_is_as_it_was_agreed() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    for (name, path) in [("desks.json", route::DESKS), ("openapi.json", route::OPENAPI)] {
        golden::check(name, &golden::pretty(&client.get(path).expect(200).bytes));
    }
    let drawn = Place::new(folder.path()).program().args(["tree", "--dot"]).run();
    assert_eq!(drawn.code, Some(0), "{drawn:?}");
    golden::check("tree.dot", &drawn.stdout);
}

#[test]
fn the_document_is_openapi_3_1_and_closed_in_itself() {
    let (_, document) = documents();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no id"));
        assert!(ids.insert(id.to_owned()), "{id} twice");
        assert!(!operation["responses"].as_object().unwrap().is_empty(), "{id} answers nothing");
        assert_eq!(declared(&document, operation, "path"), holes(path), "path parameters of {id}");
    }
    let mut refs = Vec::new();
    collect_refs(&document, &mut refs);
    assert!(!refs.is_empty());
    for reference in refs {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn every_desk_and_query_is_in_the_document_and_nothing_else_is() {
    let (catalogue, document) = documents();
    let listed: BTreeSet<(String, String)> = operations(&document)
        .into_iter()
        .filter(|(_, _, operation)| operation["deprecated"] != true)
        .map(|(path, method, _)| (method.to_uppercase(), path.to_owned()))
        .collect();
    let desks = catalogue.desks.iter().map(|desk| (desk.method.clone(), desk.path.clone()));
    let queries = catalogue.queries.iter().map(|query| (query.method.clone(), query.path.clone()));
    let fixed = FIXED.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned()));
    assert_eq!(listed, desks.chain(queries).chain(fixed).collect());
}

#[test]
fn every_route_of_the_document_answers() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let document = client.get(route::OPENAPI).expect(200).json();
    for (path, method, _) in operations(&document) {
        let path = path.replace("{venture_id}", hecate_tests::ventures::NOBODY);
        let path = path.replace("{division_id}", "d-01ARZ3NDEKTSV4RRFFQ69G5FAV").replace("{position}", "1");
        // A path that exists has another method missing; a stream would not end.
        let answer = client.ask(&hecate_tests::http::Request::new("PATCH", &path));
        assert_eq!(answer.status, 405, "{method} {path}: {}", answer.text());
        assert!(
            answer.headers["allow"].to_lowercase().contains(method),
            "{method} {path}: {:?}",
            answer.headers
        );
    }
}

#[test]
fn the_catalogue_says_enough_to_draw_a_form() {
    let (catalogue, _) = documents();
    let mut verbs = BTreeSet::new();
    for desk in &catalogue.desks {
        assert_eq!(desk.body["type"], "object", "{}", desk.name);
        assert_eq!(desk.body["additionalProperties"], false, "{}", desk.name);
        assert!(!desk.says.is_empty() && !desk.records.is_empty(), "{}", desk.name);
        assert_eq!(holes(&desk.path), desk.path_params.iter().cloned().collect(), "{}", desk.name);
        for (field, schema) in desk.body["properties"].as_object().unwrap() {
            assert!(schema["description"].is_string(), "{} does not say what `{field}` is", desk.name);
        }
        assert!(verbs.insert((desk.noun.clone(), desk.verb.clone())), "{} {} twice", desk.noun, desk.verb);
    }
    for query in &catalogue.queries {
        assert!(
            verbs.insert((query.noun.clone(), query.verb.clone())),
            "{} {} twice",
            query.noun,
            query.verb
        );
        assert_eq!(query.row["type"], "object", "{}", query.name);
    }
}

/// The names between braces.
fn holes(path: &str) -> BTreeSet<String> {
    path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap().to_owned()).collect()
}

/// The parameters of an operation that lie in this place.
fn declared(document: &Value, operation: &Value, place: &str) -> BTreeSet<String> {
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let resolved = parameters.iter().map(|parameter| match parameter["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => parameter,
    });
    resolved
        .filter(|parameter| parameter["in"] == place)
        .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
        .collect()
}

fn collect_refs(value: &Value, refs: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            refs.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| collect_refs(field, refs));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_refs(item, refs)),
        _ => {}
    }
}
