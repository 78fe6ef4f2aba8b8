//! What of a schema binds: everything but the prose.
//!
//! An added optional field would bind as well: whoever reads the log with an older program would lose it
//! without a word, and "the type `x_v1`" would no longer say what its events hold.

use crate::sample::pretty;
use hecate_tests::golden;
use serde_json::Value;

/// The lines in which two schemas differ for a reader of events.
pub(crate) fn difference(kept: &Value, now: &Value) -> Option<String> {
    golden::difference(&pretty(&binding(kept)), &pretty(&binding(now)))
}

/// Without descriptions, keywords and required fields in the order of their names. A *field* may be called `description`.
fn binding(schema: &Value) -> Value {
    let mut schema = schema.clone();
    strip(&mut schema);
    schema.sort_all_objects();
    schema
}

fn strip(schema: &mut Value) {
    match schema {
        Value::Array(schemas) => schemas.iter_mut().for_each(strip),
        Value::Object(keywords) => {
            keywords.retain(|keyword, _| keyword != "description");
            for (keyword, inner) in keywords.iter_mut() {
                match (keyword.as_str(), inner) {
                    ("properties" | "patternProperties" | "$defs", Value::Object(fields)) => {
                        fields.values_mut().for_each(strip);
                    }
                    ("required", Value::Array(names)) => names.sort_by_key(ToString::to_string),
                    ("const" | "default" | "enum", _) => {}
                    (_, inner) => strip(inner),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::difference;
    use serde_json::{Value, json};

    fn jar() -> Value {
        json!({
            "type": "object",
            "description": "A jar.",
            "properties": { "description": { "type": "string", "description": "What it says." } },
            "required": ["description"],
            "additionalProperties": false,
        })
    }

    #[test]
    fn prose_and_order_bind_nobody() {
        let mut now = jar();
        now["description"] = json!("A jar of marbles.");
        now["properties"]["description"] = json!({ "description": "Its label.", "type": "string" });
        assert_eq!(difference(&jar(), &now), None);
    }

    #[test]
    fn a_field_more_or_less_or_otherwise_is_another_schema() {
        let [mut more, mut less, mut otherwise, mut optional] = [jar(), jar(), jar(), jar()];
        more["properties"]["colour"] = json!({ "type": ["string", "null"] });
        less["properties"] = json!({});
        otherwise["properties"]["description"]["type"] = json!("integer");
        optional["required"] = json!([]);
        for now in [more, less, otherwise, optional] {
            assert!(difference(&jar(), &now).is_some(), "{now}");
        }
    }
}
