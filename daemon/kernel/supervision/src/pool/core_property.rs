//! The invariants of a pool that no sequence of events may break: never two of one id, never too many, every
//! asker answered once, every restart counted.

use super::core::{Effect, Farewell};
use super::core_tests::{PERIOD_MS, Pool, Told, keep_of, restarting};
use crate::ExitReason;
use crate::plan::Restart;
use crate::supervise::backoff::Draw;
use crate::supervise::child::PoolFlags;
use crate::supervise::retry::Turn;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many there are to ask for.
const IDS: u8 = 9;

/// One thing that happens; the number chooses among those it can happen to.
#[derive(Clone, Copy, Debug)]
enum Chance {
    Ask(u8),
    StartEnds(usize, bool),
    /// The init says that it is not needed.
    StartIsIgnored(usize),
    /// By itself, with a crash or without.
    Exit(usize, bool),
    Terminate(usize),
    /// The oldest retry comes round, so much later, ms.
    Retry(u64),
    /// By its own account it takes no more messages.
    BeginsToEnd(usize),
    WorksOrRests(usize),
    /// So many places from now on.
    Limits(usize),
    Stop,
}

fn chance() -> impl Strategy<Value = Chance> {
    prop_oneof![
        8 => (0..IDS).prop_map(Chance::Ask),
        8 => (any::<usize>(), prop::bool::weighted(0.8))
            .prop_map(|(which, well)| Chance::StartEnds(which, well)),
        1 => any::<usize>().prop_map(Chance::StartIsIgnored),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(which, crash)| Chance::Exit(which, crash)),
        1 => any::<usize>().prop_map(Chance::Terminate),
        3 => (0..8_000u64).prop_map(Chance::Retry),
        1 => any::<usize>().prop_map(Chance::BeginsToEnd),
        4 => any::<usize>().prop_map(Chance::WorksOrRests),
        1 => (1..5usize).prop_map(Chance::Limits),
    ]
}

/// The children as they really are, apart from what the core believes.
struct Reality {
    starting: BTreeSet<String>,
    /// Whether it is idle.
    running: BTreeMap<String, bool>,
    ending: BTreeSet<String>,
    /// Those that were asked to end.
    asked_to_end: BTreeSet<String>,
    /// When a restart was due, ms.
    restarts_ms: Vec<u64>,
    stopping: bool,
    unanswered: BTreeSet<u32>,
    asked: u32,
    /// What waits, the oldest first.
    retries: Vec<(String, Turn)>,
    /// The latest of each id.
    turns: BTreeMap<String, Turn>,
    now_ms: u64,
    restart: Restart,
    children_max: usize,
    gave_up: bool,
    ended: bool,
}

impl Reality {
    fn new(restart: Restart, children_max: usize) -> Self {
        Self {
            starting: BTreeSet::new(),
            running: BTreeMap::new(),
            ending: BTreeSet::new(),
            asked_to_end: BTreeSet::new(),
            restarts_ms: Vec::new(),
            stopping: false,
            unanswered: BTreeSet::new(),
            asked: 0,
            retries: Vec::new(),
            turns: BTreeMap::new(),
            now_ms: 0,
            restart,
            children_max,
            gave_up: false,
            ended: false,
        }
    }

