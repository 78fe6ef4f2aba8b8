//! Draws scenarios from a seed. They keep to what OTP decides alone: never inside the second that its clock
//! rounds away, and never where two things race; what happens at the same time happens while a supervisor
//! waits, in an order that is known.

use crate::scenario::{Act, Call, How, Moment, Mood, Op, Pool, Scenario, Shutdown, Spec, Supervisor};
use hecate_supervision::{AutoShutdown, Restart, Strategy};
use std::collections::BTreeMap;

const LONG_WAIT_MS: u64 = 11_200;
const SHORT_WAIT_MS: u64 = 40;
/// A worker that may be deaf is killed after this.
const SHORT_SHUTDOWN_MS: u64 = 500;
/// Long enough for whatever happens meanwhile.
const LONG_SHUTDOWN_MS: u64 = 5_000;
/// How often a scenario may wait until all restarts are forgotten.
const LONG_WAITS_MAX: usize = 2;

/// SplitMix64: small, and the same for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound as u64) as usize
    }

    fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())].clone()
    }
}

/// A worker that is in the tree, or may be added to it.
#[derive(Clone)]
struct Worker {
    id: String,
    parent: String,
    restart: Restart,
    shutdown: Shutdown,
    /// Only a call can bring it into the tree.
    is_spare: bool,
}

/// A supervisor of the tree, or one that may be added to it.
#[derive(Clone)]
struct Boss {
    id: String,
    parent: Option<String>,
    intensity: u32,
    auto_shutdown: AutoShutdown,
    /// It stays without children, so that it can be killed and leaves no orphans.
    is_empty: bool,
}

struct Author {
    dice: Dice,
    workers: Vec<Worker>,
    bosses: Vec<Boss>,
    pool: Option<Pool>,
    /// The specs of the supervisors and the pool, for calls about them.
    specs: BTreeMap<String, Spec>,
    deaf: Vec<String>,
    long_waits: usize,
    /// OTP counts one too few for ever once a member was terminated while it was being restarted.
    pool_is_miscounted: bool,
}

const RESTARTS: [Restart; 3] = [Restart::Permanent, Restart::Transient, Restart::Temporary];
const STRATEGIES: [Strategy; 3] = [Strategy::OneForOne, Strategy::RestForOne, Strategy::OneForAll];
const AUTOS: [AutoShutdown; 3] =
    [AutoShutdown::Never, AutoShutdown::AnySignificant, AutoShutdown::AllSignificant];
const SHUTDOWNS: [Shutdown; 4] = [
    Shutdown::Within(LONG_SHUTDOWN_MS),
    Shutdown::Within(SHORT_SHUTDOWN_MS),
    Shutdown::Brutal,
    Shutdown::Infinity,
];
const MEMBERS: [&str; 3] = ["x", "y", "z"];
/// The root, those below it, one below those, and one that only a call brings in.
const BOSSES: [&str; 4] = ["r", "s", "t", "v"];
const SPARE_BOSS: &str = "u";

impl Scenario {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut author = Author {
            dice: Dice(seed),
            workers: Vec::new(),
            bosses: Vec::new(),
            pool: None,
            specs: BTreeMap::new(),
            deaf: Vec::new(),
            long_waits: 0,
            pool_is_miscounted: false,
        };
        let tree = author.supervisor("r", None, 0);
        author.spares();
        let mut ops = author.moods_before_boot();
        for _ in 0..6 + author.dice.below(8) {
            author.op(&mut ops);
        }
        author.race_at_the_end(&mut ops);
        Self { seed, tree, ops }
    }
}

