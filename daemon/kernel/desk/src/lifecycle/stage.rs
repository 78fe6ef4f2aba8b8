//! Where something stands between birth and archive, and how each event moves it. Aggregates and read models both
//! ask here, so they cannot disagree.

use super::long_lived::LongLived;
use crate::status::Status;

/// Where something stands. Status flags say the same; this is the one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before the first event.
    Unborn,
    /// Handed over, not yet started.
    Pending,
    /// At work.
    Active,
    /// On the shelf.
    Paused,
    /// Done, until it is reopened.
    Completed,
    /// Put away for good.
    Archived,
}

/// What moves something from one stage to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Born.
    Initiated,
    /// To work.
    Started,
    /// On the shelf.
    Paused,
    /// Off the shelf.
    Resumed,
    /// Done.
    Completed,
    /// To work once more.
    Reopened,
    /// Put away; every other flag is kept.
    Archived,
}

/// The flags of which one at most is set.
const AT_MOST_ONE: u32 = Status::ACTIVE.0 | Status::PAUSED.0 | Status::COMPLETED.0;

/// The flags of a dossier after a step that sets these of the process's own; those of one pass end with it.
pub const fn status_after<A: LongLived>(status: Status, step: Step, flags: Status) -> Status {
    let ended = if matches!(step, Step::Reopened) { A::PASS_FLAGS } else { Status(0) };
    step.after(status).without(ended).and(flags)
}

impl Step {
    /// The flags after this step; those of the process's own are kept.
    const fn after(self, status: Status) -> Status {
        let now = match self {
            Step::Archived => return status.and(Status::ARCHIVED),
            Step::Initiated => Status::INITIATED,
            Step::Started | Step::Resumed | Step::Reopened => Status::ACTIVE,
            Step::Paused => Status::PAUSED,
            Step::Completed => Status::COMPLETED,
        };
        Status(status.0 & !AT_MOST_ONE).and(now)
    }
}

impl Stage {
    /// The stage that these flags say.
    pub const fn of(status: Status) -> Stage {
        match status {
            Status::UNBORN => Stage::Unborn,
            _ if status.has(Status::ARCHIVED) => Stage::Archived,
            _ if status.has(Status::COMPLETED) => Stage::Completed,
            _ if status.has(Status::PAUSED) => Stage::Paused,
            _ if status.has(Status::ACTIVE) => Stage::Active,
            _ => Stage::Pending,
        }
    }

    /// As rows and people say it.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Unborn => "none",
            Stage::Pending => "pending",
            Stage::Active => "active",
            Stage::Paused => "paused",
            Stage::Completed => "completed",
            Stage::Archived => "archived",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_leads_to_its_flags_and_keeps_those_of_the_process() {
        let own = Status(64);
        let mut status = Step::Initiated.after(Status::UNBORN).and(own);
        for (step, flags, stage) in [
            (Step::Started, 5, Stage::Active),
            (Step::Paused, 9, Stage::Paused),
            (Step::Resumed, 5, Stage::Active),
            (Step::Completed, 17, Stage::Completed),
            (Step::Reopened, 5, Stage::Active),
            (Step::Archived, 7, Stage::Archived),
        ] {
            status = step.after(status);
            assert_eq!((status.0, Stage::of(status)), (flags | own.0, stage), "{step:?}");
        }
        assert_eq!(Step::Archived.after(Status::UNBORN), Status::ARCHIVED);
        assert_eq!(Stage::of(Status::UNBORN), Stage::Unborn);
        assert_eq!(Stage::of(Status::INITIATED), Stage::Pending);
    }
}
