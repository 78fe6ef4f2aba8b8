//! What all scenarios together must have met, so that a generator that draws noise does not pass for proof.

use std::collections::{BTreeMap, HashSet};

const DISTINCT_MIN: usize = 2_000;

/// How often each thing happened at least, over all traces.
const FLOORS: [(&str, usize); 27] = [
    ("up", 2_000),
    ("failed boot", 300),
    ("ended by itself", 600),
    ("a crash", 2_000),
    ("killed", 2_500),
    ("not needed", 300),
    ("a start fails", 2_000),
    ("a sibling fails in a group's restart", 400),
    ("a supervisor's boot fails for an asker", 200),
    ("meanwhile", 1_000),
    ("restarting in a list", 100),
    ("restarting in a pool's list", 40),
    ("=restarting", 200),
    ("=running", 800),
    ("=already_present", 200),
    ("=already_started", 100),
    ("=already_started:it", 300),
    ("=failed", 250),
    ("=invalid", 60),
    ("=simple_one_for_one", 80),
    ("=not_found", 1_000),
    ("=nosup", 600),
    ("=ok", 1_000),
    ("=ok:pid", 800),
    ("=ok:none", 25),
    ("=spec", 250),
    ("a list or a count", 800),
];

pub(crate) fn assert_coverage<'t>(traces: impl Iterator<Item = &'t str>) {
    let traces: Vec<_> = traces.collect();
    let distinct = traces.iter().collect::<HashSet<_>>().len();
    assert!(distinct >= DISTINCT_MIN, "{distinct} distinct traces");
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for trace in traces {
        let lines: Vec<_> = trace.split(' ').collect();
        lines.iter().flat_map(|line| kinds(line)).for_each(|kind| *seen.entry(kind).or_default() += 1);
        let siblings = lines.windows(2).filter(|pair| fails_beside(pair[0], pair[1])).count();
        *seen.entry("a sibling fails in a group's restart").or_default() += siblings;
    }
    let count = |kind| seen.get(kind).copied().unwrap_or_default();
    let missing: Vec<_> = FLOORS.iter().filter(|(kind, floor)| count(kind) < *floor).collect();
    assert!(missing.is_empty(), "too rare: {missing:?}\nof {seen:#?}");
}

/// The start of one is followed by the failure of another under the same supervisor.
fn fails_beside(one: &str, other: &str) -> bool {
    let start = one.strip_prefix('+').and_then(|id| id.chars().next());
    start.is_some()
        && start == other.strip_prefix('!').and_then(|id| id.chars().next())
        && one[1..] != other[1..]
}

fn kinds(line: &str) -> Vec<&'static str> {
    const REPLIES: [&str; 14] = [
        "=already_started:it",
        "=already_present",
        "=running",
        "=restarting",
        "=not_found",
        "=simple_one_for_one",
        "=invalid",
        "=failed",
        "=nosup",
        "=ok:pid",
        "=ok:none",
        "=spec",
        "=already_started",
        "=ok",
    ];
    let reply = REPLIES.into_iter().find(|reply| line.starts_with(reply));
    let mut kinds: Vec<_> = reply.into_iter().collect();
    let marks = [
        (line == "up", "up"),
        (line.starts_with("failed"), "failed boot"),
        (line.starts_with("ended:"), "ended by itself"),
        (line.starts_with("=failed:"), "a supervisor's boot fails for an asker"),
        (line.starts_with("=[") && line.contains('~'), "restarting in a list"),
        (line.starts_with("=[*:") && line.contains('~'), "restarting in a pool's list"),
        (line.starts_with("=[") || line.contains('/'), "a list or a count"),
        (line.starts_with('@'), "meanwhile"),
        (line.starts_with('!'), "a start fails"),
        (line.starts_with('?'), "not needed"),
        (line.starts_with('*'), "killed"),
        (line.starts_with('-') && line.ends_with(":e"), "a crash"),
    ];
    kinds.extend(marks.into_iter().filter(|(holds, _)| *holds).map(|(_, kind)| kind));
    kinds
}