impl Author {
    fn supervisor(&mut self, id: &str, parent: Option<&Boss>, level: usize) -> Supervisor {
        let auto_shutdown = if self.dice.one_in(3) { AutoShutdown::Never } else { self.dice.pick(&AUTOS) };
        let (strategy, intensity) = (self.dice.pick(&STRATEGIES), self.dice.below(6) as u32);
        let restart = self.dice.pick(&RESTARTS);
        let significant = self.significant(restart, parent.map(|parent| parent.auto_shutdown));
        let shutdown = self.dice.pick(&[Shutdown::Infinity, Shutdown::Within(LONG_SHUTDOWN_MS)]);
        let count = if level == 0 { 2 + self.dice.below(4) } else { self.dice.below(4) };
        let parent = parent.map(|parent| parent.id.clone());
        let boss = Boss { id: id.into(), parent, intensity, auto_shutdown, is_empty: count == 0 };
        self.bosses.push(boss.clone());
        let children = (0..count).map(|place| self.child(&boss, place, level)).collect();
        let id = id.to_owned();
        let own =
            Supervisor { id, strategy, intensity, auto_shutdown, restart, significant, shutdown, children };
        self.specs.insert(own.id.clone(), Spec::Supervisor(Box::new(own.clone())));
        own
    }

    /// Supervisors are two deep below the root, pools are right below it.
    fn child(&mut self, boss: &Boss, place: usize, level: usize) -> Spec {
        match self.dice.below(6) {
            0 | 1 if level < 2 && self.bosses.len() < BOSSES.len() => {
                let id = BOSSES[self.bosses.len()];
                Spec::Supervisor(Box::new(self.supervisor(id, Some(boss), level + 1)))
            }
            2 if level == 0 && self.pool.is_none() => self.new_pool(boss),
            _ => self.worker(&format!("{}{place}", boss.id), boss),
        }
    }

    fn significant(&mut self, restart: Restart, auto: Option<AutoShutdown>) -> bool {
        let may = restart != Restart::Permanent && auto.is_some_and(|auto| auto != AutoShutdown::Never);
        may && !self.dice.one_in(3)
    }

    fn worker(&mut self, id: &str, boss: &Boss) -> Spec {
        let (restart, shutdown) = (self.dice.pick(&RESTARTS), self.dice.pick(&SHUTDOWNS));
        let significant = self.significant(restart, Some(boss.auto_shutdown));
        let parent = boss.id.clone();
        self.workers.push(Worker { id: id.into(), parent, restart, shutdown, is_spare: false });
        Spec::Worker { id: id.into(), restart, significant, shutdown }
    }

    fn new_pool(&mut self, boss: &Boss) -> Spec {
        let restart = if self.dice.one_in(2) { Restart::Permanent } else { self.dice.pick(&RESTARTS) };
        let pool = Pool {
            id: "p".into(),
            intensity: self.dice.below(4) as u32,
            member_restart: self.dice.pick(&RESTARTS),
            member_shutdown: self.dice.pick(&SHUTDOWNS),
            restart,
            significant: self.significant(restart, Some(boss.auto_shutdown)),
        };
        self.pool = Some(pool.clone());
        self.specs.insert("p".into(), Spec::Pool(pool.clone()));
        Spec::Pool(pool)
    }

    /// What only a call can bring into the tree: a worker for each supervisor, and a supervisor.
    fn spares(&mut self) {
        for boss in self.bosses.clone().into_iter().filter(|boss| !boss.is_empty) {
            let (restart, shutdown) = (self.dice.pick(&RESTARTS), self.dice.pick(&SHUTDOWNS));
            let (id, parent) = (format!("{}9", boss.id), boss.id);
            self.workers.push(Worker { id, parent, restart, shutdown, is_spare: true });
        }
        let root = self.bosses[0].clone();
        self.supervisor(SPARE_BOSS, Some(&root), 2);
        let below = self.workers.iter_mut().filter(|worker| worker.parent == SPARE_BOSS);
        below.for_each(|worker| worker.is_spare = true);
    }

    /// Now and then the boot itself is disturbed.
    fn moods_before_boot(&mut self) -> Vec<Op> {
        if !self.dice.one_in(6) {
            return Vec::new();
        }
        let worker = self.dice.pick(&self.workers.clone());
        let mood = if self.dice.one_in(3) { Mood::Fail(1) } else { Mood::Ignore(1) };
        vec![Op::Mood(worker.id, mood)]
    }

