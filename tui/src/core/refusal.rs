//! What a refusal tells beside its sentence, in plain words. The command line and the forms say the same.

use serde_json::{Map, Value};

/// Details that have their own place, or tell a person nothing.
const OWN_PLACE: [&str; 8] =
    ["field", "rule", "hint", "faults", "available_actions", "status", "retry_after_ms", "begins_with"];

/// The details, one a line: `missing: an event of order; an event of bill`.
pub fn details(details: &Map<String, Value>) -> Vec<String> {
    let told = details.iter().filter(|(key, _)| !OWN_PLACE.contains(&key.as_str()));
    let line = |(key, value): (&String, &Value)| {
        let value = plain(value);
        let label = if key == "status_label" { "it is".to_owned() } else { key.replace('_', " ") };
        (!value.is_empty()).then(|| format!("{label}: {value}"))
    };
    told.filter_map(line).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => {
            let said =
                fields.iter().map(|(key, value)| format!("{} {}", key.replace('_', " "), plain(value)));
            said.collect::<Vec<_>>().join(", ")
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_missing_is_told_and_what_has_its_own_place_is_not() {
        let said = json!({"field": "name", "rule": "blank", "hint": "h", "status": 5, "status_label": "Active",
            "available_actions": ["a"], "missing": ["an event of order", {"suite": "unit", "failed": 2}],
            "faults": ["told in the hint"], "open_incidents": ["inc-1"], "reason": null, "bytes_max": 9, "retry_after_ms": 100});
        let lines = details(said.as_object().expect("an object"));
        let expected = [
            "it is: Active",
            "missing: an event of order; suite unit, failed 2",
            "open incidents: inc-1",
            "bytes max: 9",
        ];
        assert_eq!(lines, expected);
    }
}
