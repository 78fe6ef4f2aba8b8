//! What the rounds measured, and what is printed of it: medians with their range, and ratios that were taken
//! within one round, since the machine of the next round is another one.

use crate::goals::{Bound, GOALS, Goal};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// What a loop did.
#[derive(Default)]
pub(crate) struct Rate {
    pub(crate) took: Duration,
    pub(crate) each: Vec<Duration>,
    /// CPU time of this process in the meantime.
    pub(crate) cpu: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Measure {
    PerSecond,
    P50,
    P99,
    CpuPerEvent,
    Seconds,
    BytesPerEvent,
    LogMegabytes,
    Megabytes,
    Times,
    /// The best window of a round, where a rate is the median of its windows.
    Best,
    BytesPerActor,
}

/// All figures, by case, contestant and measure; one per round.
#[derive(Default)]
pub(crate) struct Book {
    /// In the order in which they first came.
    cases: Vec<String>,
    figures: BTreeMap<Key, BTreeMap<usize, f64>>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    case: String,
    who: String,
    measure: Measure,
}

impl Rate {
    pub(crate) fn of_all(rates: Vec<Rate>) -> Rate {
        Rate {
            took: rates.iter().map(|rate| rate.took).max().unwrap_or_default(),
            cpu: rates.iter().map(|rate| rate.cpu).max().unwrap_or_default(),
            each: rates.into_iter().flat_map(|rate| rate.each).collect(),
        }
    }
}

impl Measure {
    fn name(self) -> &'static str {
        match self {
            Measure::PerSecond => "rate",
            Measure::P50 => "p50",
            Measure::P99 => "p99",
            Measure::CpuPerEvent => "CPU/event",
            Measure::Seconds => "time",
            Measure::BytesPerEvent => "bytes/event",
            Measure::LogMegabytes => "log and index of the log",
            Measure::Megabytes => "memory",
            Measure::Times => "ratio",
            Measure::Best => "best",
            Measure::BytesPerActor => "memory",
        }
    }

    fn show(self, value: f64) -> String {
        match self {
            Measure::PerSecond | Measure::Best if value >= 100_000.0 => format!("{:.2} M/s", value / 1e6),
            Measure::PerSecond | Measure::Best => format!("{value:.0}/s"),
            Measure::P50 | Measure::P99 if value < 0.1 => format!("{:.2} us", value * 1e3),
            Measure::P50 | Measure::P99 => format!("{value:.3} ms"),
            Measure::CpuPerEvent => format!("{value:.1} us"),
            Measure::Seconds if value < 1.0 => format!("{:.1} ms", value * 1e3),
            Measure::Seconds => format!("{value:.2} s"),
            Measure::BytesPerEvent | Measure::BytesPerActor => format!("{value:.0} B"),
            Measure::LogMegabytes | Measure::Megabytes => format!("{value:.1} MB"),
            Measure::Times => format!("{value:.2}"),
        }
    }
}

impl Book {
    /// Rate and latencies of a loop; CPU only where all the work was done in this process.
    pub(crate) fn rate(&mut self, case: &str, who: &str, round: usize, mut rate: Rate, in_process: bool) {
        rate.each.sort_unstable();
        let events = rate.each.len() as f64;
        self.note(case, who, Measure::PerSecond, round, events / rate.took.as_secs_f64());
        self.note(case, who, Measure::P50, round, ms(at(&rate.each, 50)));
        self.note(case, who, Measure::P99, round, ms(at(&rate.each, 99)));
        if in_process {
            self.note(case, who, Measure::CpuPerEvent, round, rate.cpu.as_secs_f64() * 1e6 / events);
        }
    }

    /// One figure; it is also told at once, so that a long run shows that it lives.
    pub(crate) fn note(&mut self, case: &str, who: &str, measure: Measure, round: usize, value: f64) {
        if matches!(measure, Measure::PerSecond | Measure::Seconds | Measure::BytesPerEvent) {
            eprintln!("  {case}: {who} {}", measure.show(value));
        }
        if !self.cases.iter().any(|known| known == case) {
            self.cases.push(case.to_owned());
        }
        let key = Key { case: case.to_owned(), who: who.to_owned(), measure };
        self.figures.entry(key).or_default().insert(round, value);
    }

    pub(crate) fn print(&self) {
        for case in &self.cases {
            println!("\n{case}");
            self.print_case(case);
        }
        println!("\nRatios within a round: median [min..max]");
        GOALS.iter().filter_map(|goal| self.judge(goal)).for_each(|line| println!("{line}"));
    }