    fn op(&mut self, ops: &mut Vec<Op>) {
        let worker = self.some_worker();
        match self.dice.below(24) {
            0..=2 => self.end(&worker.id, ops),
            3..=8 => self.storm(ops),
            9 | 10 => self.rush(&worker, ops),
            11 => {
                ops.push(Op::Mood(worker.id.clone(), Mood::Ignore(1)));
                self.end(&worker.id, ops);
            }
            12 => self.deafen(&worker, ops),
            13 if self.long_waits < LONG_WAITS_MAX && self.dice.one_in(2) => {
                self.long_waits += 1;
                ops.push(Op::Wait(LONG_WAIT_MS));
            }
            13 => ops.push(Op::Wait(SHORT_WAIT_MS)),
            14..=16 if self.pool.is_some() => self.pool_op(ops),
            17 => self.stop_with_interruptions(&worker, ops),
            18 => self.kill_an_empty_one(ops),
            19 => self.fail_a_boot(ops),
            _ => {
                let boss = self.some_boss();
                let call = self.call(&boss);
                ops.push(Op::Call(boss.id, call));
            }
        }
    }

    /// Mostly one that is in the tree from the beginning.
    fn some_worker(&mut self) -> Worker {
        let workers = self.workers.clone();
        let in_tree: Vec<_> = workers.iter().filter(|worker| !worker.is_spare).cloned().collect();
        if in_tree.is_empty() || self.dice.one_in(6) {
            self.dice.pick(&workers)
        } else {
            self.dice.pick(&in_tree)
        }
    }

    fn some_boss(&mut self) -> Boss {
        let with_spare = self.dice.one_in(6);
        let may_be = |boss: &&Boss| !boss.is_empty && (with_spare || boss.id != SPARE_BOSS);
        let bosses: Vec<_> = self.bosses.iter().filter(may_be).cloned().collect();
        self.dice.pick(&bosses)
    }

    fn siblings(&self, boss: &str) -> Vec<Worker> {
        self.workers.iter().filter(|worker| worker.parent == boss).cloned().collect()
    }

    fn how(&mut self, id: &str) -> How {
        let hows = [How::Normal, How::Shutdown, How::Done, How::Error, How::Error, How::Kill];
        let deaf = self.deaf.iter().any(|deaf| deaf == id);
        if deaf { How::Kill } else { self.dice.pick(&hows) }
    }

    fn end(&mut self, id: &str, ops: &mut Vec<Op>) {
        let how = self.how(id);
        ops.push(Op::End(id.into(), how));
    }

    /// A crash under a supervisor with patience, after which the child or a sibling fails to start so many
    /// times, while others end and ask.
    fn storm(&mut self, ops: &mut Vec<Op>) {
        let patient = |boss: &&Boss| boss.intensity > 1;
        let bosses: Vec<_> = self.bosses.iter().filter(patient).map(|boss| boss.id.clone()).collect();
        let may_storm = |worker: &&Worker| bosses.contains(&worker.parent) && !self.deaf.contains(&worker.id);
        let lasting = |worker: &&Worker| worker.restart != Restart::Temporary;
        let workers: Vec<_> = self.workers.iter().filter(may_storm).filter(lasting).cloned().collect();
        if workers.is_empty() {
            return;
        }
        let worker = self.dice.pick(&workers);
        let siblings: Vec<_> = self.siblings(&worker.parent);
        let failing = if self.dice.one_in(3) { self.dice.pick(&siblings) } else { worker.clone() };
        if !self.deaf.contains(&failing.id) {
            ops.push(Op::Mood(failing.id.clone(), Mood::Fail(1 + self.dice.below(3) as u32)));
            if !self.dice.one_in(4) {
                self.interrupt(&failing, Moment::Start, ops);
            }
        }
        let how = if self.dice.one_in(3) { How::Kill } else { How::Error };
        ops.push(Op::End(worker.id, how));
    }

    /// A crash, and more while the child, or a sibling, comes up again.
    fn rush(&mut self, worker: &Worker, ops: &mut Vec<Op>) {
        let siblings = self.siblings(&worker.parent);
        let starting = if self.dice.one_in(2) { worker.clone() } else { self.dice.pick(&siblings) };
        self.interrupt(&starting, Moment::Start, ops);
        if self.dice.one_in(4) {
            return ops.push(Op::Call(worker.parent.clone(), Call::Restart(starting.id)));
        }
        let how = if self.deaf.contains(&worker.id) { How::Kill } else { How::Error };
        ops.push(Op::End(worker.id.clone(), how));
    }

