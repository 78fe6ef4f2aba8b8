//! The window into a running daemon, as operators and their programs meet it: what is seen, what is done, what is
//! refused, and that none of it is in anybody's way.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hecate_proto::debug::{DebugEvent, DebugEventKind};
use hecate_proto::read_models::ReadModelsAnswer;
use hecate_proto::{header, route};
use hecate_tests::daemon::{Daemon, Place};
use hecate_tests::http::{Answer, Client, Request};
use hecate_tests::patience::{DEADLINE, until};
use hecate_tests::program::{Ended, Program};
use hecate_tests::sse::Frames;
use hecate_tests::ventures::{self, id_of};
use hecate_tests::{binaries, open_metrics, work};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

const MODEL: &str = "/hecate/apps/read_models/query_ventures";
const SOCKET: &str = "/hecate/edge/socket";
const STORE: &str = "/hecate/kernel/event_store";

fn of(route: &str, actor: &str) -> String {
    route::of_actor(route, actor)
}

fn act(client: &Client, route: &str, actor: &str) -> Answer {
    client.ask(&Request::post(&of(route, actor), &json!({})).header(header::CONFIRM, actor))
}

fn actor(client: &Client, path: &str) -> Value {
    client.get(&of(route::DEBUG_ACTOR, path)).expect(200).json()["actor"].clone()
}

/// The actor of the one venture that there is.
fn aggregate(client: &Client) -> String {
    let pool =
        client.get("/debug/tree?path=/hecate/apps/processes/setup_venture/aggregates").expect(200).json();
    pool["tree"]["children"][0]["path"].as_str().unwrap().to_owned()
}

fn generation(client: &Client, path: &str) -> u64 {
    actor(client, path)["generation"].as_u64().unwrap()
}

#[test]
fn every_resource_is_served_to_an_operator() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    ventures::set_up(&client, "Seen");
    let node = client.get("/debug/tree").expect(200).json()["node_id"].clone();
    for path in [
        "/debug/tree?depth=2&fields=status,mailbox",
        "/debug/top?by=messages&window=60s&n=5",
        "/debug/groups",
        "/debug/crashes",
        "/debug/deadlocks",
        "/debug/runtime",
        "/debug/store",
        &of(route::DEBUG_ACTOR, MODEL),
    ] {
        let body = client.get(path).expect(200).json();
        assert_eq!((&body["ok"], &body["node_id"]), (&json!(true), &node), "{path}");
    }
    let groups = client.get("/debug/groups?group=venture_setup_v1").expect(200).json();
    assert!(groups["groups"][0]["publishers"][0]["path"].is_string(), "{groups}");
    let process = client.get("/debug/runtime").json()["process"].clone();
    assert_eq!(process["pid"], daemon.pid());
    assert!(process["rss_bytes"].as_u64() > Some(0) && process["threads"].as_u64() > Some(1), "{process}");
    let drawn = until("a turn of the read model", || {
        Some(actor(&client, MODEL)).filter(|model| model["messages"]["handled"].as_u64() > Some(0))
    });
    assert_eq!((&drawn["messages"]["last"], &drawn["work"]["own_loop"]), (&json!("draw"), &json!("counted")));
    assert_eq!(actor(&client, STORE)["work"]["own_loop"], "not_measured");
    let work = actor(&client, &aggregate(&client))["work"].clone();
    assert!(work["handle"]["count"].as_u64() > Some(0), "{work}");
}

/// The state that an actor offers, as soon as it is this.
fn offered(client: &Client, path: &str, is_this: impl Fn(&Value) -> bool) -> Value {
    until(path, || {
        let state = actor(client, path)["state"].take();
        assert_ne!(state["kind"], "not_offered", "{path}");
        Some(state["value"].clone()).filter(|value| state["kind"] == "offered" && is_this(value))
    })
}