    fn take(
        &mut self,
        pool: &mut Pool,
        effects: impl IntoIterator<Item = Told>,
    ) -> Result<(), TestCaseError> {
        let mut effects: VecDeque<_> = effects.into_iter().collect();
        while let Some(effect) = effects.pop_front() {
            prop_assert!(!self.ended, "something after the end");
            match effect {
                Effect::Start(id, _) => {
                    prop_assert!(!self.running.contains_key(&id), "two of one id");
                    prop_assert!(self.starting.insert(id), "two starts of one id");
                }
                Effect::Found(id, replies) => {
                    prop_assert!(self.running.contains_key(&id), "found and not there");
                    self.answered(replies)?;
                }
                Effect::EndIdlest(count) => {
                    let idle = self.running.iter().filter(|(id, idle)| **idle && pool.may_leave(id));
                    let idlest: Vec<_> = idle.map(|(id, _)| id.clone()).take(count).collect();
                    self.ask_to_end(idlest.iter().cloned());
                    effects.extend(pool.leave(&idlest));
                }
                Effect::Failed(replies, _) | Effect::Full(replies) | Effect::Refuse(replies) => {
                    self.answered(replies)?;
                }
                Effect::Ignored(replies) => self.answered(replies)?,
                Effect::Busy(reply) => self.answered(vec![reply])?,
                Effect::RetryLater(id, turn, _) => {
                    self.turns.insert(id.clone(), turn);
                    self.retries.push((id, turn));
                }
                Effect::EndChild(id) => self.ask_to_end(self.running.contains_key(&id).then_some(id)),
                Effect::GaveUp(..) => (self.gave_up, self.stopping) = (true, true),
                Effect::StopAll => {
                    self.stopping = true;
                    self.ask_to_end(self.running.keys().cloned().collect::<Vec<_>>());
                }
                Effect::End => self.ended = true,
            }
        }
        Ok(())
    }

    fn ask_to_end(&mut self, ids: impl IntoIterator<Item = String>) {
        for id in ids {
            self.ending.insert(id.clone());
            self.asked_to_end.insert(id);
        }
    }

    /// Every restart is counted, and nothing else.
    fn check_window(&self, pool: &Pool) -> Result<(), TestCaseError> {
        let horizon_ms = self.restarts_ms.last().map_or(0, |last_ms| last_ms.saturating_sub(PERIOD_MS));
        let recent_ms = self.restarts_ms.iter().copied().filter(|at_ms| *at_ms >= horizon_ms);
        prop_assert_eq!(pool.window().at_ms().collect::<Vec<_>>(), recent_ms.collect::<Vec<_>>());
        Ok(())
    }

    fn answered(&mut self, replies: Vec<u32>) -> Result<(), TestCaseError> {
        for reply in replies {
            prop_assert!(self.unanswered.remove(&reply), "answered twice");
        }
        Ok(())
    }

    fn happen(&mut self, pool: &mut Pool, chance: Chance) -> Result<(), TestCaseError> {
        if self.ended {
            return Ok(());
        }
        match chance {
            Chance::Ask(id) => self.ask(pool, id.to_string()),
            Chance::StartEnds(which, well) => self.end_start(pool, which, well),
            Chance::StartIsIgnored(which) => {
                let Some(id) = nth(self.starting.iter(), which) else { return Ok(()) };
                self.starting.remove(&id);
                let told = pool.ignored(&id);
                self.take(pool, told)
            }
            Chance::Exit(which, crash) => self.exit(pool, which, crash),
            Chance::Terminate(which) => self.terminate(pool, which),
            Chance::Retry(after_ms) => self.retry(pool, after_ms),
            Chance::BeginsToEnd(which) => {
                self.ending.extend(nth(self.running.keys(), which));
                Ok(())
            }
            Chance::WorksOrRests(which) => {
                let id = nth(self.running.keys(), which);
                if let Some(idle) = id.and_then(|id| self.running.get_mut(&id)) {
                    *idle = !*idle;
                }
                Ok(())
            }
            Chance::Limits(children_max) => {
                self.children_max = children_max;
                let limits = PoolFlags { restart: self.restart, children_max, ..PoolFlags::default() };
                let told = pool.take_limits(&limits, keep_of(self.restart));
                self.take(pool, told)
            }
            Chance::Stop => {
                let told = pool.stop();
                self.take(pool, told)
            }
        }
    }

    fn ask(&mut self, pool: &mut Pool, id: String) -> Result<(), TestCaseError> {
        self.asked += 1;
        self.unanswered.insert(self.asked);
        let ending = self.ending.contains(&id);
        let told = pool.ask(id, "args", self.asked, ending);
        self.take(pool, told)
    }

    fn end_start(&mut self, pool: &mut Pool, which: usize, well: bool) -> Result<(), TestCaseError> {
        let Some(id) = nth(self.starting.iter(), which) else { return Ok(()) };
        self.starting.remove(&id);
        let told = if well {
            self.running.insert(id.clone(), true);
            pool.started(&id)
        } else {
            pool.start_failed(&id, ExitReason::Killed, Draw(0))
        };
        self.take(pool, told)
    }

