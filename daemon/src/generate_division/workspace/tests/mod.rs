//! The writer on a real store, a real log and a real folder: what is on record is written, once and whole.

mod folder;

use super::WorkspaceWriter;
use super::folder::{Hope, NotWritten};
use super::history::{History, Unreadable};
use crate::generate_division::{Generation, kit};
use hecate_blobs::{BlobError, Blobs, Sha256};
use hecate_desk::kit::ULID;
use hecate_desk::{Asked, Caller, Code, Node, Policy, Process, Refused, SystemClock, Told, Wiring, process};
use hecate_event_store::{Append, CurrentStore, EventStore, Expected, Filter, MemoryStore, NewEvent};
use hecate_event_store::{Options, Progress, RecordedEvent, SqliteStore};
use hecate_facts::{Groups, Hearing, Listener, OutcomeFilter, OutcomeState, Reaction, Reacts};
use hecate_supervision::{Kinds, Plan, Tree};
use ractor::{ActorId, registry::where_is_pid};
use rustix::io::Errno;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(30);

/// A process on a real store, with or without its writer.
struct Yard {
    folder: PathBuf,
    store: Arc<SqliteStore>,
    process: Arc<dyn Process>,
    writer: Arc<WorkspaceWriter>,
    hearing: Hearing,
    tree: Tree,
}

const POOL: &str = "schema = 1\n[[supervisor]]\npath = \"/t\"\nstrategy = \"one_for_one\"\n\
    [[pool]]\npath = \"/t/aggregates\"\nkind = \"generate_division.aggregates\"\nmax_children = 10\n";
const WRITER: &str = "[[child]]\npath = \"/t/workspace\"\nkind = \"generate_division.workspace.listener\"\n";

impl Yard {
    async fn open(folder: &Path, plan: &str) -> Yard {
        let store = Arc::new(SqliteStore::open(&folder.join("events.sqlite"), Options::default()).unwrap());
        let current = CurrentStore::default();
        current.set(Some(Arc::clone(&store) as Arc<dyn EventStore>));
        let node = Node { node_id: "n".into(), realm: "r".into(), clock: Arc::new(SystemClock) };
        let (blobs, heard) = (Blobs::new(&folder.join("blobs")), Progress::default());
        heard.set(u64::MAX);
        let (policy, code) = (Policy::default(), Code::running());
        let process = (process::<Generation>().open)(Wiring {
            store: current.clone(),
            node: node.clone(),
            code,
            heard,
            policy,
            blobs: blobs.clone(),
        });
        let root = folder.join("workspaces");
        let writer = Arc::new(WorkspaceWriter::new(node, current.clone(), blobs, root));
        let reacts = Arc::clone(&writer) as Arc<dyn Reacts>;
        let hearing = Hearing::new(reacts, Progress::default(), &folder.join("listeners"));
        let mut kinds = Kinds::new();
        process.register(&mut kinds);
        if plan.contains(WRITER) {
            let (hearing, groups) = (hearing.clone(), Groups::new("n"));
            Listener { hearing, store: current, groups, now_us: Arc::new(|| 1) }.register(&mut kinds);
        }
        let tree = Tree::boot(&Plan::parse(plan, "t.toml", &kinds).unwrap(), &kinds).await.unwrap();
        Yard { folder: folder.to_owned(), store, process, writer, hearing, tree }
    }

    async fn ask(&self, desk: &str, body: Value) -> Result<Told, Refused> {
        let door = self.process.doors().iter().position(|door| door.spec.name == desk).unwrap();
        let path_ids = json!({"division_id": format!("d-{ULID}")}).as_object().cloned().unwrap();
        let mut body = body.as_object().cloned().unwrap();
        if self.process.doors()[door].paths.is_empty() {
            body.extend(path_ids.clone());
        }
        let caller = Caller {
            actor: "uid:1@n".to_owned(),
            correlation_id: Uuid::now_v7(),
            idempotency_key: None,
            expected_version: None,
            because: None,
        };
        self.process.ask(Asked { door, path_ids, body: body.into(), caller }).await
    }

    async fn did(&self, desk: &str, body: Value) -> Arc<RecordedEvent> {
        let position = self.ask(desk, body).await.unwrap().answer.position;
        let page = self.store.read_all(position - 1, &Filter::all(), 1).await.unwrap();
        Arc::clone(&page.events[0])
    }

    /// With a skeleton that is on record.
    async fn begin(&self) -> Arc<RecordedEvent> {
        let initiate = json!({"venture_id": format!("v-{ULID}"), "division_name": "orders",
            "handoff": kit::a_plan(), "visibility": "realm", "start": true,
            "source_event_id": "01890000-0000-7000-8000-000000000000"});
        self.ask("initiate_generation", initiate).await.unwrap();
        self.did("generate_skeleton", kit::skeleton()).await
    }