    /// Things that happen while the child's supervisor waits for it. Half of the questions are about it.
    fn interrupt(&mut self, worker: &Worker, moment: Moment, ops: &mut Vec<Op>) {
        let Some(boss) = self.bosses.iter().find(|boss| boss.id == worker.parent).cloned() else { return };
        let siblings = self.siblings(&boss.id);
        let mut acts = Vec::new();
        for _ in 0..1 + self.dice.below(3) {
            let sibling = self.dice.pick(&siblings);
            if sibling.id != worker.id && self.dice.one_in(3) {
                let how = self.how(&sibling.id);
                acts.push(Act::End(sibling.id, how));
                continue;
            }
            let call = if self.dice.one_in(2) { self.call_about(worker) } else { self.call(&boss) };
            acts.push(Act::Call(call));
        }
        ops.push(Op::During(worker.id.clone(), moment, boss.id, acts));
    }

    /// A child that takes its time to end, as asked or because a sibling crashes.
    fn stop_with_interruptions(&mut self, worker: &Worker, ops: &mut Vec<Op>) {
        if !self.takes_its_time(worker) {
            return self.end(&worker.id, ops);
        }
        self.interrupt(worker, Moment::Stop, ops);
        let sibling = self.dice.pick(&self.siblings(&worker.parent));
        if sibling.id != worker.id && self.dice.one_in(2) {
            return self.end(&sibling.id, ops);
        }
        ops.push(Op::Call(worker.parent.clone(), Call::Terminate(worker.id.clone())));
    }

    fn takes_its_time(&self, worker: &Worker) -> bool {
        matches!(worker.shutdown, Shutdown::Within(LONG_SHUTDOWN_MS) | Shutdown::Infinity)
    }

    /// Often the last stop finds the children ending by themselves.
    fn race_at_the_end(&mut self, ops: &mut Vec<Op>) {
        let worker = self.some_worker();
        if self.takes_its_time(&worker) && self.dice.one_in(2) {
            self.interrupt(&worker, Moment::Stop, ops);
        }
    }

    fn kill_an_empty_one(&mut self, ops: &mut Vec<Op>) {
        let empty: Vec<_> = self.bosses.iter().filter(|boss| boss.is_empty).cloned().collect();
        if !empty.is_empty() {
            ops.push(Op::End(self.dice.pick(&empty).id, How::Kill));
        }
    }

    /// A supervisor that is to come up again, or for the first time, while one of its children fails.
    fn fail_a_boot(&mut self, ops: &mut Vec<Op>) {
        let boss = self.dice.pick(&self.bosses.clone());
        let workers: Vec<_> =
            self.siblings(&boss.id).into_iter().filter(|worker| !worker.id.ends_with('9')).collect();
        let (Some(parent), false) = (boss.parent, workers.is_empty()) else { return };
        let worker = self.dice.pick(&workers);
        let again = if self.dice.one_in(2) {
            Call::Restart(boss.id.clone())
        } else {
            Call::Start(self.specs[&boss.id].clone())
        };
        ops.push(Op::Call(parent.clone(), Call::Terminate(boss.id.clone())));
        if matches!(again, Call::Start(_)) {
            ops.push(Op::Call(parent.clone(), Call::Delete(boss.id)));
        }
        if !self.deaf.contains(&worker.id) {
            ops.push(Op::Mood(worker.id, Mood::Fail(1)));
        }
        ops.push(Op::Call(parent, again));
    }

    /// Only one that is killed in the end may be deaf.
    fn deafen(&mut self, worker: &Worker, ops: &mut Vec<Op>) {
        if worker.shutdown == Shutdown::Within(SHORT_SHUTDOWN_MS) {
            self.deaf.push(worker.id.clone());
            ops.push(Op::Mood(worker.id.clone(), Mood::Deaf));
        }
    }

