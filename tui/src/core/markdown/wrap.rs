//! Breaking text into lines: at spaces and between wide letters, inside a word only where it is too long.

use super::ink::{Flat, Line};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Stands in a [`Flat`] where a line must end. The sanitiser lets no control letter in, so text has none.
pub(super) const HARD_BREAK: char = '\u{1}';

/// Where lines may be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breaks {
    /// Prose: at spaces, which vanish there.
    Words,
    /// Code: wherever the width ends, and every space stays.
    Anywhere,
}

/// One line being gathered.
struct Gathering {
    start: usize,
    columns: usize,
    /// The last place for a break and the columns before it.
    place: Option<(usize, usize)>,
}

/// The lines of `flat`, each at most `columns` wide. There is always one at least.
pub(super) fn ranges(flat: &str, columns: usize, breaks: Breaks) -> Vec<Range<usize>> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut at = 0;
    for part in flat.split(HARD_BREAK) {
        part_ranges(part, at, columns, breaks, &mut lines);
        at += part.len() + HARD_BREAK.len_utf8();
    }
    lines
}

fn part_ranges(part: &str, base: usize, columns: usize, breaks: Breaks, lines: &mut Vec<Range<usize>>) {
    let mut line = Gathering { start: 0, columns: 0, place: None };
    let mut end_line = |start: usize, end: usize| {
        let kept =
            if breaks == Breaks::Words { part[start..end].trim_end_matches(' ').len() } else { end - start };
        lines.push(base + start..base + start + kept);
    };
    for (at, letter, width) in cells(part) {
        let space = letter == " " && breaks == Breaks::Words;
        if width == 2 && at > line.start {
            line.place = Some((at, line.columns));
        }
        while line.columns + width > columns && !space && at > line.start {
            let (next, before) = line.place.filter(|_| breaks == Breaks::Words).unwrap_or((at, line.columns));
            end_line(line.start, next);
            line = Gathering { start: next, columns: line.columns - before, place: None };
        }
        // Spaces beyond the edge hang there and are trimmed away.
        line.columns += width;
        if space || width == 2 {
            line.place = Some((at + letter.len(), line.columns));
        }
    }
    end_line(line.start, part.len());
}

/// Every grapheme with its place and its columns.
fn cells(text: &str) -> Box<dyn Iterator<Item = (usize, &str, usize)> + '_> {
    if text.is_ascii() {
        return Box::new((0..text.len()).map(|at| (at, &text[at..=at], 1)));
    }
    Box::new(text.grapheme_indices(true).map(|(at, letter)| (at, letter, letter.width())))
}

/// The lines of `flat`, with a margin in front of each.
pub(super) fn lines(
    flat: &Flat,
    columns: usize,
    breaks: Breaks,
    margin: impl Fn(usize) -> Flat,
) -> Vec<Line> {
    let ranges = ranges(flat.text(), columns, breaks);
    let line = |(number, range): (usize, Range<usize>)| {
        let at = range.start;
        let mut line = margin(number);
        line.push_slice(flat, range);
        line.into_line(at)
    };
    ranges.into_iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wrapped(text: &str, columns: usize, breaks: Breaks) -> Vec<&str> {
        ranges(text, columns, breaks).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn prose_breaks_at_spaces_and_code_anywhere() {
        for (text, columns, lines) in [
            ("one two three", 7, vec!["one two", "three"]),
            ("one  two", 3, vec!["one", "two"]),
            ("seventeen", 4, vec!["seve", "ntee", "n"]),
            ("an extraordinary word", 6, vec!["an", "extrao", "rdinar", "y word"]),
            ("日本語のテキスト", 7, vec!["日本語", "のテキ", "スト"]),
            ("ab日本", 5, vec!["ab日", "本"]),
            ("one\u{1}two", 20, vec!["one", "two"]),
            ("", 5, vec![""]),
        ] {
            assert_eq!(wrapped(text, columns, Breaks::Words), lines, "{text:?} in {columns}");
        }
        assert_eq!(wrapped("a  b  c", 3, Breaks::Anywhere), ["a  ", "b  ", "c"]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_letter_is_lost(text in "[a-z日é \u{1}]{0,80}", columns in 2..20_usize) {
            for breaks in [Breaks::Words, Breaks::Anywhere] {
                let lines = wrapped(&text, columns, breaks);
                prop_assert!(lines.iter().all(|line| line.width() <= columns), "{:?}", lines);
                let letters = |text: &str| text.chars().filter(|it| !matches!(*it, ' ' | HARD_BREAK)).collect::<String>();
                prop_assert_eq!(letters(&lines.concat()), letters(&text));
            }
        }
    }
}