    async fn react(&self, fact: &Arc<RecordedEvent>) -> Reaction {
        let listener = self.writer.listeners(&fact.event_type)[0];
        self.writer.react(listener, fact).await
    }

    /// False where it is about to start.
    fn kill_writer(&self) -> bool {
        let tree = self.tree.snapshot();
        let writer = tree.children.iter().find(|child| child.path == "/t/workspace");
        let id = writer.and_then(|writer| writer.id.as_ref()?.strip_prefix("0.")?.parse().ok());
        let cell = id.and_then(|id| where_is_pid(ActorId::Local(id)));
        cell.map(|cell| cell.kill()).is_some()
    }

    fn file(&self, path: &str) -> PathBuf {
        self.folder.join("workspaces/shop/orders").join(path)
    }

    /// Waits until everything on record is settled.
    async fn settled(&self) {
        let reached = self.hearing.progress().reached(self.store.head());
        tokio::time::timeout(PATIENCE, reached).await.expect("what is on record is written");
    }

    async fn close(self) {
        self.tree.stop(Duration::from_secs(5)).await;
        self.store.close().await;
    }
}

/// Each recorded file is there, and holds what was recorded.
fn demand_written(yard: &Yard, fact: &RecordedEvent) {
    let data: Value = serde_json::from_str(fact.data.get()).unwrap();
    let files = data["files"].as_array().unwrap();
    assert!(!files.is_empty());
    for file in files {
        let content = fs::read(yard.file(file["path"].as_str().unwrap())).unwrap();
        assert_eq!(json!(Sha256::of(&content)), file["sha256"]);
        assert_eq!(file["bytes"], content.len());
    }
}

const DONE: Reaction = Reaction::Done { recorded: None };

#[tokio::test]
async fn what_was_on_record_when_the_daemon_died_is_written_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let yard = Yard::open(folder.path(), POOL).await;
    let skeleton = yard.begin().await;
    let desk = yard.did("generate_desk", json!({"desk_id": "take_order"})).await;
    yard.did("generate_module", kit::module("tea")).await;
    assert!(!yard.file("").exists());
    yard.close().await;
    let yard = Yard::open(folder.path(), &format!("{POOL}{WRITER}")).await;
    yard.settled().await;
    demand_written(&yard, &skeleton);
    demand_written(&yard, &desk);
    assert_eq!(fs::read_to_string(yard.file("src/tea.rs")).unwrap(), "// Tea\n");
    // All of it can be had by its hash, too.
    let readme = fs::read(yard.file("README.md")).unwrap();
    assert_eq!(yard.writer.blobs.get(&Sha256::of(&readme)).unwrap().unwrap(), readme);
    yard.close().await;
}

/// Killed wherever it stands, it writes each file all the same, and whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_killed_again_and_again_writes_everything() {
    const MODULES: u32 = 60;
    let folder = tempfile::tempdir().unwrap();
    let patient = POOL.replace("strategy", "intensity = 1000\nperiod = \"1s\"\nstrategy");
    let yard = Yard::open(folder.path(), &format!("{patient}{WRITER}")).await;
    let skeleton = yard.begin().await;
    let generating = async {
        for nth in 0..MODULES {
            yard.did("generate_module", kit::module(&format!("m{nth}"))).await;
        }
    };
    let mut kills = 0;
    let killing = async {
        loop {
            kills += u32::from(yard.kill_writer());
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    };
    tokio::select! {
        () = generating => {}
        () = killing => {}
    }
    yard.settled().await;
    demand_written(&yard, &skeleton);
    for nth in 0..MODULES {
        assert_eq!(fs::read_to_string(yard.file(&format!("src/m{nth}.rs"))).unwrap(), "// Tea\n");
    }
    assert!(kills > 3, "{kills} kills");
    yard.close().await;
}

#[tokio::test]
async fn hearing_a_fact_again_changes_nothing_and_what_is_newer_stays() {
    let folder = tempfile::tempdir().unwrap();
    let yard = Yard::open(folder.path(), POOL).await;
    let skeleton = yard.begin().await;
    let first = yard.did("generate_module", kit::module("tea")).await;
    for _ in 0..2 {
        assert_eq!([yard.react(&skeleton).await, yard.react(&first).await], [DONE; 2]);
    }
    yard.did("complete_generation", json!({"allow_partial": true, "reason": "Enough"})).await;
    yard.did("reopen_generation", json!({"reason": "Green"})).await;
    yard.did("generate_skeleton", kit::skeleton()).await;
    let mut again = kit::module("tea");
    again["content"] = "// Green tea\n".into();
    let second = yard.did("generate_module", again).await;
    assert_eq!(yard.react(&second).await, DONE);
    assert!(matches!(yard.react(&first).await, Reaction::Passed { .. }));
    assert_eq!(fs::read_to_string(yard.file("src/tea.rs")).unwrap(), "// Green tea\n");
    yard.close().await;
}