    fn exit(&mut self, pool: &mut Pool, which: usize, crash: bool) -> Result<(), TestCaseError> {
        let Some(id) = nth(self.running.keys(), which) else { return Ok(()) };
        self.running.remove(&id);
        self.ending.remove(&id);
        let reason = if crash { ExitReason::Killed } else { ExitReason::Normal };
        let by_itself = !self.asked_to_end.remove(&id) && !self.stopping;
        if by_itself && pool.restarts(&reason) {
            self.restarts_ms.push(self.now_ms);
        }
        let told = pool.exited(self.now_ms, &id, &reason);
        self.take(pool, told)
    }

    fn terminate(&mut self, pool: &mut Pool, which: usize) -> Result<(), TestCaseError> {
        let known: Vec<_> = (0..IDS).map(|id| id.to_string()).filter(|id| pool.knows(id)).collect();
        let Some(id) = nth(known.iter(), which) else { return Ok(()) };
        let (farewell, told) = pool.terminate(&id);
        let runs = self.running.contains_key(&id) || self.starting.contains(&id);
        prop_assert_eq!(farewell == Farewell::Ending, runs, "{} is waited for", id);
        self.take(pool, told)
    }

    fn retry(&mut self, pool: &mut Pool, after_ms: u64) -> Result<(), TestCaseError> {
        self.now_ms += after_ms;
        if self.retries.is_empty() {
            return Ok(());
        }
        let (id, turn) = self.retries.remove(0);
        let restarting = pool.members().any(|(member, is_restarting)| member == id && is_restarting);
        let is_latest = self.turns.get(&id) == Some(&turn);
        let is_due = restarting && is_latest && !self.starting.contains(&id);
        self.restarts_ms.extend(is_due.then_some(self.now_ms));
        let told = pool.retry(self.now_ms, &id, turn);
        self.take(pool, told)
    }
}

/// One of these, by chance.
fn nth<'i>(mut ids: impl ExactSizeIterator<Item = &'i String>, which: usize) -> Option<String> {
    let count = ids.len().max(1);
    ids.nth(which % count).cloned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_overfills_the_pool_or_forgets_an_asker(
        children_max in 1..5usize,
        restart in prop::sample::select(vec![Restart::Temporary, Restart::Transient, Restart::Permanent]),
        chances in prop::collection::vec(chance(), 0..200),
    ) {
        let mut pool = restarting(restart, children_max);
        let mut reality = Reality::new(restart, children_max);
        for chance in chances {
            let before = pool.members().count();
            reality.happen(&mut pool, chance)?;
            let members = pool.members().count();
            let alive = reality.starting.len() + reality.running.len();
            prop_assert!(alive <= members, "more than there are places");
            prop_assert!(members <= before.max(reality.children_max), "overfull");
            reality.check_window(&pool)?;
        }
        // Whoever waits now waits for a start or an end that is under way.
        let busy = |reality: &Reality| {
            !(reality.starting.is_empty() && reality.ending.is_empty() && reality.retries.is_empty())
        };
        while !reality.ended && busy(&reality) {
            reality.happen(&mut pool, Chance::Retry(9_000))?;
            reality.happen(&mut pool, Chance::StartEnds(0, true))?;
            let ending = reality.running.keys().position(|id| reality.ending.contains(id));
            if let Some(ending) = ending {
                reality.happen(&mut pool, Chance::Exit(ending, false))?;
            }
        }
        prop_assert!(reality.unanswered.is_empty(), "forgotten: {:?}", reality.unanswered);
        reality.happen(&mut pool, Chance::Stop)?;
        prop_assert!(!reality.gave_up || restart != Restart::Temporary, "a temporary child costs no restart");
        while !reality.running.is_empty() {
            reality.happen(&mut pool, Chance::Exit(0, false))?;
        }
        prop_assert!(reality.ended, "an empty pool that stops has ended");
    }
}
