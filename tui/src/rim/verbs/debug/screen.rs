//! What is shown again and again on a terminal: each picture takes the place of the one before. It fits, since what
//! scrolls or wraps would leave parts of older pictures standing.

use crate::rim::verbs::show::cut;
use std::io::IsTerminal;

/// To the first column of the first line, and nothing below.
const WIPE: &str = "\x1b[H\x1b[J";
/// What a terminal has that does not say how large it is, or says zero.
const USUAL: (u16, u16) = (80, 24);

/// A terminal's columns and rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Screen {
    columns: usize,
    rows: usize,
}

impl Screen {
    /// The terminal that results go to, as large as it is now; none where they go elsewhere.
    pub(super) fn now() -> Option<Screen> {
        if !std::io::stdout().is_terminal() {
            return None;
        }
        let said = crossterm::terminal::size().ok().filter(|&(columns, rows)| columns > 0 && rows > 0);
        let (columns, rows) = said.unwrap_or(USUAL);
        Some(Screen { columns: usize::from(columns), rows: usize::from(rows) })
    }

    /// What takes the place of whatever stands there, in pieces to be printed. The cursor rests on the last row.
    pub(super) fn picture(self, mut lines: Vec<String>) -> Vec<String> {
        let room = self.rows.saturating_sub(1).max(1);
        let hidden = lines.len().saturating_sub(room);
        if hidden > 0 {
            lines.truncate(room - 1);
            lines.push(format!("… {} more", hidden + 1));
        }
        let fitted = lines.iter().map(|line| cut(line, self.columns));
        let mut picture: Vec<String> = fitted.collect();
        if let Some(first) = picture.first_mut() {
            first.insert_str(0, WIPE);
        }
        picture
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(columns: usize, rows: usize, lines: &[&str]) -> Vec<String> {
        Screen { columns, rows }.picture(lines.iter().map(|&line| line.to_owned()).collect())
    }

    #[test]
    fn what_fits_is_shown_whole_in_the_place_of_what_stood_there() {
        assert_eq!(picture(3, 3, &["abc", "d"]), ["\x1b[H\x1b[Jabc", "d"]);
    }

    #[test]
    fn what_is_too_long_or_too_wide_says_so() {
        assert_eq!(picture(8, 3, &["123456789", "b", "c"]), ["\x1b[H\x1b[J1234567…", "… 2 more"]);
        assert_eq!(picture(8, 0, &["a", "b"]), ["\x1b[H\x1b[J… 2 more"]);
    }
}
