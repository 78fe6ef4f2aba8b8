//! The chat screen, which says honestly what there is today.

use super::{centred, text, theme::Theme};
use crate::core::{Model, link::LinkState};
use ratatui::{
    Frame,
    layout::{Alignment, Rect},
    text::{Line, Span},
    widgets::Paragraph,
};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    let key = |key: &'static str, says: &'static str| {
        Line::from(vec![Span::styled(format!("{key:>4}  "), theme.accent()), Span::raw(says)])
    };
    let mut lines = vec![
        Line::styled("Hecate", theme.accent()),
        Line::styled("a record of ventures, on this node, for whoever attaches", theme.dim()),
        Line::default(),
        Line::raw("Chat arrives with a later release. What works today:"),
        Line::default(),
        key("2", "the board: every venture, moving live"),
        key("n", "set a new venture up"),
        key("3", "the daemon's live supervision tree"),
        key(":", "every desk as a command"),
        key("?", "every key"),
    ];
    lines.push(Line::default());
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
    let page = Paragraph::new(lines).alignment(Alignment::Left);
    frame.render_widget(page, centred(area, 70, rows.saturating_add(2)));
}
