//! OTP's five reports, and the crash record that goes with the bad ones: what a supervisor says when one of
//! its children starts or ends. Of a pool's children only what went wrong is worth a word.

use super::{Corpse, Remains};
use crate::ExitReason;
use crate::node::{Node, Occupant};
use hecate_proto::debug::{DebugEventKind, Decision};
use ractor::ActorId;

/// How an end looks to the supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The supervisor had asked for it.
    pub(crate) was_asked: bool,
    /// It was not what was asked for, or nothing was asked and it was no end in good order.
    pub(crate) is_crash: bool,
}

impl Verdict {
    const fn kind(self) -> DebugEventKind {
        match (self.was_asked, self.is_crash) {
            (true, true) => DebugEventKind::ShutdownError,
            (true, false) => DebugEventKind::Stopped,
            (false, _) => DebugEventKind::ChildTerminated,
        }
    }
}

impl Node {
    pub(crate) fn report_started(&self, actor: ActorId) {
        if !self.is_member() || self.generation() > 1 {
            self.tell(DebugEventKind::Started, Some(actor), None);
        }
    }

    pub(crate) fn report_restarting(&self) {
        self.tell(DebugEventKind::Restarting, None, None);
    }

    /// Answers the number of the crash record.
    pub(crate) fn report_failed_start(&self, reason: &ExitReason, decision: Decision) -> u64 {
        self.tell(DebugEventKind::StartError, None, Some(reason.to_string()));
        self.write_crash(reason, None, decision)
    }

    /// Answers the number of the crash record, if there is one.
    pub(crate) fn report_exit(
        &self,
        occupant: Option<&Occupant>,
        reason: &ExitReason,
        verdict: Verdict,
        decision: Decision,
    ) -> Option<u64> {
        if verdict.is_crash || !self.is_member() {
            let actor = occupant.map(|occupant| occupant.id);
            self.tell(verdict.kind(), actor, Some(reason.to_string()));
        }
        verdict.is_crash.then(|| self.write_crash(reason, occupant, decision))
    }

    /// A pool is down, and so many of its children ended for that class of reason though they were asked to: one
    /// report for all of them.
    pub(crate) fn report_fallen(&self, fallen: usize, reason: &str) {
        self.tell(DebugEventKind::ShutdownError, None, Some(format!("{fallen} children: {reason}")));
    }

    pub(crate) fn write_crash(
        &self,
        reason: &ExitReason,
        occupant: Option<&Occupant>,
        decision: Decision,
    ) -> u64 {
        let remains = occupant.map(|occupant| Remains {
            actor: occupant.id,
            uptime_ms: occupant.uptime_ms(),
            meter: occupant.gauge().map(|gauge| gauge.meter()),
        });
        let (path, kind, generation) = (&*self.path, &*self.kind().name, self.generation());
        self.instruments().crashes.write(&Corpse { path, kind, generation, reason, remains, decision })
    }
}
