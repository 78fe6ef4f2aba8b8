//! A scenario: a tree, and what happens to it. Drawn from a seed, and written as the terms that the oracle
//! reads. It keeps to what OTP decides alone: never inside the second that its clock rounds away, and never
//! where two things race.

use hecate_supervision::{AutoShutdown, Restart, Strategy};
use std::fmt::Write;

/// OTP counts restarts by whole seconds: everything without a long wait is inside the window, everything
/// around one is outside.
pub(crate) const PERIOD_S: u64 = 10;
const LONG_WAIT_MS: u64 = 11_200;
const SHORT_WAIT_MS: u64 = 40;
/// A worker that may be deaf is killed after this.
const SHORT_SHUTDOWN_MS: u64 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shutdown {
    Within(u64),
    Brutal,
    Infinity,
}

#[derive(Clone, Debug)]
pub(crate) enum Spec {
    Worker { id: String, restart: Restart, significant: bool, shutdown: Shutdown },
    Supervisor(Box<Supervisor>),
    Pool { id: String, intensity: u32, restart: Restart, shutdown: Shutdown },
}

#[derive(Clone, Debug)]
pub(crate) struct Supervisor {
    pub(crate) id: String,
    pub(crate) strategy: Strategy,
    pub(crate) intensity: u32,
    pub(crate) auto_shutdown: AutoShutdown,
    pub(crate) restart: Restart,
    pub(crate) significant: bool,
    pub(crate) children: Vec<Spec>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Normal,
    Shutdown,
    Done,
    Error,
    Kill,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// So many starts fail.
    Fail(u32),
    /// So many inits do not want to run.
    Ignore(u32),
    /// It hears a shutdown and does not end.
    Deaf,
}

#[derive(Clone, Debug)]
pub(crate) enum Call {
    Start(Spec),
    Member(String),
    Terminate(String),
    TerminateMember(String),
    Restart(String),
    Delete(String),
    Spec(String),
    Which,
    Count,
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    End(String, How),
    Mood(String, Mood),
    /// Asks the supervisor while the next start of the child fails.
    During(String, String, Call),
    Call(String, Call),
    Wait(u64),
}

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) tree: Supervisor,
    pub(crate) ops: Vec<Op>,
}

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
struct Known {
    id: String,
    parent: String,
    shutdown: Shutdown,
}

struct Author {
    dice: Dice,
    workers: Vec<Known>,
    supervisors: Vec<(String, AutoShutdown)>,
    pools: Vec<(String, Restart, Shutdown)>,
    deaf: Vec<String>,
}

const RESTARTS: [Restart; 3] = [Restart::Permanent, Restart::Transient, Restart::Temporary];
const STRATEGIES: [Strategy; 3] = [Strategy::OneForOne, Strategy::RestForOne, Strategy::OneForAll];
const SHUTDOWNS: [Shutdown; 4] =
    [Shutdown::Within(5_000), Shutdown::Within(SHORT_SHUTDOWN_MS), Shutdown::Brutal, Shutdown::Infinity];
const MEMBERS: [&str; 3] = ["x", "y", "z"];

impl Scenario {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut author = Author {
            dice: Dice(seed),
            workers: Vec::new(),
            supervisors: Vec::new(),
            pools: Vec::new(),
            deaf: Vec::new(),
        };
        let tree = author.supervisor("r", None);
        author.spare_workers();
        let mut ops = author.moods_before_boot();
        for _ in 0..6 + author.dice.below(9) {
            author.op(&mut ops);
        }
        Self { seed, tree, ops }
    }
}

impl Author {
    /// The root may hold supervisors and a pool, those below only workers.
    fn supervisor(&mut self, id: &str, parent_auto: Option<AutoShutdown>) -> Supervisor {
        let autos = [AutoShutdown::Never, AutoShutdown::AnySignificant, AutoShutdown::AllSignificant];
        let auto_shutdown = if self.dice.one_in(2) { AutoShutdown::Never } else { self.dice.pick(&autos) };
        let strategy = self.dice.pick(&STRATEGIES);
        let intensity = self.dice.below(4) as u32;
        self.supervisors.push((id.into(), auto_shutdown));
        let restart = self.dice.pick(&RESTARTS);
        let significant = self.significant(restart, parent_auto);
        let is_root = parent_auto.is_none();
        let count = if is_root { 1 + self.dice.below(4) } else { 1 + self.dice.below(3) };
        let mut children = Vec::new();
        for place in 0..count {
            let child = match self.dice.below(6) {
                0 | 1 if is_root && self.supervisors.len() < 3 => {
                    let id = ["", "s", "t"][self.supervisors.len()];
                    Spec::Supervisor(Box::new(self.supervisor(id, Some(auto_shutdown))))
                }
                2 if is_root && self.pools.is_empty() => self.pool(),
                _ => self.worker(&format!("{id}{place}"), id, auto_shutdown),
            };
            children.push(child);
        }
        Supervisor { id: id.into(), strategy, intensity, auto_shutdown, restart, significant, children }
    }

