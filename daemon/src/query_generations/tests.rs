//! A generation at work, and what is seen of it.

use super::Generations;
use crate::generate_division::Generation;
use hecate_desk::{Refused, Sha256};
use hecate_proto::answer::CommandAnswer;
use hecate_read_model::kit::{Dice, Step, Trial, column, division, handing_over, stroll};
use serde_json::{Value, json};

const DESKS: [&str; 3] = ["take_order", "show_order", "draw_order"];

async fn initiate(trial: &Trial, nth: u64, source: u64) -> Result<CommandAnswer, Refused> {
    hand_over(trial, nth, source, "What was agreed").await
}

/// A plan that says this of its last desk.
async fn hand_over(trial: &Trial, nth: u64, source: u64, says: &str) -> Result<CommandAnswer, Refused> {
    let desk = |(name, department): (&str, &str)| {
        json!({"desk_id": format!("desk-{nth}-{name}"), "desk_name": name, "department": department,
            "description": if department == "prj" { says } else { "As ever" },
            "priority": 0, "inboxes": [], "policies": [], "emitters": [], "events": []})
    };
    let desks: Vec<_> = DESKS.into_iter().zip(["cmd", "qry", "prj"]).map(desk).collect();
    let handoff = json!({"desks": desks, "sprints": [], "dependencies": []});
    trial.ask("initiate_generation", division(nth), handing_over(handoff, source)).await
}

async fn did(trial: &Trial, desk: &str, ask: Value) -> CommandAnswer {
    trial.ask(desk, division(1), ask).await.unwrap()
}

async fn begun(folder: &tempfile::TempDir) -> Trial {
    let trial = Trial::of::<Generation, Generations>(folder.path()).await;
    initiate(&trial, 1, 0).await.unwrap();
    did(&trial, "start_generation", json!({})).await;
    did(&trial, "generate_skeleton", skeleton()).await;
    trial
}

fn skeleton() -> Value {
    json!({"language": "typescript", "workspace_path": "shop/orders"})
}

fn module(name: &str, of_type: &str) -> Value {
    json!({"module_name": name, "module_type": of_type, "desk_id": "take_order",
        "file_path": format!("src/{name}.ts"), "content": format!("// {name}\n")})
}

fn test(name: &str, module: &str) -> Value {
    json!({"test_name": name, "test_type": "e2e", "module_name": module, "file_path": format!("test/{module}.ts"),
        "content": format!("// {name}\n")})
}

async fn generation(trial: &Trial) -> Value {
    trial.query("get_generation_by_division", division(1), &[]).await.unwrap()["generation"].clone()
}

#[tokio::test]
async fn a_generation_shows_where_it_stands_and_what_this_pass_has_made() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    for desk in DESKS {
        did(&trial, "generate_desk", json!({"desk_id": desk})).await;
    }
    did(&trial, "generate_module", module("tea", "handler")).await;
    did(&trial, "generate_test", test("Tea is hot", "tea")).await;
    let of_skeleton = generation(&trial).await["manifest_sha256"].clone();
    let told = did(&trial, "complete_generation", json!({})).await;
    let seen = generation(&trial).await;
    let counts =
        |seen: &Value| ["desk_count", "module_count", "test_count"].map(|count| seen[count].as_u64());
    assert_eq!(counts(&seen), [Some(3), Some(1), Some(1)]);
    assert_eq!((&seen["language"], &seen["workspace_path"]), (&json!("typescript"), &json!("shop/orders")));
    assert_eq!((&seen["template_set"], &seen["status_label"]), (&json!("default"), &json!("Completed")));
    let recorded = trial.recorded("generation_completed_v1").await.pop().unwrap();
    assert_eq!(seen["manifest_sha256"], recorded["manifest_sha256"]);
    assert_ne!(seen["manifest_sha256"], of_skeleton);
    assert_eq!(
        (&seen["version"], &seen["handoff"]["desks"][0]["desk_name"]),
        (&json!(told.version), &json!("take_order"))
    );
    did(&trial, "reopen_generation", json!({"reason": "More"})).await;
    let again = generation(&trial).await;
    assert_eq!(counts(&again), [Some(0); 3]);
    for column in ["language", "workspace_path", "template_set", "manifest_sha256"] {
        assert_eq!(again[column], Value::Null, "{column}");
    }
    trial.close().await;
}

#[tokio::test]
async fn desks_of_another_plan_do_not_count_until_they_are_generated_anew() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    for desk in DESKS {
        did(&trial, "generate_desk", json!({"desk_id": desk})).await;
    }
    hand_over(&trial, 1, 1, "What was agreed").await.unwrap();
    assert_eq!(generation(&trial).await["desk_count"], 3);
    hand_over(&trial, 1, 2, "What is agreed by now").await.unwrap();
    assert_eq!(generation(&trial).await["desk_count"], 2);
    did(&trial, "generate_skeleton", skeleton()).await;
    did(&trial, "generate_desk", json!({"desk_id": DESKS[2]})).await;
    assert_eq!(generation(&trial).await["desk_count"], 3);
    did(&trial, "complete_generation", json!({})).await;
    assert_eq!(trial.rows().await, trial.rows_drawn_anew().await);
    trial.close().await;
}