#[test]
fn an_actor_says_how_far_it_is_and_how_much_it_takes_of_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let told = ventures::set_up(&client, "Tea by the canary");
    let head = told.position;
    let model = offered(&client, MODEL, |model| model["position"].as_u64() >= Some(head));
    let file = Path::new(model["file"].as_str().unwrap());
    assert_eq!(model["file_bytes"], std::fs::metadata(file).unwrap().len());
    assert_eq!(model["wal_bytes"], std::fs::metadata(format!("{}-wal", file.display())).unwrap().len());
    let models: ReadModelsAnswer = client.get(route::DEBUG_READ_MODELS).expect(200).read();
    let row = models.read_models.iter().find(|row| MODEL.ends_with(&row.model)).unwrap();
    assert_eq!((&json!(row.file_bytes), &json!(row.wal_bytes)), (&model["file_bytes"], &model["wal_bytes"]));
    let store = offered(&client, STORE, |store| store["head"].as_u64() >= Some(head));
    let shown = client.get("/debug/store").expect(200).json();
    assert_eq!((&store["store_id"], &store["epoch"]), (&shown["store_id"], &shown["epoch"]));
    let venture = offered(&client, &aggregate(&client), |venture| venture["loaded"]["version"] == 0);
    assert_eq!(
        (&venture["loaded"]["position"], &venture["process"]),
        (&json!(head), &json!("setup_venture"))
    );
    for state in [model, store, venture] {
        assert!(!state.to_string().contains("canary"), "{state}");
    }
}

#[test]
fn the_figures_are_open_metrics() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    ventures::set_up(&daemon.client(), "Counted");
    let answer = daemon.client().get(route::METRICS).expect(200);
    assert!(answer.headers["content-type"].starts_with("application/openmetrics-text; version=1.0.0"));
    let families = open_metrics::read(&answer.text());
    for (name, kind) in [
        ("hecate_actor_alive", "gauge"),
        ("hecate_actor_mailbox_depth", "gauge"),
        ("hecate_actor_messages", "counter"),
        ("hecate_actor_dropped", "counter"),
        ("hecate_actor_restarts", "counter"),
        ("hecate_actor_handle_seconds", "histogram"),
        ("hecate_actor_queue_seconds", "histogram"),
        ("hecate_supervisor_intensity_ratio", "gauge"),
        ("hecate_supervisor_give_up", "counter"),
        ("hecate_pg_deliveries", "counter"),
        ("hecate_deadlock_suspects", "gauge"),
    ] {
        assert_eq!(families.get(name).map(String::as_str), Some(kind), "{name}");
    }
}

#[test]
fn a_killed_actor_leaves_a_record_events_and_a_past() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let before = client.get("/debug/tree").json()["at"].as_str().unwrap().to_owned();
    let born = generation(&client, MODEL);
    let mut events = Frames::open(&daemon.place().socket(), &Request::get(route::DEBUG_EVENTS)).unwrap();
    act(&client, route::DEBUG_KILL, MODEL).expect(200);
    let mut seen = Vec::new();
    while !seen.contains(&DebugEventKind::Started) {
        let event: DebugEvent = serde_json::from_str(&events.next_frame().unwrap().data).unwrap();
        seen.extend(Some(event.kind).filter(|_| event.path == MODEL));
    }
    assert!(
        seen.contains(&DebugEventKind::ChildTerminated) && seen.contains(&DebugEventKind::Attempted),
        "{seen:?}"
    );
    until("its successor", || (generation(&client, MODEL) > born).then_some(()));
    let crashes = client.get("/debug/crashes").expect(200).json()["crashes"].clone();
    let crash = crashes.as_array().unwrap().iter().find(|crash| crash["path"] == MODEL).unwrap().clone();
    assert_eq!((&crash["reason"], &crash["decision"]), (&json!("killed"), &json!("restarted")), "{crash}");
    let past = client.get(&format!("/debug/tree?path={MODEL}&at={before}")).expect(200).json();
    assert_eq!(
        (past["tree"]["generation"].as_u64(), past["not_kept"].is_array()),
        (Some(born), true),
        "{past}"
    );
}

