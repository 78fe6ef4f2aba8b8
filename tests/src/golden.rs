//! Goldens: what others see of the daemon, committed. A change is visible, wanted and in the changelog.
//!
//! `UPDATE_GOLDENS=1 cargo test -p hecate-tests` writes them anew, but for those that are kept for ever.

use std::path::{Path, PathBuf};

const UPDATE: &str = "UPDATE_GOLDENS";
/// Lines shown around a difference.
const CONTEXT_LINES: usize = 3;
/// Lines shown of either side.
const SHOWN_LINES_MAX: usize = 40;

/// Compares with the committed text, or writes it when asked to.
///
/// # Panics
/// When they differ, with the lines that do.
pub fn check(name: &str, seen: &str) {
    let path = path(name);
    if is_update() {
        write(&path, seen);
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some(difference) = difference(&committed, seen) {
        panic!("{} differs (wanted? {UPDATE}=1 writes it anew)\n{difference}", path.display());
    }
}

/// The committed text, which nothing ever writes anew. Made where it is missing and asked for.
///
/// # Panics
/// When it is missing and nobody asked for it.
pub fn kept_for_ever(name: &str, make: impl FnOnce() -> String) -> String {
    let path = path(name);
    if let Ok(kept) = std::fs::read_to_string(&path) {
        return kept;
    }
    assert!(is_update(), "{} is missing: {UPDATE}=1 makes it, once and for ever", path.display());
    let made = make();
    write(&path, &made);
    made
}

/// The names of the goldens in a folder of goldens, in order.
pub fn names_in(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(path(folder)).into_iter().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn is_update() -> bool {
    std::env::var_os(UPDATE).is_some()
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "goldens", name].iter().collect()
}

/// JSON with one field a line, so that a difference is a line.
///
/// # Panics
/// When it is no JSON.
pub fn pretty(json: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(json).unwrap();
    serde_json::to_string_pretty(&value).unwrap() + "\n"
}

/// From the first to the last line that differs, in the manner of `diff -u`; none where none does.
pub fn difference(committed: &str, seen: &str) -> Option<String> {
    if committed == seen {
        return None;
    }
    let (old, new): (Vec<_>, Vec<_>) = (committed.lines().collect(), seen.lines().collect());
    let same_head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - same_head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let context =
        old[same_head.saturating_sub(CONTEXT_LINES)..same_head].iter().map(|line| format!("  {line}"));
    let side = |sign: char, lines: &[&str]| -> Vec<String> {
        let shown = lines.iter().take(SHOWN_LINES_MAX).map(|line| format!("{sign} {line}"));
        let left_out = lines.len().saturating_sub(SHOWN_LINES_MAX);
        shown.chain((left_out > 0).then(|| format!("{sign} … {left_out} lines more"))).collect()
    };
    let lines: Vec<String> = std::iter::once(format!("@@ line {} @@", same_head + 1))
        .chain(context)
        .chain(side('-', &old[same_head..old.len() - tail]))
        .chain(side('+', &new[same_head..new.len() - tail]))
        .collect();
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_the_lines_that_differ() {
        assert_eq!(difference("a\nb\nc\n", "a\nb\nc\n"), None);
        assert_eq!(difference("a\nb\nc\n", "a\nB\nc\n").unwrap(), "@@ line 2 @@\n  a\n- b\n+ B");
        assert_eq!(difference("a\n", "a\nb\n").unwrap(), "@@ line 2 @@\n  a\n+ b");
        assert!(difference("", &"x\n".repeat(100)).unwrap().ends_with("+ … 60 lines more"));
    }
}
