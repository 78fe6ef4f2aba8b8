//! Where a division stands, and a venture with all its divisions: rules over plain rows. They know every process,
//! whether it has facts yet or not.

use super::plain::Work;
use hecate_desk::Status;
use hecate_desk::lifecycle::Stage;
use hecate_proto::guide::{Health, Phase, Process, State};

/// The way of a division, each step beginning with what the one before hands over.
pub(super) const WAY: [Process; 6] =
    [Process::Design, Process::Plan, Process::Generate, Process::Test, Process::Deploy, Process::Monitor];

/// Where a division stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) process: Process,
    pub(super) state: State,
    pub(super) health: Health,
    pub(super) cycle: u32,
    /// How far the division as a whole has come.
    pub(super) phase: Phase,
}

/// Where a division stands for which all this works, and whose checks have seen this.
pub(super) fn of_division(works: &[Work], checks: &[Health]) -> Standing {
    let (process, stage) = current(works);
    Standing {
        process,
        state: state(stage),
        health: health(works, checks),
        cycle: works.iter().map(|work| work.cycle).max().unwrap_or(0),
        phase: phase_of_division(works),
    }
}

/// Where a venture stands whose live division that is furthest behind is in `earliest`; without a division there
/// is something to discover, whether discovery was completed or not.
pub(super) fn phase_of_venture(status: Status, vision_submitted: Status, earliest: Option<Phase>) -> Phase {
    match earliest {
        _ if status.has(Status::ARCHIVED) => Phase::Archived,
        _ if !status.has(vision_submitted) => Phase::Setup,
        None => Phase::Discovery,
        Some(earliest) => earliest,
    }
}

/// The worst that a check has seen, while somebody watches; a rescue is on its way to mend it.
fn health(works: &[Work], checks: &[Health]) -> Health {
    let stage = |process| speaker(works, process).map(Work::stage);
    if stage(Process::Rescue) == Some(Stage::Active) {
        return Health::Rescue;
    }
    let is_watched = matches!(stage(Process::Monitor), Some(Stage::Active | Stage::Paused));
    let worst_first = [Health::Down, Health::Degraded, Health::Ok];
    let worst = worst_first.into_iter().find(|health| checks.contains(health));
    worst.filter(|_| is_watched).unwrap_or(Health::Unknown)
}

/// The earliest process that is not completed. One that was put away is not: nothing behind it can begin.
fn phase_of_division(works: &[Work]) -> Phase {
    let is_over = |process| speaker(works, process).map(Work::stage) == Some(Stage::Completed);
    match WAY.into_iter().find(|process| !is_over(*process)) {
        Some(Process::Design) => Phase::Design,
        Some(Process::Plan) => Phase::Plan,
        Some(Process::Generate) => Phase::Generate,
        Some(Process::Test) => Phase::Test,
        Some(Process::Deploy) => Phase::Deploy,
        _ => Phase::Operate,
    }
}

/// The latest process that was started and is not completed; else the latest that could be started; else the latest
/// that is done, or put away.
fn current(works: &[Work]) -> (Process, Stage) {
    let ranks: [&[Stage]; 4] =
        [&[Stage::Active, Stage::Paused], &[Stage::Pending], &[Stage::Completed], &[Stage::Archived]];
    // A tombstone says nothing of how far a division came, but that its design never began.
    let began = |work: &&Work| work.cycle > 0 || work.process == Process::Design;
    let latest = |stages: &&[Stage]| {
        let fitting = works.iter().filter(|work| began(work) && stages.contains(&work.stage()));
        fitting.max_by_key(|work| (work.process, urgency(work.stage())))
    };
    let found = ranks.iter().find_map(latest);
    found.map_or((Process::Design, Stage::Unborn), |work| (work.process, work.stage()))
}

/// The dossier that speaks for a process: of several rescues the one that needs somebody most.
pub(super) fn speaker(works: &[Work], process: Process) -> Option<&Work> {
    works.iter().filter(|work| work.process == process).max_by_key(|work| urgency(work.stage()))
}

/// The step whose hand-off this one still waits for. What is completed has handed over: a test too, whose gate was met
/// or overridden.
pub(super) fn waits_for(works: &[Work], process: Process) -> Option<Process> {
    let at = WAY.iter().position(|step| *step == process)?;
    let before = *WAY.get(at.checked_sub(1)?)?;
    let handed_over = speaker(works, before).is_some_and(|work| work.stage() == Stage::Completed);
    (!handed_over).then_some(before)
}

const fn urgency(stage: Stage) -> u8 {
    match stage {
        Stage::Unborn => 0,
        Stage::Archived => 1,
        Stage::Completed => 2,
        Stage::Pending => 3,
        Stage::Paused => 4,
        Stage::Active => 5,
    }
}

/// The stage as it is answered.
pub(super) const fn state(stage: Stage) -> State {
    match stage {
        Stage::Unborn => State::None,
        Stage::Pending => State::Pending,
        Stage::Active => State::Active,
        Stage::Paused => State::Paused,
        Stage::Completed => State::Completed,
        Stage::Archived => State::Archived,
    }
}