#[test]
fn what_must_not_happen_by_mistake_is_refused_changes_nothing_and_is_in_the_audit() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let born = [MODEL, STORE].map(|path| generation(&client, path));
    let post = |route: &str, path: &str| Request::post(&of(route, path), &json!({}));
    let bad = |code: &str, field: &str, rule: &str| (code.to_owned(), field.to_owned(), rule.to_owned());
    let confirmed = |route, path: &str| post(route, path).header(header::CONFIRM, path);
    let long = json!({ "ms": "x".repeat(5_000) });
    for (what, request, status, (code, field, rule)) in [
        ("bare", post(route::DEBUG_KILL, MODEL), 400, bad("validation_error", "X-Confirm", "required")),
        (
            "of another",
            post(route::DEBUG_KILL, MODEL).header(header::CONFIRM, STORE),
            400,
            bad("validation_error", "X-Confirm", "pattern"),
        ),
        ("of the store", confirmed(route::DEBUG_KILL, STORE), 403, bad("event_store_protected", "", "")),
        (
            "of the kernel",
            confirmed(route::DEBUG_RESTART, "/hecate/kernel"),
            403,
            bad("event_store_protected", "", ""),
        ),
        ("of all", confirmed(route::DEBUG_KILL, "/hecate"), 403, bad("event_store_protected", "", "")),
        (
            "of a store at rest",
            confirmed(route::DEBUG_SUSPEND, STORE),
            403,
            bad("event_store_protected", "", ""),
        ),
        ("of nobody", confirmed(route::DEBUG_DRAIN, "/hecate/nobody"), 404, bad("actor_not_found", "", "")),
        (
            "of a supervisor",
            confirmed(route::DEBUG_SUSPEND, "/hecate/apps"),
            409,
            bad("not_a_worker", "actor", ""),
        ),
        ("of a loop", confirmed(route::DEBUG_SUSPEND, MODEL), 409, bad("works_beside", "actor", "")),
        (
            "for too long",
            Request::post(&of(route::DEBUG_SUSPEND, MODEL), &json!({"ms": 60_001}))
                .header(header::CONFIRM, MODEL),
            400,
            bad("validation_error", "ms", "range"),
        ),
        (
            "too fast",
            Request::post(&of(route::DEBUG_TRACE, MODEL), &json!({"rate": 1_001})),
            400,
            bad("validation_error", "rate", "range"),
        ),
        (
            "too long",
            Request::post(&of(route::DEBUG_KILL, MODEL), &long),
            413,
            bad("payload_too_large", "", ""),
        ),
    ] {
        let answer = client.ask(&request);
        let body = answer.json();
        let detail = |key: &str| body["details"][key].as_str().unwrap_or_default().to_owned();
        let told = (body["error"].as_str().unwrap_or_default().to_owned(), detail("field"), detail("rule"));
        assert_eq!((answer.status, told), (status, (code.clone(), field, rule)), "{what}: {body}");
        let trace_id = body["correlation_id"].as_str().unwrap().to_owned();
        let line = until("a line in the audit", || audit_line(daemon.place(), &trace_id));
        for word in ["audit", &format!("outcome=\"{code}\""), "operation=\"", "uid=", "pid=", "on=\"/"] {
            assert!(line.contains(word), "{what}: {word} is missing in {line}");
        }
    }
    assert_eq!([MODEL, STORE].map(|path| generation(&client, path)), born);
    let granted = act(&client, route::DEBUG_RESTART, MODEL).expect(200);
    let trace_id = granted.headers[header::CORRELATION_ID].clone();
    let line = until("a line in the audit", || audit_line(daemon.place(), &trace_id));
    assert!(line.contains("outcome=\"granted\"") && line.contains(&format!("on=\"{MODEL}\"")), "{line}");
}

#[test]
fn whoever_has_the_daemon_changed_is_in_the_audit_with_what_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let planned = client.ask(&Request::post(route::DEBUG_PLAN, &json!({}))).expect(200);
    let fingerprint = planned.json()["plan"]["fingerprint"].as_str().unwrap().to_owned();
    let rebuild = "/api/read-models/query_ventures/rebuild";
    let reloaded = client.ask(&Request::post(route::LLM_RELOAD, &json!({}))).expect(200);
    for (answer, says) in [
        (planned, format!("fingerprint=\"{fingerprint}\"")),
        (reloaded, format!("on=\"{}\"", route::LLM_RELOAD)),
        (client.ask(&Request::post(rebuild, &json!({}))), format!("on=\"{rebuild}\" outcome=\"granted\"")),
    ] {
        let trace_id = answer.headers[header::CORRELATION_ID].clone();
        let line = until("a line in the audit", || audit_line(daemon.place(), &trace_id));
        assert!(
            line.contains(&says) && line.contains("uid="),
            "{says} is missing in {line}: {}",
            answer.text()
        );
    }
}

