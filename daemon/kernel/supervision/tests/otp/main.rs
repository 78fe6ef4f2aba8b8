//! OTP as the judge: random scenarios whose traces were taken from a real `supervisor` play the same on ours.
//! The traces are kept, so that only a new set of scenarios needs Erlang:
//! `cargo test -p hecate-supervision --test otp -- --ignored` plays them all again and compares;
//! with `OTP_TRACES=write` it writes them anew. Those that are kept were taken from OTP 25 (stdlib 4.2).

#![expect(clippy::unwrap_used, reason = "a test may fail by a panic, its shared parts too")]

mod actor;
mod author;
mod coverage;
mod scenario;
mod stage;
mod words;

use coverage::assert_coverage;
use scenario::Scenario;
use stage::play;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

const SCENARIOS: u64 = 2_800;
/// Played at the same time: enough to hide the waits, not so many that a machine at work confuses OTP's
/// clock.
const AT_ONCE: usize = 200;
/// What the oracle says when it was too slow to be trusted.
const LATE: &str = "late";
const TRIES: usize = 5;
const TRACES: &str = "tests/otp/traces.txt";
/// What the kept traces may take in the repository.
const TRACES_BYTES_MAX: usize = 512 * 1024;

#[test]
fn every_scenario_goes_as_it_went_on_otp() {
    let traces = std::fs::read_to_string(TRACES).unwrap();
    assert!(traces.len() <= TRACES_BYTES_MAX, "{} bytes", traces.len());
    assert_coverage(traces.lines().map(|line| line.split_once(' ').unwrap().1));
    let mut lines = traces.lines();
    let mut failures = Vec::new();
    for seed in 0..SCENARIOS {
        let scenario = Scenario::draw(seed);
        let expected = lines.next().unwrap_or_else(|| panic!("no trace for seed {seed}"));
        let (print, expected) = expected.split_once(' ').unwrap();
        let drawn = fingerprint(&scenario);
        assert_eq!(print, drawn, "seed {seed} draws another scenario: write the traces anew");
        let ours = sorted(&play(&scenario));
        if ours != expected {
            failures.push(format!("seed {seed}: {}\n   otp {expected}\n  ours {ours}", scenario.term()));
        }
    }
    assert_eq!(lines.next(), None, "traces of no scenario");
    assert!(failures.is_empty(), "{} of {SCENARIOS} differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
#[ignore = "needs Erlang"]
fn otp_still_says_what_the_kept_traces_say() {
    let scenarios: Vec<_> = (0..SCENARIOS).map(Scenario::draw).collect();
    let folder = tempfile::tempdir().unwrap();
    compile(folder.path());
    let mut lines = String::new();
    for batch in scenarios.chunks(AT_ONCE) {
        for (scenario, trace) in batch.iter().zip(consult(folder.path(), batch)) {
            let trace = if trace == LATE { again(folder.path(), scenario) } else { trace };
            assert!(!trace.starts_with("crashed"), "seed {}: {trace}", scenario.seed);
            let _ = writeln!(lines, "{} {}", fingerprint(scenario), sorted(&trace));
        }
    }
    if std::env::var("OTP_TRACES").as_deref() == Ok("write") {
        return std::fs::write(TRACES, lines).unwrap();
    }
    let kept = std::fs::read_to_string(TRACES).unwrap();
    let pairs = scenarios.iter().zip(lines.lines().zip(kept.lines()));
    let differing = pairs.filter(|(_, (now, then))| now != then);
    // A limit of half a second can pass by itself where the machine is busy.
    let differs = |scenario: &Scenario, then: &str| !then.ends_with(&sorted(&again(folder.path(), scenario)));
    let differing: Vec<_> = differing.filter(|(scenario, (_, then))| differs(scenario, then)).collect();
    assert!(differing.is_empty() && lines.lines().count() == kept.lines().count(), "{differing:#?}");
}

/// Alone, where the machine was too busy for many.
fn again(folder: &Path, scenario: &Scenario) -> String {
    let alone = || consult(folder, std::slice::from_ref(scenario)).remove(0);
    let trace = (0..TRIES).map(|_| alone()).find(|trace| trace != LATE);
    trace.unwrap_or_else(|| panic!("this machine is too busy for seed {}", scenario.seed))
}

/// Tells a trace that belongs to another scenario: FNV-1a of its term, which no toolchain changes.
fn fingerprint(scenario: &Scenario) -> String {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    format!("{:08x}", scenario.term().bytes().fold(0x811C_9DC5, step))
}

/// Members of one pool end in any order.
fn sorted(trace: &str) -> String {
    let is_member_end = |line: &str| {
        let id = line.strip_prefix(['-', '*']).and_then(|end| end.chars().next());
        id.is_some_and(|id| ('x'..='z').contains(&id))
    };
    let mut lines: Vec<&str> = trace.split(' ').collect();
    for run in lines.chunk_by_mut(|one, other| is_member_end(one) && is_member_end(other)) {
        run.sort_unstable();
    }
    lines.join(" ")
}

fn compile(folder: &Path) {
    let source = Path::new("tests/otp/oracle.erl").canonicalize().unwrap();
    let compiled = Command::new("erlc").arg("-o").arg(folder).arg(source).status().unwrap();
    assert!(compiled.success());
}

/// Plays the scenarios on OTP, all at once and on one scheduler.
fn consult(folder: &Path, scenarios: &[Scenario]) -> Vec<String> {
    let terms: String = scenarios.iter().map(|scenario| scenario.term() + "\n").collect();
    std::fs::write(folder.join("in.terms"), terms).unwrap();
    let mut erl = Command::new("erl");
    erl.current_dir(folder).args(["+S", "1", "-noshell", "-run", "oracle", "main", "in.terms", "out.txt"]);
    assert!(erl.status().unwrap().success());
    let out = std::fs::read_to_string(folder.join("out.txt")).unwrap();
    out.lines().map(|line| line.split_once(' ').unwrap().1.into()).collect()
}
