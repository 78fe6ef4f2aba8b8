//! Answers as short text for people. Programs ask for `--json`.

use super::columns::{self, Row, Sheet};
use crate::core::{letters::is_deceptive, refusal};
use hecate_proto::answer::{CommandAnswer, ErrorAnswer};
use hecate_proto::catalogue::DeskSheet;
use serde::Deserialize;
use serde_json::Value;
use std::io::IsTerminal;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The widest cell of a table, columns.
const CELL_COLUMNS_MAX: usize = 48;

/// How wide a table may be where no terminal says so, columns.
const TABLE_COLUMNS: usize = 160;
/// Characters of a time in a table: down to the second.
const TIME_CHARS: usize = 19;

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
        /// What is known of the rows.
        sheet: Sheet,
    },
}

/// The lines of an answer. Desks are named as they are asked on the command line.
pub(super) fn answer(shows: &Shows, body: &Value, desks: &[DeskSheet]) -> Vec<String> {
    match shows {
        Shows::Recorded => recorded(body, desks),
        Shows::Rows { answers, sheet } => match body.get(answers) {
            Some(Value::Array(rows)) if rows.is_empty() => vec!["none".to_owned()],
            Some(Value::Array(rows)) => {
                let next_cursor = body.get("next_cursor").and_then(Value::as_str);
                let more = next_cursor.map(|cursor| format!("more: --cursor {cursor}"));
                table(rows, sheet).into_iter().chain(more).collect()
            }
            Some(Value::Object(thing)) => fields(thing, sheet, desks),
            _ => vec![clean(&body.to_string())],
        },
    }
}

/// Desks as the command line has them: `design design-aggregate`.
fn verbs<'n>(names: impl IntoIterator<Item = &'n str>, desks: &[DeskSheet]) -> String {
    let verb = |name: &str| {
        let desk = desks.iter().find(|desk| desk.name == name);
        desk.map_or_else(|| clean(name), |desk| format!("{} {}", desk.noun, desk.verb))
    };
    names.into_iter().map(verb).collect::<Vec<_>>().join(", ")
}

fn recorded(body: &Value, desks: &[DeskSheet]) -> Vec<String> {
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
        let names = answer.available_actions.iter().map(String::as_str);
        lines.push(format!("open now: {}", verbs(names, desks)));
    }
    lines
}

/// Code first, so that a program reads it up to the colon; then what to do.
pub(in crate::rim) fn refusal(error: &ErrorAnswer, desks: &[DeskSheet]) -> Vec<String> {
    let detail = |key: &str| error.details.get(key).map(plain);
    let mut lines = vec![format!("{}: {}", error.error, clean(&error.message))];
    if let Some(field) = detail("field") {
        let rule = detail("rule").map(|rule| format!(" ({rule})")).unwrap_or_default();
        lines.push(format!("field: {field}{rule}"));
    }
    lines.extend(refusal::details(&error.details).iter().map(|line| clean(line)));
    lines.extend(detail("hint").map(|hint| format!("hint: {hint}")));
    if let Some(Value::Array(open)) = error.details.get("available_actions") {
        let names: Vec<&str> = open.iter().filter_map(Value::as_str).collect();
        if !names.is_empty() {
            lines.push(format!("open now: {}", verbs(names, desks)));
        }
    }
    lines
}

/// What is known of a thing, in the daemon's own order; the things inside of it stand below, each kind as a table.
fn fields(thing: &Row, sheet: &Sheet, desks: &[DeskSheet]) -> Vec<String> {
    let (mut flat, mut below) = (Vec::new(), Vec::new());
    for (key, value) in thing.iter().filter(|(key, value)| !value.is_null() && !is_told_twice(thing, key)) {
        match rows_inside(value) {
            Some(rows) => {
                below.extend([String::new(), key.replace('_', " ")]);
                below.extend(table(&rows, &inside(sheet, key)));
            }
            None => flat.push((key, value)),
        }
    }
    let width = flat.iter().map(|(key, _)| key.width()).max().unwrap_or(0);
    let told = |key: &str, value: &Value| match value.as_array().filter(|_| key == "available_actions") {
        Some(names) => verbs(names.iter().filter_map(Value::as_str), desks),
        None => plain(value),
    };
    let lines = flat.into_iter().map(|(key, value)| format!("{key:width$}  {}", told(key, value)));
    lines.chain(below).collect()
}