#[test]
fn a_plan_that_touches_the_store_says_beforehand_that_it_is_not_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let own = include_str!("../../supervision.toml");
    let other = own.replace("kind = \"event_store\"", "kind = \"event_store\"\nmailbox = { capacity = 9 }");
    let mut body = json!({"supervision": other, "restart": true});
    let plan = client.ask(&Request::post(route::DEBUG_PLAN, &body)).expect(200).json()["plan"].clone();
    assert_eq!(plan["operations"][0]["path"], STORE, "{plan}");
    let counts = ["operations", "refusals"].map(|list| plan[list].as_array().map(Vec::len));
    assert_eq!(counts, [Some(2), Some(1)], "it is changed, restarted, and refused once: {plan}");
    assert_eq!(
        (&plan["refusals"][0]["rule"], &plan["refusals"][0]["path"]),
        (&json!("protected"), &json!(STORE))
    );
    body["fingerprint"] = plan["fingerprint"].clone();
    let apply = Request::post(route::DEBUG_APPLY, &body).header(header::CONFIRM, route::DEBUG_APPLY);
    assert_eq!(client.ask(&apply).expect(403).json()["error"], "event_store_protected");
}

#[test]
fn whoever_has_the_own_socket_restarted_hears_that_it_began_and_does_not_hold_it_up() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let born = generation(&daemon.client(), SOCKET);
    let answer = act(&daemon.client(), route::DEBUG_RESTART, SOCKET).expect(202);
    assert_eq!(answer.json()["begun"], "restart");
    let line = until("how it ended", || audit_line(daemon.place(), &answer.headers[header::CORRELATION_ID]));
    assert!(line.contains("outcome=\"granted\"") && line.contains(&format!("on=\"{SOCKET}\"")), "{line}");
    let socket = daemon.place().socket().display().to_string();
    let restart = ["--socket", &socket, "debug", "restart", SOCKET];
    let ended = Program::new(&binaries::hecate(), folder.path()).args(restart).run();
    assert!(ended.code == Some(0) && ended.stdout.starts_with("restart: begun"), "{ended:?}");
    let is_back = || daemon.place().log().matches("operation=\"restart\"").count() == 2;
    until("the second end", || is_back().then_some(()));
    assert_eq!(generation(&daemon.client(), SOCKET), born + 2);
    // The socket did not wait, until its patience ended, for the very request that waited for the socket.
    assert!(!daemon.place().log().contains("did not end in time"), "{}", daemon.place().log());
}

fn audit_line(place: &Place, trace_id: &str) -> Option<String> {
    place.log().lines().find(|line| line.contains("audit") && line.contains(trace_id)).map(str::to_owned)
}

#[test]
fn a_daemon_started_to_be_experimented_on_gives_up_its_store_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let environment = vec![("HECATE_UNSAFE_DEBUG", "true".to_owned())];
    let daemon = Place { environment, ..Place::new(folder.path()) }.start();
    let client = daemon.client();
    let venture = id_of(&ventures::set_up(&client, "Kept"));
    let kill = Request::post(&of(route::DEBUG_KILL, STORE), &json!({})).header(header::CONFIRM, STORE);
    // The socket may go down with the store before its answer is out.
    assert!(client.try_ask(&kill).is_ok_and(|answer| answer.status == 200) || client.try_ask(&kill).is_err());
    until("the venture again", || {
        client.try_ask(&Request::get(&ventures::at(&venture))).ok().filter(|answer| answer.status == 200)
    });
}

#[test]
fn whoever_is_another_user_sees_nothing_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let born = generation(&daemon.client(), MODEL);
    open_to_everybody(daemon.place());
    for words in
        [&["tree"][..], &["runtime"], &["events"], &["kill", MODEL], &["suspend", MODEL], &["trace", MODEL]]
    {
        let Some(ended) = as_somebody_else(daemon.place(), words) else { return };
        assert_eq!(ended.code, Some(1), "{words:?}: {ended:?}");
        assert!(ended.stderr.starts_with("forbidden: "), "{words:?}: {ended:?}");
    }
    assert_eq!(generation(&daemon.client(), MODEL), born);
    let log = daemon.place().log();
    for operation in ["GET", "kill", "suspend", "trace"] {
        let told = format!("uid={NOBODY}");
        let mut lines =
            log.lines().filter(|line| line.contains("outcome=\"forbidden\"") && line.contains(&told));
        assert!(
            lines.any(|line| line.contains(&format!("operation=\"{operation}\""))),
            "{operation} in\n{log}"
        );
    }
}

