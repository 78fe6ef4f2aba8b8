//! One venture from its name to the archive, with the daemon killed after every step: what was answered
//! once is answered for good.

use hecate_proto::{answer::CommandAnswer, fact::FactFrame, header, rows::VentureRow};
use hecate_tests::daemon::Daemon;
use hecate_tests::http::{Client, Request};
use hecate_tests::sse::Frames;
use hecate_tests::ventures::{self, VENTURES, at, below, fresh_key, id_of, keyed, seen};
use serde_json::{Value, json};
use uuid::Uuid;

/// What can be done until the vision is submitted.
const OPEN: &[&str] = &["refine_vision", "submit_vision", "archive_venture"];

/// One step of the journey: what is asked, and what the answer must say.
struct Step {
    route: &'static str,
    body: Value,
    http_status: u16,
    status: u32,
    label: &'static str,
    actions: &'static [&'static str],
    event: &'static str,
}

fn steps() -> Vec<Step> {
    let step = |route, body, status, label, actions, event| Step {
        route,
        body,
        http_status: if status == 1 { 201 } else { 200 },
        status,
        label,
        actions,
        event,
    };
    let vision = json!({
        "brief": "Sells tea", "repos": ["https://example.org/shop"], "skills": ["rust"],
        "context_map": {"sales": {"upstream": ["stock"]}}, "visibility": "private"
    });
    vec![
        step("", json!({"name": " Tea shop "}), 1, "Setup", OPEN, "venture_setup_v1"),
        step("vision/refine", vision, 33, "Refined", OPEN, "venture_vision_refined_v1"),
        step(
            "vision/refine",
            json!({"brief": "Sells tea ☕"}),
            33,
            "Refined",
            OPEN,
            "venture_vision_refined_v1",
        ),
        step(
            "vision/submit",
            json!({}),
            97,
            "Submitted",
            &["archive_venture"],
            "venture_vision_submitted_v1",
        ),
        step("archive", json!({"reason": "Sold"}), 99, "Archived", &[], "venture_archived_v1"),
    ]
}

/// Everything that a client can see of a venture, as JSON.
fn everything(client: &Client, venture_id: &str, position: u64) -> Value {
    let ask = |path: &str| {
        let mut answer = client.ask(&seen(path, position)).expect(200).json();
        // Others record what follows.
        answer
            .as_object_mut()
            .and_then(|answer| answer.remove("as_of_position"))
            .expect("an answer says how far it saw");
        answer
    };
    json!({
        "row": ask(&at(venture_id)),
        "vision": ask(&below(venture_id, "vision")),
        "list": ask(&format!("{VENTURES}?include_archived=true")),
    })
}

#[test]
fn every_step_answers_what_it_changed_and_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::start(folder.path());
    let mut venture_id = String::new();
    let mut said: Vec<(Request, Value)> = Vec::new();
    for (version, step) in steps().iter().enumerate() {
        let client = daemon.client();
        let path = if step.route.is_empty() { VENTURES.to_owned() } else { below(&venture_id, step.route) };
        let correlation_id = Uuid::now_v7();
        let request = keyed(&path, &step.body, &fresh_key()).header(header::CORRELATION_ID, correlation_id);
        let answer = client.ask(&request).expect(step.http_status);
        assert_eq!(answer.headers["hecate-correlation-id"], correlation_id.to_string());
        assert_eq!(answer.headers["etag"], format!("\"{version}\""));
        let told: CommandAnswer = answer.read();
        check_answer(&told, step, version as u64, correlation_id);
        venture_id = id_of(&told);
        let shown = everything(&client, &venture_id, told.position);
        let facts = ventures::facts_of(&daemon, &venture_id, told.position);
        assert_eq!(facts.len(), version + 1);
        said.push((request, answer.json()));

        daemon = daemon.kill_and_restart();
        let client = daemon.client();
        assert_eq!(everything(&client, &venture_id, told.position), shown, "rows changed by a kill");
        let again = ventures::facts_of(&daemon, &venture_id, told.position);
        assert_eq!(again, facts, "facts changed by a kill");
        for (request, first) in &said {
            assert_eq!(client.ask(request).json(), *first, "an answer changed by a kill");
        }
        let all = ventures::facts_of(&daemon, &venture_id, ventures::head(&client));
        assert_eq!(all.len(), version + 1, "a repetition recorded something");
    }
}

fn check_answer(told: &CommandAnswer, step: &Step, version: u64, correlation_id: Uuid) {
    assert!(told.ok && told.recorded);
    assert_eq!(told.version, version);
    assert!(told.position > version);
    assert_eq!((told.status, told.status_label.as_str()), (step.status, step.label));
    assert_eq!(told.available_actions, step.actions);
    assert_eq!(told.correlation_id, correlation_id);
    let [event] = told.events.as_slice() else { panic!("one event: {told:?}") };
    assert_eq!((event.event_type.as_str(), event.version), (step.event, version));
    assert_eq!(event.event_id.get_version_num(), 7);
}

