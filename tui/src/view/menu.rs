//! What can be done with a venture, as a small list.

use super::{centred, text, theme::Theme};
use crate::core::model::Menu;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::{Clear, Paragraph},
};

const VERB_COLUMNS: usize = 20;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, menu: &Menu, theme: &Theme) {
    let rows = u16::try_from(menu.desks.len()).unwrap_or(u16::MAX).saturating_add(2);
    let area = centred(area, 76, rows);
    let block = theme.block(text::cut(&menu.title, 60));
    let inner = block.inner(area);
    let columns = usize::from(inner.width).saturating_sub(VERB_COLUMNS);
    let lines: Vec<Line<'_>> = menu
        .desks
        .iter()
        .enumerate()
        .map(|(at, desk)| {
            let verb = text::column(&desk.verb, VERB_COLUMNS);
            let says = text::column(&desk.says, columns);
            let line = Line::from(vec![Span::styled(verb, theme.strong()), Span::raw(says)]);
            if at == menu.selected { line.patch_style(theme.selected()) } else { line }
        })
        .collect();
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(lines), inner);
}
