//! Ventures on their way, through real desks and listeners into a real file.

use super::super::GuideVenture;
use super::world::World;
use hecate_proto::guide::{Process, TaskRow, TaskState};
use hecate_read_model::ReadModel;
use rusqlite::Connection;
use serde_json::{Value, json};

fn task<'t>(tasks: &'t [TaskRow], verb: &str) -> &'t TaskRow {
    tasks.iter().find(|task| task.verb == verb).unwrap_or_else(|| panic!("no task {verb}"))
}

async fn design(world: &World, division: &Value) {
    let aggregate = json!({"aggregate_name": "order", "stream_pattern": "order-{order_id}"});
    let event = json!({"event_name": "order_taken_v1", "aggregate_name": "order"});
    world.ask("start_design", division.clone(), json!({})).await.unwrap();
    world.ask("design_aggregate", division.clone(), aggregate).await.unwrap();
    world.ask("design_event", division.clone(), event).await.unwrap();
}

#[tokio::test]
async fn a_venture_walks_from_setup_to_the_end_of_its_design() {
    let world = World::begin().await;
    let venture = world.a_venture("Shop").await;
    let status = world.status(&venture).await;
    assert_eq!((&status["phase"], &status["status_label"]), (&json!("setup"), &json!("Setup")));
    assert_eq!(status["blocked_count"], 1);
    world.ask("submit_vision", venture.clone(), json!({})).await.unwrap();
    assert_eq!(world.status(&venture).await["phase"], "discovery");
    world.listen().await;
    assert_eq!(
        task(&world.tasks(&venture).await, "refine-divisions").available_actions[0],
        "start_discovery"
    );
    world.ask("start_discovery", venture.clone(), json!({})).await.unwrap();
    let orders = world.a_division(&venture, "orders").await;
    let status = world.status(&venture).await;
    let standing = json!({"division_id": orders["division_id"], "process": "design", "state": "none",
        "health": "unknown", "cycle": 0});
    assert_eq!(status["divisions"], json!({ "orders": standing }));
    assert_eq!((&status["phase"], &status["blocked_count"]), (&json!("design"), &json!(6)));
    world.listen().await;
    design(&world, &orders).await;
    let pause = json!({"reason": "waiting for the bank", "category": "waiting"});
    let told = world.ask("pause_design", orders.clone(), pause).await.unwrap();
    let tasks = world.tasks(&venture).await;
    let paused = task(&tasks, "design");
    assert_eq!((paused.state, &paused.available_actions), (TaskState::Paused, &told.available_actions));
    assert_eq!(world.status(&venture).await["divisions"]["orders"]["state"], "paused");
    world.ask("resume_design", orders.clone(), json!({})).await.unwrap();
    world.ask("complete_design", orders.clone(), json!({})).await.unwrap();
    let status = world.status(&venture).await;
    assert_eq!((&status["phase"], &status["blocked_count"]), (&json!("plan"), &json!(5)));
    assert_eq!(task(&world.tasks(&venture).await, "plan").state, TaskState::Blocked);
    world.ask("reopen_design", orders.clone(), json!({"reason": "Refunds"})).await.unwrap();
    let status = world.status(&venture).await;
    assert_eq!((&status["phase"], &status["divisions"]["orders"]["cycle"]), (&json!("design"), &json!(2)));
    world.end().await;
}

/// What a plan acknowledges was told where it happened, so was a rollback, and a concluded suite counts its results.
fn is_told_elsewhere(event_type: &str) -> bool {
    event_type.ends_with("_acknowledged_v1")
        || ["test_result_recorded_v1", "release_withdrawn_v1"].contains(&event_type)
}

#[tokio::test]
async fn a_flag_of_one_pass_ends_with_it() {
    let world = World::begin().await;
    let venture = world.a_venture_in_discovery("Shop").await;
    let orders = world.a_division(&venture, "orders").await;
    let handed_over = json!({"venture_id": venture["venture_id"], "division_id": orders["division_id"],
        "division_name": "orders", "handoff": {"modules": [], "tests": []}, "visibility": "realm",
        "source_event_id": "01890000-0000-7000-8000-000000000000", "start": true});
    world.ask("initiate_testing", orders.clone(), handed_over).await.unwrap();
    for (desk, body, status) in
        [("complete_testing", json!({}), 1 | 16 | 32), ("reopen_testing", json!({"reason": "More"}), 1 | 4)]
    {
        let told = world.ask(desk, orders.clone(), body).await.unwrap();
        world.rows().await;
        let db = Connection::open(world.folder.path().join("guide_venture.sqlite")).unwrap();
        let sql = "SELECT status FROM division_process WHERE process = 'test'";
        let seen: u32 = db.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!((told.status, seen), (status, status), "{desk}");
    }
    world.end().await;
}

