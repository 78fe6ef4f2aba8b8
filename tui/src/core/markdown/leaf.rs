//! What a single line can be, by its looks alone.

/// A list marker at the start of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    /// The number of an ordered item, with its dot or bracket.
    pub(super) ordered: Option<String>,
    /// Bytes of the marker and of the spaces that belong to it.
    pub(super) bytes: usize,
    /// Whether nothing follows it.
    pub(super) empty: bool,
}

/// An opening fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FenceMark {
    pub(super) letter: u8,
    pub(super) length: usize,
    /// The first word behind it.
    pub(super) language: String,
}

/// How a column of a table stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Align {
    #[default]
    Left,
    Centre,
    Right,
}

/// Digits of an item's number.
const NUMBER_DIGITS_MAX: usize = 9;
/// More columns than this are one.
pub(super) const COLUMNS_MAX: usize = 64;

/// Spaces at the start of a line.
pub(super) fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// `***`, `- - -`, `___`.
pub(super) fn is_rule(line: &str) -> bool {
    let letter = line.trim_start_matches(' ').bytes().next().unwrap_or_default();
    let all = line.bytes().all(|it| it == letter || it == b' ');
    b"*-_".contains(&letter) && all && line.bytes().filter(|it| *it == letter).count() >= 3
}

/// `===` or `---` below a paragraph: the level of the heading that it makes.
pub(super) fn underline(line: &str) -> Option<u8> {
    let line = line.trim_end_matches(' ');
    let all = |letter| !line.is_empty() && line.bytes().all(|it| it == letter);
    if all(b'=') { Some(1) } else { all(b'-').then_some(2) }
}

/// `## Heading ##`: its level and its text.
pub(super) fn heading(line: &str) -> Option<(u8, &str)> {
    let text = line.trim_start_matches('#');
    let level = u8::try_from(line.len() - text.len()).ok().filter(|it| (1..=6).contains(it))?;
    if !text.is_empty() && !text.starts_with(' ') {
        return None;
    }
    let text = text.trim_matches(' ');
    let bare = text.trim_end_matches('#');
    let closed = bare.len() < text.len() && (bare.is_empty() || bare.ends_with(' '));
    Some((level, if closed { bare.trim_end_matches(' ') } else { text }))
}

/// Three or more backticks or tildes.
pub(super) fn fence(line: &str) -> Option<FenceMark> {
    let letter = line.bytes().next().filter(|it| b"`~".contains(it))?;
    let length = line.bytes().take_while(|it| *it == letter).count();
    let info = line[length..].trim_matches(' ');
    if length < 3 || (letter == b'`' && info.contains('`')) {
        return None;
    }
    let language = info.split(' ').next().unwrap_or_default().to_owned();
    Some(FenceMark { letter, length, language })
}

/// Whether the line closes a fence.
pub(super) fn closes(line: &str, letter: u8, length: usize) -> bool {
    let line = line.trim_end_matches(' ');
    let body = line.trim_start_matches(' ');
    line.len() - body.len() <= 3 && body.len() >= length && body.bytes().all(|it| it == letter)
}

/// `- `, `* `, `+ `, `1. `, `2) `.
pub(super) fn marker(line: &str) -> Option<Marker> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let sign = *line.as_bytes().get(digits)?;
    let is_marker = match digits {
        0 => b"-*+".contains(&sign),
        _ => digits <= NUMBER_DIGITS_MAX && b".)".contains(&sign),
    };
    let rest = line.get(digits + 1..)?;
    let spaces = indent(rest);
    let empty = spaces == rest.len();
    if !is_marker || (spaces == 0 && !empty) {
        return None;
    }
    // More than four spaces are one, and the others belong to indented code.
    let taken = if empty || spaces > 4 { spaces.min(1) } else { spaces };
    let ordered = (digits > 0).then(|| line[..=digits].to_owned());
    Some(Marker { ordered, bytes: digits + 1 + taken, empty })
}

/// `[ ] ` or `[x] ` at the start of an item: whether it is done, and its bytes.
pub(super) fn task(item: &str) -> Option<(bool, usize)> {
    let done = match item.get(..4)? {
        "[ ] " => false,
        "[x] " | "[X] " => true,
        _ => return None,
    };
    Some((done, 4))
}

/// `|---|:-:|`: how the columns stand.
pub(super) fn delimiter_row(line: &str) -> Option<Vec<Align>> {
    if !line.contains('-') || !line.bytes().all(|it| b"|-: ".contains(&it)) {
        return None;
    }
    cells(line).iter().map(|cell| delimiter(cell)).collect()
}

fn delimiter(cell: &str) -> Option<Align> {
    let dashes = cell.trim_matches(':');
    let known = !dashes.is_empty() && dashes.bytes().all(|it| it == b'-') && cell.len() - dashes.len() <= 2;
    known.then(|| match (cell.starts_with(':'), cell.ends_with(':')) {
        (true, true) => Align::Centre,
        (false, true) => Align::Right,
        _ => Align::Left,
    })
}

/// The cells of a table's row; `\|` is a letter.
pub(super) fn cells(row: &str) -> Vec<String> {
    let row = row.trim_matches(' ');
    let row = row.strip_prefix('|').unwrap_or(row);
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for letter in row.chars() {
        let splits = letter == '|' && !escaped && cells.len() < COLUMNS_MAX;
        if splits {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            if letter == '|' && escaped {
                cell.pop();
            }
            cell.push(letter);
        }
        escaped = letter == '\\' && !escaped;
    }
    if cells.len() > 1 && cells.last().is_some_and(|cell| cell.trim_matches(' ').is_empty()) {
        cells.pop();
    }
    cells.into_iter().map(|cell| cell.trim_matches(' ').to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_known_by_their_looks() {
        for (line, is) in [("---", true), ("* * *", true), ("--", false), ("-- -x", false), ("", false)] {
            assert_eq!(is_rule(line), is, "{line:?}");
        }
        for (line, text) in [
            ("# a", Some((1, "a"))),
            ("### b ##", Some((3, "b"))),
            ("# c#", Some((1, "c#"))),
            ("#", Some((1, ""))),
            ("#a", None),
            ("####### a", None),
        ] {
            assert_eq!(heading(line), text, "{line:?}");
        }
        assert_eq!(fence("```rust ignore").map(|it| (it.length, it.language)), Some((3, "rust".to_owned())));
        assert_eq!(fence("``` a`b"), None);
        assert!(closes("  ```` ", b'`', 3) && !closes("``", b'`', 3) && !closes("``` x", b'`', 3));
    }

    #[test]
    fn markers_know_their_width() {
        for (line, bytes) in [
            ("- a", Some(2)),
            ("10. a", Some(4)),
            ("-   a", Some(4)),
            ("-     code", Some(2)),
            ("-", Some(1)),
        ] {
            assert_eq!(marker(line).map(|it| it.bytes), bytes, "{line:?}");
        }
        for line in ["-a", "1a", "1.a", "1234567890. a", "a"] {
            assert_eq!(marker(line), None, "{line:?}");
        }
    }

    #[test]
    fn rows_are_split_at_bare_pipes() {
        assert_eq!(cells("| a | b \\| c |"), ["a", "b | c"]);
        assert_eq!(cells("a|b"), ["a", "b"]);
        assert_eq!(cells("| a | |"), ["a", ""]);
        assert_eq!(delimiter_row("|:-:|--:|---|"), Some(vec![Align::Centre, Align::Right, Align::Left]));
        assert_eq!(delimiter_row("| a |"), None);
        assert_eq!(delimiter_row("|-:-|"), None);
    }
}