/// The things in a list of things.
fn rows_inside(value: &Value) -> Option<Vec<Value>> {
    let rows = value.as_array().filter(|rows| !rows.is_empty() && rows.iter().all(Value::is_object))?;
    Some(rows.clone())
}

/// What the schema says of the things in the list under this key.
fn inside(sheet: &Sheet, key: &str) -> Sheet {
    let items = sheet.properties.get(key).and_then(|list| list.pointer("/items/properties"));
    let properties = items.and_then(Value::as_object).cloned().unwrap_or_default();
    Sheet { properties, named: Vec::new(), ..sheet.clone() }
}

/// Whether these things stand in a list of the same thing too, which tells no less of each.
fn is_told_twice(thing: &Row, key: &str) -> bool {
    let Some(by_name) = thing.get(key).and_then(Value::as_object).filter(|things| !things.is_empty()) else {
        return false;
    };
    let tells = |row: &Value, part: &Value| {
        part.as_object().is_some_and(|part| part.iter().all(|(key, value)| row.get(key) == Some(value)))
    };
    let lists = thing.values().filter_map(rows_inside);
    lists.into_iter().any(|rows| by_name.values().all(|part| rows.iter().any(|row| tells(row, part))))
}

fn table(rows: &[Value], sheet: &Sheet) -> Vec<String> {
    let rows: Vec<&Row> = rows.iter().filter_map(Value::as_object).collect();
    let heading = |key: &str| key.replace('_', " ").to_uppercase();
    let cell = |row: &Row, key: &str| {
        row.get(key).map(|value| cut(&brief(key, value), CELL_COLUMNS_MAX)).unwrap_or_default()
    };
    let width = |key: &str| {
        let cells = rows.iter().map(|row| cell(row, key).width());
        cells.chain([heading(key).width()]).max().unwrap_or(0)
    };
    let keys = columns::choose(&rows, sheet, columns_max(), width);
    let widths: Vec<usize> = keys.iter().map(|key| width(key)).collect();
    let headings: Vec<String> = keys.iter().map(|key| heading(key)).collect();
    let cells = rows.iter().map(|row| keys.iter().map(|key| cell(row, key)).collect::<Vec<_>>());
    std::iter::once(headings).chain(cells).map(|cells| line(&cells, &widths)).collect()
}

/// How wide a table may be: as wide as the terminal that it is printed on.
fn columns_max() -> usize {
    let terminal = std::io::stdout().is_terminal().then(|| crossterm::terminal::size().ok()).flatten();
    terminal.map_or(TABLE_COLUMNS, |(columns, _)| usize::from(columns))
}

/// A value as a cell has it: times without their fractions.
fn brief(key: &str, value: &Value) -> String {
    let text = plain(value);
    let is_time = key.rsplit('_').next() == Some("at") && text.ends_with('Z');
    match text.get(..TIME_CHARS).filter(|_| is_time) {
        Some(time) => format!("{time}Z"),
        None => text,
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded =
        cells.iter().zip(widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// What fits into so many columns, with an ellipsis where there is more.
pub(super) fn cut(text: &str, columns_max: usize) -> String {
    if text.width() <= columns_max {
        return text.to_owned();
    }
    let mut columns = 0;
    let fits = |letter: &char| {
        columns += letter.width().unwrap_or(0);
        columns < columns_max
    };
    text.chars().take_while(fits).collect::<String>() + "…"
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
pub(super) fn clean(text: &str) -> String {
    let seen = text.chars().filter(|letter| !is_deceptive(*letter));
    seen.map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
