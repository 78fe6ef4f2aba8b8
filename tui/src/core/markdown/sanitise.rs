//! The gate for what models and people write: behind it there is nothing but printable text and newlines.
//! It looks at one letter at a time, so it does not matter how the text was cut on its way.

use crate::core::letters::is_deceptive;
use unicode_width::UnicodeWidthChar;

/// Columns of a tab stop.
const TAB_COLUMNS: usize = 4;
/// Letters without width that may stand on one letter; the rest of a storm is left out.
const MARKS_MAX: u8 = 8;

/// What has to be remembered between two letters.
#[derive(Clone, Debug, Default)]
pub struct Sanitiser {
    after_return: bool,
    column: usize,
    marks: u8,
}

impl Sanitiser {
    /// Appends to `clean` what is left of `text`.
    pub fn push(&mut self, text: &str, clean: &mut String) {
        clean.reserve(text.len());
        for letter in text.chars() {
            self.take(letter, clean);
        }
    }

    fn take(&mut self, letter: char, clean: &mut String) {
        let second_half = std::mem::take(&mut self.after_return) && letter == '\n';
        match letter {
            '\n' if second_half => {}
            '\n' | '\r' => {
                self.after_return = letter == '\r';
                self.column = 0;
                self.marks = MARKS_MAX;
                clean.push('\n');
            }
            '\t' => {
                let columns = TAB_COLUMNS - self.column % TAB_COLUMNS;
                self.column += columns;
                self.marks = 0;
                clean.extend(std::iter::repeat_n(' ', columns));
            }
            ' '..='~' => self.keep(letter, clean),
            _ if letter.is_control() || is_deceptive(letter) => {}
            _ if letter.width() == Some(0) => {
                if self.marks < MARKS_MAX {
                    self.marks += 1;
                    clean.push(letter);
                }
            }
            _ => self.keep(letter, clean),
        }
    }

    fn keep(&mut self, letter: char, clean: &mut String) {
        self.column += 1;
        self.marks = 0;
        clean.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clean(text: &str) -> String {
        let mut clean = String::new();
        Sanitiser::default().push(text, &mut clean);
        clean
    }

    #[test]
    fn what_could_steer_the_terminal_is_left_out() {
        for (text, kept) in [
            ("a\x1b]0;x\x07b\u{9b}31m\u{202e}c", "a]0;xb31mc"),
            ("one\r\ntwo\rthree\n", "one\ntwo\nthree\n"),
            ("\ta\tb", "    a   b"),
            ("e\u{301}\u{200b}\u{feff}", "e\u{301}"),
            ("日本\u{0}", "日本"),
        ] {
            assert_eq!(clean(text), kept, "{text:?}");
        }
    }

    #[test]
    fn a_storm_of_marks_is_cut() {
        let storm = format!("e{}x{}", "\u{301}".repeat(1_000), "\u{301}".repeat(2));
        assert_eq!(clean(&storm).chars().count(), 1 + 8 + 1 + 2);
        assert_eq!(clean("\n\u{301}a"), "\na", "a mark needs a letter to stand on");
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_and_nothing_is_unprintable(text: String, cuts: Vec<prop::sample::Index>) {
            let letters: Vec<char> = text.chars().collect();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(letters.len() + 1)).collect();
            cuts.extend([0, letters.len()]);
            cuts.sort_unstable();
            let mut sanitiser = Sanitiser::default();
            let mut pieces = String::new();
            for pair in cuts.windows(2) {
                sanitiser.push(&letters[pair[0]..pair[1]].iter().collect::<String>(), &mut pieces);
            }
            prop_assert!(!pieces.chars().any(|letter| (letter.is_control() && letter != '\n') || is_deceptive(letter)));
            prop_assert_eq!(pieces, clean(&text));
        }
    }
}