#[tokio::test]
async fn what_people_made_of_a_file_stays_until_they_move_it_and_an_operator_tries_again() {
    let folder = tempfile::tempdir().unwrap();
    let yard = Yard::open(folder.path(), &format!("{POOL}{WRITER}")).await;
    fs::create_dir_all(yard.file("")).unwrap();
    fs::write(yard.file("README.md"), "Mine").unwrap();
    let skeleton = yard.begin().await;
    yard.did("generate_module", kit::module("tea")).await;
    yard.settled().await;
    assert_eq!(fs::read_to_string(yard.file("README.md")).unwrap(), "Mine");
    // Nothing else waits for that.
    assert!(yard.file("src/tea.rs").exists());
    let filter = OutcomeFilter { state: Some(OutcomeState::Dead), before: None, limit: 9 };
    let dead = yard.hearing.outcomes(filter).await.unwrap().outcomes;
    assert_eq!((dead.len(), dead[0].position), (1, skeleton.position));
    assert!(dead[0].why.as_ref().unwrap().contains("shop/orders/README.md holds what was not generated"));
    fs::rename(yard.file("README.md"), yard.file("README.mine")).unwrap();
    let outcome = yard.hearing.replay(skeleton.position, None).await.unwrap();
    assert_eq!(outcome.state, OutcomeState::Dispatched);
    demand_written(&yard, &skeleton);
    yard.close().await;
}

#[tokio::test]
async fn what_an_operator_dismissed_is_not_written_whenever_it_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let yard = Yard::open(folder.path(), POOL).await;
    let skeleton = yard.begin().await;
    let listener = yard.writer.listeners(&skeleton.event_type)[0];
    yard.writer.forgo(listener, &skeleton, "Not here").await.unwrap();
    assert!(matches!(yard.react(&skeleton).await, Reaction::Refused { .. }));
    assert!(!yard.file("").exists());
    yard.close().await;
}

#[tokio::test]
async fn content_that_was_damaged_on_disk_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let yard = Yard::open(folder.path(), POOL).await;
    yard.begin().await;
    let module = yard.did("generate_module", kit::module("tea")).await;
    let name = Sha256::of(b"// Tea\n").to_string();
    let blob = folder.path().join("blobs").join(&name[..2]).join(&name);
    fs::write(&blob, "// Tee\n").unwrap();
    assert!(matches!(yard.react(&module).await, Reaction::Dead { .. }));
    fs::remove_file(&blob).unwrap();
    assert!(matches!(yard.react(&module).await, Reaction::Dead { .. }));
    assert!(!yard.file("src/tea.rs").exists());
    // Whoever sends it again mends it.
    yard.writer.blobs.put(b"// Tea\n").unwrap();
    assert_eq!(yard.react(&module).await, DONE);
    yard.close().await;
}

/// The next pass writes over its own files, and over those alone.
#[tokio::test]
async fn the_next_pass_renews_what_nobody_touched() {
    let folder = tempfile::tempdir().unwrap();
    let yard = Yard::open(folder.path(), &format!("{POOL}{WRITER}")).await;
    yard.begin().await;
    yard.settled().await;
    yard.did("complete_generation", json!({"allow_partial": true, "reason": "Enough"})).await;
    yard.did("reopen_generation", json!({"reason": "In another tongue"})).await;
    let mut skeleton = kit::skeleton();
    skeleton["language"] = "python".into();
    let renewed = yard.did("generate_skeleton", skeleton).await;
    yard.settled().await;
    demand_written(&yard, &renewed);
    yard.close().await;
}

#[tokio::test]
async fn content_that_was_never_sent_is_missing_and_what_was_sent_may_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let yard = Yard::open(folder.path(), POOL).await;
    yard.begin().await;
    let named = |name: &str| json!({"module_name": name, "file_path": format!("{name}.rs"), "content_sha256": Sha256::of(b"// Tea\n")});
    let refused = yard.ask("generate_module", named("tea")).await.unwrap_err();
    assert_eq!((refused.status, &*refused.code), (422, "content_missing"));
    yard.did("generate_module", kit::module("cup")).await;
    let module = yard.did("generate_module", named("tea")).await;
    let data: Value = serde_json::from_str(module.data.get()).unwrap();
    assert_eq!((&data["bytes"], &data["content"]), (&json!(7), &Value::Null));
    yard.close().await;
}

