//! Views turn the model into cells. They read, and decide nothing.

mod board;
mod chat;
mod form;
mod help;
mod menu;
mod observer;
mod page;
mod status;
mod text;
pub mod theme;

use crate::core::{
    Model,
    model::{Overlay, Screen},
};
use ratatui::{Frame, layout::Rect, text::Line};
use theme::Theme;

/// Below this many columns or rows there is one line of notice instead of screens.
pub const SIZE_MIN: (u16, u16) = (60, 16);

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, model: &Model, theme: &Theme) {
    let area = frame.area();
    if area.width < SIZE_MIN.0 || area.height < SIZE_MIN.1 {
        return draw_too_small(frame, area);
    }
    // By hand: a solver of constraints would cost more than all the rest of a frame.
    let (tabs, rest) = cut_top(area, 1);
    let (body, rest) = cut_top(rest, rest.height - 2);
    let (news, bottom) = cut_top(rest, 1);
    status::draw_tabs(frame, tabs, model, theme);
    match model.screen {
        Screen::Chat => chat::draw(frame, body, model, theme),
        Screen::Board => board::draw(frame, body, model, theme),
        Screen::Observer => observer::draw(frame, body, model, theme),
    }
    match &model.overlay {
        Some(Overlay::Help(scroll)) => help::draw(frame, body, model, *scroll, theme),
        Some(Overlay::Page(page)) => page::draw(frame, body, model, page, theme),
        Some(Overlay::Menu(menu)) => menu::draw(frame, body, menu, theme),
        Some(Overlay::Form(form)) => form::draw(frame, body, form, theme),
        None => {}
    }
    status::draw_news(frame, news, model, theme);
    status::draw_status(frame, bottom, model, theme);
    theme.finish(frame.buffer_mut());
}

fn draw_too_small(frame: &mut Frame<'_>, area: Rect) {
    let (columns, rows) = SIZE_MIN;
    let says = format!("Hecate needs {columns}x{rows}, this is {}x{}", area.width, area.height);
    frame.render_widget(Line::from(says), area);
}

/// The first `rows` rows of an area, and what is left of it.
fn cut_top(area: Rect, rows: u16) -> (Rect, Rect) {
    let height = rows.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

/// A box of at most `columns` x `rows` in the middle of `area`.
fn centred(area: Rect, columns: u16, rows: u16) -> Rect {
    let (width, height) = (columns.min(area.width), rows.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}
