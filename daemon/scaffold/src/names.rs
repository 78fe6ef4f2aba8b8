//! Names of a plan as languages write them. Plans are meant to hold snake case; whatever else they hold becomes
//! snake case here, so that no name can leave its folder or its string.

use std::collections::BTreeSet;

/// Folders hold no longer names; every file system takes them.
const FOLDER_CHARS_MAX: usize = 100;

/// Devices of one system, which cannot check out a folder of such a name; Go refuses to import one.
pub(crate) const DEVICES: &[&str] = &[
    "aux", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "con", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "nul", "prn",
];

/// The name in ASCII snake case. Names that are so already stay as they are.
pub(crate) fn snake(raw: &str) -> String {
    if is_snake(raw) {
        return raw.to_owned();
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let name: String = raw.chars().map(plain).collect();
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    match words.join("_") {
        name if is_snake(&name) => name,
        name if name.is_empty() => "nameless".to_owned(),
        name => format!("n_{name}"),
    }
}

/// A name for a folder, of its own for each raw name.
pub(crate) fn folder(raw: &str) -> String {
    if is_snake(raw) && raw.len() <= FOLDER_CHARS_MAX {
        return raw.to_owned();
    }
    let name: String = snake(raw).chars().take(FOLDER_CHARS_MAX / 2).collect();
    format!("{name}_{:016x}", fnv1a(raw))
}

/// The name, with an underscore more where it, or it without its last underscores, is reserved. So nothing
/// that is not reserved can meet what was.
pub(crate) fn escaped(name: &str, reserved: &[&str]) -> String {
    if reserved.contains(&name.trim_end_matches('_')) { format!("{name}_") } else { name.to_owned() }
}

/// `order_placed_v1` as `OrderPlacedV1`.
pub(crate) fn pascal(snake: &str) -> String {
    snake.split('_').map(capitalised).collect()
}

/// The same, and different for different names: what two names could share keeps its underscore.
pub(crate) fn distinct_pascal(snake: &str) -> String {
    let mut parts = snake.split('_');
    let mut name = capitalised(parts.next().unwrap_or_default());
    for part in parts {
        if !part.starts_with(|first: char| first.is_ascii_lowercase()) {
            name.push('_');
        }
        name.push_str(&capitalised(part));
    }
    name
}

pub(crate) fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// The names that are given in one place, each once.
#[derive(Default)]
pub(crate) struct Given(BTreeSet<String>);

impl Given {
    /// Starts with names that the templates use themselves.
    pub(crate) fn with(names: &[&str]) -> Given {
        Given(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// The name wanted, or the next one like it that is free.
    pub(crate) fn give(&mut self, wanted: String) -> String {
        let others = (2..).map(|n: u32| format!("{wanted}_{n}"));
        let free = std::iter::once(wanted.clone()).chain(others).find(|name| !self.0.contains(name));
        let name = free.unwrap_or(wanted);
        self.0.insert(name.clone());
        name
    }
}

fn is_snake(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(fits)
}

/// Tells names apart that look alike in snake case; nobody is kept out by it.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_snake_case_and_stay_it() {
        for (raw, expected) in [
            ("place_order", "place_order"),
            ("a__b_", "a__b_"),
            ("Order-Management", "order_management"),
            ("../../etc", "etc"),
            ("2nd", "n_2nd"),
            ("ß", "nameless"),
        ] {
            assert_eq!(snake(raw), expected);
        }
    }

    #[test]
    fn folders_of_different_names_differ() {
        assert_eq!(folder("place_order"), "place_order");
        assert_ne!(folder("a-b"), folder("a b"));
        assert!(folder(&"x".repeat(300)).len() < 80);
    }

    #[test]
    fn what_is_reserved_never_meets_what_is_not() {
        let escape = |name| escaped(name, &["type"]);
        assert_eq!([escape("type"), escape("type_"), escape("typed")], ["type_", "type__", "typed"]);
    }

    #[test]
    fn pascal_case_can_be_told_apart_where_it_must() {
        assert_eq!(pascal("order_placed_v1"), "OrderPlacedV1");
        let names = ["a_b", "a__b", "ab", "a_1", "a1", "a_b_"].map(distinct_pascal);
        assert_eq!(names, ["AB", "A_B", "Ab", "A_1", "A1", "AB_"]);
    }

    #[test]
    fn a_name_is_given_once() {
        let mut given = Given::with(&["revision"]);
        let names = ["revision", "id", "id", "id"].map(|name| given.give(name.to_owned()));
        assert_eq!(names, ["revision_2", "id", "id_2", "id_3"]);
    }
}
