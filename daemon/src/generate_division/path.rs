//! Where a file may lie: below a folder, by plain names alone.

use hecate_desk::prelude::*;

/// Characters of a path.
const CHARS_MAX: usize = 200;
/// Characters of one of its names.
const NAME_CHARS_MAX: usize = 100;
/// Bytes of a name that templates give: as many as a file system takes, with some for names of unfinished files.
const TEMPLATE_NAME_BYTES_MAX: usize = 240;

/// What a path looks like, for whoever gave another one.
const HOW: &str = "Name a place below the folder, such as `shop/tea`: letters, digits and . _ @ + - between slashes, \
                   up to 100 in a name, none beginning with a dot or a dash.";

/// The path, or this refusal of it, which names its field.
pub(super) fn demand_beneath(path: &Text<200>, refusal: Refusal, field: &str) -> Result<String, Refused> {
    let refused = || refusal.about("field", field).about("hint", HOW);
    beneath(path.as_str()).map(str::to_owned).ok_or_else(refused)
}

/// The path's names, if it leads down by names of the same letters; here they may begin with a dot, as those of
/// templates do. Nobody's version control is written to.
pub(super) fn names_of(path: &str) -> Option<Vec<&str>> {
    let is_named = |name: &&str| {
        let plain = name.strip_prefix('.').unwrap_or(name);
        is_plain(plain, TEMPLATE_NAME_BYTES_MAX) && !name.eq_ignore_ascii_case(".git")
    };
    let names: Vec<&str> = path.split('/').collect();
    names.iter().all(is_named).then_some(names)
}

/// The path, if it leads down and nowhere else: plain names joined by `/`. None begins with a dot, so that nothing is
/// hidden and no tool's own folder is written to, and none with a dash, so that none is taken for an option.
pub(super) fn beneath(path: &str) -> Option<&str> {
    let leads_down = path.len() <= CHARS_MAX && path.split('/').all(|name| is_plain(name, NAME_CHARS_MAX));
    leads_down.then_some(path)
}

fn is_plain(name: &str, bytes_max: usize) -> bool {
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || b"._@+-".contains(&b);
    name.len() <= bytes_max
        && name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && name.bytes().all(is_letter)
}

/// Ways out of a folder, and things that are no path: nobody may write by any of them.
#[cfg(test)]
pub(super) const ESCAPES: [&str; 64] = [
    "",
    ".",
    "..",
    "/",
    "//",
    "./",
    "../",
    "/..",
    "/.",
    "a/",
    "a//b",
    "a/.",
    "a/..",
    "./a",
    "../a",
    "../../a",
    "a/../b",
    "a/../../b",
    "a/./b",
    "a/b/..",
    "a/b/../../..",
    "/a",
    "/etc/passwd",
    "//etc/passwd",
    "~",
    "~/a",
    "~root/a",
    "a/~",
    "$HOME",
    "$HOME/a",
    "${HOME}",
    "`id`",
    "a\\b",
    "..\\a",
    "a\\..\\b",
    "C:\\a",
    "C:/a",
    "c:",
    "\\\\host\\share",
    "a\0",
    "a\0/../b",
    "\0",
    "a\nb",
    "a\rb",
    "a\tb",
    " ",
    "a /b",
    "a b",
    "%2e%2e/a",
    "..%2fa",
    "%00",
    "．．/a",
    "a／..／b",
    "‥/a",
    "a\u{202e}b",
    "é",
    ".git/hooks/post-checkout",
    ".ssh/authorized_keys",
    "a/.git/config",
    ".hidden",
    "...",
    "-rf",
    "a/-o",
    "file:///etc/passwd",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::{Component, Path};

    #[test]
    fn no_way_out_is_a_path_and_plain_names_are() {
        for escape in ESCAPES {
            assert_eq!(beneath(escape), None, "{escape:?}");
        }
        for path in
            ["a", "src/main.rs", "a/b/c/d.e", "_x/y-z", "orders@2/a+b", "a..b", "x.", &"a/".repeat(99)[..197]]
        {
            assert_eq!(beneath(path), Some(path));
        }
        assert_eq!(beneath(&"a".repeat(NAME_CHARS_MAX + 1)), None);
        // Templates put the names of division and desk into one.
        for (bytes, known) in [(TEMPLATE_NAME_BYTES_MAX, true), (TEMPLATE_NAME_BYTES_MAX + 1, false)] {
            assert_eq!(names_of(&format!("desks/{}", "a".repeat(bytes))).is_some(), known, "{bytes}");
        }
        assert_eq!(beneath(&"a/".repeat(101)[..201]), None);
    }

    proptest! {
        #[test]
        fn what_is_let_through_leads_down_by_names_alone(path in "[a./~\\\\ \\-\u{e9}\0]{0,12}") {
            if beneath(&path).is_some() {
                let names = Path::new(&path).components().collect::<Vec<_>>();
                prop_assert!(names.iter().all(|name| matches!(name, Component::Normal(_))), "{:?}", path);
                prop_assert_eq!(names.len(), path.split('/').count());
            }
        }
    }
}
