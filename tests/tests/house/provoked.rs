//! A refusal that no test provokes may say anything, or never be given.

use crate::source::{Complaint, House, Source};

/// Refusals of processes and query apps whose code no test says.
pub(crate) fn check(house: &House) -> Vec<Complaint> {
    let tests: String = house.sources.iter().map(Source::tests).collect::<Vec<_>>().join("\n");
    let table = house.table_of_states();
    let codes = house.sources.iter().filter(|source| is_an_app(house, source)).flat_map(codes);
    let missing = codes.filter(|refusal| {
        let said =
            |text: &str| text.contains(&format!("\"{}\"", refusal.code)) || text.contains(&refusal.name);
        !said(&tests) && !table.split_whitespace().any(|word| word == refusal.code)
    });
    let complain = |refusal: Refusal<'_>| {
        let remedy = format!("provoke `{}` in a test of its desk", refusal.code);
        Complaint::new(refusal.source, refusal.line, remedy)
    };
    missing.map(complain).collect()
}

fn is_an_app(house: &House, source: &Source) -> bool {
    source.app().is_some_and(|app| house.processes.contains(app) || house.query_apps.contains(app))
}

/// A refusal as it is written down: `const NAME: Refusal = Refusal::new(409, "code", …)`.
struct Refusal<'s> {
    source: &'s Source,
    line: usize,
    name: String,
    code: String,
}

fn codes(source: &Source) -> Vec<Refusal<'_>> {
    let lines: Vec<(usize, &str)> = source.code().collect();
    let mut found = Vec::new();
    for (at, (line, text)) in lines.iter().enumerate() {
        let Some((_, rest)) = text.split_once("const ").filter(|_| text.contains(": Refusal =")) else {
            continue;
        };
        let name = rest.split(':').next().unwrap_or_default().to_owned();
        let following: String = lines[at..].iter().take(5).map(|(_, text)| *text).collect();
        // The first text between quotes is the code.
        let Some(code) = following.split('"').nth(1) else { continue };
        found.push(Refusal { source, line: *line, name, code: code.to_owned() });
    }
    found
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
    }
}
