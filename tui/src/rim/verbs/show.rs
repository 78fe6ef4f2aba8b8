//! Answers as short text for people. Programs ask for `--json`.

use crate::core::letters::is_deceptive;
use hecate_proto::answer::{CommandAnswer, ErrorAnswer};
use serde::Deserialize;
use serde_json::{Map, Value};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The widest cell of a table, columns.
const CELL_COLUMNS_MAX: usize = 48;

/// What an answer holds.
#[derive(Default)]
pub(super) enum Shows {
    /// What a command recorded.
    #[default]
    Recorded,
    /// One thing or a list, under this key.
    Rows {
        /// The key.
        answers: String,
        /// What whoever asked has named: it needs no column.
        named: Vec<String>,
    },
}

/// The lines of an answer.
pub(super) fn answer(shows: &Shows, body: &Value) -> Vec<String> {
    match shows {
        Shows::Recorded => recorded(body),
        Shows::Rows { answers, named } => match body.get(answers) {
            Some(Value::Array(rows)) => table(rows, named, body.get("next_cursor").and_then(Value::as_str)),
            Some(Value::Object(thing)) => fields(thing),
            _ => vec![clean(&body.to_string())],
        },
    }
}

fn recorded(body: &Value) -> Vec<String> {
    let Ok(answer) = CommandAnswer::deserialize(body) else {
        return vec![clean(&body.to_string())];
    };
    let types: Vec<&str> = answer.events.iter().map(|event| event.event_type.as_str()).collect();
    let what = if answer.recorded { types.join(", ") } else { "nothing new to record".to_owned() };
    let ids = answer.about.iter().filter(|(key, _)| key.ends_with("_id")).map(|(_, id)| plain(id));
    let ids: Vec<String> = ids.collect();
    let mut lines = vec![
        what,
        format!(
            "{} is {} (version {}, position {})",
            ids.join(" "),
            answer.status_label,
            answer.version,
            answer.position
        ),
    ];
    if !answer.available_actions.is_empty() {
        lines.push(format!("open now: {}", answer.available_actions.join(", ")));
    }
    lines
}

/// Code first, so that a program reads it up to the colon; then what to do.
pub(in crate::rim) fn refusal(error: &ErrorAnswer) -> Vec<String> {
    let detail = |key: &str| error.details.get(key).map(plain);
    let mut lines = vec![format!("{}: {}", error.error, clean(&error.message))];
    if let Some(field) = detail("field") {
        let rule = detail("rule").map(|rule| format!(" ({rule})")).unwrap_or_default();
        lines.push(format!("field: {field}{rule}"));
    }
    lines.extend(detail("hint").map(|hint| format!("hint: {hint}")));
    if let Some(Value::Array(open)) = error.details.get("available_actions") {
        lines.push(format!("open now: {}", open.iter().map(plain).collect::<Vec<_>>().join(", ")));
    }
    lines
}

/// What is known of a thing, in the daemon's own order.
fn fields(thing: &Map<String, Value>) -> Vec<String> {
    let width = thing.keys().map(|key| key.width()).max().unwrap_or(0);
    let known = thing.iter().filter(|(_, value)| !value.is_null());
    known.map(|(key, value)| format!("{key:width$}  {}", plain(value))).collect()
}

fn table(rows: &[Value], named: &[String], next_cursor: Option<&str>) -> Vec<String> {
    let rows: Vec<&Map<String, Value>> = rows.iter().filter_map(Value::as_object).collect();
    if rows.is_empty() {
        return vec!["none".to_owned()];
    }
    let columns = columns(&rows, named);
    let cells = |row: &Map<String, Value>| -> Vec<String> {
        columns.iter().map(|column| cut(&row.get(column).map(plain).unwrap_or_default())).collect()
    };
    let heading: Vec<String> = columns.iter().map(|it| it.replace('_', " ").to_uppercase()).collect();
    let grid: Vec<Vec<String>> = std::iter::once(heading).chain(rows.iter().map(|row| cells(row))).collect();
    let widths: Vec<usize> =
        (0..columns.len()).map(|at| grid.iter().map(|row| row[at].width()).max().unwrap_or(0)).collect();
    let mut lines: Vec<String> = grid.iter().map(|row| line(row, &widths)).collect();
    lines.extend(next_cursor.map(|cursor| format!("more: --cursor {cursor}")));
    lines
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded =
        cells.iter().zip(widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// What identifies a row and how it is, as far as some row says it; all of it where no row has anything of the kind.
fn columns(rows: &[&Map<String, Value>], named: &[String]) -> Vec<String> {
    let is_said =
        |key: &String| rows.iter().any(|row| row.get(key).is_some_and(|value| !plain(value).is_empty()));
    let keys = rows.iter().take(1).flat_map(|row| row.keys()).filter(|key| !named.contains(key));
    let said: Vec<String> = keys.filter(|key| is_said(key)).cloned().collect();
    let telling: Vec<String> = said.iter().filter(|key| is_telling(key)).cloned().collect();
    if telling.is_empty() { said } else { telling }
}

fn is_telling(key: &str) -> bool {
    const KEYS: [&str; 12] = [
        "at",
        "verb",
        "summary",
        "name",
        "title",
        "brief",
        "revision",
        "state",
        "status_label",
        "blocked_by",
        "dismissed_at",
        "updated_at",
    ];
    KEYS.contains(&key) || key.ends_with("_id") || key.ends_with("_name")
}

fn cut(text: &str) -> String {
    let mut columns = 0;
    let fits = |letter: &char| {
        columns += letter.width().unwrap_or(0);
        columns < CELL_COLUMNS_MAX
    };
    let kept: String = text.chars().take_while(fits).collect();
    if kept.len() == text.len() { kept } else { kept + "…" }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => clean(text),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Null => String::new(),
        other => clean(&other.to_string()),
    }
}

/// On one line, and nothing that could steer a terminal or deceive a reader.
fn clean(text: &str) -> String {
    let seen = text.chars().filter(|letter| !is_deceptive(*letter));
    seen.map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