    fn significant(&mut self, restart: Restart, auto: Option<AutoShutdown>) -> bool {
        let may = restart != Restart::Permanent && auto.is_some_and(|auto| auto != AutoShutdown::Never);
        may && !self.dice.one_in(3)
    }

    fn worker(&mut self, id: &str, parent: &str, auto: AutoShutdown) -> Spec {
        let shutdown = self.dice.pick(&SHUTDOWNS);
        self.workers.push(Known { id: id.into(), parent: parent.into(), shutdown });
        let restart = self.dice.pick(&RESTARTS);
        let significant = self.significant(restart, Some(auto));
        Spec::Worker { id: id.into(), restart, significant, shutdown }
    }

    fn pool(&mut self) -> Spec {
        let (restart, shutdown) = (self.dice.pick(&RESTARTS), self.dice.pick(&SHUTDOWNS));
        self.pools.push(("p".into(), restart, shutdown));
        Spec::Pool { id: "p".into(), intensity: self.dice.below(3) as u32, restart, shutdown }
    }

    /// Ids that only a call can bring into the tree.
    fn spare_workers(&mut self) {
        for (parent, _) in self.supervisors.clone() {
            for spare in ["8", "9"] {
                let shutdown = self.dice.pick(&SHUTDOWNS);
                self.workers.push(Known { id: format!("{parent}{spare}"), parent: parent.clone(), shutdown });
            }
        }
    }

    /// Now and then the boot itself is disturbed.
    fn moods_before_boot(&mut self) -> Vec<Op> {
        if !self.dice.one_in(5) {
            return Vec::new();
        }
        let worker = self.dice.pick(&self.workers.clone());
        let mood = if self.dice.one_in(3) { Mood::Fail(1) } else { Mood::Ignore(1) };
        vec![Op::Mood(worker.id, mood)]
    }

    fn op(&mut self, ops: &mut Vec<Op>) {
        let worker = self.dice.pick(&self.workers.clone());
        match self.dice.below(16) {
            0..=4 => self.end(&worker.id, ops),
            5 | 6 => self.end_with_failing_restarts(&worker, ops),
            7 => ops.push(Op::Mood(worker.id, Mood::Ignore(1))),
            8 => self.deafen(&worker, ops),
            9 if self.dice.one_in(2) => ops.push(Op::Wait(LONG_WAIT_MS)),
            9 => ops.push(Op::Wait(SHORT_WAIT_MS)),
            10 | 11 if !self.pools.is_empty() => self.pool_op(ops),
            _ => {
                let call = self.call(&worker);
                ops.push(Op::Call(worker.parent, call));
            }
        }
    }

    fn end(&mut self, id: &str, ops: &mut Vec<Op>) {
        let hows = [How::Normal, How::Shutdown, How::Done, How::Error, How::Error, How::Kill];
        let deaf = self.deaf.iter().any(|deaf| deaf == id);
        let how = if deaf { How::Kill } else { self.dice.pick(&hows) };
        ops.push(Op::End(id.into(), how));
    }

    fn end_with_failing_restarts(&mut self, worker: &Known, ops: &mut Vec<Op>) {
        if self.deaf.contains(&worker.id) {
            return self.end(&worker.id, ops);
        }
        // The one that fails may be a sibling of the one that ends.
        let siblings: Vec<_> =
            self.workers.iter().filter(|other| other.parent == worker.parent).cloned().collect();
        let failing = if self.dice.one_in(2) { worker.clone() } else { self.dice.pick(&siblings) };
        if !self.deaf.contains(&failing.id) {
            ops.push(Op::Mood(failing.id.clone(), Mood::Fail(1 + self.dice.below(3) as u32)));
            if self.dice.one_in(2) {
                let about = self.dice.pick(&siblings);
                let call = self.call(&about);
                ops.push(Op::During(failing.id, worker.parent.clone(), call));
            }
        }
        ops.push(Op::End(worker.id.clone(), How::Error));
    }

    /// Only one that is killed in the end may be deaf.
    fn deafen(&mut self, worker: &Known, ops: &mut Vec<Op>) {
        if worker.shutdown == Shutdown::Within(SHORT_SHUTDOWN_MS) {
            self.deaf.push(worker.id.clone());
            ops.push(Op::Mood(worker.id.clone(), Mood::Deaf));
        }
    }

    fn call(&mut self, about: &Known) -> Call {
        let id = about.id.clone();
        match self.dice.below(12) {
            0..=2 => self.start_call(about),
            3 | 4 => Call::Terminate(id),
            5 | 6 => Call::Restart(id),
            7 => Call::Delete(id),
            8 => Call::Spec(id),
            9 => Call::Count,
            _ => Call::Which,
        }
    }

    fn start_call(&mut self, about: &Known) -> Call {
        let auto = self.supervisors.iter().find(|(id, _)| *id == about.parent).map(|(_, auto)| *auto);
        let restart = self.dice.pick(&RESTARTS);
        // Sometimes a bad combination.
        let significant = if self.dice.one_in(8) { true } else { self.significant(restart, auto) };
        let (id, shutdown) = (about.id.clone(), about.shutdown);
        Call::Start(Spec::Worker { id, restart, significant, shutdown })
    }

