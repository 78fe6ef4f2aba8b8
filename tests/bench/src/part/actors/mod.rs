//! The actors beside real OTP, bare tokio, bare ractor and kameo: messages, restarts, pools, and the tree as a whole.

mod bare_ractor;
mod hecate;
mod in_process;
mod kameo;
mod library;
mod otp;
mod tasks;
mod tree;

use crate::arguments::Arguments;
use crate::book::{Book, Measure, Rate};
use crate::machine;
use in_process::InProcess;
use std::marker::PhantomData;
use std::path::Path;
use std::time::Duration;

pub(crate) const HECATE: &str = "hecate";
pub(crate) const OTP: &str = "OTP";
pub(crate) const TOKIO: &str = "tokio";
pub(crate) const RACTOR: &str = "ractor";
pub(crate) const KAMEO: &str = "kameo";

pub(crate) const CASTS: &str = "casts, one to one";
pub(crate) const CASTS_BOUNDED: &str = "casts, one to one, mailbox of 1,024";
pub(crate) const CALLS: &str = "call and answer";
pub(crate) const TO_10: &str = "deliveries to a group of 10";
pub(crate) const TO_100: &str = "deliveries to a group of 100";
pub(crate) const TO_1000: &str = "deliveries to a group of 1,000";
pub(crate) const RESTART: &str = "crash to init done";
pub(crate) const RESTART_ALL: &str = "crash to the last init of 100, one_for_all";
pub(crate) const STARTS: &str = "starts under a pool";
pub(crate) const MEMORY: &str = "an idle child of a pool";
pub(crate) const STOP: &str = "stop of a pool of 20,000";
pub(crate) const BOOT: &str = "boot of the whole tree, empty stores";
pub(crate) const END: &str = "orderly stop of the daemon, idle";

/// This program with this word and a contestant's name tells how much memory an idle child takes.
pub(crate) const HOLD: &str = "--hold-children";

/// Short ones: the best and the median of many tell more than one long one on a machine that others use too.
const WINDOWS: usize = 100;
const MESSAGES: usize = 20_000;
const CALLS_COUNT: usize = 20_000;
/// Deliveries of one window of a broadcast.
const DELIVERIES: usize = 20_000;
/// Less than a mailbox holds: who broadcasts does not wait.
const FACTS_MAX: usize = 500;
const RESTARTS: usize = 1_000;
const RESTARTS_OF_ALL: usize = 50;
const CHILDREN_OF_ALL: usize = 100;
const CHILDREN: usize = 20_000;
const STARTS_WINDOW: usize = 1_000;

/// Does every task and tells how long each window or each turn took; nothing where it has no such thing.
trait Contestant {
    fn name(&self) -> &'static str;
    fn casts(&mut self, bounded: bool, messages: usize) -> Vec<Duration>;
    fn calls(&mut self, count: usize) -> Vec<Duration>;
    fn broadcasts(&mut self, members: usize, facts: usize) -> Vec<Duration>;
    /// From the crash of one child to the last init of all of its supervisor's.
    fn restarts(&mut self, children: usize, count: usize) -> Vec<Duration>;
    fn pool(&mut self, children: usize, window: usize) -> PooledTimes;
    fn bytes_per_actor(&mut self, children: usize) -> f64;
}

struct PooledTimes {
    starts: Vec<Duration>,
    stop: Duration,
}

pub(crate) fn run(book: &mut Book, arguments: &Arguments, program: &Path, folder: &Path) {
    let mut contestants = contestants(arguments, folder);
    for round in 0..arguments.rounds {
        eprintln!("round {round}, load average {}", machine::load_average());
        // Whoever began comes last in the next round.
        contestants.rotate_left(1);
        TASKS.iter().for_each(|task| contestants.iter_mut().for_each(|one| task(book, round, one.as_mut())));
        tree::round(book, round, program, folder);
    }
}

fn contestants(arguments: &Arguments, folder: &Path) -> Vec<Box<dyn Contestant>> {
    let mut all: Vec<Box<dyn Contestant>> = vec![
        Box::new(InProcess(PhantomData::<hecate::Hecate>)),
        Box::new(InProcess(PhantomData::<tasks::Tokio>)),
        Box::new(InProcess(PhantomData::<bare_ractor::Ractor>)),
        Box::new(InProcess(PhantomData::<kameo::Kameo>)),
    ];
    all.retain(|one| arguments.wants(one.name()));
    if arguments.wants(OTP)
        && let Some(otp) = otp::Otp::start(folder)
    {
        all.push(Box::new(otp));
    }
    all
}

/// What the process does that was started with [`HOLD`].
pub(crate) fn hold(name: &str) {
    let bytes = match name {
        HECATE => in_process::hold::<hecate::Hecate>(CHILDREN),
        TOKIO => in_process::hold::<tasks::Tokio>(CHILDREN),
        RACTOR => in_process::hold::<bare_ractor::Ractor>(CHILDREN),
        KAMEO => in_process::hold::<kameo::Kameo>(CHILDREN),
        other => panic!("{other} is nobody in process"),
    };
    println!("{bytes}");
}

type Task = fn(&mut Book, usize, &mut dyn Contestant);

const TASKS: [Task; 10] = [
    |book, round, one| windows(book, CASTS, round, one.name(), &one.casts(false, MESSAGES), MESSAGES),
    |book, round, one| windows(book, CASTS_BOUNDED, round, one.name(), &one.casts(true, MESSAGES), MESSAGES),
    |book, round, one| latencies(book, CALLS, round, one.name(), one.calls(CALLS_COUNT)),
    |book, round, one| broadcast(book, TO_10, round, one, 10),
    |book, round, one| broadcast(book, TO_100, round, one, 100),
    |book, round, one| broadcast(book, TO_1000, round, one, 1_000),
    |book, round, one| latencies(book, RESTART, round, one.name(), one.restarts(1, RESTARTS)),
    |book, round, one| {
        latencies(book, RESTART_ALL, round, one.name(), one.restarts(CHILDREN_OF_ALL, RESTARTS_OF_ALL));
    },
    |book, round, one| {
        let PooledTimes { starts, stop } = one.pool(CHILDREN, STARTS_WINDOW);
        windows(book, STARTS, round, one.name(), &starts, STARTS_WINDOW);
        book.note(STOP, one.name(), Measure::Seconds, round, stop.as_secs_f64());
    },
    |book, round, one| {
        book.note(MEMORY, one.name(), Measure::BytesPerActor, round, one.bytes_per_actor(CHILDREN));
    },
];

fn broadcast(book: &mut Book, case: &str, round: usize, one: &mut dyn Contestant, members: usize) {
    let facts = FACTS_MAX.min(DELIVERIES / members);
    windows(book, case, round, one.name(), &one.broadcasts(members, facts), members * facts);
}

fn windows(book: &mut Book, case: &str, round: usize, who: &str, windows: &[Duration], messages: usize) {
    let mut rates: Vec<f64> = windows.iter().map(|took| messages as f64 / took.as_secs_f64()).collect();
    rates.sort_unstable_by(f64::total_cmp);
    if let (Some(median), Some(best)) = (rates.get(rates.len() / 2), rates.last()) {
        book.note(case, who, Measure::PerSecond, round, *median);
        book.note(case, who, Measure::Best, round, *best);
    }
}

fn latencies(book: &mut Book, case: &str, round: usize, who: &str, each: Vec<Duration>) {
    let rate = Rate { took: each.iter().sum(), each, cpu: Duration::ZERO };
    book.rate(case, who, round, rate, false);
}
