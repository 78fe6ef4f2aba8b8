//! What there is to do, case by case.

use super::super::plain::{Division, Venture};
use super::super::tasks::{blocked, of_division, of_venture};
use super::standing_rules::{ACTIVE, ARCHIVED, COMPLETED, PASSED, PAUSED, PENDING, work, works};
use hecate_desk::Status;
use hecate_proto::guide::{AiRole, Process, Scope, TaskRow, TaskState};

/// `verb state [blocked_by]`, and the desks that are open.
fn told(tasks: &[TaskRow]) -> Vec<(String, String)> {
    let line = |task: &TaskRow| {
        let state = format!("{:?}", task.state).to_lowercase();
        let by = task.blocked_by.iter().map(|verb| format!(" by {verb}")).collect::<String>();
        (format!("{} {state}{by}", task.verb), task.available_actions.join(" "))
    };
    tasks.iter().map(line).collect()
}

fn lines(tasks: &[TaskRow]) -> Vec<String> {
    told(tasks).into_iter().map(|(line, _)| line).collect()
}

fn division(all: &[(Process, u32)]) -> Division {
    let text = |text: &str| text.to_owned();
    Division { venture_id: text("v"), division_id: text("d"), name: text("orders"), works: works(all) }
}

fn venture(status: u32, has_brief: bool, discovery: Option<u32>) -> Venture {
    let open = ["refine_vision", "submit_vision", "archive_venture"].map(str::to_owned).to_vec();
    let is_open = status & (2 | 64) == 0;
    Venture {
        venture_id: "v".to_owned(),
        status: Status(status),
        has_brief,
        available_actions: if is_open { open } else { vec!["archive_venture".to_owned()] },
        discovery: discovery.map(|status| work(Process::Discovery, status)),
    }
}

#[test]
fn a_venture_is_initiated_refined_submitted_and_divided() {
    let cases: [(Venture, [&str; 4]); 8] = [
        (
            venture(1, false, None),
            [
                "initiate-venture done",
                "refine-vision pending",
                "submit-vision blocked by refine-vision",
                "refine-divisions blocked by submit-vision",
            ],
        ),
        (
            venture(1, true, None),
            [
                "initiate-venture done",
                "refine-vision pending",
                "submit-vision pending",
                "refine-divisions blocked by submit-vision",
            ],
        ),
        (
            venture(33, true, None),
            [
                "initiate-venture done",
                "refine-vision active",
                "submit-vision pending",
                "refine-divisions blocked by submit-vision",
            ],
        ),
        (
            venture(97, true, None),
            ["initiate-venture done", "refine-vision done", "submit-vision done", "refine-divisions blocked"],
        ),
        (
            venture(97, true, Some(PENDING)),
            ["initiate-venture done", "refine-vision done", "submit-vision done", "refine-divisions pending"],
        ),
        (
            venture(97, true, Some(ACTIVE)),
            ["initiate-venture done", "refine-vision done", "submit-vision done", "refine-divisions active"],
        ),
        (
            venture(97, true, Some(PAUSED)),
            ["initiate-venture done", "refine-vision done", "submit-vision done", "refine-divisions paused"],
        ),
        (
            venture(97, true, Some(COMPLETED)),
            ["initiate-venture done", "refine-vision done", "submit-vision done", "refine-divisions done"],
        ),
    ];
    for (venture, expected) in cases {
        let tasks = of_venture(&venture);
        assert_eq!(lines(&tasks), expected, "{venture:?}");
        assert!(tasks.iter().all(|task| task.ai_role == AiRole::DnA && task.scope == Scope::Venture));
    }
}

#[test]
fn what_is_put_away_is_no_task() {
    assert_eq!(lines(&of_venture(&venture(67, true, Some(ACTIVE)))), Vec::<String>::new());
    let without = of_venture(&venture(97, true, Some(ARCHIVED)));
    assert_eq!(lines(&without).last().unwrap(), "submit-vision done");
    let tasks = lines(&of_division(&division(&[(Process::Design, ARCHIVED)])));
    assert_eq!(tasks[0], "plan blocked by design");
}

#[test]
fn a_task_offers_the_desks_that_its_row_says_are_open() {
    let actions = |tasks: Vec<TaskRow>| told(&tasks).into_iter().map(|(_, open)| open).collect::<Vec<_>>();
    assert_eq!(actions(of_venture(&venture(1, true, None))), ["", "refine_vision", "submit_vision", ""]);
    assert_eq!(actions(of_venture(&venture(1, false, None))), ["", "refine_vision", "", ""]);
    assert_eq!(actions(of_venture(&venture(97, true, Some(ACTIVE)))), ["", "", "", "open_at_5"]);
    let division = division(&[(Process::Design, COMPLETED), (Process::Plan, PAUSED)]);
    assert_eq!(actions(of_division(&division)), ["open_at_17", "open_at_9", "", "", "", "", ""]);
}

