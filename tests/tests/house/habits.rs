//! What a reader may rely on in every file.

use crate::source::{Complaint, House, Source};

const LINES_MAX: usize = 600;
const DESK_LINES_MAX: usize = 90;
/// Names that say nothing.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "helper", "helpers", "manager", "service", "handler", "impl", "misc"];

/// Every file opens with its reason, has a name that says something, and ends before it is long.
pub(crate) fn files(house: &House) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for source in &house.sources {
        let lines = source.text.lines().count();
        if !source.text.starts_with("//! ") {
            complaints.push(Complaint::new(source, 1, "open with `//!` and say why the file exists"));
        }
        if lines > LINES_MAX {
            complaints.push(Complaint::new(
                source,
                LINES_MAX + 1,
                format!("{lines} lines: find the second subject"),
            ));
        }
        if source.stem().split('_').any(|word| EMPTY_NAMES.contains(&word)) {
            complaints.push(Complaint::new(source, 1, "name the file after what it knows"));
        }
    }
    complaints
}

/// One desk, one file: short, named after the desk, with a test, listed in its process.
pub(crate) fn desks(house: &House) -> Vec<Complaint> {
    let is_desk = |source: &&Source| source.code().any(|(_, line)| line.starts_with("impl Desk<"));
    let in_process = |source: &&Source| source.app().is_some_and(|app| house.processes.contains(app));
    house.sources.iter().filter(in_process).filter(is_desk).flat_map(|source| desk(house, source)).collect()
}

fn desk(house: &House, source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut complain = |line, remedy: String| complaints.push(Complaint::new(source, line, remedy));
    // What a field's doc comment says stands in forms: no reason to be terse.
    if source.text.lines().filter(|line| !line.trim_start().starts_with("///")).count() > DESK_LINES_MAX {
        complain(
            DESK_LINES_MAX + 1,
            format!(
                "a desk and its test fit in {DESK_LINES_MAX} lines, doc comments apart: move what it shares"
            ),
        );
    }
    if !source.text.contains("#[test]") {
        complain(1, "give the desk a test of its own: given, when, then".to_owned());
    }
    let stem = source.stem();
    let named = format!("name: \"{stem}\",");
    if !source.code().any(|(_, line)| line.trim() == named) {
        complain(1, format!("the file is named after its desk: expected `{named}`"));
    }
    let listed = format!("{stem}::");
    let door = format!("daemon/src/{}/mod.rs", source.app().unwrap_or_default());
    let lists = |file: &Source| {
        let names_it = |line: &str| {
            let is_in_list = ["desk::<", "lifecycle_desks!["].iter().any(|list| line.contains(list));
            line.trim_start().starts_with(&listed) || (is_in_list && line.contains(&listed))
        };
        file.path == door && file.code().any(|(_, line)| names_it(line))
    };
    if !house.sources.iter().any(lists) {
        complain(1, format!("list it in {door}, where its turn is in the process"));
    }
    complaints
}

/// Nothing unfinished and nothing that ends the process by surprise.
pub(crate) fn half_done(house: &House) -> Vec<Complaint> {
    let bans = [
        (".unwrap()", "refuse with a name, or `expect` with the reason why it cannot fail"),
        (concat!("to", "do!"), "finish it or leave it out"),
        (concat!("unimplemented", "!"), "finish it or leave it out"),
        (concat!("dbg", "!("), "log it with `tracing`, or leave it out"),
    ];
    let mut complaints = Vec::new();
    for source in house.sources.iter().filter(|source| !source.is_test()) {
        for (line, text) in source.code() {
            let broken = bans.iter().filter(|(ban, _)| text.contains(ban));
            complaints.extend(broken.map(|(_, remedy)| Complaint::new(source, line, *remedy)));
        }
    }
    complaints
}

/// An app that nobody supervises would not be restarted.
pub(crate) fn tree(house: &House) -> Vec<Complaint> {
    let file = Source { path: "supervision.toml".to_owned(), text: house.supervision.clone() };
    // What no venture walks through lives on the platform.
    let places =
        [(["read_models"].as_slice(), &house.query_apps), (&["processes", "platform"], &house.processes)];
    let homeless = places.iter().flat_map(|(floors, apps)| {
        let has_place = |app: &str| {
            let mut paths = floors.iter().map(|floor| format!("path = \"/hecate/apps/{floor}/{app}"));
            paths.any(|path| file.text.contains(&path))
        };
        apps.iter().filter(move |app| !has_place(app)).map(|app| format!("/hecate/apps/{}/{app}", floors[0]))
    });
    homeless.map(|path| Complaint::new(&file, 1, format!("give `{path}` its place in the tree"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOOR: &str = "//! x\nimpl Aggregate for Tea {\n    desk::<_, brew::Brew>(),\n}\n";
    const DESK: &str =
        "//! Brews.\nimpl Desk<Tea> for Brew {\n    name: \"brew\",\n}\n#[cfg(test)]\n#[test]\nfn x() {}\n";

    fn desk_complaints(door: &str, desk: &str) -> String {
        let house = House::of(&[("daemon/src/make_tea/mod.rs", door), ("daemon/src/make_tea/brew.rs", desk)]);
        desks(&house).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_desk_that_is_long_untested_misnamed_or_unlisted_is_told_so() {
        assert_eq!(desk_complaints(DOOR, DESK), "");
        assert!(desk_complaints(DOOR, &format!("{DESK}{}", "\n".repeat(90))).contains("90 lines"));
        assert!(desk_complaints(DOOR, &DESK.replace("#[test]", "")).contains("a test of its own"));
        assert!(
            desk_complaints(DOOR, &DESK.replace("\"brew\"", "\"boil\"")).contains("named after its desk")
        );
        assert!(desk_complaints("//! x\nimpl Aggregate for Tea {}\n", DESK).contains("list it in"));
    }

    #[test]
    fn a_file_without_reason_or_name_or_end_is_told_so() {
        let text = |path: &str, text: &str| {
            files(&House::of(&[(path, text)])).iter().map(ToString::to_string).collect::<String>()
        };
        assert_eq!(text("proto/src/a.rs", "//! Why.\n"), "");
        assert!(text("proto/src/a.rs", "use x;\n").contains("why the file exists"));
        assert!(text("proto/src/a.rs", &format!("//! Why.\n{}", "\n".repeat(600))).contains("601 lines"));
        assert!(text("proto/src/time_utils.rs", "//! Why.\n").contains("name the file"));
    }

    #[test]
    fn what_is_half_done_is_found_outside_of_tests_alone() {
        let count = |path: &str, text: &str| half_done(&House::of(&[(path, text)])).len();
        let unfinished = concat!("fn f() { to", "do!() }");
        assert_eq!(count("proto/src/a.rs", "fn f() { x.unwrap() }"), 1);
        assert_eq!(count("proto/src/a.rs", unfinished), 1);
        assert_eq!(count("proto/src/a.rs", "// x.unwrap()\n#[cfg(test)]\nmod tests {\n x.unwrap()\n}"), 0);
        assert_eq!(count("tui/tests/a.rs", "fn f() { x.unwrap() }"), 0);
        assert_eq!(count("proto/src/a.rs", "#[cfg(test)]\nmod tests;\nfn f() { x.unwrap() }"), 1);
    }

    #[test]
    fn an_app_without_a_place_is_found() {
        let mut house = House::of(&[("daemon/src/make_tea/mod.rs", DOOR)]);
        assert_eq!(tree(&house).len(), 1);
        house.supervision = "path = \"/hecate/apps/processes/make_tea\"".to_owned();
        assert!(tree(&house).is_empty());
    }
}
