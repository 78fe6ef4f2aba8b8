//! The chat screen: what was said, and the place to write.

use super::{text, theme::Theme};
use crate::core::{
    Model,
    chat::{self, Chat},
    link::LinkState,
    markdown,
};
use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Margin, Position, Rect},
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};
use unicode_width::UnicodeWidthStr;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    let (columns, rows) = (frame.area().width, frame.area().height);
    let layout = chat::layout(&model.chat, columns, rows);
    let (said, written) = super::cut_top(area, area.height.saturating_sub(layout.composer_rows));
    if model.chat.transcript.is_empty() {
        draw_welcome(frame, said, model, theme);
    } else {
        draw_transcript(frame.buffer_mut(), said.inner(Margin::new(2, 0)), &model.chat, theme);
    }
    draw_composer(frame, written, model, theme);
}

fn draw_transcript(buffer: &mut Buffer, area: Rect, chat: &Chat, theme: &Theme) {
    for (line, y) in chat.transcript.visible().zip(area.top()..area.bottom()) {
        let (mut x, mut at) = (area.x, 0);
        for run in &line.runs {
            let end = at + run.bytes as usize;
            let room = usize::from(area.right().saturating_sub(x));
            (x, _) = buffer.set_stringn(x, y, &line.text[at..end], room, theme.ink(run.ink));
            at = end;
        }
    }
}

fn draw_welcome(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    let key = |key: &'static str, says: &'static str| {
        Line::from(vec![Span::styled(format!("{key:>4}  "), theme.accent()), Span::raw(says)])
    };
    let mut lines = vec![
        Line::styled("Hecate", theme.accent()),
        Line::styled("a record of ventures, and any model to talk with", theme.dim()),
        Line::default(),
        key("i", "write to a model; Enter sends"),
        key("Tab", "the next model"),
        key("2", "the board: every venture, moving live"),
        key("n", "set a new venture up"),
        key("3", "the daemon's live supervision tree"),
        key(":", "every command"),
        key("?", "every key"),
        Line::default(),
    ];
    if let (LinkState::Live, Some(socket)) = (&model.link.state, &model.link.socket) {
        lines.push(Line::styled(format!("Attached to {}.", text::clean(socket)), theme.dim()));
    }
    if matches!(model.link.state, LinkState::Unreachable(_)) {
        lines.push(Line::styled(
            "No daemon answers. `hecate up` starts one, `hecate doctor` says why.",
            theme.warning(),
        ));
    }
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    frame.render_widget(Paragraph::new(lines), super::centred(area, 70, rows.saturating_add(2)));
}

fn draw_composer(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    let chat = &model.chat;
    let border = if chat.inserting { theme.accent() } else { theme.dim() };
    let news = Line::styled(news(chat), theme.warning()).right_aligned();
    let usage = Line::styled(usage(chat), theme.dim()).right_aligned();
    let block = theme.block(title(chat)).border_style(border).title_top(news).title_bottom(usage);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let input = chat.composer.input.text();
    if input.is_empty() && !chat.inserting {
        return frame.render_widget(Line::styled("i to write", theme.dim()), inner);
    }
    let (lines, cursor) = written(chat, usize::from(inner.width), usize::from(inner.height));
    frame.render_widget(Paragraph::new(lines), inner);
    if chat.inserting && model.command.is_none() && model.overlay.is_none() {
        let column = cursor.0.min(inner.width.saturating_sub(1));
        frame.set_cursor_position(Position::new(inner.x + column, inner.y + cursor.1));
    }
}

/// The lines of the draft around the cursor, and where the cursor stands among them.
fn written(chat: &Chat, columns: usize, rows: usize) -> (Vec<Line<'static>>, (u16, u16)) {
    let (text, cursor) = (chat.composer.input.text(), chat.composer.input.cursor());
    let near = near(text, cursor);
    let (input, cursor) = (&text[near.clone()], cursor - near.start);
    let ranges = markdown::cells_wrapped(input, columns);
    let row = ranges.partition_point(|range| range.start <= cursor).saturating_sub(1);
    let first = (row + 1).saturating_sub(rows);
    let start = ranges.get(row).map_or(0, |range| range.start);
    let column = text::clean(input.get(start..cursor).unwrap_or_default()).width();
    let line = |range: std::ops::Range<usize>| Line::styled(text::clean(&input[range]), Style::new());
    let lines = ranges.into_iter().skip(first).take(rows).map(line).collect();
    let to_u16 = |cells: usize| u16::try_from(cells).unwrap_or(u16::MAX);
    (lines, (to_u16(column), to_u16(row - first)))
}

/// The part of a long draft that can be in sight when the cursor is, from the beginning of a line where there is one.
fn near(text: &str, cursor: usize) -> std::ops::Range<usize> {
    const SIGHT_BYTES: usize = 16 * 1024;
    let from = text.floor_char_boundary(cursor.saturating_sub(SIGHT_BYTES));
    let line = text[from..cursor].find('\n').filter(|_| from > 0).map_or(from, |at| from + at + 1);
    line..text.ceil_char_boundary((cursor + SIGHT_BYTES).min(text.len()))
}

fn title(chat: &Chat) -> String {
    let model = chat.models.current();
    let model = model.map_or_else(|| "the daemon's choice".to_owned(), |id| text::cut(&id, 40));
    match &chat.role {
        Some(role) => format!("{model} · {}", text::cut(role, 24)),
        None => model,
    }
}

/// What goes on, at the right of the frame.
fn news(chat: &Chat) -> String {
    let stops = if chat.inserting { "Ctrl+C stops" } else { "Esc stops" };
    let answering = chat.is_answering().then(|| format!("answering, {stops}"));
    let rows = chat.transcript.new_rows();
    let new = match rows {
        0 => None,
        1 => Some("1 new line ↓".to_owned()),
        _ => Some(format!("{rows} new lines ↓")),
    };
    let parts: Vec<String> = new.into_iter().chain(answering).collect();
    if parts.is_empty() { String::new() } else { format!(" {} ", parts.join(" · ")) }
}

fn usage(chat: &Chat) -> String {
    let usage = chat.usage.filter(|it| it.source != hecate_proto::llm::UsageSource::None);
    usage.map_or_else(String::new, |it| {
        format!(" {} tokens read, {} written ", it.prompt_tokens, it.completion_tokens)
    })
}
