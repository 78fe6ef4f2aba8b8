//! `GET /api/openapi.json`: the same doors as an OpenAPI 3.1 document.
//!
//! What stays the same for every daemon lies beside this file as JSON: the fixed routes and the components
//! that the desks and queries lean on.

mod operation;
mod schemas;

use super::debug::document as debug;
use super::{catalogue::Document, command, edge::Edge, query};
use bytes::Bytes;
use operation::{desk, query as query_operation};
use schemas::Schemas;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const FIXED_PATHS: &str = include_str!("fixed_paths.json");
const COMPONENTS: &str = include_str!("components.json");

/// It as a document.
pub(super) const OPENAPI: Document = Document { print, kept: |edge| &edge.openapi };

/// The document as JSON.
fn print(edge: &Edge) -> Bytes {
    serde_json::to_vec(&document(edge)).unwrap_or_default().into()
}

fn document(edge: &Edge) -> Value {
    let mut components = object(COMPONENTS);
    let mut schemas = Schemas::new(components.get_mut("schemas").map(Value::take));
    let mut paths = object(FIXED_PATHS);
    paths.extend(debug::paths());
    schemas.extend(debug::schemas());
    for (path, method, operation) in operations(edge, &mut schemas) {
        paths.entry(path).or_insert_with(|| json!({}))[method] = operation;
    }
    for part in &edge.parts.routes {
        paths.extend(part.paths.clone());
        schemas.extend(part.schemas.clone());
    }
    components.insert("schemas".to_owned(), schemas.into_value());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Hecate",
            "summary": "A local-first AI agent platform: ventures, from idea to operation.",
            "version": edge.parts.version,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "http://localhost", "description": "The daemon's Unix socket; any host name will do." }],
        "tags": tags(edge),
        "paths": paths,
        "components": components,
    })
}

/// A document that is compiled in; its tests read it.
fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

fn tags(edge: &Edge) -> Vec<Value> {
    let tag = |name: &str, says: &str| json!({ "name": name, "description": says });
    let daemon = tag("daemon", "The daemon itself.");
    let debug = tag(debug::TAG.0, debug::TAG.1);
    let processes =
        edge.parts.processes.iter().map(|process| process.spec()).map(|spec| tag(spec.name, spec.says));
    let models = edge.parts.models.iter().map(|model| tag(model.name(), "Answers queries."));
    let others = edge.parts.routes.iter().map(|part| tag(part.tag.0, part.tag.1));
    [daemon, debug].into_iter().chain(processes).chain(models).chain(others).collect()
}

fn operations(edge: &Edge, schemas: &mut Schemas) -> Vec<(String, &'static str, Value)> {
    let ids = OperationIds::of(edge);
    let mut operations = Vec::new();
    for door in command::every(edge) {
        let sheet = &door.door().sheet;
        let id = ids.unique(&sheet.process, &sheet.name);
        for (nth, path) in door.paths().iter().enumerate() {
            operations.push((path.clone(), "post", desk(sheet, path, &id, nth, schemas)));
        }
    }
    for door in query::every(edge) {
        let (sheet, not_found) = (&door.door().sheet, door.door().spec.not_found);
        let id = ids.unique(&sheet.app, &sheet.name);
        operations.push((sheet.path.clone(), "get", query_operation(sheet, not_found, &id, schemas)));
    }
    operations
}

/// Names are unique in their folder, operation ids in the whole document.
struct OperationIds(BTreeMap<String, usize>);

impl OperationIds {
    fn of(edge: &Edge) -> OperationIds {
        let desks = command::every(edge).map(|door| door.door().sheet.name.clone());
        let queries = query::every(edge).map(|door| door.door().sheet.name.clone());
        let mut uses = BTreeMap::new();
        desks.chain(queries).for_each(|name| *uses.entry(name).or_default() += 1);
        OperationIds(uses)
    }

    fn unique(&self, folder: &str, name: &str) -> String {
        if self.0.get(name).is_some_and(|uses| *uses > 1) {
            format!("{folder}.{name}")
        } else {
            name.to_owned()
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use hecate_proto::route;
    use std::collections::BTreeSet;

    #[test]
    fn every_fixed_route_is_in_the_document() {
        let paths = object(FIXED_PATHS);
        let fixed = [
            route::DESKS,
            route::OPENAPI,
            route::HEALTH,
            route::STREAM,
            route::FACTS_STREAM,
            "/health",
            "/ready",
        ];
        assert_eq!(paths.keys().map(String::as_str).collect::<BTreeSet<_>>(), fixed.into_iter().collect());
    }

    /// What OpenAPI 3.1 demands beyond a document's shape.
    pub(in crate::hecate_api) fn check(document: &Value) {
        let mut ids = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id.to_owned()), "{method} {path}: {id} is taken");
                assert!(operation["responses"].as_object().is_some_and(|all| !all.is_empty()), "{id}");
                check_path_params(document, path, operation);
            }
        }
        check_refs(document, document);
        for name in document["components"]["schemas"].as_object().unwrap().keys() {
            assert!(
                name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)),
                "{name}"
            );
        }
    }

    fn check_path_params(document: &Value, path: &str, operation: &Value) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let mut declared = BTreeSet::new();
        let mut in_path = BTreeSet::new();
        for parameter in &parameters {
            let parameter = match parameter["$ref"].as_str() {
                Some(pointer) => document.pointer(pointer.trim_start_matches('#')).unwrap(),
                None => parameter,
            };
            let (name, place) = (parameter["name"].as_str().unwrap(), parameter["in"].as_str().unwrap());
            assert!(declared.insert((name.to_owned(), place.to_owned())), "{path}: {name} twice");
            if place == "path" {
                assert_eq!(parameter["required"], true, "{path}: {name}");
                in_path.insert(name.to_owned());
            }
        }
        assert_eq!(in_path, hecate_desk::path_params(path).into_iter().collect(), "{path}");
    }

    fn check_refs(document: &Value, part: &Value) {
        match part {
            Value::Object(fields) => {
                if let Some(Value::String(pointer)) = fields.get("$ref") {
                    let found = document.pointer(pointer.trim_start_matches('#'));
                    assert!(pointer.starts_with('#') && found.is_some(), "{pointer} leads nowhere");
                }
                assert!(!fields.contains_key("$defs"), "definitions are components");
                fields.values().for_each(|field| check_refs(document, field));
            }
            Value::Array(items) => items.iter().for_each(|item| check_refs(document, item)),
            _ => {}
        }
    }
}
