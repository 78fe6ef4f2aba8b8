//! Who may import whom inside `daemon/src`.

use crate::source::{Complaint, House, Source};
use std::collections::BTreeSet;

/// The rooms that serve every process and so may name none.
const EDGES: &[&str] = &["hecate_api", "hecate_mesh", "serve_llm", "hecate_telemetry"];
/// The one that draws every process: it says how far a venture has come in all of them.
const GUIDE: &str = "guide_venture";

pub(crate) fn check(house: &House) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for source in house.sources.iter().filter(|source| !source.is_test()) {
        let Some(app) = source.app() else { continue };
        if house.processes.contains(app) {
            complaints.extend(process(house, app, source));
        } else if house.query_apps.contains(app) {
            complaints.extend(query_app(house, app, source));
        } else if EDGES.contains(&app) {
            complaints.extend(edge(house, source));
        }
    }
    complaints.extend(two_processes(house));
    complaints
}

fn process(house: &House, own: &str, source: &Source) -> Vec<Complaint> {
    let foreign =
        |name: &str| name != own && (house.processes.contains(name) || house.query_apps.contains(name));
    let remedy = |name: &str| match house.query_apps.contains(name) {
        true => format!("a process never reads a query app; hear the fact instead of asking `{name}`"),
        false => format!("a process knows no other process; hear the fact instead of calling `{name}`"),
    };
    about(source, foreign, remedy)
}

fn query_app(house: &House, own: &str, source: &Source) -> Vec<Complaint> {
    let foreign = |name: &str| name != own && house.query_apps.contains(name);
    about(source, foreign, |name| {
        format!("a query app draws from facts; hear the fact instead of asking `{name}`")
    })
}

/// A query app draws one process.
fn two_processes(house: &House) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for app in house.query_apps.iter().filter(|app| *app != GUIDE) {
        let mut drawn: Option<String> = None;
        for source in house.sources.iter().filter(|source| source.app() == Some(app) && !source.is_test()) {
            for (line, name) in
                crate_names(source).into_iter().filter(|(_, name)| house.processes.contains(name))
            {
                match &drawn {
                    Some(first) if *first != name => complaints.push(Complaint::new(
                        source,
                        line,
                        format!("`{app}` draws `{first}`; give `{name}` a query app of its own"),
                    )),
                    _ => drawn = Some(name),
                }
            }
        }
    }
    complaints
}

/// The edge is told what there is; it names nobody, not even in a text.
fn edge(house: &House, source: &Source) -> Vec<Complaint> {
    let apps: BTreeSet<&String> = house.processes.union(&house.query_apps).collect();
    let named = |line: &str| words(line).any(|word| apps.iter().any(|app| *app == word));
    let lines = source.code().filter(|(_, line)| named(line));
    lines
        .map(|(line, _)| Complaint::new(source, line, "read it off the entries that main hands over"))
        .collect()
}

fn about(source: &Source, foreign: impl Fn(&str) -> bool, remedy: impl Fn(&str) -> String) -> Vec<Complaint> {
    let names = crate_names(source).into_iter().filter(|(_, name)| foreign(name));
    names.map(|(line, name)| Complaint::new(source, line, remedy(&name))).collect()
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// Every `crate::name`, also inside `use crate::{name, …}`, with its line.
fn crate_names(source: &Source) -> Vec<(usize, String)> {
    let lines: Vec<(usize, &str)> = source.code().collect();
    let mut names = Vec::new();
    for (at, (number, line)) in lines.iter().enumerate() {
        for (start, _) in line.match_indices("crate::") {
            let rest = &line[start + "crate::".len()..];
            match rest.strip_prefix('{') {
                Some(inside) => names.extend(grouped(inside, *number, &lines[at + 1..])),
                None => names.extend(words(rest).next().map(|name| (*number, name.to_owned()))),
            }
        }
    }
    names
}

/// The first word of each item of a group that may run over several lines.
fn grouped(inside: &str, number: usize, following: &[(usize, &str)]) -> Vec<(usize, String)> {
    let (mut names, mut depth, mut at_start) = (Vec::new(), 1, true);
    let lines = std::iter::once((number, inside)).chain(following.iter().copied());
    for (number, line) in lines {
        for (start, c) in line.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => at_start = true,
                _ if at_start && (c.is_alphanumeric() || c == '_') => {
                    names.extend(words(&line[start..]).next().map(|name| (number, name.to_owned())));
                    at_start = false;
                }
                _ => {}
            }
            if depth == 0 {
                return names;
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: (&str, &str) = ("daemon/src/make_tea/mod.rs", "impl Aggregate for Tea {}\n");
    const B: (&str, &str) = ("daemon/src/bake_cake/mod.rs", "impl Aggregate for Cake {}\n");
    const Q: (&str, &str) =
        ("daemon/src/query_teas/mod.rs", "impl ReadModel for Teas {}\nuse crate::make_tea::TeaMade;\n");

    fn complaints(path: &str, text: &str) -> Vec<String> {
        let other = ("daemon/src/query_cakes/mod.rs", "impl ReadModel for Cakes {}\n");
        check(&House::of(&[A, B, Q, other, (path, text)])).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_process_that_imports_another_process_is_told_to_hear_the_fact() {
        for text in [
            "use crate::bake_cake::Cake;",
            "use crate::{\n    make_tea::Tea,\n    bake_cake::{Cake, Plate},\n};",
            "fn f() { crate::bake_cake::bake() }",
            "use crate::query_teas::Teas;",
        ] {
            let found = complaints("daemon/src/make_tea/brew.rs", text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].contains("hear the fact instead"), "{found:?}");
        }
    }

    #[test]
    fn a_query_app_draws_one_process_and_asks_no_other_query_app() {
        let two = complaints("daemon/src/query_teas/row.rs", "use crate::bake_cake::CakeBaked;");
        assert!(two[0].contains("a query app of its own"), "{two:?}");
        let guides =
            "use crate::make_tea::TeaMade;\nuse crate::bake_cake::CakeBaked;\nimpl ReadModel for Guide {}";
        assert!(complaints("daemon/src/guide_venture/mod.rs", guides).is_empty());
        let asks = complaints("daemon/src/query_teas/row.rs", "use crate::query_cakes::Cakes;");
        assert!(asks[0].contains("hear the fact instead"), "{asks:?}");
    }

    #[test]
    fn the_edge_names_nobody() {
        let found = complaints("daemon/src/hecate_api/router.rs", "    if process == \"make_tea\" {");
        assert!(found[0].contains("read it off the entries"), "{found:?}");
    }

    #[test]
    fn comments_tests_and_ones_own_names_are_nobodys_business() {
        for (path, text) in [
            ("daemon/src/make_tea/brew.rs", "// crate::bake_cake\nuse crate::make_tea::Tea;"),
            ("daemon/src/make_tea/brew.rs", "#[cfg(test)]\nmod tests {\n    use crate::bake_cake::Cake;\n}"),
            ("daemon/src/boot.rs", "use crate::{make_tea::Tea, bake_cake::Cake};"),
        ] {
            assert_eq!(complaints(path, text), Vec::<String>::new(), "{text}");
        }
    }
}
