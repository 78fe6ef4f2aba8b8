//! `supervision.toml`: the default file is sound, and every fault is named with its place and a remedy.

use crate::golden;
use hecate_supervision::{
    Actor, ConfigError, ExitReason, Kinds, Me, Plan, Pool, Severity, Unheard, place_of,
};
use std::path::{Path, PathBuf};

/// The least number of ways to get the file wrong that are tried.
const BROKEN_MIN: usize = 40;

struct Nobody;

impl Actor for Nobody {
    type Msg = Unheard;
    type Args = ();

    async fn init((): (), _: &Me<Unheard>) -> Result<Self, ExitReason> {
        Ok(Self)
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }
}

fn kinds(workers: &[&str], pools: &[&str]) -> Kinds {
    let mut kinds = Kinds::new();
    for kind in workers {
        kinds.worker::<Nobody>(*kind, None, || ());
    }
    for kind in pools {
        kinds.pool::<Nobody>(*kind, &Pool::new());
    }
    kinds
}

/// What the fixtures are checked against: `a` and the pool `p` must be placed, a `listener` may be, and so
/// may a pool `kept` that can start its children again.
fn kinds_of_the_fixtures() -> Kinds {
    let mut kinds = kinds(&["a"], &["p"]);
    kinds.worker_in_groups::<Nobody>("listener", None, || (), |_, _| ()).optional("listener");
    kinds.pool::<Nobody>("kept", &Pool::restarting()).optional("kept");
    kinds.publishes(["news", "facts.all"]);
    kinds
}

/// The fixtures of a folder: name, place, text.
pub(crate) fn fixtures(folder: &str) -> Vec<(String, PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.ends_with(".toml").then(|| (name, path.clone(), std::fs::read_to_string(&path).unwrap()))
    };
    files.into_iter().filter_map(read).collect()
}

fn lines(found: &[ConfigError]) -> String {
    found.iter().map(|found| format!("{found}\n")).collect()
}

/// Whether the kinds it names are compiled in is the daemon's to know; all else is checked here.
#[test]
fn the_default_file_is_sound() {
    let text = include_str!("../../../../../supervision.toml");
    let kinds_of = |section: &str| -> Vec<&str> {
        let entries = text.split("[[").filter(|entry| entry.starts_with(section));
        entries.filter_map(|entry| entry.split("kind = \"").nth(1)?.split('"').next()).collect()
    };
    let (workers, pools) = (kinds_of("child]]"), kinds_of("pool]]"));
    assert!(workers.contains(&"event_store") && !pools.is_empty(), "{workers:?} {pools:?}");
    let checked = Plan::parse(text, "supervision.toml", &kinds(&workers, &pools));
    assert_eq!(checked.map(|_| ()), Ok(()));
}

#[test]
fn every_broken_file_is_refused_with_all_its_faults_their_places_and_remedies() {
    let (kinds, fixtures) = (kinds_of_the_fixtures(), fixtures("broken"));
    assert!(fixtures.len() >= BROKEN_MIN, "{} broken files", fixtures.len());
    for (name, path, text) in fixtures {
        let faults = Plan::parse(&text, &name, &kinds).expect_err(&name);
        assert!(
            faults.iter().all(|fault| fault.severity == Severity::Fault && !fault.hint.is_empty()),
            "{name}"
        );
        golden::check(&path.with_extension("txt"), &lines(&faults));
    }
}

#[test]
fn where_all_are_permanent_only_the_children_of_pools_may_end_for_good() {
    let (mut kinds, mortal) = (kinds(&["a"], &["p"]), "restart = \"temporary\"\n");
    kinds.all_permanent();
    let text = |of_s: &str, of_a: &str| {
        let root = "[[supervisor]]\npath = \"/r\"\nstrategy = \"one_for_one\"\n";
        let below = format!("[[supervisor]]\npath = \"/r/s\"\nstrategy = \"one_for_one\"\n{of_s}");
        let child = format!("[[child]]\npath = \"/r/s/a\"\nkind = \"a\"\n{of_a}");
        let pool = format!("[[pool]]\npath = \"/r/p\"\nkind = \"p\"\n{mortal}");
        format!("schema = 1\n{root}{below}{child}{pool}")
    };
    let told = |text: String| lines(&Plan::parse(&text, "f", &kinds).err().unwrap_or_default());
    assert_eq!(told(text("", "")), "");
    assert!(told(text(mortal, "")).starts_with("f:8:11: nobody would notice that /r/s is gone"));
    assert!(told(text("", mortal)).starts_with("f:11:11: nobody would notice that /r/s/a is gone"));
}

#[test]
fn a_doubtful_file_is_taken_with_a_warning() {
    for (name, path, text) in fixtures("doubtful") {
        let plan =
            Plan::parse(&text, &name, &kinds_of_the_fixtures()).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert!(!plan.warnings().is_empty(), "{name}");
        golden::check(&path.with_extension("txt"), &lines(plan.warnings()));
    }
}

