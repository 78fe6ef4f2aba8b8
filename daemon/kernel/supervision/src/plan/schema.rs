//! The JSON Schema of `supervision.toml`, for editors and for whoever checks a file without the daemon. It is
//! made of the very declarations that the file is read by, so the two cannot drift. It knows shapes; what
//! needs the whole file (parents, kinds, bad combinations) only the reader knows.

use super::table::Term;
use super::tables::FileTable;
use crate::Plan;
use serde_json::{Value, json};

impl Plan {
    /// The JSON Schema (2020-12) of `supervision.toml`.
    pub fn json_schema() -> Value {
        let mut schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "supervision.toml",
        });
        if let (Value::Object(whole), Value::Object(file)) = (&mut schema, FileTable::schema()) {
            whole.extend(file);
        }
        schema
    }
}
