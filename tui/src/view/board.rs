//! The board: ventures at the left or above, everything about one of them beside it.

use super::{text, theme::Theme};
use crate::core::{Model, board, link::LinkState};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};
use serde_json::Value;

/// From this width on the details stand beside the list.
const SIDE_BY_SIDE_COLUMNS: u16 = 100;
/// Columns of a name beside a brief, and the fewest for a brief.
const NAME_COLUMNS: usize = 30;
const BRIEF_COLUMNS_MIN: usize = 20;
/// Columns of a label in the details.
const LABEL_COLUMNS: usize = 20;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    let [list, detail] = if area.width >= SIDE_BY_SIDE_COLUMNS {
        Layout::horizontal([Constraint::Percentage(54), Constraint::Percentage(46)]).areas(area)
    } else {
        Layout::vertical([Constraint::Percentage(45), Constraint::Percentage(55)]).areas(area)
    };
    draw_list(frame, list, model, theme);
    draw_detail(frame, detail, model, theme);
}

fn draw_list(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    let block = theme.block(title(model));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let ventures = model.board.visible();
    if ventures.is_empty() {
        return frame.render_widget(Paragraph::new(empty(model, theme)), inner);
    }
    let columns = Columns::of(usize::from(inner.width));
    let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(inner);
    frame.render_widget(
        Line::styled(columns.line(["", "name", "status", "rev", "updated", "brief"]), theme.dim()),
        head,
    );
    let selected = ventures.iter().position(|it| Some(&it.row.venture_id) == model.board.selected.as_ref());
    let first = first_shown(selected.unwrap_or(0), ventures.len(), usize::from(body.height));
    let lines: Vec<Line<'_>> = ventures
        .iter()
        .enumerate()
        .skip(first)
        .take(usize::from(body.height))
        .map(|(at, venture)| venture_line(venture, &columns, Some(at) == selected, theme))
        .collect();
    frame.render_widget(Paragraph::new(lines), body);
}

fn title(model: &Model) -> String {
    let board = &model.board;
    let count = board.visible().len();
    let archived = match (board.archived_count(), board.show_archived) {
        (0, _) => String::new(),
        (hidden, false) => format!(" {} {hidden} archived hidden", "·"),
        (_, true) => format!(" {} archived shown", "·"),
    };
    let more = if board.truncated { format!(", only {} are kept", board::ROWS_MAX) } else { String::new() };
    format!("Ventures {count}{archived}{more}")
}

fn empty(model: &Model, theme: &Theme) -> Vec<Line<'static>> {
    let (says, hint) = match &model.link.state {
        _ if model.board.loaded => ("No ventures yet.", "n sets the first one up."),
        LinkState::Unreachable(_) => {
            ("No daemon answers.", "`hecate up` starts one, `hecate doctor` says why.")
        }
        LinkState::Refused(_) => ("The daemon refuses us.", "`hecate doctor` says why."),
        LinkState::NotReady(_) => ("The daemon is not ready yet.", ""),
        _ => ("Reading …", ""),
    };
    vec![Line::raw(says), Line::styled(hint, theme.dim())]
}

/// The first row to show so that the cursor's row stays in sight, in the middle of a longer list.
pub(super) fn first_shown(selected: usize, count: usize, rows: usize) -> usize {
    selected.saturating_sub(rows / 2).min(count.saturating_sub(rows))
}

/// Widths of the list's columns: mark, name, status, revision, time, and the brief where there is room.
struct Columns([usize; 6]);

impl Columns {
    fn of(width: usize) -> Self {
        const MARK: usize = 2;
        const STATUS: usize = 10;
        const REVISION: usize = 4;
        const UPDATED: usize = 17;
        let left = width.saturating_sub(MARK + STATUS + REVISION + UPDATED);
        let brief = if left >= NAME_COLUMNS + BRIEF_COLUMNS_MIN { left - NAME_COLUMNS } else { 0 };
        Self([MARK, left - brief, STATUS, REVISION, UPDATED, brief])
    }

    fn line(&self, cells: [&str; 6]) -> String {
        let cell = |(text, width): (&str, usize)| match width {
            0..3 => text::column(text, width),
            _ => text::column(text, width - 1) + " ",
        };
        cells.into_iter().zip(self.0).map(cell).collect()
    }
}

fn venture_line(venture: &board::Venture, columns: &Columns, selected: bool, theme: &Theme) -> Line<'static> {
    let row = &venture.row;
    let mark = if venture.fresh { "•" } else { "" };
    let revision = row.revision.to_string();
    let updated = minute(&row.updated_at);
    let brief = row.brief.as_deref().unwrap_or_default();
    let text = columns.line([mark, &row.name, &row.status_label, &revision, &updated, brief]);
    let style = match (selected, row.archived_at.is_some(), venture.fresh) {
        (true, ..) => theme.selected(),
        (_, true, _) => theme.dim(),
        (_, _, true) => theme.accent(),
        _ => Style::new(),
    };
    Line::styled(text, style)
}

/// `2026-11-22 10:42` of an RFC 3339 time.
fn minute(at: &str) -> String {
    at.get(..16).unwrap_or(at).replace('T', " ")
}

/// `2026-11-22 10:42:07 UTC` of an RFC 3339 time.
fn second(at: &str) -> String {
    at.get(..19).map_or_else(|| at.to_owned(), |at| format!("{} UTC", at.replace('T', " ")))
}

fn draw_detail(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    let Some(venture) = model.board.selected() else {
        return frame.render_widget(theme.block("Details"), area);
    };
    let block = theme.block(text::cut(&venture.row.name, 40));
    let inner = block.inner(area);
    let columns = usize::from(inner.width).saturating_sub(LABEL_COLUMNS);
    let mut lines = fact_lines("can be done", &actions(venture), columns, theme.accent(), theme);
    for (name, value) in ordered_fields(venture) {
        if name != "available_actions" {
            let shown = if name.ends_with("_at") { second(&plain(value)) } else { plain(value) };
            lines.extend(fact_lines(name, &shown, columns, Style::new(), theme));
        }
    }
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(lines), inner);
}

fn actions(venture: &board::Venture) -> String {
    let names = &venture.row.available_actions;
    if names.is_empty() { "nothing".to_owned() } else { names.join(" · ") }
}

/// The fields that people ask for first, then all the others as the daemon orders them; empty ones are left out.
fn ordered_fields(venture: &board::Venture) -> Vec<(&str, &Value)> {
    const FIRST: [&str; 4] = ["status_label", "revision", "brief", "venture_id"];
    let rank = |name: &str| FIRST.iter().position(|it| *it == name).unwrap_or(FIRST.len());
    let mut fields: Vec<(&str, &Value)> = venture
        .raw
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .filter(|(_, value)| !is_empty(value))
        .collect();
    fields.retain(|(name, _)| *name != "name" && *name != "status");
    fields.sort_by_key(|(name, _)| rank(name));
    fields
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}

fn fact_lines(name: &str, value: &str, columns: usize, style: Style, theme: &Theme) -> Vec<Line<'static>> {
    let label = |at: usize| if at == 0 { name.replace('_', " ") } else { String::new() };
    let lines = text::wrap(value, columns).into_iter().enumerate();
    lines
        .map(|(at, line)| {
            let label = text::column(&label(at), LABEL_COLUMNS);
            Line::from(vec![Span::styled(label, theme.dim()), Span::styled(line, style)])
        })
        .collect()
}