#[tokio::test]
async fn no_event_of_a_process_is_left_out_of_the_journal() {
    let world = World::begin().await;
    let drawn: Vec<&str> = GuideVenture::PROJECTIONS.iter().map(|entry| entry.event_type).collect();
    let types = world.event_types();
    assert!(types.len() >= 90, "{types:?}");
    for event_type in types.into_iter().filter(|event_type| !is_told_elsewhere(event_type)) {
        assert_eq!(drawn.iter().filter(|drawn| **drawn == event_type).count(), 1, "{event_type}");
    }
    world.end().await;
}

#[tokio::test]
async fn the_journal_says_each_event_in_a_sentence() {
    let world = World::begin().await;
    let venture = world.a_venture("Shop").await;
    world.ask("refine_vision", venture.clone(), json!({"skills": ["rust"]})).await.unwrap();
    world.ask("submit_vision", venture.clone(), json!({})).await.unwrap();
    world.listen().await;
    world.ask("start_discovery", venture.clone(), json!({})).await.unwrap();
    let orders = world.a_division(&venture, "orders").await;
    world.listen().await;
    design(&world, &orders).await;
    let reason = json!({"reason": "waiting\nfor the bank"});
    world.ask("pause_design", orders.clone(), reason).await.unwrap();
    world.ask("resume_design", orders.clone(), json!({"note": "It answered"})).await.unwrap();
    let aggregate = json!({"aggregate_name": "order", "description": "What is sold", "reason": "Clearer"});
    world.ask("revise_aggregate", orders.clone(), aggregate).await.unwrap();
    let event = json!({"event_name": "order_taken_v1", "description": "It is taken", "reason": "Clearer"});
    world.ask("revise_event", orders.clone(), event).await.unwrap();
    world.ask("complete_design", orders.clone(), json!({})).await.unwrap();
    world.ask("reopen_design", orders.clone(), json!({"reason": "x".repeat(1000)})).await.unwrap();
    let again = world.facts(0).await.into_iter().find(|fact| &*fact.event_type == "division_discovered_v1");
    let rebrief =
        hecate_event_store::RecordedEvent { event_id: uuid::Uuid::now_v7(), ..(*again.unwrap()).clone() };
    world.react(&rebrief).await;
    world.ask("complete_discovery", venture.clone(), json!({})).await.unwrap();
    let dismiss = json!({"division_id": orders["division_id"], "reason": "Bought instead"});
    world.ask("dismiss_division", venture.clone(), dismiss).await.unwrap();
    world.listen().await;
    world.ask("archive_venture", venture.clone(), json!({"reason": "Sold"})).await.unwrap();
    world.listen().await;
    let timeline = world.timeline(&venture).await;
    let says: Vec<&str> = timeline.iter().map(|entry| entry.summary.as_str()).collect();
    let long = format!("Design of orders reopened, cycle 2: {}…", "x".repeat(163));
    assert_eq!(
        says,
        [
            "Venture Shop set up",
            "Vision of Shop refined, revision 1",
            "Vision of Shop submitted",
            "Discovery of Shop initiated",
            "Discovery of Shop started",
            "Division orders discovered",
            "Design of orders initiated",
            "Design of orders started",
            "Aggregate order designed for orders",
            "Event order_taken_v1 designed for orders",
            "Design of orders paused: waiting for the bank",
            "Design of orders resumed: It answered",
            "Aggregate order of orders revised: Clearer",
            "Event order_taken_v1 of orders revised: Clearer",
            "Design of orders completed",
            &long,
            "Design of orders briefed again",
            "Discovery of Shop completed",
            "Division orders dismissed: Bought instead",
            "Plan of orders initiated",
            "Design of orders archived: Bought instead",
            "Plan of orders archived: Bought instead",
            "Venture Shop archived: Sold",
            "Discovery of Shop archived: Sold",
        ]
    );
    assert_eq!(long.chars().count(), 200);
    let mut facts = world.facts(0).await;
    // What ended before it began is told by what ended it.
    facts.retain(|fact| !fact.data.get().contains("\"cycle\":0"));
    assert_eq!(timeline.len(), facts.len(), "an entry for every fact");
    for (entry, fact) in timeline.iter().zip(&facts) {
        assert_eq!((entry.position, &*entry.event_type), (fact.position, &*fact.event_type));
        assert_eq!(entry.at, hecate_proto::time::rfc3339(fact.at_us));
        let actor = Some(&*fact.metadata.actor).filter(|_| &*fact.event_type != "design_rebriefed_v1");
        assert_eq!(entry.actor.as_deref(), actor, "{}", entry.event_type);
    }
    world.end().await;
}