#[test]
fn an_operator_of_another_user_looks_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let environment = vec![("HECATE_OPERATORS", format!("uid:{NOBODY}"))];
    let daemon = Place { environment, ..Place::new(folder.path()) }.start();
    let born = generation(&daemon.client(), MODEL);
    open_to_everybody(daemon.place());
    for words in [&["tree"][..], &["runtime"], &["actor", MODEL], &["plan"], &["trace", MODEL, "--ms", "50"]]
    {
        let Some(ended) = as_somebody_else(daemon.place(), words) else { return };
        assert_eq!(ended.code, Some(0), "{words:?}: {ended:?}");
    }
    for words in [&["kill", MODEL][..], &["restart", MODEL], &["apply", "--fingerprint", "a1"]] {
        let Some(ended) = as_somebody_else(daemon.place(), words) else { return };
        assert_eq!(ended.code, Some(1), "{words:?}: {ended:?}");
        assert!(ended.stderr.starts_with("forbidden: "), "{words:?}: {ended:?}");
    }
    assert_eq!(generation(&daemon.client(), MODEL), born);
}

/// The uid of nobody on every Linux.
const NOBODY: u32 = 65_534;

/// Runs `hecate debug …` as nobody. Only root can become somebody else; without root, the reason is printed, and the
/// rule itself is proved beside the code of the peers.
fn as_somebody_else(place: &Place, words: &[&str]) -> Option<Ended> {
    if !rustix::process::geteuid().is_root() {
        eprintln!("NOT PROVED over the socket: only root can ask as another user");
        return None;
    }
    // Nobody may neither read nor run what lies in the tester's own folders.
    let program = place.home.join("hecate");
    if !program.exists() {
        std::fs::copy(binaries::hecate(), &program).unwrap();
    }
    let uid = NOBODY.to_string();
    let turned = ["--reuid", &uid, "--regid", &uid, "--clear-groups", "--"].map(str::to_owned);
    let command = [
        program.display().to_string(),
        "--socket".into(),
        place.socket().display().to_string(),
        "debug".into(),
    ];
    let words = words.iter().map(|word| (*word).to_owned());
    let setpriv = Program::new(Path::new("/usr/bin/setpriv"), &place.home);
    Some(setpriv.args(turned).args(command).args(words).run())
}

fn open_to_everybody(place: &Place) {
    for path in [place.home.clone(), place.home.join("run"), place.socket()] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
}

#[test]
fn twenty_clients_follow_the_events_and_one_that_is_stuck_is_in_nobodys_way() {
    const CLIENTS: usize = 20;
    const TURNS: usize = 800;
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    ventures::set_up(&client, "Suspended");
    let venture = aggregate(&client);
    let follow = || Frames::open(&daemon.place().socket(), &Request::get(route::DEBUG_EVENTS)).unwrap();
    let stuck = follow();
    let mut others: Vec<Frames> = (1..CLIENTS).map(|_| follow()).collect();
    let slowest = thread::scope(|scope| {
        let readers: Vec<_> =
            others.iter_mut().map(|reader| scope.spawn(move || read_suspensions(reader, TURNS))).collect();
        let mut slowest = Duration::ZERO;
        for turn in 0..TURNS {
            suspend_and_resume(&client, &venture);
            if turn % 100 == 0 {
                let began = Instant::now();
                ventures::set_up(&client, &format!("Meanwhile {turn}"));
                slowest = slowest.max(began.elapsed());
            }
        }
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        slowest
    });
    println!("20 clients of /debug/events, one stuck: the slowest of 8 commands took {slowest:?}");
    drop(stuck);
}

/// Within the bound of attempts that the daemon takes in one second.
fn suspend_and_resume(client: &Client, actor: &str) {
    for route in [route::DEBUG_SUSPEND, route::DEBUG_RESUME] {
        until("a free attempt", || {
            let answer = act(client, route, actor);
            (answer.status != 429).then(|| answer.expect(200))
        });
    }
}

fn read_suspensions(reader: &mut Frames, count: usize) {
    let (mut seen, mut last_id) = (0, 0);
    while seen < count {
        let frame = reader.next_frame().unwrap();
        assert_ne!(frame.event, "lagged", "whoever reads misses nothing");
        let id: u64 = frame.id.parse().unwrap();
        assert!(id > last_id, "{id} after {last_id}");
        last_id = id;
        seen += usize::from(frame.event == "suspended");
    }
}