#[test]
fn a_file_that_says_everything_is_taken_as_it_is() {
    let text = r#"
schema = 1

[defaults]
shutdown = { drain = "2s", then = "kill" }
start_timeout = "10s"
mailbox = { capacity = 64, on_full = "wait" }
backoff = { min = "100ms", max = "10s", jitter = 0.2 }

[[supervisor]]
path = "/r"
strategy = "rest_for_one"
intensity = 3
period = "1m"
auto_shutdown = "all_significant"

[[supervisor]]
path = "/r/s"
restart = "transient"
significant = true
shutdown = "infinity"
backoff = { min = "1s", max = "1s" }

[[child]]
path = "/r/a"
kind = "a"
restart = "temporary"
significant = true
shutdown = "brutal_kill"

[[child]]
path = "/r/listener"
kind = "listener"
restart = "transient"
shutdown = "5s"
start_timeout = "1s"
groups = ["news", "facts.all"]
mailbox = { on_full = "shed_oldest" }
backoff = { min = "100ms", max = "10s", jitter = 1 }

[[pool]]
path = "/r/s/p"
kind = "p"

[[pool]]
path = "/r/s/kept"
kind = "kept"
max_children = 7
restart = "transient"
shutdown = { drain = "1s" }
intensity = 9
period = "10s"
start_timeout = "2s"
mailbox = { capacity = 8, on_full = "refuse" }
"#;
    let plan = Plan::parse(text, "all.toml", &kinds_of_the_fixtures())
        .unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert_eq!(lines(plan.warnings()), "");
    let root = plan.outline();
    let paths: Vec<_> = root.children.iter().map(|child| child.path.as_str()).collect();
    assert_eq!(paths, ["/r/s", "/r/a", "/r/listener"], "in the order of the file");
    assert_eq!(root.intensity.map(|intensity| (intensity.max, intensity.period_ms)), Some((3, 60_000)));
}

#[test]
fn a_tree_stops_within_the_limits_of_its_places_one_after_another() {
    let stops_within = |extra: &str, of_a: &str| {
        let text = format!(
            "schema = 1\n[[supervisor]]\npath = \"/r\"\n[[supervisor]]\npath = \"/r/s\"\n{extra}\n[[child]]\n\
             path = \"/r/s/a\"\nkind = \"a\"\nshutdown = {of_a}\n[[pool]]\npath = \"/r/p\"\nkind = \"p\"\nshutdown = \"2s\""
        );
        let plan = Plan::parse(&text, "stop.toml", &kinds(&["a"], &["p"])).unwrap();
        (plan.stops_within().map(|limit| limit.as_millis()), plan.patience().len())
    };
    assert_eq!(stops_within("", "\"3s\""), (Some(5_000), 2));
    assert_eq!(stops_within("", "{ drain = \"1s\" }"), (Some(3_000), 2));
    assert_eq!(stops_within("", "\"brutal_kill\""), (Some(2_000), 2));
    assert_eq!(stops_within("", "\"infinity\""), (None, 2));
    assert_eq!(stops_within("shutdown = \"500ms\"", "\"infinity\""), (Some(2_500), 2), "killed from above");
}

#[test]
fn a_place_is_counted_in_lines_and_characters_from_one() {
    let text = "one\nzwölf = 2";
    let table = [(0, (1, 1)), (3, (1, 4)), (4, (2, 1)), (8, (2, 4)), (text.len(), (2, 10)), (99, (2, 10))];
    for (offset, place) in table {
        assert_eq!(place_of(text, offset), place, "offset {offset}");
    }
}

/// A thousand children below a hundred supervisors; in a release build this takes a few milliseconds.
#[test]
fn a_file_of_a_thousand_children_is_checked_at_once() {
    let names: Vec<_> = (0..1_000).map(|number| format!("kind_{number}")).collect();
    let mut text = "schema = 1\n[[supervisor]]\npath = \"/r\"\n".to_owned();
    for (number, name) in names.iter().enumerate() {
        let supervisor = number / 10;
        if number % 10 == 0 {
            text += &format!("[[supervisor]]\npath = \"/r/s{supervisor}\"\nstrategy = \"rest_for_one\"\n");
        }
        text +=
            &format!("[[child]]\npath = \"/r/s{supervisor}/{name}\"\nkind = \"{name}\"\nshutdown = \"2s\"\n");
    }
    let kinds = kinds(&names.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    let begun = std::time::Instant::now();
    let plan = Plan::parse(&text, "many.toml", &kinds);
    let sound = begun.elapsed();
    assert_eq!(plan.unwrap().outline().children.len(), 100);
    let broken = text.replace("shutdown = \"2s\"", "shutdown = \"2 s\"");
    let begun = std::time::Instant::now();
    let faults = Plan::parse(&broken, "many.toml", &kinds).unwrap_err();
    println!("1,000 children: checked in {sound:?}; with a fault in each of them in {:?}", begun.elapsed());
    assert_eq!(faults.len(), 1_000);
}