#[test]
fn the_row_and_the_revisions_say_what_the_events_said() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let born = ventures::set_up(&client, "Shop");
    let id = id_of(&born);
    let visions = [
        json!({"brief": "One"}),
        json!({"skills": ["rust"], "visibility": "public"}),
        json!({"repos": ["r"]}),
    ];
    for vision in &visions {
        client.post(&below(&id, "vision/refine"), vision).expect(200);
    }
    let submitted: CommandAnswer = client.post(&below(&id, "vision/submit"), &json!({})).expect(200).read();
    let row = ventures::row(&client, &id, submitted.position);
    assert_eq!((row.name.as_str(), row.brief.as_deref(), row.revision), ("Shop", Some("One"), 3));
    assert_eq!(
        (row.repos, row.skills, row.visibility),
        (vec!["r".to_owned()], vec!["rust".to_owned()], "public".to_owned())
    );
    assert_eq!((row.status, row.status_label.as_str(), row.version), (97, "Submitted", 4));
    assert_eq!(row.available_actions, submitted.available_actions);
    assert!(row.setup_by.starts_with("uid:"), "{}", row.setup_by);
    assert_eq!((row.vision_submitted_at.as_deref(), row.archived_at), (Some(row.updated_at.as_str()), None));

    let page = client.get(&below(&id, "vision")).expect(200).json();
    let revisions: Vec<(u64, &Value)> = page["vision"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["revision"].as_u64().unwrap(), &row["brief"]))
        .collect();
    assert_eq!(revisions, [(3, &json!("One")), (2, &json!("One")), (1, &json!("One"))]);
    assert_eq!(page["vision"][2]["skills"], json!([]), "a revision shows its own time");
}

#[test]
fn who_acts_and_why_stand_in_the_fact() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let correlation_id = Uuid::now_v7();
    let request = Request::post(VENTURES, &json!({"name": "Shop", "visibility": "private"}))
        .header(header::ACTOR, "agent Zoë")
        .header(header::CORRELATION_ID, correlation_id)
        .header(header::IDEMPOTENCY_KEY, "my-key");
    let told: CommandAnswer = daemon.client().ask(&request).expect(201).read();
    let frame = daemon.facts_after(0).next_frame().unwrap();
    let fact = frame.fact();
    assert_eq!((frame.id.as_str(), frame.event.as_str()), ("1", "fact"));
    assert_eq!((fact.fact_type.as_str(), fact.version, fact.position), ("venture_setup_v1", 0, 1));
    assert_eq!((fact.event_id, fact.stream_id), (told.events[0].event_id, format!("setup-{}", id_of(&told))));
    assert_eq!(fact.data["setup_by"], "agent Zoë");
    assert_eq!(fact.data["setup_at"].as_str(), Some(fact.at.as_str()));
    for (key, value) in [("actor", "agent Zoë"), ("idempotency_key", "my-key"), ("visibility", "private")] {
        assert_eq!(fact.metadata[key], value, "{}", fact.metadata);
    }
    assert_eq!(fact.metadata["correlation_id"], correlation_id.to_string());
    assert!(fact.metadata["node_id"].is_string() && fact.metadata["command_id"].is_string());
}

#[test]
fn lists_are_filtered_sorted_and_paged() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let names = ["Anchor", "Boat", "Cliff", "Dune", "Ebb", "Boat"];
    let mut last = 0;
    for name in names {
        last = ventures::set_up(&client, name).position;
    }
    let archived = id_of(&ventures::set_up(&client, "Wreck"));
    last = last.max(
        client.post(&below(&archived, "archive"), &json!({})).expect(200).read::<CommandAnswer>().position,
    );
    let list = |query: &str| -> Vec<String> {
        let page = client.ask(&seen(&format!("{VENTURES}?{query}"), last)).expect(200).json();
        assert!(page["as_of_position"].as_u64() >= Some(last), "{query}");
        let rows: Vec<VentureRow> = serde_json::from_value(page["ventures"].clone()).unwrap();
        rows.into_iter().map(|row| row.name).collect()
    };
    assert_eq!(list(""), ["Boat", "Ebb", "Dune", "Cliff", "Boat", "Anchor"], "newest first");
    assert_eq!(list("sort=name"), ["Anchor", "Boat", "Boat", "Cliff", "Dune", "Ebb"]);
    assert_eq!(list("sort=name&order=desc&limit=2"), ["Ebb", "Dune"]);
    assert_eq!(list("name=Boat"), ["Boat", "Boat"]);
    assert_eq!(list("q=ABOUT%20d"), ["Dune"], "any case, in the brief too");
    assert_eq!(list("q=%25"), Vec::<String>::new(), "a percent sign is a percent sign");
    assert_eq!(list("status=Archived"), ["Wreck"]);
    assert_eq!(list("status=Setup&name=Ebb"), ["Ebb"]);
    assert_eq!(list("include_archived=true").len(), 7);
    assert_eq!(list("name=Nothing"), Vec::<String>::new());
}

