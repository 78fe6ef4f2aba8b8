//! A scenario: a tree, and what happens to it, as values and as the terms that the oracle reads.

use hecate_supervision::{AutoShutdown, Restart, Strategy};
use std::fmt::Write;

/// OTP counts restarts by whole seconds: everything without a long wait is inside the window, everything
/// around one is outside.
pub(crate) const PERIOD_S: u64 = 10;

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
    Pool(Pool),
}

#[derive(Clone, Debug)]
pub(crate) struct Supervisor {
    pub(crate) id: String,
    pub(crate) strategy: Strategy,
    pub(crate) intensity: u32,
    pub(crate) auto_shutdown: AutoShutdown,
    pub(crate) restart: Restart,
    pub(crate) significant: bool,
    pub(crate) shutdown: Shutdown,
    pub(crate) children: Vec<Spec>,
}

#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) id: String,
    pub(crate) intensity: u32,
    pub(crate) member_restart: Restart,
    pub(crate) member_shutdown: Shutdown,
    pub(crate) restart: Restart,
    pub(crate) significant: bool,
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
    MemberSpec(String),
    Which,
    Count,
}

/// While a supervisor waits for a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Moment {
    Start,
    Stop,
}

/// What can reach a supervisor that waits.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    End(String, How),
    Call(Call),
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    End(String, How),
    Mood(String, Mood),
    /// These happen, one after the other, while the supervisor waits for the next start or stop of the child;
    /// only if that comes with the next op.
    During(String, Moment, String, Vec<Act>),
    Call(String, Call),
    Wait(u64),
}

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) tree: Supervisor,
    pub(crate) ops: Vec<Op>,
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
        let (restart, shutdown) = (restart(self.restart), self.shutdown.term());
        let _ = write!(term, "{restart},{},{shutdown},[{}]}}", self.significant, children.join(","));
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
            Self::Pool(own) => own.term(),
        }
    }
}

impl Pool {
    fn term(&self) -> String {
        let members = format!("{{{},{}}}", restart(self.member_restart), self.member_shutdown.term());
        let (id, intensity, own) = (&self.id, self.intensity, restart(self.restart));
        format!("{{pool,{id},{{{intensity},{PERIOD_S}}},{members},{own},{}}}", self.significant)
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
            Self::End(id, how) => how.term(id),
            Self::Mood(id, Mood::Fail(count)) => format!("{{mood,{id},{{fail,{count}}}}}"),
            Self::Mood(id, Mood::Ignore(count)) => format!("{{mood,{id},{{ignore,{count}}}}}"),
            Self::Mood(id, Mood::Deaf) => format!("{{mood,{id},deaf}}"),
            Self::During(id, moment, sup, acts) => {
                let (moment, acts) =
                    (format!("{moment:?}").to_lowercase(), acts.iter().map(Act::term).collect::<Vec<_>>());
                format!("{{during,{id},{moment},{sup},[{}]}}", acts.join(","))
            }
            Self::Call(sup, call) => format!("{{call,{sup},{}}}", call.term()),
            Self::Wait(ms) => format!("{{wait,{ms}}}"),
        }
    }
}

impl How {
    fn term(self, id: &str) -> String {
        format!("{{'end',{id},{}}}", format!("{self:?}").to_lowercase())
    }
}

impl Act {
    fn term(&self) -> String {
        match self {
            Self::End(id, how) => how.term(id),
            Self::Call(call) => format!("{{call,{}}}", call.term()),
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
            Self::MemberSpec(id) => format!("{{member_spec,{id}}}"),
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