#[test]
fn a_division_is_worked_on_step_by_step() {
    use Process::{Deploy, Design, Generate, Monitor, Plan, Rescue, Test};
    let unborn = [
        "plan blocked by design",
        "generate blocked by plan",
        "test blocked by generate",
        "deploy blocked by test",
        "monitor blocked by deploy",
        "rescue pending",
    ];
    let with = |all: &[(Process, u32)]| lines(&of_division(&division(all)));
    for (status, first) in [(PENDING, "design pending"), (ACTIVE, "design active"), (PAUSED, "design paused")]
    {
        assert_eq!(with(&[(Design, status)])[0], first);
        assert_eq!(with(&[(Design, status)])[1..], unborn);
    }
    // Designed: its plan is on the way.
    assert_eq!(
        with(&[(Design, COMPLETED)])[..3],
        ["design done", "plan blocked", "generate blocked by plan"]
    );
    let testing = [(Design, 17), (Plan, 17), (Generate, 17), (Test, ACTIVE)];
    assert_eq!(with(&testing)[3..5], ["test active", "deploy blocked by test"]);
    // Its gate was met, or somebody overrode it.
    for tested in [PASSED, COMPLETED] {
        let tested = [(Design, 17), (Plan, 17), (Generate, 17), (Test, tested)];
        assert_eq!(with(&tested)[3..6], ["test done", "deploy blocked", "monitor blocked by deploy"]);
    }
    let operated =
        [(Design, 17), (Plan, 17), (Generate, 17), (Test, PASSED), (Deploy, 17), (Monitor, ACTIVE)];
    assert_eq!(with(&operated)[4..], ["deploy done", "monitor running", "rescue pending"]);
    // What was begun goes on while what came before is done once more.
    assert_eq!(with(&[(Design, ACTIVE), (Plan, ACTIVE)])[..2], ["design active", "plan active"]);
    for (status, last) in [
        (PENDING, "rescue pending"),
        (ACTIVE, "rescue active"),
        (PAUSED, "rescue paused"),
        (COMPLETED, "rescue pending"),
        (ARCHIVED, "rescue pending"),
    ] {
        assert_eq!(with(&[(Rescue, status)]).last().unwrap(), last, "{status}");
    }
}

#[test]
fn a_task_says_what_it_is_about_and_who_helps() {
    let mut given = division(&[(Process::Rescue, COMPLETED), (Process::Rescue, ACTIVE)]);
    given.works[1].incident_id = Some("inc-1".to_owned());
    let tasks = of_division(&given);
    let roles: Vec<_> = tasks.iter().map(|task| (task.process, task.ai_role)).collect();
    assert_eq!(
        roles,
        [
            (Process::Design, AiRole::AnP),
            (Process::Plan, AiRole::AnP),
            (Process::Generate, AiRole::TnI),
            (Process::Test, AiRole::TnI),
            (Process::Deploy, AiRole::DnO),
            (Process::Monitor, AiRole::DnO),
            (Process::Rescue, AiRole::DnO),
        ]
    );
    for task in &tasks {
        let about = (task.venture_id.as_str(), task.division_id.as_deref(), task.division_name.as_deref());
        assert_eq!(about, ("v", Some("d"), Some("orders")));
        assert_eq!((task.scope, task.phase), (Scope::Division, task.ai_role));
    }
    assert_eq!(tasks[6].incident_id.as_deref(), Some("inc-1"));
}

/// Every state of every process, one at a time and in pairs.
#[test]
fn a_task_that_names_others_or_is_not_born_is_blocked_and_offers_nothing() {
    use Process::{Deploy, Design, Generate, Monitor, Plan, Rescue, Test};
    let all = [Design, Plan, Generate, Test, Deploy, Monitor, Rescue];
    let states = [PENDING, ACTIVE, PAUSED, COMPLETED, PASSED, ARCHIVED];
    let single = || all.iter().flat_map(|process| states.iter().map(|status| (*process, *status)));
    for one in single() {
        for other in single().filter(|other| other.0 != one.0) {
            let tasks = of_division(&division(&[one, other]));
            for task in &tasks {
                let is_blocked = task.state == TaskState::Blocked;
                let is_born = [one, other].iter().any(|(process, _)| *process == task.process);
                assert_eq!(is_blocked, !is_born && task.process != Rescue, "{task:?}");
                assert!(is_blocked || task.blocked_by.is_empty(), "{task:?}");
                assert!(!is_blocked || task.available_actions.is_empty(), "{task:?}");
            }
            let waiting = tasks.iter().filter(|task| task.state == TaskState::Blocked).count();
            assert_eq!(blocked(&tasks), waiting);
        }
    }
}
