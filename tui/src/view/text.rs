//! Text from outside on its way to cells: cleaned, cut and wrapped. Nothing from outside reaches the
//! terminal by another way.

use crate::core::letters::is_deceptive;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Without control characters and letters that deceive; newlines become spaces.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|letter| if letter == '\n' || letter == '\t' { ' ' } else { letter })
        .filter(|letter| !letter.is_control() && !is_deceptive(*letter))
        .collect()
}

/// Cleaned, and cut to `columns` with an ellipsis.
pub(super) fn cut(text: &str, columns: usize) -> String {
    let text = clean(text);
    if text.width() <= columns {
        return text;
    }
    let room = columns.saturating_sub(1);
    let (kept, _) = text.graphemes(true).fold((String::new(), 0), |(mut kept, used), grapheme| {
        let used = used + grapheme.width();
        if used <= room {
            kept.push_str(grapheme);
        }
        (kept, used)
    });
    if columns == 0 { kept } else { kept + "…" }
}

/// Cleaned, cut, and filled with spaces to exactly `columns`.
pub(super) fn column(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let missing = columns.saturating_sub(text.width());
    text + &" ".repeat(missing)
}

/// Lines of at most `columns`, broken at spaces where there are any; newlines in the text are kept.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    text.split('\n').flat_map(|line| wrap_line(&clean(line), columns.max(1))).collect()
}

fn wrap_line(line: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split_word_bounds() {
        let used = lines.last().map_or(0, |it| it.width());
        if used + word.width() <= columns {
            push(&mut lines, word);
        } else if word.trim().is_empty() {
            lines.push(String::new());
        } else if word.width() <= columns {
            lines.push(word.to_owned());
        } else {
            break_word(&mut lines, word, columns);
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

fn break_word(lines: &mut Vec<String>, word: &str, columns: usize) {
    for grapheme in word.graphemes(true) {
        if lines.last().map_or(0, |it| it.width()) + grapheme.width() > columns {
            lines.push(String::new());
        }
        push(lines, grapheme);
    }
}

fn push(lines: &mut [String], text: &str) {
    if let Some(last) = lines.last_mut() {
        last.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_could_steer_the_terminal_is_left_out() {
        assert_eq!(clean("a\x1b]0;x\x07b\u{202e}c\nd\u{200b}\u{feff}e"), "a]0;xbc de");
    }

    #[test]
    fn long_text_is_cut_by_columns_not_by_bytes() {
        assert_eq!(cut("héllo wörld", 6), "héllo…");
        assert_eq!(column("日本", 5), "日本 ");
        assert_eq!(column("日本語", 5), "日本…");
    }

    proptest! {
        #[test]
        fn no_wrapped_line_is_too_wide_and_no_word_is_lost(text in "[a-z日 \n]{0,80}", columns in 2..20_usize) {
            let lines = wrap(&text, columns);
            prop_assert!(lines.iter().all(|line| line.width() <= columns), "{lines:?}");
            let letters = |text: &str| text.chars().filter(|it| !it.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