#[test]
fn a_walk_through_pages_sees_every_row_once_though_rows_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let set_up: Vec<CommandAnswer> = (0..10).map(|n| ventures::set_up(&client, &format!("V{n}"))).collect();
    let (mut seen_names, mut cursor) = (Vec::new(), String::new());
    for turn in 0.. {
        let head = ventures::head(&client);
        let page = client.ask(&seen(&format!("{VENTURES}?limit=3{cursor}"), head)).expect(200).json();
        seen_names.extend(
            page["ventures"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        // A newer row, and the end of one that was seen already.
        ventures::set_up(&client, "Newcomer");
        client.post(&below(&id_of(&set_up[9 - turn]), "archive"), &json!({})).expect(200);
    }
    assert_eq!(seen_names, (0..10).rev().map(|n| format!("V{n}")).collect::<Vec<_>>());
}

#[test]
fn a_query_sees_what_its_caller_has_written() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    for n in 0..50 {
        let told = ventures::set_up(&client, &format!("V{n}"));
        let row = ventures::row(&client, &id_of(&told), told.position);
        assert_eq!(row.name, format!("V{n}"));
    }
    let beyond = client.ask(&seen(VENTURES, 1_000_000)).expect(503);
    assert_eq!(beyond.json()["error"], "projection_lagging");
    assert_eq!(client.get(&format!("{VENTURES}?min_position=50")).expect(200).json()["as_of_position"], 50);
}

#[test]
fn facts_are_filtered_and_resumed_on_both_streams() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let (one, two) = (ventures::set_up(&client, "One"), ventures::set_up(&client, "Two"));
    ventures::refine(&client, &id_of(&one), "Better").expect(200);
    let open = |path: &str, last: Option<&str>| {
        let request = Request::get(path);
        let request = last.map_or(request.clone(), |id| request.header("last-event-id", id));
        Frames::open(&daemon.place().socket(), &request).unwrap()
    };
    let positions = |facts: Vec<FactFrame>| facts.iter().map(|fact| fact.position).collect::<Vec<_>>();
    let of_one = format!("/api/facts/stream?from=0&venture_id={}", id_of(&one));
    assert_eq!(positions(open(&of_one, None).facts(2)), [1, 3]);
    let of_type = "/api/facts/stream?after=0&types=venture_setup_v1";
    assert_eq!(positions(open(of_type, None).facts(2)), [1, 2]);
    assert_eq!(positions(open("/api/facts/stream?process=setup_venture&from=2", None).facts(2)), [2, 3]);

    let mut topics = open("/api/stream?topics=facts", None);
    ventures::refine(&client, &id_of(&two), "Better").expect(200);
    let live = topics.next_frame().unwrap();
    assert_eq!(live.fact().position, 4, "without an id a stream begins at its live end");
    ventures::refine(&client, &id_of(&two), "Still better").expect(200);
    let resumed = open("/api/stream?topics=facts", Some(&live.id)).next_frame().unwrap();
    assert_eq!(resumed.fact().position, 5);
    assert_eq!(resumed, topics.next_frame().unwrap());
}

#[test]
fn a_read_model_that_is_deleted_is_drawn_anew_and_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let ids: Vec<String> = (0..5).map(|n| id_of(&ventures::set_up(&client, &format!("V{n}")))).collect();
    for (n, id) in ids.iter().enumerate() {
        (0..n).for_each(|turn| drop(ventures::refine(&client, id, &format!("Brief {turn}")).expect(200)));
    }
    client.post(&below(&ids[0], "archive"), &json!({})).expect(200);
    let head = ventures::head(&client);
    let shown = |client: &Client| ids.iter().map(|id| everything(client, id, head)).collect::<Vec<_>>();
    let before = shown(&client);
    let place = daemon.kill();
    std::fs::remove_dir_all(place.data().join("read_models")).unwrap();
    let daemon = place.start();
    assert_eq!(shown(&daemon.client()), before);
}

#[test]
fn older_routes_lead_to_the_same_desk() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let told: CommandAnswer = client.post("/api/ventures/setup", &json!({"name": "Shop"})).expect(201).read();
    assert_eq!(told.events[0].event_type, "venture_setup_v1");
    let [health, alias] = ["/api/health", "/health"].map(|path| client.get(path).expect(200).json());
    assert_eq!(health["node_id"], alias["node_id"]);
    assert_eq!(client.get("/ready").expect(200).json()["ready"], true);
}

#[test]
fn what_is_not_there_is_said_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    for path in [at(ventures::NOBODY), below(ventures::NOBODY, "vision")] {
        assert_eq!(client.get(&path).expect(404).json()["error"], "venture_not_found", "{path}");
    }
}