    fn print_case(&self, case: &str) {
        let mut lines: Vec<(&str, String)> = Vec::new();
        for (key, rounds) in self.figures.iter().filter(|(key, _)| key.case == case) {
            let (median, min, max) = spread(rounds.values().copied());
            let mut cell = format!("{} {}", key.measure.name(), key.measure.show(median));
            if rounds.len() > 1 {
                let _ = write!(cell, " [{}..{}]", key.measure.show(min), key.measure.show(max));
            }
            match lines.iter_mut().find(|(who, _)| *who == key.who) {
                Some((_, line)) => *line = format!("{line}   {cell}"),
                None => lines.push((&key.who, cell)),
            }
        }
        lines.iter().for_each(|(who, line)| println!("  {who:16} {line}"));
    }

    /// A line for the goal; none where one of the two was not measured.
    fn judge(&self, goal: &Goal) -> Option<String> {
        let ours = self.rounds(goal.case, goal.ours, goal.measure)?;
        let figures: Vec<f64> = match goal.against {
            None => ours.values().copied().collect(),
            Some(peer) => {
                let theirs = self.rounds(goal.case, peer, goal.measure)?;
                ours.iter()
                    .filter_map(|(round, ours)| theirs.get(round).map(|theirs| ours / theirs))
                    .collect()
            }
        };
        if figures.is_empty() {
            return None;
        }
        let (median, min, max) = spread(figures.into_iter());
        let show = |value| goal.against.map_or_else(|| goal.measure.show(value), |_| format!("{value:.2}"));
        let what = match goal.against {
            Some(peer) => format!("{}: {} / {peer}, {}", goal.case, goal.ours, goal.measure.name()),
            None => format!("{}: {}, {}", goal.case, goal.ours, goal.measure.name()),
        };
        let verdict = match goal.bound {
            Bound::AtLeast(bound) => told(">=", show(bound), median >= bound),
            Bound::AtMost(bound) => told("<=", show(bound), median <= bound),
            Bound::Shown => String::new(),
        };
        Some(format!("  {what:62} {:>10} [{}..{}]   {verdict}", show(median), show(min), show(max)))
    }

    fn rounds(&self, case: &str, who: &str, measure: Measure) -> Option<&BTreeMap<usize, f64>> {
        self.figures.get(&Key { case: case.to_owned(), who: who.to_owned(), measure })
    }
}

fn told(sign: &str, bound: String, met: bool) -> String {
    format!("goal {sign} {bound}: {}", if met { "met" } else { "MISSED" })
}

/// Median, least and most.
fn spread(figures: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    let mut sorted: Vec<f64> = figures.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    match sorted.as_slice() {
        [] => (f64::NAN, f64::NAN, f64::NAN),
        [first, .., last] => {
            let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
            (f64::midpoint(low, high), *first, *last)
        }
        [one] => (*one, *one, *one),
    }
}

fn at(sorted: &[Duration], percent: usize) -> Duration {
    sorted.get(sorted.len() * percent / 100).or(sorted.last()).copied().unwrap_or_default()
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_lies_in_the_middle() {
        assert_eq!(spread([3.0, 1.0, 2.0].into_iter()), (2.0, 1.0, 3.0));
        assert_eq!(spread([4.0, 1.0, 2.0, 3.0].into_iter()), (2.5, 1.0, 4.0));
        assert_eq!(spread(std::iter::once(5.0)), (5.0, 5.0, 5.0));
    }

    #[test]
    fn a_ratio_is_taken_within_a_round_and_needs_both() {
        let mut book = Book::default();
        let goal = Goal {
            case: "c",
            measure: Measure::PerSecond,
            ours: "a",
            against: Some("b"),
            bound: Bound::AtLeast(2.0),
        };
        assert_eq!(book.judge(&goal), None);
        for (round, ours, theirs) in [(0, 20.0, 10.0), (1, 6.0, 2.0)] {
            book.note("c", "a", Measure::PerSecond, round, ours);
            book.note("c", "b", Measure::PerSecond, round, theirs);
        }
        book.note("c", "a", Measure::PerSecond, 2, 1_000_000.0);
        let line = book.judge(&goal).unwrap();
        assert!(line.contains("2.50 [2.00..3.00]") && line.contains("met"), "{line}");
    }
}
