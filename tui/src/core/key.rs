//! Keys as the core sees them, with a text form: `g`, `<c-s>`, `<ret>`. Help pages print it, tests type it.

use std::fmt;

/// A key press, after the terminal's own encoding is rubbed off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// Held together with Ctrl.
    pub ctrl: bool,
}

/// Which key it is; Shift is part of the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A character.
    Char(char),
    /// Return.
    Enter,
    /// Return held with Alt.
    AltEnter,
    /// Escape.
    Esc,
    /// Deletes leftwards.
    Backspace,
    /// Deletes rightwards.
    Delete,
    /// Forwards.
    Tab,
    /// Backwards.
    BackTab,
    /// Arrow.
    Up,
    /// Arrow.
    Down,
    /// Arrow.
    Left,
    /// Arrow.
    Right,
    /// Start of the line.
    Home,
    /// End of the line.
    End,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
}

const NAMES: &[(&str, Code)] = &[
    ("ret", Code::Enter),
    ("a-ret", Code::AltEnter),
    ("esc", Code::Esc),
    ("bs", Code::Backspace),
    ("del", Code::Delete),
    ("tab", Code::Tab),
    ("s-tab", Code::BackTab),
    ("up", Code::Up),
    ("down", Code::Down),
    ("left", Code::Left),
    ("right", Code::Right),
    ("home", Code::Home),
    ("end", Code::End),
    ("pageup", Code::PageUp),
    ("pagedown", Code::PageDown),
    ("space", Code::Char(' ')),
    ("lt", Code::Char('<')),
];

impl Key {
    /// A key without Ctrl.
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false }
    }

    /// A character held with Ctrl.
    pub const fn ctrl(letter: char) -> Self {
        Self { code: Code::Char(letter), ctrl: true }
    }

    /// Reads a string of keys: plain characters, and names in angle brackets. `None` for an unknown name.
    pub fn parse_all(text: &str) -> Option<Vec<Self>> {
        let mut keys = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if first != '<' {
                keys.push(Self::plain(Code::Char(first)));
                rest = &rest[first.len_utf8()..];
                continue;
            }
            let end = rest.find('>')?;
            keys.push(Self::named(&rest[1..end])?);
            rest = &rest[end + 1..];
        }
        Some(keys)
    }

    fn named(name: &str) -> Option<Self> {
        if let Some((_, code)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Some(Self::plain(*code));
        }
        let mut letters = name.strip_prefix("c-")?.chars();
        let letter = letters.next()?;
        letters.next().is_none().then_some(Self::ctrl(letter))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Code::Char(letter) if self.ctrl => write!(f, "Ctrl+{}", letter.to_ascii_uppercase()),
            Code::Char(' ') => f.write_str("Space"),
            Code::Char(letter) => write!(f, "{letter}"),
            Code::Enter => f.write_str("Enter"),
            Code::AltEnter => f.write_str("Alt+Enter"),
            Code::BackTab => f.write_str("Shift+Tab"),
            code => write!(f, "{code:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_string_reads_names_characters_and_ctrl() {
        let keys = Key::parse_all("g<c-s><ret><lt>").expect("known keys");
        let shown: Vec<String> = keys.iter().map(Key::to_string).collect();
        assert_eq!(shown, ["g", "Ctrl+S", "Enter", "<"]);
        assert_eq!(Key::parse_all("<nonsense>"), None);
        assert_eq!(Key::parse_all("<c-"), None);
    }
}
