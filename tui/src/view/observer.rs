//! The daemon's supervision tree, one line an actor.

use super::{board::first_shown, text, theme::Theme};
use crate::core::{Model, link::LinkState, observer::TreeRow};
use hecate_proto::tree::TreeNode;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::Line,
    widgets::Paragraph,
};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    let observer = &model.observer;
    let when = observer.at.as_deref().and_then(|at| at.get(11..19)).map(|at| format!(" at {at} UTC"));
    let lost = matches!(model.link.state, LinkState::Stale { .. }) || observer.trouble.is_some();
    let mark = if lost && !observer.rows.is_empty() { ", stale" } else { "" };
    let more = match observer.rows_left_out {
        0 => String::new(),
        count => format!(", {count} more are not shown"),
    };
    let title = format!("Supervision tree{}{mark}{more}", when.unwrap_or_default());
    let block = theme.block(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if observer.rows.is_empty() {
        return frame.render_widget(Paragraph::new(trouble(model, usize::from(inner.width), theme)), inner);
    }
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(2)]).areas(inner);
    draw_rows(frame, head, body, model, theme);
    if let Some(row) = observer.rows.get(observer.selected) {
        frame.render_widget(Paragraph::new(detail(&row.node, usize::from(foot.width), theme)), foot);
    }
}

fn trouble(model: &Model, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    match &model.observer.trouble {
        Some(trouble) => {
            text::wrap(trouble, columns).into_iter().map(|line| Line::styled(line, theme.warning())).collect()
        }
        None if model.link.state == LinkState::Live => vec![Line::raw("Reading …")],
        None => vec![Line::raw("No tree yet: there is no connection.")],
    }
}

fn draw_rows(frame: &mut Frame<'_>, head: Rect, body: Rect, model: &Model, theme: &Theme) {
    let observer = &model.observer;
    let columns = usize::from(body.width);
    let heading = columns_line(columns, ["actor", "status", "starts", "mailbox", "handled", "last"]);
    frame.render_widget(Line::styled(heading, theme.dim()), head);
    let first = first_shown(observer.selected, observer.rows.len(), usize::from(body.height));
    let lines: Vec<Line<'_>> = observer
        .rows
        .iter()
        .enumerate()
        .skip(first)
        .take(usize::from(body.height))
        .map(|(at, row)| row_line(row, columns, at == observer.selected, theme))
        .collect();
    frame.render_widget(Paragraph::new(lines), body);
}

fn columns_line(width: usize, cells: [&str; 6]) -> String {
    let last = if width >= 100 { 22 } else { 0 };
    let name = width.saturating_sub(11 + 7 + 12 + 10 + last);
    let widths = [name, 11, 7, 12, 10, last];
    let cell = |(text, width): (&str, usize)| match width {
        0 => String::new(),
        _ => text::column(text, width - 1) + " ",
    };
    cells.into_iter().zip(widths).map(cell).collect()
}

fn row_line(row: &TreeRow, columns: usize, selected: bool, theme: &Theme) -> Line<'static> {
    let node = &row.node;
    let name = format!("{}{}", "  ".repeat(row.depth.min(20)), last_segment(&node.path));
    let mailbox = node.mailbox.as_ref().map(|it| format!("{}/{}", it.depth, it.capacity)).unwrap_or_default();
    let handled = node.messages.as_ref().map(|it| it.handled.to_string()).unwrap_or_default();
    let last = node.messages.as_ref().and_then(|it| it.last.clone()).unwrap_or_default();
    let starts = node.generation.to_string();
    let line = columns_line(columns, [&name, &node.status, &starts, &mailbox, &handled, &last]);
    let style = match &*node.status {
        _ if selected => theme.selected(),
        "running" if node.strategy.is_some() => theme.strong(),
        "running" => Style::new(),
        "stopped" => theme.dim(),
        _ => theme.warning(),
    };
    Line::styled(line, style)
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').find(|it| !it.is_empty()).unwrap_or(path)
}

fn detail(node: &TreeNode, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    let strategy = node.strategy.as_deref().map(|it| format!(", {it}")).unwrap_or_default();
    let intensity = node.intensity.as_ref();
    let intensity = intensity
        .map(|it| format!(", {} of {} restarts in {} ms", it.used, it.max, it.period_ms))
        .unwrap_or_default();
    let dropped = node.messages.as_ref().map(|it| format!(", {} dropped", it.dropped)).unwrap_or_default();
    let what = format!("{}: {}{strategy}{intensity}, {}{dropped}", node.path, node.kind, node.restart);
    let restarts = match &node.restarts.last {
        Some(last) => {
            format!("restarts {}, last at {}: {}", node.restarts.total, last.at, last.reason)
        }
        None => format!("restarts {}", node.restarts.total),
    };
    [what, restarts].map(|line| Line::styled(text::cut(&line, columns), theme.dim())).into()
}
