//! Health, catalogue, OpenAPI and the live tree.

use super::super::openapi;
use super::teahouse::{Teahouse, Wish};
use serde_json::{Value, json};

#[tokio::test]
async fn until_it_is_ready_only_the_documents_answer() {
    let house = Teahouse::open_with(Wish { draws: false, ..Wish::default() }).await;
    let mut client = house.connect().await;
    for (path, status) in [("/health", 200), ("/api/health", 200), ("/ready", 503)] {
        let health = client.get(path).await;
        assert_eq!(health.status, status, "{path}");
        assert_eq!((&health.body["ok"], &health.body["status"]), (&json!(false), &json!("starting")));
        assert_eq!(health.body["components"]["query_teas"]["status"], "down");
    }
    for path in ["/api/desks", "/api/openapi.json", "/debug/tree", "/debug/read_models"] {
        assert_eq!(client.get(path).await.status, 200, "{path}");
    }
    let refused = client.post("/api/teas", r#"{"leaf": "assam"}"#).await;
    assert_eq!((refused.refusal().1, refused.header("retry-after")), ("starting", Some("1")));
    assert_eq!(client.get("/api/teas").await.refusal().1, "starting");
}

#[tokio::test]
async fn the_catalogue_lists_every_desk_and_query() {
    let house = Teahouse::open().await;
    let catalogue = house.connect().await.get("/api/desks").await;
    let catalogue: hecate_proto::catalogue::Catalogue = serde_json::from_value(catalogue.body).unwrap();
    let desks: Vec<_> = catalogue.desks.iter().map(|desk| desk.name.as_str()).collect();
    let queries: Vec<_> = catalogue.queries.iter().map(|query| query.name.as_str()).collect();
    assert_eq!((desks, queries), (vec!["brew_tea", "sip_tea"], vec!["get_teas_page", "get_tea_by_id"]));
}

#[tokio::test]
async fn the_openapi_document_is_whole_and_shows_every_route() {
    let house = Teahouse::open().await;
    let document = house.connect().await.get("/api/openapi.json").await.body;
    openapi::tests::check(&document);
    let paths = &document["paths"];
    let brew = &paths["/api/teas"]["post"];
    assert_eq!((&brew["operationId"], &brew["tags"]), (&json!("brew_tea"), &json!(["brew_tea"])));
    assert!(brew["responses"]["201"].is_object() && paths["/api/teas"]["get"].is_object());
    assert_eq!(paths["/api/teas/brew"]["post"]["deprecated"], true);
    let sip = &paths["/api/teas/{venture_id}/sip"]["post"];
    assert_eq!(codes(sip, 422), &json!(["tea_is_cold"]));
    // Said by the desk itself and by its wrong states, listed once.
    assert_eq!((codes(sip, 404), codes(brew, 404)), (&json!(["tea_not_found"]), &json!(["tea_not_found"])));
    let (page, tea) = (&paths["/api/teas"]["get"], &paths["/api/teas/{venture_id}"]["get"]);
    assert_eq!(codes(page, 400), &json!(["validation_error", "invalid_cursor"]));
    assert_eq!((codes(tea, 400), codes(tea, 404)), (&json!(["validation_error"]), &json!(["tea_not_found"])));
    assert_eq!(page["responses"].get("404"), None);
    assert_eq!((&sip["requestBody"]["required"], sip["responses"].get("201")), (&json!(false), None));
}

/// The codes that an operation lists for this status.
fn codes(operation: &Value, status: u16) -> &Value {
    let content = &operation["responses"][status.to_string()]["content"]["application/json"];
    &content["schema"]["allOf"][1]["properties"]["error"]["enum"]
}

#[tokio::test]
async fn answers_fit_the_document() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let document = client.get("/api/openapi.json").await.body;
    house.record(10).await;
    let mut stream = house.connect().await;
    stream.follow("/api/facts/stream?from=1", "").await;
    let fact = serde_json::from_str(&stream.line("data: ").await).unwrap();
    for (schema, answer) in [
        ("CommandAnswer", client.post("/api/teas", r#"{"leaf": "assam"}"#).await.body),
        ("ErrorAnswer", client.get("/api/coffees").await.body),
        ("Health", client.get("/api/health").await.body),
        ("TreeAnswer", client.get("/debug/tree").await.body),
        ("ReadModelsAnswer", client.get("/debug/read_models").await.body),
        ("Catalogue", client.get("/api/desks").await.body),
        ("FactFrame", fact),
    ] {
        check(&document, schema, &answer);
    }
}

pub(super) fn check(document: &Value, schema: &str, answer: &Value) {
    let rooted =
        json!({ "$ref": format!("#/components/schemas/{schema}"), "components": document["components"] });
    let validator = jsonschema::validator_for(&rooted).unwrap();
    let faults: Vec<_> = validator.iter_errors(answer).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{schema}: {faults:?} in {answer}");
}

#[tokio::test]
async fn an_operator_sees_the_tree_and_its_parts() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let whole = client.get("/debug/tree").await;
    assert_eq!((&whole.body["node_id"], &whole.body["tree"]["path"]), (&json!("here"), &json!("/tea")));
    let part = client.get("/debug/tree?path=/tea/socket&depth=0").await;
    assert_eq!(
        (&part.body["tree"]["kind"], &part.body["tree"]["status"]),
        (&json!("socket"), &json!("running"))
    );
    assert_eq!(client.get("/debug/tree?path=/coffee").await.refusal().1, "not_found");
    assert_eq!(
        client.get("/debug/tree?depth=-1").await.refusal(),
        (400, "validation_error", "depth", "range")
    );
}
