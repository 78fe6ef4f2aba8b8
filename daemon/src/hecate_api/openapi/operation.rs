//! One desk or one query as an operation of the document.

use super::super::answer::{BODY_TIMEOUT, UNSUPPORTED_MEDIA_TYPE};
use super::schemas::Schemas;
use hecate_desk::{Refusal, common_refusals, path_params};
use hecate_proto::catalogue::{DeskSheet, QuerySheet, RefusalSheet};
use hecate_proto::id::kind_of;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One desk on its `nth` path; every path but the first is an older name.
pub(super) fn desk(sheet: &DeskSheet, path: &str, id: &str, nth: usize, schemas: &mut Schemas) -> Value {
    let body = schemas.adopt(&sheet.body, id);
    let mut refusals = sheet.refusals.clone();
    refusals.extend(common_refusals());
    refusals.extend([BODY_TIMEOUT, UNSUPPORTED_MEDIA_TYPE].map(refusal_sheet));
    let mut responses = refused(&refusals);
    responses.insert("200".to_owned(), component("responses", "Told"));
    if sheet.allowed_in.before_birth {
        responses.insert("201".to_owned(), component("responses", "Born"));
    }
    let mut operation = json!({
        "operationId": if nth == 0 { id.to_owned() } else { format!("{id}.{nth}") },
        "summary": sheet.says,
        "tags": [sheet.process],
        "parameters": desk_parameters(sheet, path),
        "requestBody": {
            "required": body["required"].as_array().is_some_and(|required| !required.is_empty()),
            "content": { "application/json": { "schema": one_or_many(body, sheet.at_once_max) } },
        },
        "responses": responses,
    });
    if nth > 0 {
        operation["deprecated"] = true.into();
    }
    operation
}

/// The schema of one request, or of an array of them where a desk takes several at once.
fn one_or_many(body: Value, at_once_max: usize) -> Value {
    if at_once_max == 1 {
        return body;
    }
    json!({ "oneOf": [body, { "type": "array", "items": body, "minItems": 1, "maxItems": at_once_max }] })
}

fn desk_parameters(sheet: &DeskSheet, path: &str) -> Vec<Value> {
    let mut headers = vec!["IdempotencyKey", "IfMatch", "Actor", "CorrelationId"];
    if sheet.allowed_in.before_birth {
        headers.push("IfNoneMatch");
    }
    let ids = path_params(path);
    let in_path = ids.iter().map(|name| path_parameter(name, None));
    in_path.chain(headers.into_iter().map(|name| component("parameters", name))).collect()
}

/// One query.
pub(super) fn query(sheet: &QuerySheet, not_found: Refusal, id: &str, schemas: &mut Schemas) -> Value {
    let params = schemas.adopt(&sheet.params, id);
    let row = schemas.adopt(&sheet.row, id);
    let properties = params["properties"].as_object().cloned().unwrap_or_default();
    let pages = properties.contains_key("cursor");
    let common = [Refusal::VALIDATION, Refusal::STARTING, Refusal::PROJECTION_LAGGING, Refusal::INTERNAL];
    // A page of nothing in particular may be empty, but it is always there.
    let finds_nothing = !pages || !sheet.path_params.is_empty();
    let own = [pages.then_some(Refusal::INVALID_CURSOR), finds_nothing.then_some(not_found)];
    let refusals: Vec<_> = common.into_iter().chain(own.into_iter().flatten()).map(refusal_sheet).collect();
    let mut responses = refused(&refusals);
    responses.insert("200".to_owned(), found(&sheet.answers, row, pages));
    json!({
        "operationId": id,
        "summary": sheet.says,
        "tags": [sheet.app],
        "parameters": query_parameters(sheet, &properties, &params["required"]),
        "responses": responses,
    })
}

fn query_parameters(sheet: &QuerySheet, properties: &Map<String, Value>, required: &Value) -> Vec<Value> {
    let in_path = sheet.path_params.iter().map(|name| path_parameter(name, properties.get(name)));
    let asked = properties.iter().filter(|(name, _)| !sheet.path_params.contains(name));
    let is_required =
        |name: &String| required.as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let in_query = asked.map(|(name, schema)| parameter(name, "query", is_required(name), schema.clone()));
    let headers = ["CorrelationId", "MinPosition"].map(|name| component("parameters", name));
    in_path.chain(in_query).chain(headers).collect()
}

fn path_parameter(name: &str, schema: Option<&Value>) -> Value {
    let pattern = kind_of(name).map(|kind| json!({ "type": "string", "pattern": kind.pattern() }));
    let schema = schema.cloned().or(pattern).unwrap_or_else(|| json!({ "type": "string", "minLength": 1 }));
    parameter(name, "path", true, schema)
}

