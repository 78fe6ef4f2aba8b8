//! Keys, pastes and resizes from the terminal, on a thread of their own that sleeps until there are any.

use super::inbox::Sender;
use crate::core::{
    Message,
    key::{Code, Key},
};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// Reads until the terminal or the model is gone.
pub(super) fn read_keys(messages: &Sender) {
    while let Ok(event) = event::read() {
        let Some(message) = message(event) else {
            continue;
        };
        if messages.send(message).is_err() {
            return;
        }
    }
    // The terminal is gone: there is nobody to show anything to.
    drop(messages.send(Message::Terminate));
}

fn message(event: Event) -> Option<Message> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => translate(key).map(Message::Key),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Resize(columns, rows) => Some(Message::Resized { columns, rows }),
        _ => None,
    }
}

fn translate(event: KeyEvent) -> Option<Key> {
    let code = match event.code {
        KeyCode::Char(_) if event.modifiers.contains(KeyModifiers::ALT) => return None,
        KeyCode::Char(letter) => Code::Char(letter),
        KeyCode::Enter if event.modifiers.contains(KeyModifiers::ALT) => Code::AltEnter,
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        _ => return None,
    };
    Some(Key { code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) })
}
