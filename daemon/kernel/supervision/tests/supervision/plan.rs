//! `supervision.toml`: the default file is sound, and every fault is named with its place and a remedy.

use hecate_supervision::{Actor, ExitReason, Kinds, Me, Plan, Pool, Unheard, place_of};

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

const SOUND: &str = r#"schema = 1
[[supervisor]]
path = "/r"
strategy = "one_for_one"
[[child]]
path = "/r/a"
kind = "a"
[[pool]]
path = "/r/p"
kind = "p"
"#;

/// What is wrong, what is changed in the sound file, where the fault is, what it says.
type Case = (&'static str, &'static str, &'static str, &'static str);

const BROKEN: &[Case] = &[
    ("syntax", "schema = 1", "schema = ", "1:10: not TOML"),
    ("no schema", "schema = 1\n", "", "1:1: `schema` is missing (add schema = 1)"),
    ("a schema of the future", "schema = 1", "schema = 2", "1:10: `schema` is out of range: 2 (from 1 to 1)"),
    (
        "unknown key at the top",
        "schema = 1",
        "schema = 1\nextra = 1",
        "2:1: unknown key `extra` in supervision",
    ),
    (
        "unknown key of a child",
        "kind = \"a\"",
        "kind = \"a\"\nkin = 1",
        "8:1: unknown key `kin` in child (known are path",
    ),
    ("unknown kind", "kind = \"a\"", "kind = \"b\"", "7:8: unknown kind b (known are a, p)"),
    ("duplicate path", "/r/p", "/r/a", "9:8: duplicate path /r/a"),
    ("missing parent", "/r/a", "/r/x/a", "6:8: there is no parent /r/x (add a [[supervisor]] at /r/x)"),
    ("worker as parent", "/r/p", "/r/a/p", "9:8: the parent /r/a is not a supervisor"),
    ("wrong type", "kind = \"a\"", "kind = 7", "7:8: `kind` is of type integer (write a string)"),
    ("wrong type of a table", "kind = \"a\"", "kind = \"a\"\nmailbox = 5", "8:11: mailbox is not a table"),
    (
        "bad duration",
        "kind = \"a\"",
        "kind = \"a\"\nstart_timeout = \"5 s\"",
        "8:17: `start_timeout` is no duration",
    ),
    (
        "duration without unit",
        "\"one_for_one\"",
        "\"one_for_one\"\nperiod = \"5\"",
        "5:10: `period` is no duration",
    ),
    (
        "unknown strategy",
        "one_for_one",
        "one_for_two",
        "4:12: `strategy` cannot be \"one_for_two\" (one of one_for_one",
    ),
    (
        "unknown restart",
        "kind = \"a\"",
        "kind = \"a\"\nrestart = \"never\"",
        "8:11: `restart` cannot be \"never\"",
    ),
    (
        "unknown shutdown",
        "kind = \"a\"",
        "kind = \"a\"\nshutdown = \"gently\"",
        "8:12: `shutdown` is no shutdown policy",
    ),
    (
        "unknown end of a drain",
        "kind = \"a\"",
        "kind = \"a\"\nshutdown = { drain = \"1s\", then = \"cry\" }",
        "8:35: `then` cannot be",
    ),
    (
        "zero capacity",
        "kind = \"a\"",
        "kind = \"a\"\nmailbox = { capacity = 0 }",
        "8:24: `capacity` is out of range: 0",
    ),
    (
        "unknown on_full",
        "kind = \"a\"",
        "kind = \"a\"\nmailbox = { on_full = \"burst\" }",
        "8:23: `on_full` cannot be \"burst\"",
    ),
    (
        "negative intensity",
        "\"one_for_one\"",
        "\"one_for_one\"\nintensity = -1",
        "5:13: `intensity` is out of range: -1",
    ),
    (
        "empty pool",
        "kind = \"p\"",
        "kind = \"p\"\nmax_children = 0",
        "11:16: `max_children` is out of range: 0",
    ),
    ("kind left out", "[[child]]\npath = \"/r/a\"\nkind = \"a\"\n", "", "1:1: the kind a has no place"),
    (
        "kind placed twice",
        "[[pool]]",
        "[[child]]\npath = \"/r/b\"\nkind = \"a\"\n[[pool]]",
        "10:8: the kind a is placed twice (it has its place at /r/a)",
    ),
    (
        "worker as pool",
        "kind = \"p\"",
        "kind = \"a\"",
        "10:8: a is a single actor, not a pool (write it as [[child]])",
    ),
    (
        "pool as worker",
        "kind = \"a\"",
        "kind = \"p\"",
        "7:8: p is a pool, not a single actor (write it as [[pool]])",
    ),
    ("missing path", "path = \"/r/a\"\n", "", "`path` is missing"),
    ("missing kind", "kind = \"a\"\n", "", "`kind` is missing"),
    ("odd path", "/r/a", "r/A", "6:8: `path` is no path: \"r/A\""),
    ("no root", "[[supervisor]]\npath = \"/r\"\nstrategy = \"one_for_one\"\n", "", "there is no parent /r"),
    (
        "second root",
        "[[child]]",
        "[[supervisor]]\npath = \"/q\"\n[[child]]",
        "6:8: /q is a second root (put it under /r)",
    ),
    ("section is no list", "schema = 1", "schema = 1\nchild = 1", "not TOML"),
];

#[test]
fn every_fault_is_named_with_its_place_and_a_remedy() {
    let kinds = kinds(&["a"], &["p"]);
    assert!(Plan::parse(SOUND, "s.toml", &kinds).is_ok());
    for (what, sound, broken, expected) in BROKEN {
        assert!(SOUND.contains(sound), "{what}: the fixture changes nothing");
        let faults = Plan::parse(&SOUND.replacen(sound, broken, 1), "s.toml", &kinds);
        let faults: Vec<_> = faults.expect_err(what).iter().map(ToString::to_string).collect();
        let named = faults.iter().any(|fault| fault.starts_with("s.toml:") && fault.contains(expected));
        assert!(named, "{what}: {expected:?} is not among {faults:#?}");
        assert!(
            faults.iter().all(|fault| fault.ends_with(')')),
            "{what}: a fault without a hint: {faults:#?}"
        );
    }
}

#[test]
fn all_faults_come_at_once_in_file_order() {
    let broken = SOUND.replace("one_for_one", "odd").replace("\"a\"", "\"b\"").replace("/r/p", "/x/p");
    let faults = Plan::parse(&broken, "s.toml", &kinds(&["a"], &["p"])).expect_err("broken");
    let places: Vec<_> = faults.iter().map(|fault| (fault.line, fault.column)).collect();
    assert_eq!(places, [(1, 1), (4, 12), (7, 8), (9, 8)]);
}

#[test]
fn a_place_is_counted_in_lines_and_characters_from_one() {
    let text = "one\nzwölf = 2";
    let table = [(0, (1, 1)), (3, (1, 4)), (4, (2, 1)), (8, (2, 4)), (text.len(), (2, 10)), (99, (2, 10))];
    for (offset, place) in table {
        assert_eq!(place_of(text, offset), place, "offset {offset}");
    }
}
