//! What there is to do, as rules over plain rows.
//!
//! A task is blocked while it is not born: it names what comes first, or waits for the hand-off that is on its way.
//! It shows the desks that its rows say are open. What is put away is no task any more.

use super::plain::{Division, Venture, Work};
use super::standing::{WAY, speaker, waits_for};
use crate::setup_venture::{VISION_REFINED, VISION_SUBMITTED};
use hecate_desk::Status;
use hecate_desk::lifecycle::Stage;
use hecate_proto::guide::{AiRole, Process, Scope, TaskRow, TaskState};
use hecate_read_model::TextColumn;

const REFINE_VISION: &str = "refine-vision";
const SUBMIT_VISION: &str = "submit-vision";

/// The tasks of a venture as a whole.
pub(super) fn of_venture(venture: &Venture) -> Vec<TaskRow> {
    if venture.status.has(Status::ARCHIVED) {
        return Vec::new();
    }
    let is_submitted = venture.status.has(VISION_SUBMITTED);
    let missing = (!venture.has_brief).then_some(REFINE_VISION);
    let refining = if venture.status.has(VISION_REFINED) { TaskState::Active } else { TaskState::Pending };
    let unless_submitted = |state| if is_submitted { TaskState::Done } else { state };
    let awaited = (!is_submitted).then(|| SUBMIT_VISION.to_owned());
    let initiate = of_vision(venture, "initiate-venture", TaskState::Done, None);
    let refine = of_vision(venture, REFINE_VISION, unless_submitted(refining), None);
    let submit = of_vision(venture, SUBMIT_VISION, unless_submitted(TaskState::Pending), missing);
    let blank = blank(&venture.venture_id, "refine-divisions", Process::Discovery);
    [initiate, refine, submit]
        .into_iter()
        .chain(of_work(blank, venture.discovery.as_ref(), awaited))
        .collect()
}

/// The tasks of a division that was not dismissed, in a venture that is not archived.
pub(super) fn of_division(division: &Division) -> Vec<TaskRow> {
    let works = &division.works;
    let task = |process| {
        let blank = TaskRow {
            scope: Scope::Division,
            division_id: Some(division.division_id.clone()),
            division_name: Some(division.name.clone()),
            ..blank(&division.venture_id, &TextColumn(process).to_string(), process)
        };
        // A rescue that is over leaves nothing to do: the next incident has its own.
        let in_turn = |work: &&Work| {
            process != Process::Rescue || !matches!(work.stage(), Stage::Completed | Stage::Archived)
        };
        of_work(
            blank,
            speaker(works, process).filter(in_turn),
            waits_for(works, process).map(|step| TextColumn(step).to_string()),
        )
    };
    WAY.into_iter().chain([Process::Rescue]).filter_map(task).collect()
}

/// How many of them wait for others.
pub(super) fn blocked(tasks: &[TaskRow]) -> usize {
    tasks.iter().filter(|task| task.state == TaskState::Blocked).count()
}

/// A task that one desk of the venture does, called as the task is.
fn of_vision(venture: &Venture, verb: &str, state: TaskState, missing: Option<&str>) -> TaskRow {
    let is_own = |action: &&String| action.replace('_', "-") == verb;
    let own = venture.available_actions.iter().filter(is_own).cloned();
    let task = blank(&venture.venture_id, verb, Process::Setup);
    match missing {
        Some(missing) if state != TaskState::Done => {
            TaskRow { state: TaskState::Blocked, blocked_by: vec![missing.to_owned()], ..task }
        }
        _ => TaskRow { state, available_actions: own.collect(), ..task },
    }
}

/// A task that a whole process does; none once it is put away.
fn of_work(blank: TaskRow, work: Option<&Work>, awaited: Option<String>) -> Option<TaskRow> {
    let Some(work) = work else {
        // Nobody waits for a rescue.
        let state = if blank.process == Process::Rescue { TaskState::Pending } else { TaskState::Blocked };
        return Some(TaskRow { state, blocked_by: awaited.into_iter().collect(), ..blank });
    };
    let state = match work.stage() {
        Stage::Unborn | Stage::Pending => TaskState::Pending,
        // Nobody has to do anything for it to go on.
        Stage::Active if work.process == Process::Monitor => TaskState::Running,
        Stage::Active => TaskState::Active,
        Stage::Paused => TaskState::Paused,
        Stage::Completed => TaskState::Done,
        Stage::Archived => return None,
    };
    let (available_actions, incident_id) = (work.available_actions.clone(), work.incident_id.clone());
    Some(TaskRow { state, available_actions, incident_id, ..blank })
}

/// A task of a venture about which nothing is known yet.
fn blank(venture_id: &str, verb: &str, process: Process) -> TaskRow {
    let ai_role = ai_role(process);
    TaskRow {
        verb: verb.to_owned(),
        scope: Scope::Venture,
        state: TaskState::Pending,
        phase: ai_role,
        ai_role,
        blocked_by: Vec::new(),
        available_actions: Vec::new(),
        venture_id: venture_id.to_owned(),
        division_id: None,
        division_name: None,
        process,
        incident_id: None,
    }
}

const fn ai_role(process: Process) -> AiRole {
    match process {
        Process::Setup | Process::Discovery => AiRole::DnA,
        Process::Design | Process::Plan => AiRole::AnP,
        Process::Generate | Process::Test => AiRole::TnI,
        Process::Deploy | Process::Monitor | Process::Rescue => AiRole::DnO,
    }
}
