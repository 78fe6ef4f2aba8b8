//! OTP as the judge: random scenarios whose traces were taken from a real `supervisor` play the same on ours.
//! The traces are kept, so that only a new set of scenarios needs Erlang:
//! `cargo test -p hecate-supervision --test otp -- --ignored` plays them all again and compares;
//! with `OTP_TRACES=write` it writes them anew.

#![expect(clippy::unwrap_used, reason = "a test may fail by a panic, its shared parts too")]

mod scenario;
mod stage;

use scenario::Scenario;
use stage::{play, sorted};
use std::collections::hash_map::DefaultHasher;
use std::fmt::Write;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::process::Command;

const SCENARIOS: u64 = 2_400;
/// Played at the same time: enough to hide the waits, not so many that a machine at work confuses OTP's
/// clock.
const AT_ONCE: usize = 200;
/// What the oracle says when it was too slow to be trusted.
const LATE: &str = "late";
const TRIES: usize = 5;
const TRACES: &str = "tests/otp/traces.txt";

#[test]
fn every_scenario_goes_as_it_went_on_otp() {
    let traces = std::fs::read_to_string(TRACES).unwrap();
    let mut lines = traces.lines();
    let mut failures = String::new();
    for seed in 0..SCENARIOS {
        let scenario = Scenario::draw(seed);
        let expected = lines.next().unwrap_or_else(|| panic!("no trace for seed {seed}"));
        let (print, expected) = expected.split_once(' ').unwrap();
        assert_eq!(
            print,
            fingerprint(&scenario),
            "seed {seed} draws another scenario: write the traces anew"
        );
        let ours = sorted(&play(&scenario));
        if ours != expected {
            let _ = writeln!(failures, "seed {seed}: {}\n   otp {expected}\n  ours {ours}", scenario.term());
        }
    }
    let count = failures.lines().filter(|line| line.starts_with("seed")).count();
    assert!(failures.is_empty(), "{count} of {SCENARIOS} differ:\n{failures}");
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
            let _ = writeln!(lines, "{} {}", fingerprint(scenario), sorted(&trace));
        }
    }
    if std::env::var("OTP_TRACES").as_deref() == Ok("write") {
        return std::fs::write(TRACES, lines).unwrap();
    }
    let kept = std::fs::read_to_string(TRACES).unwrap();
    let differing: Vec<_> = lines.lines().zip(kept.lines()).filter(|(now, then)| now != then).collect();
    assert!(differing.is_empty() && lines.len() == kept.len(), "{differing:#?}");
}

/// Alone, where the machine was too busy for many.
fn again(folder: &Path, scenario: &Scenario) -> String {
    let alone = || consult(folder, std::slice::from_ref(scenario)).remove(0);
    let trace = (0..TRIES).map(|_| alone()).find(|trace| trace != LATE);
    trace.unwrap_or_else(|| panic!("this machine is too busy for seed {}", scenario.seed))
}

/// Tells a trace that belongs to another scenario.
fn fingerprint(scenario: &Scenario) -> String {
    let mut hasher = DefaultHasher::new();
    scenario.term().hash(&mut hasher);
    format!("{:08x}", hasher.finish() as u32)
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