#[tokio::test]
async fn what_was_made_is_listed_pass_by_pass() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    for pass in 1..=2 {
        for desk in DESKS {
            did(&trial, "generate_desk", json!({"desk_id": desk})).await;
        }
        if pass == 1 {
            did(&trial, "complete_generation", json!({})).await;
            did(&trial, "reopen_generation", json!({"reason": "More"})).await;
            did(&trial, "generate_skeleton", skeleton()).await;
        }
    }
    for limit in 1..=7 {
        let rows = trial.pages("get_generated_desks_page", &division(1), &[], limit).await;
        assert_eq!(column(&rows, "desk_name"), [DESKS, DESKS].concat(), "{limit}");
        assert_eq!((&rows[2]["cycle"], &rows[3]["cycle"]), (&json!(1), &json!(2)));
        assert_eq!((&rows[1]["department"], &rows[1]["template"]), (&json!("qry"), &json!("qry")));
        let files = rows[0]["files"].as_array().unwrap();
        assert!(files.iter().all(|file| file["sha256"].as_str().unwrap().len() == 64) && !files.is_empty());
    }
    trial.close().await;
}

#[tokio::test]
async fn modules_and_tests_are_listed_by_what_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    for (name, of_type) in [("tea", "handler"), ("cup", "event"), ("pot", "handler")] {
        did(&trial, "generate_module", module(name, of_type)).await;
    }
    for (name, module) in [("Tea is hot", "tea"), ("Tea is green", "tea"), ("A pot is full", "pot")] {
        did(&trial, "generate_test", test(name, module)).await;
    }
    let handlers = trial.pages("get_generated_modules_page", &division(1), &[("type", "handler")], 1).await;
    assert_eq!(column(&handlers, "module_name"), ["tea", "pot"]);
    assert_eq!((&handlers[0]["bytes"], &handlers[0]["desk_id"]), (&json!(7), &json!("desk-1-take_order")));
    assert_eq!(handlers[0]["content_sha256"], json!(Sha256::of(b"// tea\n")));
    let none = [("desk_id", "desk-1-show_order")];
    assert!(trial.pages("get_generated_modules_page", &division(1), &none, 9).await.is_empty());
    let of_tea = [("module", "tea"), ("type", "e2e"), ("order", "desc")];
    let tests = trial.pages("get_generated_tests_page", &division(1), &of_tea, 1).await;
    assert_eq!(column(&tests, "test_name"), ["Tea is green", "Tea is hot"]);
    for query in ["get_generated_modules_page", "get_generated_tests_page"] {
        let wrong = trial.query(query, division(1), &[("type", "comand")]).await.unwrap_err();
        assert_eq!((wrong.status, &wrong.details["rule"]), (400, &json!("enum")), "{query}");
    }
    trial.close().await;
}

#[tokio::test]
async fn what_was_never_handed_over_is_not_found_and_what_was_dismissed_first_is_archived() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    let seen = trial.shows_no_unborn::<Generation>("get_generation_by_division").await;
    assert_eq!(seen["language"], Value::Null);
    trial.close().await;
}

async fn any_step(trial: &Trial, dice: &mut Dice, step: u64) -> Step {
    let (nth, any) = (dice.below(6), dice.below(99));
    let name = format!("part{}", any % 4);
    let (desk, ask) = match dice.below(24) {
        0..=2 => return (division(nth), hand_over(trial, nth, step, &format!("{}", any % 2)).await),
        3..=4 => ("start_generation", json!({})),
        5..=8 => ("generate_skeleton", skeleton()),
        9..=11 => ("generate_desk", json!({"desk_id": DESKS[(any % 3) as usize]})),
        12..=13 => ("generate_module", module(&name, "query")),
        14..=15 => ("generate_test", test(&format!("Test {any}"), &name)),
        16 => ("pause_generation", json!({"reason": "Lunch"})),
        17..=18 => ("resume_generation", json!({})),
        19..=20 => ("complete_generation", json!({"allow_partial": true, "reason": "Enough"})),
        21..=22 => ("reopen_generation", json!({"reason": "More"})),
        _ if any < 30 => ("archive_generation", json!({})),
        _ => ("start_generation", json!({})),
    };
    (division(nth), trial.ask(desk, division(nth), ask).await)
}

#[tokio::test]
async fn rows_say_what_the_aggregate_says_and_a_file_drawn_anew_holds_the_same() {
    stroll::<Generation, Generations>("get_generation_by_division", any_step).await;
}
