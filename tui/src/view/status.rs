//! The lines around the screen: where you are, what just happened, how the connection is.

use super::{text, theme::Theme};
use crate::core::{
    Model,
    command_line::{self, CommandLine},
    keymap::Place,
    link::{Link, LinkState},
    model::{Screen, Tone},
};
use ratatui::{
    Frame,
    layout::{Alignment, Position, Rect},
    style::Style,
    text::{Line, Span},
};
use unicode_width::UnicodeWidthStr;

/// Completions shown beside the command line.
const COMPLETIONS_MAX: usize = 6;

pub(super) fn draw_tabs(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    let mut spans = vec![Span::styled(" Hecate ", theme.strong()), Span::raw(" ")];
    let screens =
        [(" 1 Chat ", Screen::Chat), (" 2 Board ", Screen::Board), (" 3 Observer ", Screen::Observer)];
    for (label, screen) in screens {
        let style = if model.screen == screen { theme.selected() } else { theme.dim() };
        spans.push(Span::styled(label, style));
        spans.push(Span::raw(" "));
    }
    frame.render_widget(Line::from(spans), area);
    let help = Line::styled("? help   : command   q quit ", theme.dim()).alignment(Alignment::Right);
    frame.render_widget(help, area);
}

/// The command line while it is open, else the last piece of news, else what the keys do here.
pub(super) fn draw_news(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    if let Some(command) = &model.command {
        return draw_command(frame, area, model, command, theme);
    }
    let columns = usize::from(area.width).saturating_sub(2);
    let line = match &model.notice {
        Some(notice) => {
            let style = match notice.tone {
                Tone::Good => theme.good(),
                Tone::Bad => theme.bad(),
            };
            Line::styled(format!(" {}", text::cut(&notice.says, columns)), style)
        }
        None => Line::styled(format!(" {}", keys_here(model.place())), theme.dim()),
    };
    frame.render_widget(line, area);
}

fn keys_here(place: Place) -> &'static str {
    match place {
        Place::Normal | Place::Command => "2 board   3 observer   n new venture",
        Place::Chat => "i write   j/k scroll   Tab model   t thoughts   2 board   3 observer",
        Place::Insert => "Enter send   Alt+Enter new line   Up earlier prompts   Esc leave",
        Place::Board => "j/k move   Enter actions   n new venture   a archived",
        Place::Observer => "j/k move   g/G first and last",
        Place::Menu => "j/k move   Enter open   Esc close",
        Place::Form => "Tab next field   Ctrl+S send   Esc leave",
        Place::Help => "j/k scroll   Esc close",
    }
}

fn draw_command(frame: &mut Frame<'_>, area: Rect, model: &Model, command: &CommandLine, theme: &Theme) {
    let typed = text::clean(command.input.text());
    let before = text::clean(&command.input.text()[..command.input.cursor()]);
    let all = command_line::commands(model);
    let fitting = command_line::matching(&all, command.typed());
    let names: Vec<&str> = fitting.iter().take(COMPLETIONS_MAX).map(|it| it.name.as_str()).collect();
    let line = Line::from(vec![
        Span::styled(format!(" :{typed}"), theme.strong()),
        Span::styled(format!("   {}", text::clean(&names.join("  "))), theme.dim()),
    ]);
    frame.render_widget(line, area);
    let column = u16::try_from(2 + before.width()).unwrap_or(u16::MAX).min(area.width.saturating_sub(1));
    frame.set_cursor_position(Position::new(area.x + column, area.y));
}

pub(super) fn draw_status(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    let link = &model.link;
    let (word, style) = state(link, theme);
    let right = counters(link);
    let columns = usize::from(area.width).saturating_sub(right.width() + 6);
    let left = text::cut(&word, columns);
    let line = Line::from(vec![Span::styled(format!(" {} ", "●"), style), Span::styled(left, style)]);
    frame.render_widget(line, area);
    frame.render_widget(Line::styled(right, theme.dim()).alignment(Alignment::Right), area);
}

fn state(link: &Link, theme: &Theme) -> (String, Style) {
    match &link.state {
        LinkState::Connecting => ("connecting".to_owned(), theme.warning()),
        LinkState::Unreachable(reason) => (format!("connecting: {reason}"), theme.warning()),
        LinkState::NotReady(status) => (format!("daemon is {status}"), theme.warning()),
        LinkState::Live => ("live".to_owned(), theme.good()),
        LinkState::Stale { since, reason } => (format!("stale since {since}: {reason}"), theme.warning()),
        LinkState::Refused(reason) => (format!("refused: {reason}"), theme.bad()),
    }
}

/// Node, version, last position, live facts; what was left out only when something was.
fn counters(link: &Link) -> String {
    let node = link.node_id.as_deref().map(|id| format!("node {}", text::cut(id, 16)));
    let version = link.version.as_deref().map(|it| format!("v{}", text::cut(it, 12)));
    let position = link.last_position.map(|at| format!("at {at}"));
    let facts = (link.facts_seen > 0).then(|| match link.facts_seen {
        1 => "1 fact".to_owned(),
        count => format!("{count} facts"),
    });
    let unreadable = (link.frames_unreadable > 0).then(|| format!("{} unreadable", link.frames_unreadable));
    let repeated = (link.facts_repeated > 0).then(|| format!("{} repeated", link.facts_repeated));
    let parts = [node, version, position, facts, repeated, unreadable];
    let shown: Vec<String> = parts.into_iter().flatten().collect();
    format!("{} ", shown.join("  "))
}