fn parameter(name: &str, place: &str, required: bool, mut schema: Value) -> Value {
    let says = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    let mut parameter = json!({ "name": name, "in": place, "required": required, "schema": schema });
    if let Some(says) = says {
        parameter["description"] = says;
    }
    parameter
}

fn found(answers: &str, row: Value, pages: bool) -> Value {
    let held = if pages { json!({ "type": "array", "items": row }) } else { row };
    let mut properties = json!({
        "ok": { "const": true },
        answers: held,
        "as_of_position": { "type": "integer", "minimum": 0, "description": "Where in the log the answer stands." },
    });
    let mut required = vec!["ok", answers, "as_of_position"];
    if pages {
        let says = "Where the next page begins; null on the last.";
        properties["next_cursor"] = json!({ "type": ["string", "null"], "description": says });
        required.push("next_cursor");
    }
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    json!({
        "description": if pages { "A page." } else { "The thing asked for." },
        "headers": { "Hecate-Correlation-Id": component("headers", "CorrelationId") },
        "content": { "application/json": { "schema": schema } },
    })
}

/// Refusals by status, their codes as an enum.
fn refused(refusals: &[RefusalSheet]) -> Map<String, Value> {
    let mut by_status: BTreeMap<u16, Vec<&RefusalSheet>> = BTreeMap::new();
    for refusal in refusals {
        let same = by_status.entry(refusal.status).or_default();
        if same.iter().all(|known| known.code != refusal.code) {
            same.push(refusal);
        }
    }
    by_status.into_iter().map(|(status, same)| (status.to_string(), refused_with(status, &same))).collect()
}

fn refused_with(status: u16, refusals: &[&RefusalSheet]) -> Value {
    let codes: Vec<&str> = refusals.iter().map(|refusal| refusal.code.as_str()).collect();
    let says: Vec<String> =
        refusals.iter().map(|refusal| format!("`{}`: {}", refusal.code, refusal.says)).collect();
    let code = json!({ "type": "object", "properties": { "error": { "enum": codes } } });
    let schema = json!({ "allOf": [component("schemas", "ErrorAnswer"), code] });
    let mut headers = json!({ "Hecate-Correlation-Id": component("headers", "CorrelationId") });
    if matches!(status, 429 | 503) {
        headers["Retry-After"] = component("headers", "RetryAfter");
    }
    json!({
        "description": says.join("\n\n"),
        "headers": headers,
        "content": { "application/json": { "schema": schema } },
    })
}

fn refusal_sheet(refusal: Refusal) -> RefusalSheet {
    RefusalSheet { status: refusal.status, code: refusal.code.to_owned(), says: refusal.says.to_owned() }
}

fn component(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_one_status_share_a_response() {
        let sheet = |status, code: &str| RefusalSheet { status, code: code.into(), says: "No.".into() };
        let responses = refused(&[sheet(409, "a"), sheet(422, "b"), sheet(409, "c"), sheet(409, "a")]);
        assert_eq!(responses.keys().collect::<Vec<_>>(), ["409", "422"]);
        let codes =
            &responses["409"]["content"]["application/json"]["schema"]["allOf"][1]["properties"]["error"];
        assert_eq!(codes["enum"], json!(["a", "c"]));
    }

    #[test]
    fn a_page_that_belongs_to_something_lists_that_it_may_not_be_there() {
        let no_tea = Refusal::new(404, "tea_not_found", "There is no such tea.");
        let statuses = |path: &str| {
            let sheet = QuerySheet {
                app: "query_teas".into(),
                noun: "tea".into(),
                name: "get_sips_page".into(),
                verb: "sips".into(),
                method: "GET".into(),
                path: path.into(),
                path_params: path_params(path),
                says: "List sips".into(),
                answers: "sips".into(),
                params: json!({ "type": "object", "properties": { "cursor": { "type": "string" } } }),
                row: json!({ "type": "object" }),
            };
            let operation = query(&sheet, no_tea, "get_sips_page", &mut Schemas::new(None));
            operation["responses"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(statuses("/api/teas/{venture_id}/sips"), ["400", "404", "500", "503", "200"]);
        assert_eq!(statuses("/api/sips"), ["400", "500", "503", "200"]);
    }

    #[test]
    fn an_id_in_a_path_shows_its_pattern() {
        let parameter = path_parameter("venture_id", None);
        assert!(parameter["schema"]["pattern"].as_str().is_some_and(|pattern| pattern.starts_with("^v-")));
        assert_eq!(path_parameter("name", None)["schema"]["type"], "string");
    }
}