    fn pool_op(&mut self, ops: &mut Vec<Op>) {
        let (pool, restart, shutdown) = self.dice.pick(&self.pools.clone());
        let id: String = self.dice.pick(&MEMBERS).into();
        match self.dice.below(10) {
            0..=2 => ops.push(Op::Call(pool, Call::Member(id))),
            3 | 4 => {
                ops.push(Op::Call(pool, Call::Member(id.clone())));
                self.end(&id, ops);
            }
            5 => ops.push(Op::Call(pool, Call::TerminateMember(id))),
            6 if !self.deaf.contains(&id) => {
                ops.push(Op::Call(pool, Call::Member(id.clone())));
                ops.push(Op::Mood(id.clone(), Mood::Fail(1)));
                self.end(&id, ops);
            }
            7 if restart == Restart::Temporary && !self.deaf.contains(&id) => {
                ops.push(Op::Mood(id.clone(), Mood::Ignore(1)));
                ops.push(Op::Call(pool, Call::Member(id)));
            }
            8 => {
                let call = self.dice.pick(&[Call::Restart(id.clone()), Call::Delete(id), Call::Which]);
                ops.push(Op::Call(pool, call));
            }
            9 if shutdown == Shutdown::Within(SHORT_SHUTDOWN_MS) => {
                self.deaf.push(id.clone());
                ops.push(Op::Mood(id.clone(), Mood::Deaf));
                ops.push(Op::Call(pool, Call::Member(id)));
            }
            _ => ops.push(Op::Call(pool, Call::Count)),
        }
    }
}

impl Scenario {
    /// One Erlang term.
    pub(crate) fn term(&self) -> String {
        let ops: Vec<_> = self.ops.iter().map(Op::term).collect();
        format!("{{{},{},[{}]}}.", self.seed, self.tree.term(), ops.join(","))
    }
}

impl Supervisor {
    fn term(&self) -> String {
        let children: Vec<_> = self.children.iter().map(Spec::term).collect();
        let mut term = format!("{{sup,{},", self.id);
        let (strategy, auto) = (strategy(self.strategy), auto_shutdown(self.auto_shutdown));
        let _ = write!(term, "{{{strategy},{},{PERIOD_S},{auto}}},", self.intensity);
        let _ = write!(term, "{},{},[{}]}}", restart(self.restart), self.significant, children.join(","));
        term
    }
}

impl Spec {
    fn term(&self) -> String {
        match self {
            Self::Supervisor(own) => own.term(),
            Self::Worker { id, restart: own, significant, shutdown } => {
                format!("{{worker,{id},{},{significant},{}}}", restart(*own), shutdown.term())
            }
            Self::Pool { id, intensity, restart: own, shutdown } => {
                format!("{{pool,{id},{{{intensity},{PERIOD_S}}},{},{}}}", restart(*own), shutdown.term())
            }
        }
    }
}

impl Shutdown {
    pub(crate) fn term(self) -> String {
        match self {
            Self::Within(ms) => ms.to_string(),
            Self::Brutal => "brutal_kill".into(),
            Self::Infinity => "infinity".into(),
        }
    }
}

impl Op {
    fn term(&self) -> String {
        match self {
            Self::End(id, how) => format!("{{'end',{id},{}}}", format!("{how:?}").to_lowercase()),
            Self::Mood(id, Mood::Fail(count)) => format!("{{mood,{id},{{fail,{count}}}}}"),
            Self::Mood(id, Mood::Ignore(count)) => format!("{{mood,{id},{{ignore,{count}}}}}"),
            Self::Mood(id, Mood::Deaf) => format!("{{mood,{id},deaf}}"),
            Self::During(id, sup, call) => format!("{{during,{id},{{{sup},{}}}}}", call.term()),
            Self::Call(sup, call) => format!("{{call,{sup},{}}}", call.term()),
            Self::Wait(ms) => format!("{{wait,{ms}}}"),
        }
    }
}

impl Call {
    fn term(&self) -> String {
        match self {
            Self::Start(spec) => format!("{{start,{}}}", spec.term()),
            Self::Member(id) => format!("{{member,{id}}}"),
            Self::Terminate(id) => format!("{{terminate,{id}}}"),
            Self::TerminateMember(id) => format!("{{terminate_member,{id}}}"),
            Self::Restart(id) => format!("{{restart,{id}}}"),
            Self::Delete(id) => format!("{{delete,{id}}}"),
            Self::Spec(id) => format!("{{spec,{id}}}"),
            Self::Which => "which".into(),
            Self::Count => "count".into(),
        }
    }
}

fn strategy(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::OneForOne => "one_for_one",
        Strategy::RestForOne => "rest_for_one",
        Strategy::OneForAll => "one_for_all",
    }
}

fn auto_shutdown(auto: AutoShutdown) -> &'static str {
    match auto {
        AutoShutdown::Never => "never",
        AutoShutdown::AnySignificant => "any_significant",
        AutoShutdown::AllSignificant => "all_significant",
    }
}

pub(crate) fn restart(restart: Restart) -> &'static str {
    match restart {
        Restart::Permanent => "permanent",
        Restart::Transient => "transient",
        Restart::Temporary => "temporary",
    }
}