    /// About any child of that supervisor, or none.
    fn call(&mut self, boss: &Boss) -> Call {
        let bosses = self.bosses.iter().filter(|other| other.parent.as_ref() == Some(&boss.id));
        let pool = self.pool.iter().filter(|_| boss.parent.is_none()).map(|pool| pool.id.clone());
        let below: Vec<_> = bosses.map(|boss| boss.id.clone()).chain(pool).collect();
        if !below.is_empty() && self.dice.one_in(3) {
            let id = self.dice.pick(&below);
            let spec = self.specs[&id].clone();
            return self.call_of(id, |_| spec);
        }
        let worker = self.dice.pick(&self.siblings(&boss.id));
        self.call_about(&worker)
    }

    fn call_about(&mut self, worker: &Worker) -> Call {
        let auto = self.bosses.iter().find(|boss| boss.id == worker.parent).map(|boss| boss.auto_shutdown);
        let (id, shutdown) = (worker.id.clone(), worker.shutdown);
        self.call_of(worker.id.clone(), |author| {
            let restart = author.dice.pick(&RESTARTS);
            // Sometimes a bad combination.
            let significant = author.dice.one_in(8) || author.significant(restart, auto);
            Spec::Worker { id, restart, significant, shutdown }
        })
    }

    fn call_of(&mut self, id: String, spec: impl FnOnce(&mut Self) -> Spec) -> Call {
        match self.dice.below(14) {
            0..=2 => Call::Start(spec(self)),
            3..=5 => Call::Terminate(id),
            6..=8 => Call::Restart(id),
            9 | 10 => Call::Delete(id),
            11 => Call::Spec(id),
            12 => Call::Count,
            _ => Call::Which,
        }
    }

    fn pool_op(&mut self, ops: &mut Vec<Op>) {
        let Some(pool) = self.pool.clone() else { return };
        let id: String = self.dice.pick(&MEMBERS).into();
        let hears = !self.deaf.contains(&id);
        match self.dice.below(14) {
            0..=2 => ops.push(Op::Call(pool.id, Call::Member(id))),
            3 | 4 => {
                ops.push(Op::Call(pool.id, Call::Member(id.clone())));
                self.end(&id, ops);
            }
            5 | 6 => ops.push(Op::Call(pool.id, Call::TerminateMember(id))),
            7 => ops.push(Op::Call(pool.id, Call::MemberSpec(id))),
            8..=10 if hears && pool.member_restart != Restart::Temporary => {
                self.member_storm(&pool, id, ops);
            }
            11 if hears && pool.member_restart == Restart::Temporary => {
                ops.push(Op::Mood(id.clone(), Mood::Ignore(1)));
                ops.push(Op::Call(pool.id, Call::Member(id)));
            }
            12 => {
                let call = self.dice.pick(&[Call::Restart(id.clone()), Call::Delete(id), Call::Which]);
                ops.push(Op::Call(pool.id, call));
            }
            13 if pool.member_shutdown == Shutdown::Within(SHORT_SHUTDOWN_MS) => {
                self.deaf.push(id.clone());
                ops.push(Op::Mood(id.clone(), Mood::Deaf));
                ops.push(Op::Call(pool.id, Call::Member(id)));
            }
            _ if self.pool_is_miscounted => ops.push(Op::Call(pool.id, Call::Which)),
            _ => ops.push(Op::Call(pool.id, Call::Count)),
        }
    }

    /// Restarts of a member that fail, and questions meanwhile: not about others, whom a pool of ours serves
    /// at the same time.
    fn member_storm(&mut self, pool: &Pool, id: String, ops: &mut Vec<Op>) {
        ops.push(Op::Call(pool.id.clone(), Call::Member(id.clone())));
        ops.push(Op::Mood(id.clone(), Mood::Fail(1 + self.dice.below(2) as u32)));
        self.pool_is_miscounted |= self.dice.one_in(3);
        let last = if self.pool_is_miscounted { Call::TerminateMember(id.clone()) } else { Call::Count };
        let calls = [Call::Which, Call::Restart(id.clone()), Call::MemberSpec(id.clone()), last];
        let acts = (0..1 + self.dice.below(3)).map(|_| Act::Call(self.dice.pick(&calls))).collect();
        ops.push(Op::During(id.clone(), Moment::Start, pool.id.clone(), acts));
        ops.push(Op::End(id, How::Error));
    }
}
