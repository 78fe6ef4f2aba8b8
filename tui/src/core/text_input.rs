//! Text under a cursor. Bounded, so that a pasted gigabyte is not one.

use super::key::{Code, Key};
use unicode_segmentation::UnicodeSegmentation;

/// What one input holds at most, bytes.
const TEXT_BYTES_MAX: usize = 256 * 1024;

/// Text and a cursor on a grapheme boundary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextInput {
    text: String,
    cursor: usize,
}

impl TextInput {
    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The cursor, a byte offset into the text.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Replaces everything; the cursor goes to the end.
    pub fn set(&mut self, text: &str) {
        self.text = text.to_owned();
        self.cursor = self.text.len();
    }

    /// Inserts what people may paste: control characters are left out, newlines too unless `tall`. False when
    /// it would be too much; nothing is inserted then.
    pub fn insert(&mut self, text: &str, tall: bool) -> bool {
        let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
        let wanted = |letter: &char| !letter.is_control() || (tall && *letter == '\n');
        let clean: String = text.chars().filter(wanted).collect();
        if self.text.len() + clean.len() > TEXT_BYTES_MAX {
            return false;
        }
        self.text.insert_str(self.cursor, &clean);
        self.cursor += clean.len();
        true
    }

    /// Takes an editing key; false when it is none.
    pub fn press(&mut self, key: Key) -> bool {
        match (key.code, key.ctrl) {
            (Code::Char(letter), false) => return self.insert(letter.encode_utf8(&mut [0; 4]), false),
            (Code::Backspace, _) => self.delete(self.before(), self.cursor),
            (Code::Delete, _) => self.delete(self.cursor, self.after()),
            (Code::Left, _) => self.cursor = self.before(),
            (Code::Right, _) => self.cursor = self.after(),
            (Code::Home, _) | (Code::Char('a'), true) => self.cursor = self.line_start(),
            (Code::End, _) | (Code::Char('e'), true) => self.cursor = self.line_end(),
            (Code::Char('u'), true) => self.delete(self.line_start(), self.cursor),
            (Code::Char('w'), true) => self.delete(self.word_start(), self.cursor),
            _ => return false,
        }
        true
    }

    /// Moves to the line above or below, at the same column; false at the edge.
    pub fn move_line(&mut self, down: bool) -> bool {
        let column = self.text[self.line_start()..self.cursor].graphemes(true).count();
        let start = if down {
            match self.text[self.cursor..].find('\n') {
                Some(newline) => self.cursor + newline + 1,
                None => return false,
            }
        } else {
            match self.line_start().checked_sub(1) {
                Some(newline) => self.text[..newline].rfind('\n').map_or(0, |at| at + 1),
                None => return false,
            }
        };
        let line = self.text[start..].split('\n').next().unwrap_or_default();
        self.cursor = start + line.graphemes(true).take(column).map(str::len).sum::<usize>();
        true
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
    }

    fn before(&self) -> usize {
        let last = self.text[..self.cursor].graphemes(true).next_back();
        self.cursor - last.map_or(0, str::len)
    }

    fn after(&self) -> usize {
        let next = self.text[self.cursor..].graphemes(true).next();
        self.cursor + next.map_or(0, str::len)
    }

    fn line_start(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.text[self.cursor..].find('\n').map_or(self.text.len(), |at| self.cursor + at)
    }

    fn word_start(&self) -> usize {
        let head = self.text[..self.cursor].trim_end();
        head.rfind(char::is_whitespace)
            .map_or(0, |at| at + head[at..].chars().next().map_or(1, char::len_utf8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(keys: &str) -> TextInput {
        let mut input = TextInput::default();
        for key in Key::parse_all(keys).expect("known keys") {
            input.press(key);
        }
        input
    }

    #[test]
    fn editing_keys_edit() {
        for (keys, text, cursor) in [
            ("abc<left><bs>", "ac", 1),
            ("abc<home><del>", "bc", 0),
            ("one two<c-w>", "one ", 4),
            ("one<c-u>", "", 0),
            ("été<bs>", "ét", 3),
        ] {
            let input = typed(keys);
            assert_eq!((input.text(), input.cursor()), (text, cursor), "{keys}");
        }
    }

    #[test]
    fn lines_are_walked_at_the_same_column() {
        let mut input = TextInput::default();
        input.insert("long line\nab\nthird", true);
        assert!(input.move_line(false));
        assert_eq!(input.cursor(), 12);
        assert!(input.move_line(false));
        assert_eq!(input.cursor(), 2);
        assert!(!input.move_line(false));
        assert!(input.move_line(true) && input.move_line(true) && !input.move_line(true));
    }

    #[test]
    fn a_pasted_escape_is_not_kept() {
        let mut input = TextInput::default();
        input.insert("a\x1b[31mb\nc", false);
        assert_eq!(input.text(), "a[31mbc");
    }

    proptest! {
        #[test]
        fn the_cursor_always_stands_on_a_boundary(keys in proptest::collection::vec(0..10_usize, 0..60)) {
            let mut input = TextInput::default();
            for key in keys {
                match key {
                    0 => { input.insert("é", true); }
                    1 => { input.insert("👩‍👩‍👧\n", true); }
                    2 => { input.move_line(true); }
                    3 => { input.move_line(false); }
                    other => {
                        let keys = ["<left>", "<right>", "<bs>", "<del>", "<c-w>", "x"];
                        input.press(Key::parse_all(keys[other - 4]).expect("a key")[0]);
                    }
                }
                prop_assert!(input.text().is_char_boundary(input.cursor()));
            }
        }
    }
}
