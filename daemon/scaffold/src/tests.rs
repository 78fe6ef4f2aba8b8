//! Whatever a plan holds, its files stay in their folders, are there once, and are the same files every time.

use crate::kit::{HARD_DIVISIONS, KINDS, bare_desk, event, plan, two_of_each};
use crate::{Blueprint, Department, DeskPlan, File, Language, UnknownTemplate, desk, skeleton};
use proptest::collection::vec;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Everything there is of a plan: what comes first, then each desk.
fn parts(language: Language, plan: &Blueprint) -> Vec<Vec<File>> {
    let desks = plan.desks.iter().map(|each| desk(language, "default", plan, each, None).unwrap());
    std::iter::once(skeleton(language, "default", plan).unwrap()).chain(desks).collect()
}

fn hash(files: &[File]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(format!("{}\0{}\0{}", file.path, file.text.len(), file.text));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The deepest folder that holds them all.
fn folder_of(files: &[File]) -> &str {
    let first = files[0].path.as_str();
    let shared =
        |other: &str| first.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let length = files.iter().map(|file| shared(&file.path)).min().unwrap_or(0);
    first[..length].rfind('/').map_or("", |end| &first[..end])
}

/// Paths that are safe wherever they are joined to, and all within the folder of their desk.
fn demand_order(language: Language, plan: &Blueprint) {
    let mut folders = BTreeSet::new();
    let mut paths = BTreeSet::new();
    for (at, files) in parts(language, plan).iter().enumerate() {
        let folder = folder_of(files);
        assert!(at == 0 || folders.insert(folder.to_owned()), "{folder} twice in {plan:?}");
        for File { path, text } in files {
            assert!(at == 0 || path.starts_with(&format!("{folder}/")), "{path} is not below {folder}");
            assert!(paths.insert(path.clone()), "{path} twice in {plan:?}");
            let is_safe = |part: &str| {
                let fits = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
                !part.is_empty()
                    && part.len() < 256
                    && !part.trim_matches('.').is_empty()
                    && part.bytes().all(fits)
            };
            assert!(path.split('/').all(is_safe), "{path}");
            assert!(
                text.ends_with('\n') && text.lines().all(|line| line.trim_end() == line),
                "{path}:\n{text}"
            );
            assert!(!text.contains(['«', '»', '‹', '›', '¦']), "{path}:\n{text}");
        }
    }
}

fn snake() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9_]{0,63}"
}

fn anything() -> impl Strategy<Value = String> {
    prop_oneof![snake(), ".{0,40}", "(\\.\\./){1,3}etc", "[A-Z][a-zA-Z -]{0,20}"]
}

fn any_desk() -> impl Strategy<Value = DeskPlan> {
    let field = (anything(), prop_oneof![Just("int".to_owned()), anything()], any::<bool>());
    let events = vec((anything(), vec(field, 0..5)), 0..3);
    let department = prop_oneof![Just(Department::Cmd), Just(Department::Qry), Just(Department::Prj)];
    let words = (proptest::option::of(anything()), proptest::option::of(anything()), vec(anything(), 0..3));
    (anything(), department, events, words).prop_map(
        |(name, department, events, (aggregate, description, words))| {
            let planned = |(name, fields): &(String, Vec<(String, String, bool)>)| {
                let fields: Vec<_> =
                    fields.iter().map(|(name, of_type, needed)| (&**name, &**of_type, *needed)).collect();
                event(name, &fields)
            };
            DeskPlan {
                aggregate_name: aggregate,
                description,
                inboxes: words,
                events: events.iter().map(planned).collect(),
                ..bare_desk(&name, department)
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn files_of_any_plan_are_in_their_folders_once_and_always_the_same(
        division_name in anything(),
        mut desks in vec(any_desk(), 1..4),
    ) {
        let mut names = BTreeSet::new();
        desks.retain(|desk| names.insert(desk.desk_name.clone()));
        let plan = Blueprint { division_name, desks };
        for language in Language::ALL {
            demand_order(language, &plan);
            let hashes = || parts(language, &plan).iter().map(|files| hash(files)).collect::<Vec<_>>();
            prop_assert_eq!(hashes(), hashes());
        }
    }
}

#[test]
fn names_that_are_keywords_or_folders_of_the_toolchain_keep_their_order_too() {
    let words = [
        "type", "class", "end", "vendor", "testdata", "kernel", "main", "a_b", "a__b", "a_b_", "vendor_",
        "con",
    ];
    let desks = words.map(|name| bare_desk(name, Department::Cmd));
    let mut hard = plan();
    hard.desks.extend(
        desks.into_iter().filter(|desk| !["type", "vendor", "kernel"].contains(&desk.desk_name.as_str())),
    );
    for language in Language::ALL {
        demand_order(language, &hard);
    }
}

#[test]
fn divisions_of_any_name_keep_their_order_too() {
    for name in HARD_DIVISIONS {
        let desks = plan().desks.split_off(5);
        let hard = Blueprint { division_name: name.to_owned(), desks };
        for language in Language::ALL {
            demand_order(language, &hard);
        }
    }
}

/// What a handler mixes up, or leaves out, is found out by a value that it did not expect there.
#[test]
fn every_field_of_a_sample_has_a_value_of_its_own() {
    let desks = vec![two_of_each()];
    let plan = Blueprint { division_name: "shop".to_owned(), desks };
    for language in Language::ALL {
        let files = desk(language, "default", &plan, &plan.desks[0], None).unwrap();
        let test = files.iter().find(|file| file.path.contains("test")).unwrap();
        for kind in KINDS.into_iter().filter(|kind| (language, *kind) != (Language::Go, "boolean")) {
            let [a, b] = ["a", "b"].map(|which| given(&test.text, which, kind));
            assert_ne!(a, b, "{language:?}");
        }
    }
}

/// What stands behind the field where the test names it first, in whatever case.
fn given(test: &str, which: &str, kind: &str) -> String {
    let plain = |text: &str| text.to_ascii_lowercase().replace('_', "");
    let field = format!("{which}{kind}");
    let lines = test.lines().map(|line| plain(line).trim_start().to_owned());
    lines.filter_map(|line| line.strip_prefix(&field).map(str::to_owned)).next().unwrap()
}

/// What was generated once is told again from its hashes, so a set of templates stays as it is.
#[test]
fn the_default_set_never_changes() {
    let hashes = Language::ALL.map(|language| hash(&parts(language, &plan()).concat())[..16].to_owned());
    assert_eq!(hashes, PINNED, "put what is to be different into a set of its own");
}

const PINNED: [&str; 6] = [
    "55b4aaefe4857971",
    "13c0c98b897aab69",
    "fa2339da67da374f",
    "d6b191119693b48c",
    "baa7519f1e610b4f",
    "8e751ee8792b203b",
];

#[test]
fn a_desk_follows_the_template_that_is_asked_for() {
    let plan = plan();
    let files = |template| desk(Language::Go, "default", &plan, &plan.desks[1], template).unwrap();
    assert_eq!(files(None), files(Some("cmd")));
    assert_ne!(files(None), files(Some("prj")));
}

#[test]
fn unknown_sets_and_templates_have_a_name_in_their_refusal() {
    let plan = plan();
    let set = skeleton(Language::Rust, "fancy", &plan).unwrap_err();
    assert_eq!(set, UnknownTemplate::Set("fancy".to_owned()));
    let template = desk(Language::Rust, "default", &plan, &plan.desks[0], Some("saga")).unwrap_err();
    assert_eq!(template.to_string(), "there is no template called `saga`");
}