#[tokio::test]
async fn the_journal_is_read_from_anywhere_of_a_division_or_of_a_process() {
    let world = World::begin().await;
    let venture = world.a_venture_in_discovery("Shop").await;
    let (orders, stock) =
        (world.a_division(&venture, "orders").await, world.a_division(&venture, "stock").await);
    world.listen().await;
    let read = async |params: &[(&str, &str)]| {
        let page = world.read("get_timeline_page", &venture, params).await.unwrap();
        let rows = page["timeline"].as_array().unwrap().clone();
        rows.iter().map(|row| row["summary"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let of = |division: &Value| division["division_id"].as_str().unwrap().to_owned();
    let wanted = of(&orders);
    let mine = read(&[("division_id", &wanted)]).await;
    assert_eq!(mine, ["Division orders discovered", "Design of orders initiated"]);
    let designs = read(&[("process", "design"), ("order", "desc")]).await;
    assert_eq!(designs, ["Design of stock initiated", "Design of orders initiated"]);
    let last = (world.head() - 1).to_string();
    assert_eq!(read(&[("since_position", &last)]).await, ["Design of stock initiated"]);
    assert_eq!(
        read(&[("division_id", &of(&stock)), ("process", "discovery")]).await,
        ["Division stock discovered"]
    );
    let wrong = world.read("get_timeline_page", &venture, &[("process", "dreaming")]).await.unwrap_err();
    assert_eq!(wrong.details["rule"], "enum");
    world.end().await;
}

#[tokio::test]
async fn the_active_venture_is_the_one_that_something_happened_to_last() {
    let world = World::begin().await;
    let nobody = world.read("get_active_venture", &json!({}), &[]).await.unwrap_err();
    assert_eq!(nobody.code, "venture_not_found");
    let (shop, bank) = (world.a_venture("Shop").await, world.a_venture("Bank").await);
    let active =
        async || world.read("get_active_venture", &json!({}), &[]).await.unwrap()["venture"]["name"].take();
    assert_eq!(active().await, "Bank");
    world.ask("refine_vision", shop.clone(), json!({"brief": "More"})).await.unwrap();
    assert_eq!(active().await, "Shop");
    world.ask("archive_venture", shop.clone(), json!({})).await.unwrap();
    assert_eq!(active().await, "Bank");
    let unknown = json!({"venture_id": format!("v-{}", hecate_desk::kit::ULID)});
    for query in ["get_venture_status", "get_tasks_page", "get_timeline_page"] {
        let refused = world.read(query, &unknown, &[]).await.unwrap_err();
        assert_eq!(refused.code, "venture_not_found", "{query}");
    }
    let archived = world.status(&shop).await;
    assert_eq!((&archived["phase"], &archived["blocked_count"]), (&json!("archived"), &json!(0)));
    assert!(world.tasks(&shop).await.is_empty());
    world.ask("archive_venture", bank, json!({})).await.unwrap();
    assert!(world.read("get_active_venture", &json!({}), &[]).await.is_err());
    world.end().await;
}

#[tokio::test]
async fn a_dismissed_division_has_no_tasks_does_not_count_and_its_unborn_design_shows_as_archived() {
    let world = World::begin().await;
    let venture = world.a_venture_in_discovery("Shop").await;
    let (orders, stock) =
        (world.a_division(&venture, "orders").await, world.a_division(&venture, "stock").await);
    let dismiss = json!({"division_id": stock["division_id"], "reason": "None"});
    world.ask("dismiss_division", venture.clone(), dismiss).await.unwrap();
    assert_eq!(world.status(&venture).await["division_count"], 1, "nobody else has heard of it");
    // The dismissal is heard first: the hand-off of the discovery finds a tombstone.
    let facts = world.facts(0).await;
    world.react(facts.last().unwrap()).await;
    world.listen().await;
    let status = world.status(&venture).await;
    assert_eq!((&status["division_count"], &status["blocked_count"]), (&json!(1), &json!(5)));
    let stock_id = stock["division_id"].as_str().map(str::to_owned);
    let names =
        |list: &Value| list.as_array().unwrap().iter().map(|it| it["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&status["division_list"]), ["orders"]);
    let tasks = world.tasks(&venture).await;
    let of_divisions: Vec<_> = tasks.iter().filter_map(|task| task.division_id.as_deref()).collect();
    assert_eq!(of_divisions, vec![orders["division_id"].as_str().unwrap(); 7]);
    let all = world.read("get_venture_status", &venture, &[("include_dismissed", "true")]).await.unwrap();
    let list = &all["venture"]["division_list"];
    assert_eq!(names(list), ["orders", "stock"]);
    let found = ["dismissed", "process", "state", "cycle"].map(|field| list[1][field].clone());
    assert_eq!(found, [json!(true), json!("design"), json!("archived"), json!(0)]);
    assert_eq!(all["venture"]["divisions"].as_object().unwrap().len(), 1);
    let timeline = world.timeline(&venture).await;
    assert!(timeline.iter().any(|entry| entry.summary == "Division stock dismissed: None"));
    assert!(timeline.iter().all(|entry| entry.process < Process::Design || entry.division_id != stock_id));
    // Its name is free again, and the map shows the one that lives.
    let again = world.a_division(&venture, "stock").await;
    assert_eq!(world.status(&venture).await["divisions"]["stock"]["division_id"], again["division_id"]);
    world.end().await;
}

#[tokio::test]
async fn tasks_come_a_page_of_whole_divisions_at_a_time() {
    let world = World::begin().await;
    let venture = world.a_venture_in_discovery("Shop").await;
    for number in 0..51 {
        world.a_division(&venture, &format!("division-{number}")).await;
    }
    let page = world.read("get_tasks_page", &venture, &[]).await.unwrap();
    assert_eq!(page["tasks"].as_array().unwrap().len(), 4 + 50 * 7);
    let tasks = world.tasks(&venture).await;
    assert_eq!(tasks.len(), 4 + 51 * 7);
    let blocked = tasks.iter().filter(|task| task.state == TaskState::Blocked).count();
    assert_eq!(world.status(&venture).await["blocked_count"], blocked);
    assert_eq!((tasks[4].process, tasks[360].process), (Process::Design, Process::Rescue));
    assert_eq!(tasks[360].division_name.as_deref(), Some("division-50"));
    world.end().await;
}

#[tokio::test]
async fn after_a_restart_the_guide_knows_what_it_knew_and_goes_on() {
    let world = World::begin().await;
    let venture = world.a_venture_in_discovery("Shop").await;
    let orders = world.a_division(&venture, "orders").await;
    world.listen().await;
    let before = world.rows().await;
    let world = world.restarted().await;
    assert_eq!(world.rows().await, before);
    world.ask("start_design", orders, json!({})).await.unwrap();
    assert_eq!(world.status(&venture).await["divisions"]["orders"]["state"], "active");
    assert_eq!(world.rows().await, world.rows_drawn_anew().await);
    world.end().await;
}

/// Callers may mint ids, so two ventures may use the same one: what happens in one is nothing to the other.
#[tokio::test]
async fn two_ventures_with_one_division_id_do_not_touch_each_other() {
    let world = World::begin().await;
    let mut ventures = Vec::new();
    for name in ["Shop", "Stall"] {
        let venture = world.a_venture_in_discovery(name).await;
        let found = json!({"division_name": name, "division_id": "d-01ARZ3NDEKTSV4RRFFQ69G5FAV"});
        world.ask("discover_division", venture.clone(), found).await.unwrap();
        world.listen().await;
        ventures.push(venture);
    }
    let [shop, stall] = ventures.try_into().unwrap();
    let before = (world.status(&shop).await, world.tasks(&shop).await);
    assert_eq!(before.0["divisions"]["Shop"]["state"], "pending");
    let gone = json!({"division_id": "d-01ARZ3NDEKTSV4RRFFQ69G5FAV", "reason": "None"});
    world.ask("dismiss_division", stall.clone(), gone).await.unwrap();
    world.listen().await;
    assert_eq!((world.status(&shop).await, world.tasks(&shop).await), before);
    assert_eq!(world.status(&stall).await["division_count"], 0);
    world.end().await;
}

#[tokio::test]
async fn incidents_count_until_they_are_resolved_or_nobody_watches_any_longer() {
    let world = World::begin().await;
    let venture = world.a_venture_in_discovery("Shop").await;
    let orders = world.a_division(&venture, "orders").await;
    let release = json!({"release_id": "rel-1", "release_version": "1.0.0", "target_env": "prod", "endpoints": [],
        "rollout": []});
    let initiate = json!({"venture_id": venture["venture_id"], "division_id": orders["division_id"],
        "division_name": "orders", "handoff": release, "visibility": "realm",
        "source_event_id": uuid::Uuid::now_v7(), "start": true});
    world.ask("initiate_monitoring", orders.clone(), initiate).await.unwrap();
    for title in ["Slow", "Down"] {
        world.ask("raise_incident", orders.clone(), json!({"incident_title": title})).await.unwrap();
    }
    let open = async || {
        let status = world.status(&venture).await;
        let division = &status["division_list"][0]["open_incident_count"];
        [status["open_incident_count"].clone(), division.clone()]
    };
    assert_eq!(open().await, [json!(2), json!(2)]);
    world.ask("archive_monitoring", orders, json!({})).await.unwrap();
    assert_eq!(open().await, [json!(0), json!(0)]);
    world.end().await;
}