#[test]
fn ten_thousand_actors_are_shown_and_what_that_costs_is_printed() {
    const ACTORS: usize = 10_000;
    const READS: usize = 200;
    const BYTES_MAX: usize = 3_000_000;
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let client = daemon.client();
            scope.spawn(move || {
                (writer..ACTORS)
                    .step_by(WRITERS)
                    .for_each(|n| drop(ventures::set_up(&client, &format!("V{n}"))));
            });
        }
    });
    let client = daemon.client();
    let mut connection = client.connect().unwrap();
    let (mut times, mut bytes) = (Vec::new(), 0);
    let cpu_before = work::cpu_of(daemon.pid());
    for _ in 0..READS {
        connection.wire().within(DEADLINE);
        let began = Instant::now();
        let answer = connection.ask(&Request::get("/debug/tree")).unwrap().expect(200);
        times.push(began.elapsed());
        bytes = answer.bytes.len();
    }
    let cpu = work::cpu_of(daemon.pid()).saturating_sub(cpu_before);
    times.sort_unstable();
    let (p50, p99) = (times[READS / 2], times[(READS * 99).div_ceil(100) - 1]);
    println!(
        "/debug/tree of {ACTORS} ventures: p50 {p50:?}, p99 {p99:?}, {bytes} bytes, {:?} CPU a read",
        cpu / READS as u32
    );
    assert!(bytes <= BYTES_MAX, "{bytes}");
    connection.wire().within(DEADLINE);
    let tree = connection.ask(&Request::get("/debug/tree")).unwrap().json();
    assert!(count(&tree["tree"]) > ACTORS, "{}", count(&tree["tree"]));
}

/// Few enough that each is soon acknowledged.
const WRITERS: usize = 32;

fn count(node: &Value) -> usize {
    1 + node["children"].as_array().map_or(0, |children| children.iter().map(count).sum())
}

#[test]
fn the_command_line_shows_and_does_it_for_people_and_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    ventures::set_up(&daemon.client(), "Shown");
    let hecate = |words: &[&str]| {
        let socket = daemon.place().socket().display().to_string();
        Program::new(&binaries::hecate(), folder.path())
            .args(["--socket", &socket, "debug"])
            .args(words)
            .run()
    };
    let venture = aggregate(&daemon.client());
    for (words, says) in [
        (&["tree"][..], "query_ventures"),
        (&["tree", "/hecate/edge", "--depth", "1"], "socket"),
        (&["top", "--by", "messages", "--window", "60s"], "MESSAGES"),
        (&["top", "--by", "restarts"], "nobody was restarted in the last 10s"),
        (&["actor", MODEL], "in the handler"),
        (&["crashes"], "no crash is on record"),
        (&["deadlocks"], "nobody is suspect"),
        (&["groups"], "facts.all"),
        (&["runtime"], "uptime"),
        (&["cluster"], "no cluster view is configured"),
        (&["store"], "writer queued_requests"),
        (&["read-models"], "query_ventures"),
        (&["listeners"], "design_division"),
        (&["suspend", &venture, "--ms", "5000"], "suspend: done to /hecate"),
        (&["resume", &venture], "resume: done"),
        (&["restart", MODEL], "restart: done"),
        (&["trace", MODEL, "--ms", "50"], "ended: time"),
    ] {
        let ended = hecate(words);
        assert_eq!(ended.code, Some(0), "{words:?}: {ended:?}");
        assert!(ended.stdout.contains(says), "{words:?}: {ended:?}");
        let machine = hecate(&[words, &["--json"]].concat());
        let first = machine.stdout.lines().next();
        let refused_twice = machine.code == Some(1) && words[0] == "resume";
        assert!(
            first.is_some_and(|line| serde_json::from_str::<Value>(line).is_ok()) || refused_twice,
            "{machine:?}"
        );
    }
    for (words, code, says) in [
        (&["kill", STORE][..], 1, "event_store_protected: "),
        (&["kill", "/hecate/nobody"], 1, "actor_not_found: "),
        (&["top", "--by", "beauty"], 1, "validation_error: "),
        (&["tree", "--node", "nobody"], 1, "node_not_found: "),
        (&["dance"], 2, "error: "),
    ] {
        let ended = hecate(words);
        assert_eq!(ended.code, Some(code), "{words:?}: {ended:?}");
        assert!(ended.stderr.starts_with(says), "{words:?}: {ended:?}");
    }
}
