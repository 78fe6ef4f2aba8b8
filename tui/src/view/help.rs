//! The help page, printed from the live keymap and the live catalogue.

use super::{centred, text, theme::Theme};
use crate::core::{
    Model, command_line,
    keymap::{self, BINDINGS, Place},
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::{Clear, Paragraph},
};

const KEY_COLUMNS: usize = 26;
const PLACES: [Place; 9] = [
    Place::Normal,
    Place::Chat,
    Place::Insert,
    Place::Board,
    Place::Observer,
    Place::Menu,
    Place::Form,
    Place::Command,
    Place::Help,
];

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, scroll: u16, theme: &Theme) {
    let area = centred(area, 84, area.height);
    let block = theme.block("Help");
    let inner = block.inner(area);
    let lines = lines(model, usize::from(inner.width), theme);
    let hidden = lines.len().saturating_sub(usize::from(inner.height));
    let first = usize::from(scroll).min(hidden);
    let shown: Vec<Line<'_>> = lines.into_iter().skip(first).take(usize::from(inner.height)).collect();
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(shown), inner);
}

fn lines(model: &Model, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    let says = |key: &str, says: &str| {
        let key = text::column(key, KEY_COLUMNS);
        let says = text::cut(says, columns.saturating_sub(KEY_COLUMNS));
        Line::from(vec![Span::styled(key, theme.strong()), Span::raw(says)])
    };
    let mut lines = Vec::new();
    for place in PLACES {
        lines.push(Line::styled(place.title(), theme.accent()));
        let said = BINDINGS.iter().filter(|it| it.place == place && !it.says.is_empty());
        lines.extend(said.map(|it| says(&keymap::keys_of(place, it.action), it.says)));
        lines.push(Line::default());
    }
    lines.push(Line::styled("Commands", theme.accent()));
    let commands = command_line::commands(model);
    let said = commands.iter().filter(|it| !it.says.is_empty());
    lines.extend(said.map(|it| says(&format!(":{}", it.name), &it.says)));
    lines
}
