//! Which columns a table has. The rule reads the row's schema and knows no noun: what a row is called and how it
//! stands comes first, what it is counted and described by next, when things happened last. Keys that whoever asked
//! has named, ids of other things, and the bookkeeping of the log have no column; nor has a word that every row says.

use serde_json::{Map, Value};

/// One row of an answer.
pub(super) type Row = Map<String, Value>;

/// What a query says of the rows that it answers.
#[derive(Clone, Default)]
pub(super) struct Sheet {
    /// The properties of a row's schema.
    pub(super) properties: Map<String, Value>,
    /// What whoever asked has named.
    pub(super) named: Vec<String>,
    /// Ids that commands of the same noun take in their path.
    pub(super) own_ids: Vec<String>,
    /// Ids that commands of other nouns take in theirs.
    pub(super) other_ids: Vec<String>,
}

/// What a column tells, the most wanted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// What the row is known by.
    Id,
    /// What it is called, and how it stands.
    Standing,
    /// A number, or words.
    Said,
    /// Yes or no.
    Flag,
    /// When.
    Time,
    /// Several texts.
    Texts,
}

/// A column that may be shown.
struct Candidate {
    key: String,
    kind: Kind,
    is_same: bool,
    width: usize,
}

/// The columns that fit into so many terminal columns, in the order in which the rows say them. `width` measures the
/// widest cell of a column, its heading included.
pub(super) fn choose(
    rows: &[&Row],
    sheet: &Sheet,
    columns_max: usize,
    width: impl Fn(&str) -> usize,
) -> Vec<String> {
    let keys: Vec<&String> = rows.iter().take(1).flat_map(|row| row.keys()).collect();
    let candidate = |(at, key): (usize, &&String)| candidate(rows, sheet, at, key, &width);
    let candidates: Vec<Candidate> = keys.iter().enumerate().filter_map(candidate).collect();
    let mut ranked: Vec<&Candidate> = candidates.iter().collect();
    ranked.sort_by_key(|it| (it.kind, it.is_same));
    let (mut taken, mut kept) = (0, Vec::new());
    for it in ranked {
        if kept.is_empty() || taken + it.width <= columns_max {
            taken += it.width + 2;
            kept.push(it.key.clone());
        }
    }
    let shown = candidates.into_iter().map(|it| it.key).filter(|key| kept.contains(key));
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { keys.into_iter().cloned().collect() } else { shown }
}

fn candidate(
    rows: &[&Row],
    sheet: &Sheet,
    at: usize,
    key: &str,
    width: &impl Fn(&str) -> usize,
) -> Option<Candidate> {
    let values: Vec<&Value> = rows.iter().filter_map(|row| row.get(key)).collect();
    let is_silent = values.iter().all(|value| says_nothing(value));
    let is_flags = key == "status" && rows.iter().any(|row| row.contains_key("status_label"));
    if is_silent || is_flags || sheet.named.iter().any(|named| named == key) {
        return None;
    }
    let is_same = rows.len() > 1 && values.windows(2).all(|pair| pair[0] == pair[1]);
    let kind = kind(sheet.properties.get(key), &values, key)?;
    let is_worth_it = match kind {
        // Whoever named one thing knows what the rows below it belong to.
        Kind::Id if rows.len() == 1 => is_wanted_id(sheet, at, key, sheet.named.is_empty()),
        Kind::Id => is_wanted_id(sheet, at, key, !is_same),
        // Zero failures in every row are news; the same word in every row is none.
        Kind::Standing => true,
        Kind::Said => !is_same || values.iter().any(|value| value.is_number()),
        Kind::Flag | Kind::Time | Kind::Texts => !is_same,
    };
    is_worth_it.then(|| Candidate { key: key.to_owned(), kind, is_same, width: width(key) })
}

/// The row's own id, which it says first, and those that the next command asks for.
fn is_wanted_id(sheet: &Sheet, at: usize, key: &str, is_told_apart: bool) -> bool {
    let among = |ids: &[String]| ids.iter().any(|id| id == key);
    at == 0 || among(&sheet.own_ids) || (among(&sheet.other_ids) && is_told_apart)
}

