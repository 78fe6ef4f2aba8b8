//! Where a division and a venture stand, case by case.

use super::super::plain::Work;
use super::super::standing::{of_division, phase_of_venture, waits_for};
use crate::setup_venture::{VISION_REFINED, VISION_SUBMITTED};
use hecate_desk::Status;
use hecate_proto::guide::{Health, Phase, Process, State};
use hecate_read_model::TextColumn;

pub(super) const PENDING: u32 = 1;
pub(super) const ACTIVE: u32 = 5;
pub(super) const PAUSED: u32 = 9;
pub(super) const COMPLETED: u32 = 17;
pub(super) const ARCHIVED: u32 = 7;
/// Completed, and its gate let it through.
pub(super) const PASSED: u32 = COMPLETED | 32;

pub(super) fn work(process: Process, status: u32) -> Work {
    let available_actions = vec![format!("open_at_{status}")];
    Work { process, incident_id: None, status: Status(status), cycle: 1, available_actions }
}

pub(super) fn works(all: &[(Process, u32)]) -> Vec<Work> {
    all.iter().map(|(process, status)| work(*process, *status)).collect()
}

#[test]
fn the_current_process_is_the_latest_at_work_else_the_latest_that_could_begin() {
    use Process::{Deploy, Design, Generate, Monitor, Plan, Rescue, Test};
    type Case<'c> = (&'c [(Process, u32)], Process, State, Phase);
    let cases: &[Case<'_>] = &[
        (&[], Design, State::None, Phase::Design),
        (&[(Design, PENDING)], Design, State::Pending, Phase::Design),
        (&[(Design, PAUSED)], Design, State::Paused, Phase::Design),
        (&[(Design, COMPLETED)], Design, State::Completed, Phase::Plan),
        (&[(Design, COMPLETED), (Plan, PENDING)], Plan, State::Pending, Phase::Plan),
        (&[(Design, ACTIVE), (Plan, PENDING)], Design, State::Active, Phase::Design),
        (&[(Design, ACTIVE), (Plan, PAUSED)], Plan, State::Paused, Phase::Design),
        (&[(Design, ARCHIVED)], Design, State::Archived, Phase::Design),
        (&[(Design, COMPLETED), (Plan, ARCHIVED)], Design, State::Completed, Phase::Plan),
        (
            &[(Design, COMPLETED), (Plan, COMPLETED), (Generate, COMPLETED), (Test, ACTIVE)],
            Test,
            State::Active,
            Phase::Test,
        ),
        (
            &[(Design, COMPLETED), (Plan, COMPLETED), (Generate, COMPLETED), (Test, COMPLETED)],
            Test,
            State::Completed,
            Phase::Deploy,
        ),
        (
            &[(Design, 17), (Plan, 17), (Generate, 17), (Test, PASSED), (Deploy, 17), (Monitor, ACTIVE)],
            Monitor,
            State::Active,
            Phase::Operate,
        ),
        (
            &[(Design, 17), (Plan, 17), (Generate, 17), (Test, PASSED), (Deploy, 17), (Monitor, 17)],
            Monitor,
            State::Completed,
            Phase::Operate,
        ),
        // Back from operation: the design is at work again while the rest goes on.
        (
            &[(Design, ACTIVE), (Plan, 17), (Generate, 17), (Test, PASSED), (Deploy, 17), (Rescue, 17)],
            Design,
            State::Active,
            Phase::Design,
        ),
    ];
    for (given, process, state, phase) in cases {
        let standing = of_division(&works(given), &[]);
        assert_eq!(
            (standing.process, standing.state, standing.phase),
            (*process, *state, *phase),
            "{given:?}"
        );
    }
}

#[test]
fn the_rescue_that_needs_somebody_speaks_for_all_and_shows_as_health() {
    let rescue = |status| (Process::Rescue, status);
    for (rescues, state, health) in [
        (vec![rescue(COMPLETED), rescue(ACTIVE), rescue(PENDING)], State::Active, Health::Rescue),
        (vec![rescue(PAUSED), rescue(PENDING)], State::Paused, Health::Unknown),
        (vec![rescue(ARCHIVED), rescue(PENDING)], State::Pending, Health::Unknown),
    ] {
        let standing = of_division(&works(&rescues), &[Health::Down]);
        let found = (standing.process, standing.state, standing.health);
        assert_eq!(found, (Process::Rescue, state, health), "{rescues:?}");
    }
}

#[test]
fn the_cycle_of_a_division_is_the_most_of_any_process() {
    let mut given = works(&[(Process::Design, ACTIVE), (Process::Plan, COMPLETED)]);
    given[0].cycle = 3;
    assert_eq!((of_division(&given, &[]).cycle, of_division(&[], &[]).cycle), (3, 0));
}

#[test]
fn a_step_waits_for_the_one_before_and_for_nothing_else() {
    use Process::{Deploy, Design, Discovery, Generate, Monitor, Plan, Rescue, Test};
    for (process, given, missing) in [
        (Design, None, None),
        (Plan, None, Some(Design)),
        (Plan, Some((Design, PENDING)), Some(Design)),
        (Plan, Some((Design, ARCHIVED)), Some(Design)),
        (Plan, Some((Design, COMPLETED)), None),
        (Generate, Some((Plan, COMPLETED)), None),
        (Test, Some((Plan, COMPLETED)), Some(Generate)),
        (Deploy, Some((Test, ACTIVE)), Some(Test)),
        (Deploy, Some((Test, COMPLETED)), None),
        (Deploy, Some((Test, PASSED)), None),
        (Monitor, Some((Deploy, PAUSED)), Some(Deploy)),
        (Monitor, Some((Deploy, COMPLETED)), None),
        (Rescue, None, None),
        (Discovery, None, None),
    ] {
        let given: Vec<_> = given.into_iter().collect();
        assert_eq!(waits_for(&works(&given), process), missing, "{process:?} after {given:?}");
    }
}

#[test]
fn a_venture_is_where_the_division_is_that_is_furthest_behind() {
    let submitted = Status(1).and(VISION_REFINED).and(VISION_SUBMITTED);
    for (status, earliest, phase) in [
        (Status(1), None, Phase::Setup),
        (Status(1).and(VISION_REFINED), None, Phase::Setup),
        (submitted, None, Phase::Discovery),
        (submitted, Some(Phase::Design), Phase::Design),
        (submitted, Some(Phase::Operate), Phase::Operate),
        (submitted.and(Status::ARCHIVED), Some(Phase::Operate), Phase::Archived),
        (Status(1).and(Status::ARCHIVED), None, Phase::Archived),
    ] {
        assert_eq!(phase_of_venture(status, VISION_SUBMITTED, earliest), phase, "{status:?} {earliest:?}");
    }
    let mut order = [Phase::Operate, Phase::Design, Phase::Deploy, Phase::Plan, Phase::Test, Phase::Generate];
    order.sort();
    let names = order.map(|phase| TextColumn(phase).to_string());
    assert_eq!(names, ["design", "plan", "generate", "test", "deploy", "operate"]);
}
