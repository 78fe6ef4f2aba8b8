//! A form: a label, an input and a line of help for each field, complaints where they belong.

use super::{centred, text, theme::Theme};
use crate::core::{
    field::{Complaint, Field, Input},
    form::Form,
    schema::FieldKind,
    text_input::TextInput,
};
use ratatui::{
    Frame,
    layout::{Position, Rect},
    style::Style,
    text::{Line, Span},
    widgets::{Clear, Paragraph},
};
use unicode_width::UnicodeWidthStr;

const LABEL_COLUMNS: usize = 16;
/// Rows of a tall field that has the cursor.
const TALL_ROWS_MAX: usize = 5;

/// The lines of a form, and where the cursor stands among them.
struct Page {
    lines: Vec<Line<'static>>,
    cursor: Option<(usize, usize)>,
    focus_rows: std::ops::Range<usize>,
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, form: &Form, theme: &Theme) {
    let width = area.width.min(90);
    let page = page(form, usize::from(width).saturating_sub(4), theme);
    let rows = u16::try_from(page.lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let area = centred(area, width, rows);
    let block = theme.block(title(form));
    let inner = block.inner(area);
    let height = usize::from(inner.height);
    let first = page.focus_rows.end.saturating_sub(height).min(page.focus_rows.start);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    let lines: Vec<Line<'_>> = page.lines.into_iter().skip(first).take(height).collect();
    frame.render_widget(Paragraph::new(lines), inner);
    let cursor = page.cursor.filter(|(_, row)| (first..first + height).contains(row));
    if let Some((column, row)) = cursor.filter(|_| form.sending.is_none()) {
        let to_u16 = |cells: usize| u16::try_from(cells).unwrap_or(u16::MAX);
        let column = to_u16(column).min(inner.width.saturating_sub(1));
        frame.set_cursor_position(Position::new(inner.x + column, inner.y + to_u16(row - first)));
    }
}

fn title(form: &Form) -> String {
    let name = form.desk.replace('_', " ");
    match &form.subject {
        Some(subject) => {
            format!("{name} {} {}", "·", text::cut(subject, 40))
        }
        None => name,
    }
}

fn page(form: &Form, columns: usize, theme: &Theme) -> Page {
    let mut page = Page { lines: Vec::new(), cursor: None, focus_rows: 0..1 };
    page.lines
        .extend(text::wrap(&form.says, columns).into_iter().map(|line| Line::styled(line, theme.dim())));
    page.lines.push(Line::default());
    for (at, field) in form.fields.iter().enumerate() {
        let start = page.lines.len();
        push_field(&mut page, field, at == form.focus, columns, theme);
        if at == form.focus {
            page.focus_rows = start..page.lines.len();
        }
    }
    if form.fields.is_empty() {
        page.lines.push(Line::raw("There is nothing to fill in."));
    }
    let foot_start = page.lines.len();
    push_foot(&mut page, form, columns, theme);
    if form.complaint.is_some() || form.focus + 1 >= form.fields.len() {
        page.focus_rows.end = page.lines.len();
        page.focus_rows.start = page.focus_rows.start.min(foot_start);
    }
    page
}

fn push_field(page: &mut Page, field: &Field, focused: bool, columns: usize, theme: &Theme) {
    let room = columns.saturating_sub(LABEL_COLUMNS);
    let mark = if field.spec.required { "*" } else { "" };
    let label = text::column(&format!("{}{mark}", field.spec.name.replace('_', " ")), LABEL_COLUMNS - 1);
    let label_style = if focused { theme.accent() } else { Style::new() };
    for (at, content) in content(page, field, focused, room, theme).into_iter().enumerate() {
        let label = if at == 0 { label.clone() + " " } else { " ".repeat(LABEL_COLUMNS) };
        page.lines.push(Line::from(vec![Span::styled(label, label_style), content]));
    }
    let indent = |line: String| format!("{}{line}", " ".repeat(LABEL_COLUMNS));
    match &field.complaint {
        Some(complaint) => push_complaint(page, complaint, room, LABEL_COLUMNS, theme),
        None if focused => {
            let help = text::wrap(&help(field), room).into_iter();
            page.lines.extend(help.map(|line| Line::styled(indent(line), theme.dim())));
        }
        None => {}
    }
}

/// The content of a field as lines of cells; sets the cursor of a focused one.
fn content(page: &mut Page, field: &Field, focused: bool, room: usize, theme: &Theme) -> Vec<Span<'static>> {
    match &field.input {
        Input::Choice { options, chosen } => {
            let current = chosen.and_then(|at| options.get(at)).map_or("not set", String::as_str);
            let shown = if focused { format!("{} {current} {}", "‹", "›") } else { current.to_owned() };
            let style = if chosen.is_some() || focused { theme.strong() } else { theme.dim() };
            vec![Span::styled(text::cut(&shown, room), style)]
        }
        Input::Text(input) if focused => {
            let rows = if field.spec.kind.is_tall() { TALL_ROWS_MAX } else { 1 };
            let (lines, (column, row)) = typed_lines(input, room, rows);
            page.cursor = Some((LABEL_COLUMNS + column, page.lines.len() + row));
            lines.into_iter().map(Span::raw).collect()
        }
        Input::Text(input) if input.text().is_empty() => {
            vec![Span::styled("–", theme.dim())]
        }
        Input::Text(input) => vec![Span::raw(text::cut(input.text(), room))],
    }
}