/// One that was given up for dead may still be at work when the next one comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_writers_of_one_file_do_not_get_in_each_others_way() {
    let folder = tempfile::tempdir().unwrap();
    let yard = Yard::open(folder.path(), POOL).await;
    let skeleton = yard.begin().await;
    for round in 0..40 {
        let writers = (0..4).map(|_| yard.react(&skeleton));
        assert_eq!(futures_util::future::join_all(writers).await, [DONE; 4], "{round}");
        demand_written(&yard, &skeleton);
        fs::remove_dir_all(yard.file("")).unwrap();
    }
    yard.close().await;
}

#[tokio::test]
async fn one_file_that_cannot_be_written_keeps_none_of_the_others_back() {
    let folder = tempfile::tempdir().unwrap();
    let yard = Yard::open(folder.path(), POOL).await;
    fs::create_dir_all(yard.file(".hecate-Cargo.toml~")).unwrap();
    let skeleton = yard.begin().await;
    let Reaction::Dead { why } = yard.react(&skeleton).await else { panic!("a folder went away by itself") };
    assert!(why.contains("shop/orders/Cargo.toml") && !why.contains(';'), "{why}");
    assert!(yard.file("README.md").exists() && yard.file("kernel/src/lib.rs").exists());
    fs::remove_dir(yard.file(".hecate-Cargo.toml~")).unwrap();
    assert_eq!(yard.react(&skeleton).await, DONE);
    demand_written(&yard, &skeleton);
    yard.close().await;
}

#[test]
fn who_has_no_space_waits_for_it_wherever_it_is_missing() {
    let full = std::io::Error::from_raw_os_error(Errno::NOSPC.raw_os_error());
    let blob = BlobError::Io { path: "blobs".into(), source: full };
    assert!(matches!(Reaction::from(Unreadable::Blob(blob)), Reaction::Later { .. }));
    let io = |source| NotWritten::Io { path: "a".to_owned(), source };
    let theirs = || NotWritten::NotOurs { path: "b".to_owned() };
    for (errors, hoped) in [
        (vec![theirs(), io(Errno::DQUOT), io(Errno::IO)], Hope::Space),
        (vec![io(Errno::IO), theirs()], Hope::Perhaps),
        (vec![io(Errno::ACCESS), theirs(), io(Errno::ROFS)], Hope::Never),
    ] {
        let found = match NotWritten::reaction(&errors) {
            Reaction::Later { .. } => Hope::Space,
            Reaction::Failed { .. } => Hope::Perhaps,
            Reaction::Dead { .. } => Hope::Never,
            other => panic!("{other:?}"),
        };
        assert_eq!(found, hoped, "{errors:?}");
    }
}

/// The same stream, but what it began with cannot be read any more.
async fn with_a_beginning_that_is_lost(events: &[Arc<RecordedEvent>], lost: u64) -> MemoryStore {
    let store = MemoryStore::new();
    let event = |event: &Arc<RecordedEvent>| {
        let RecordedEvent { event_id, event_type, data, metadata, at_us, version, .. } = (**event).clone();
        let event_type = if version < lost { "lost_v1".into() } else { event_type };
        NewEvent { event_id, event_type, data, metadata, tags: Vec::new(), at_us }
    };
    let events_again = events.iter().map(event).collect();
    let stream_id = Arc::clone(&events[0].stream_id);
    let append = Append { stream_id, expected: Expected::Any, events: events_again, receipt: None };
    store.append(append).await.unwrap();
    store
}

#[tokio::test]
async fn what_was_read_of_a_stream_for_one_fact_is_not_read_for_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let yard = Yard::open(folder.path(), POOL).await;
    let skeleton = yard.begin().await;
    let desk = yard.did("generate_desk", json!({"desk_id": "take_order"})).await;
    let module = yard.did("generate_module", kit::module("tea")).await;
    let events = yard.store.read_stream(&module.stream_id, 0, 100).await.unwrap();
    let read = History::up_to(None, &*yard.store, &desk).await.unwrap();
    let rest = with_a_beginning_that_is_lost(&events, desk.version).await;
    let read = History::up_to(Some(read), &rest, &module).await.unwrap();
    let contents = read.contents(&module, &yard.writer.blobs).unwrap();
    assert_eq!(contents[0].path, "shop/orders/src/tea.rs");
    assert!(contents.iter().all(|content| read.is_newest(content)));
    // An older fact, and another stream, are read from the beginning.
    assert!(History::up_to(Some(read), &rest, &skeleton).await.is_err());
    let read = History::up_to(None, &*yard.store, &module).await.unwrap();
    let read = History::up_to(Some(read), &*yard.store, &skeleton).await.unwrap();
    assert_eq!(read.contents(&skeleton, &yard.writer.blobs).unwrap().len(), 7);
    yard.close().await;
}
