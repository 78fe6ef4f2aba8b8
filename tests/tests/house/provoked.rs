//! A refusal that no test provokes may say anything, or never be given.

use crate::source::{Complaint, House, Source};

/// Refusals whose code no test says, and whose name no test says that can mean no other of that name.
pub(crate) fn check(house: &House) -> Vec<Complaint> {
    let tests: String = house.sources.iter().map(Source::tests).collect::<Vec<_>>().join("\n");
    let table = house.table_of_states();
    let codes = house.sources.iter().filter(|source| source.path.starts_with("daemon/")).flat_map(codes);
    let missing = codes.filter(|refusal| {
        !tests.contains(&format!("\"{}\"", refusal.code))
            && !tests.contains(&format!("code::{}", refusal.code.to_ascii_uppercase()))
            && !table.split_whitespace().any(|word| word == refusal.code)
            && !house.sources.iter().any(|source| refusal.is_named_in(source))
    });
    let complain = |refusal: Refusal<'_>| {
        let remedy = format!("provoke `{}` in a test of its own folder", refusal.code);
        Complaint::new(refusal.source, refusal.line, remedy)
    };
    missing.map(complain).collect()
}

/// A refusal as it is written down: `const NAME: Refusal = Refusal::new(409, "code", …)`.
struct Refusal<'s> {
    source: &'s Source,
    line: usize,
    name: String,
    code: String,
    is_private: bool,
}

impl Refusal<'_> {
    /// Names are only as good as their place: several desks of a process call a refusal alike.
    fn is_named_in(&self, other: &Source) -> bool {
        let path = self.source.path.as_str();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_near = match self.is_private && self.source.stem() != "mod" {
            true => {
                other.path == path || other.path.starts_with(&format!("{}/", path.trim_end_matches(".rs")))
            }
            false => self.is_of_all() || other.path.starts_with(&format!("{folder}/")),
        };
        is_near && words(other.tests()).any(|word| word == self.name)
    }

    /// The kernel's own are everybody's.
    fn is_of_all(&self) -> bool {
        !self.is_private && self.source.path.starts_with("daemon/kernel/")
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c != '_' && !c.is_ascii_alphanumeric())
}

fn codes(source: &Source) -> Vec<Refusal<'_>> {
    let lines: Vec<(usize, &str)> = source.code().collect();
    let mut found = Vec::new();
    for (at, (line, text)) in lines.iter().enumerate() {
        let Some((before, rest)) = text.split_once("const ").filter(|_| text.contains(": Refusal =")) else {
            continue;
        };
        let name = rest.split(':').next().unwrap_or_default().to_owned();
        let following: String = lines[at..].iter().take(5).map(|(_, text)| *text).collect();
        let Some(code) = code_in(&following) else { continue };
        let is_private = before.trim().is_empty();
        found.push(Refusal { source, line: *line, name, code, is_private });
    }
    found
}

/// The word that clients share, which is called by it in capitals, or else the first text between quotes.
fn code_in(written: &str) -> Option<String> {
    let written = written.split(");").next()?;
    match written.split_once("code::") {
        Some((_, shared)) => words(shared).next().map(str::to_ascii_lowercase),
        None => written.split('"').nth(1).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_without_a_test_is_told_so() {
        let desk = "//! Brews.\nimpl Aggregate for Tea {}\nconst TOO_HOT: Refusal =\n    Refusal::new(409, \"too_hot\", \"Wait.\");\n";
        let count = |more: &str| {
            let house = House::of(&[("daemon/src/brew_tea/brew.rs", &format!("{desk}{more}"))]);
            check(&house).len()
        };
        assert_eq!(count(""), 1);
        assert_eq!(count("#[cfg(test)]\n#[test]\nfn x() { assert_eq!(code(), \"too_hot\") }\n"), 0);
        assert_eq!(count("#[cfg(test)]\n#[test]\nfn x() { refused(TOO_HOT) }\n"), 0);
        assert_eq!(count("#[cfg(test)]\n#[test]\nfn x() { refused(TOO_HOT_TO_DRINK) }\n"), 1);
    }

    #[test]
    fn a_name_counts_where_it_can_mean_nothing_else() {
        let desk = |code: &str, more: &str| {
            format!("//! Brews.\nconst TAKEN: Refusal = Refusal::new(409, \"{code}\", \"Wait.\");\n{more}")
        };
        let test = "#[cfg(test)]\n#[test]\nfn x() { refused(TAKEN) }\n";
        let tea = desk("tea_taken", test);
        let count = |path: &str, of: &str| {
            check(&House::of(&[("daemon/src/brew_tea/tea.rs", &tea), (path, of)])).len()
        };
        assert_eq!(count("daemon/src/brew_tea/cup.rs", &desk("cup_taken", "")), 1);
        assert_eq!(count("daemon/src/brew_tea/cup.rs", &desk("cup_taken", test)), 0);
        assert_eq!(count("daemon/src/brew_tea/mod.rs", &desk("tea_gone", "")), 0);
        assert_eq!(count("daemon/src/drink_tea/mod.rs", &desk("tea_gone", "")), 1);
    }
}