/// The lines around the cursor and where it stands in them. Lines are hard-wrapped, so that the cursor's
/// place is the width of what stands before it.
fn typed_lines(input: &TextInput, room: usize, rows: usize) -> (Vec<String>, (usize, usize)) {
    let room = room.max(2) - 1;
    let before = hard_wrap(&input.text()[..input.cursor()], room);
    let all = hard_wrap(input.text(), room);
    let row = before.len() - 1;
    let column = before.last().map_or(0, |line| line.width());
    let first = (row + 1).saturating_sub(rows);
    let shown: Vec<String> = all.into_iter().skip(first).take(rows).collect();
    (shown, (column, row - first))
}

fn hard_wrap(typed: &str, room: usize) -> Vec<String> {
    use unicode_segmentation::UnicodeSegmentation;
    let mut lines = vec![String::new()];
    for grapheme in typed.graphemes(true) {
        if grapheme == "\n" {
            lines.push(String::new());
            continue;
        }
        if lines.last().map_or(0, |line| line.width()) + grapheme.width() > room {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(&text::clean(grapheme));
        }
    }
    lines
}

fn help(field: &Field) -> String {
    let spec = &field.spec;
    let options = match &spec.kind {
        FieldKind::Choice(options) => options.join(", "),
        kind => kind.says().to_owned(),
    };
    let parts = [spec.help.as_str(), &options, &spec.limits];
    let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    said.join(" · ")
}

fn push_complaint(page: &mut Page, complaint: &Complaint, room: usize, indent: usize, theme: &Theme) {
    let indent = " ".repeat(indent);
    let says = text::wrap(&complaint.says, room).into_iter();
    page.lines.extend(says.map(|line| Line::styled(format!("{indent}{line}"), theme.bad())));
    let hint = complaint.hint.iter().flat_map(|hint| text::wrap(hint, room));
    page.lines.extend(hint.map(|line| Line::styled(format!("{indent}{line}"), theme.warning())));
}

fn push_foot(page: &mut Page, form: &Form, columns: usize, theme: &Theme) {
    page.lines.push(Line::default());
    if let Some(complaint) = &form.complaint {
        push_complaint(page, complaint, columns, 0, theme);
    }
    let (says, style) = match (form.sending, form.discard_armed) {
        (Some(_), _) => ("sending …   Esc leaves, the daemon finishes", theme.warning()),
        (None, true) => ("press Esc again to throw away what is typed", theme.warning()),
        (None, false) if form.fields.is_empty() => ("Enter sends   Esc leaves", theme.dim()),
        (None, false) => ("* required   Tab next field   Ctrl+S send   Esc leave", theme.dim()),
    };
    page.lines.push(Line::styled(says, style));
}
