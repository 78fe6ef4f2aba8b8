//! The published JSON Schema: it is what the declarations say, it takes what is taken, and refuses only what
//! is refused.

use crate::golden;
use crate::plan::fixtures;
use hecate_supervision::Plan;
use serde_json::Value;
use std::path::Path;

/// Broken files whose fault is one of shape, so that an editor can tell without the daemon.
const SHAPE_FAULTS_MIN: usize = 40;

/// The file as an editor would hand it to the schema; none where it is no TOML.
fn as_json(text: &str) -> Option<Value> {
    toml::from_str::<toml::Table>(text).ok().map(|table| serde_json::to_value(table).unwrap())
}

#[test]
fn the_committed_schema_is_that_of_the_declarations() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("supervision.schema.json");
    golden::check(&committed, &format!("{:#}\n", Plan::json_schema()));
}

#[test]
fn the_schema_takes_what_is_taken() {
    let schema = jsonschema::draft202012::new(&Plan::json_schema()).unwrap();
    let default = include_str!("../../../../../supervision.toml");
    let doubtful = fixtures("doubtful").into_iter().map(|(name, _, text)| (name, text));
    for (name, text) in doubtful.chain([("supervision.toml".to_owned(), default.to_owned())]) {
        let told: Vec<_> =
            schema.iter_errors(&as_json(&text).unwrap()).map(|error| error.to_string()).collect();
        assert_eq!(told, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn the_schema_refuses_every_fault_of_shape() {
    let schema = jsonschema::draft202012::new(&Plan::json_schema()).unwrap();
    let needs_the_whole_file = [
        "parent",
        "root_",
        "path_twice",
        "path_is_no",
        "path_ends",
        "kind_unknown",
        "kind_misspelt",
        "kind_without",
        "kind_placed",
        "kind_is",
        "restart_of_a_pool",
        "significant_and",
        "significant_without",
        "significant_supervisor",
        "backoff_that_shrinks",
        "groups_of",
        "groups_that",
        "shutdown_longer",
    ];
    let mut refused = 0;
    for (name, _, text) in fixtures("broken") {
        let Some(file) = as_json(&text) else { continue };
        let of_shape = !needs_the_whole_file.iter().any(|prefix| name.starts_with(prefix));
        assert_eq!(!schema.is_valid(&file), of_shape, "{name}");
        refused += usize::from(of_shape);
    }
    assert!(refused >= SHAPE_FAULTS_MIN, "{refused}");
}

#[test]
fn the_default_file_names_its_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let text = include_str!("../../../../../supervision.toml");
    let named = text.lines().next().and_then(|line| line.strip_prefix("#:schema ")).expect("the first line");
    assert!(root.join(named).is_file(), "{named}");
}