fn kind(schema: Option<&Value>, values: &[&Value], key: &str) -> Option<Kind> {
    let last_word = key.rsplit('_').next().unwrap_or(key);
    match (type_of(schema, values)?, last_word) {
        ("string", "id") if key.ends_with("event_id") => None,
        ("string", "id") => Some(Kind::Id),
        // Who, which bytes.
        ("string", "by" | "actor" | "sha256") => None,
        ("string", "at") => Some(Kind::Time),
        ("integer", "position") => None,
        ("integer", "version") if key == "version" => None,
        ("array", "actions") if key == "available_actions" => None,
        ("string", _) if is_standing(schema, last_word) => Some(Kind::Standing),
        ("string" | "integer" | "number", _) => Some(Kind::Said),
        ("boolean", _) => Some(Kind::Flag),
        ("array", _) if values.iter().all(|value| holds_texts(value)) => Some(Kind::Texts),
        _ => None,
    }
}

fn is_standing(schema: Option<&Value>, last_word: &str) -> bool {
    const WORDS: [&str; 13] = [
        "name", "title", "label", "verb", "summary", "version", "status", "state", "type", "kind",
        "severity", "health", "env",
    ];
    let is_choice = schema.is_some_and(|schema| schema.get("enum").is_some());
    is_choice || WORDS.contains(&last_word)
}

/// As the schema says; as the values are, where it does not.
fn type_of<'a>(schema: Option<&'a Value>, values: &[&Value]) -> Option<&'a str> {
    let said = match schema.and_then(|schema| schema.get("type")) {
        Some(Value::String(one)) => Some(one.as_str()),
        Some(Value::Array(some)) => some.iter().filter_map(Value::as_str).find(|one| *one != "null"),
        _ => None,
    };
    said.or_else(|| {
        Some(match values.iter().find(|value| !value.is_null())? {
            Value::String(_) => "string",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::Bool(_) => "boolean",
            Value::Array(_) => "array",
            Value::Object(_) | Value::Null => return None,
        })
    })
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn holds_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chosen(rows: &Value, sheet: &Sheet, columns_max: usize) -> Vec<String> {
        let rows: Vec<&Row> = rows.as_array().expect("rows").iter().filter_map(Value::as_object).collect();
        choose(&rows, sheet, columns_max, |key| key.len().max(10))
    }

    fn check(id: &str, status: &str, latency: u32) -> Value {
        json!({"check_id": id, "division_id": "d-1", "venture_id": "v-1", "check_name": id, "check_type": "http",
               "endpoint": format!("http://{id}"), "interval_ms": 1000, "last_status": status,
               "last_latency_ms": latency, "last_checked_at": format!("{latency}"), "registered_by": "ada",
               "last_event_id": id, "version": latency, "available_actions": [], "handoff": {"a": 1},
               "content_sha256": id, "is_paused": false, "notes": null})
    }

    #[test]
    fn a_table_shows_what_its_rows_are_and_how_they_stand() {
        let sheet = Sheet {
            named: vec!["division_id".to_owned()],
            other_ids: vec!["venture_id".to_owned()],
            ..Sheet::default()
        };
        let two = json!([check("a", "healthy", 3), check("b", "unhealthy", 9)]);
        let expected = [
            "check_id",
            "check_name",
            "check_type",
            "endpoint",
            "interval_ms",
            "last_status",
            "last_latency_ms",
            "last_checked_at",
        ];
        assert_eq!(chosen(&two, &sheet, 500), expected);
        assert_eq!(chosen(&two, &sheet, 58), ["check_id", "check_name", "check_type", "last_status"]);
    }

    #[test]
    fn ids_are_shown_where_the_next_command_asks_for_them() {
        let row = |incident: &str, division: &str| json!({"division_id": division, "incident_id": incident, "venture_id": "v-1", "release_id": incident});
        let rows = json!([row("i-1", "d-1"), row("i-2", "d-2")]);
        let ids = |named: &[&str], own: &[&str], other: &[&str]| {
            let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
            let sheet = Sheet {
                named: owned(named),
                own_ids: owned(own),
                other_ids: owned(other),
                ..Sheet::default()
            };
            chosen(&rows, &sheet, 500)
        };
        assert_eq!(ids(&["division_id"], &["division_id", "incident_id"], &["venture_id"]), ["incident_id"]);
        assert_eq!(ids(&[], &[], &["incident_id", "venture_id"]), ["division_id", "incident_id"]);
    }

    #[test]
    fn rows_of_nothing_but_bookkeeping_are_shown_as_they_are() {
        let rows = json!([{"version": 1, "recorded_by": "ada"}]);
        assert_eq!(chosen(&rows, &Sheet::default(), 500), ["version", "recorded_by"]);
    }
}
