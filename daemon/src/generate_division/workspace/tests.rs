//! Files below a real folder: none outside of it, none twice, none over what others wrote.

use super::WorkspaceWriter;
use super::folder::{NotWritten, Workspaces};
use crate::generate_division::path::ESCAPES;
use crate::generate_division::{Generation, kit};
use hecate_blobs::{Blobs, Sha256};
use hecate_desk::kit::ULID;
use hecate_desk::{Asked, Caller, Code, Node, Policy, Process, Refused, SystemClock, Told, Wiring, process};
use hecate_event_store::{CurrentStore, EventStore, Filter, Options, Progress, RecordedEvent, SqliteStore};
use hecate_facts::{Groups, Hearing, Listener, OutcomeFilter, OutcomeState, Reaction, Reacts};
use hecate_supervision::{Kinds, Plan, Tree};
use ractor::{ActorId, registry::where_is_pid};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::{Value, json};
use std::cell::Cell;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(30);

/// A folder of workspaces beside something that nobody may touch.
struct Ground(tempfile::TempDir);

impl Ground {
    fn new() -> Ground {
        Ground::at(tempfile::tempdir().unwrap())
    }

    fn at(folder: tempfile::TempDir) -> Ground {
        let ground = Ground(folder);
        for folder in ["outside", "root"] {
            fs::create_dir(ground.path(folder)).unwrap();
        }
        ground
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn open(&self) -> Workspaces {
        Workspaces::open(&self.path("root")).unwrap()
    }

    /// All there is beside the root of workspaces.
    fn outside(&self) -> Vec<PathBuf> {
        let beside = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path());
        let outside = fs::read_dir(self.path("outside")).unwrap().map(|entry| entry.unwrap().path());
        beside.chain(outside).filter(|path| !path.ends_with("root") && !path.ends_with("outside")).collect()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path("root").join(path)).unwrap()
    }
}

fn nothing_is_ours(_: &Sha256) -> bool {
    false
}

#[test]
fn no_path_leads_out_of_the_workspaces() {
    let ground = Ground::new();
    let workspaces = ground.open();
    let mut refused = 0;
    for way in ESCAPES {
        match workspaces.write(way, b"x", nothing_is_ours) {
            Err(NotWritten::Outside { .. }) => refused += 1,
            written => {
                written.unwrap();
                // Names that begin with a dot are those of templates.
                assert!(way.starts_with('.') && ground.path("root").join(way).is_file(), "{way:?}");
            }
        }
        assert_eq!(ground.outside(), Vec::<PathBuf>::new(), "{way:?}");
    }
    assert!(refused >= 60, "{refused}");
}

#[test]
fn no_link_is_followed_wherever_it_stands() {
    let ground = Ground::new();
    let workspaces = ground.open();
    fs::create_dir(ground.path("root/a")).unwrap();
    symlink(ground.path("outside"), ground.path("root/away")).unwrap();
    symlink(ground.path("outside/new"), ground.path("root/a/dangling")).unwrap();
    fs::write(ground.path("root/a/plain"), "x").unwrap();
    symlink("plain", ground.path("root/a/inside")).unwrap();
    for (path, folder) in
        [("away/b", true), ("a/plain/b", true), ("a/dangling", false), ("a/inside", false), ("a", false)]
    {
        // Not even where what is behind it would be known.
        let refused = workspaces.write(path, b"y", |_| true).unwrap_err();
        assert_eq!(matches!(refused, NotWritten::NoFolder { .. }), folder, "{path}: {refused}");
        assert_eq!(matches!(refused, NotWritten::NotOurs { .. }), !folder, "{path}: {refused}");
    }
    assert_eq!(ground.outside(), Vec::<PathBuf>::new());
    assert_eq!(ground.read("a/plain"), "x");
}

/// A folder on the way changes places with a link to the outside, as fast as it can, while files are written.
#[test]
fn a_link_that_is_swapped_in_during_ten_thousand_writes_leads_nowhere() {
    const ROUNDS: u32 = 10_000;
    // In memory where there is such a folder: each round flushes.
    let ground = Ground::at(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap());
    let workspaces = ground.open();
    fs::create_dir_all(ground.path("root/a/b")).unwrap();
    let (folder, link) = (ground.path("root/a/b"), ground.path("root/a/link"));
    symlink(ground.path("outside"), &link).unwrap();
    let (stop, swaps) = (AtomicBool::new(false), AtomicU64::new(0));
    let (mut written, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                swaps.fetch_add(1, Ordering::Release);
            }
        });
        for round in 0..ROUNDS {
            let before = swaps.load(Ordering::Acquire);
            let content = round.to_le_bytes();
            match workspaces.write(&format!("a/b/c{}/file", round % 7), &content, |_| true) {
                Ok(()) => written += 1,
                // The folder was there, and then was elsewhere: nothing is known to be wrong.
                Err(NotWritten::NoFolder { .. } | NotWritten::NotOurs { .. } | NotWritten::Io { .. }) => {
                    refused += 1;
                    // The link stands there now; the next round meets another moment.
                    while swaps.load(Ordering::Acquire) == before {
                        std::thread::yield_now();
                    }
                }
                Err(error) => panic!("{error}"),
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(ground.outside(), Vec::<PathBuf>::new());
    assert!(written > 100 && refused > 100, "{written} written, {refused} refused");
}

#[test]
fn only_what_was_written_from_here_is_written_over_and_all_may_read_it() {
    let ground = Ground::new();
    let workspaces = ground.open();
    workspaces.write("shop/src/main.rs", b"one", nothing_is_ours).unwrap();
    workspaces.write("shop/src/main.rs", b"one", nothing_is_ours).unwrap();
    let refused = workspaces.write("shop/src/main.rs", b"two", nothing_is_ours).unwrap_err();
    assert!(matches!(refused, NotWritten::NotOurs { .. }), "{refused}");
    assert_eq!(ground.read("shop/src/main.rs"), "one");
    workspaces.write("shop/src/main.rs", b"two", |found| *found == Sha256::of(b"one")).unwrap();
    assert_eq!(ground.read("shop/src/main.rs"), "two");
    let mode =
        |path: &str| fs::metadata(ground.path("root").join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(["shop", "shop/src", "shop/src/main.rs"].map(mode), [0o755, 0o755, 0o644]);
    assert_eq!(fs::read_dir(ground.path("root/shop/src")).unwrap().count(), 1);
}

/// What somebody writes between the look and the change stays.
#[test]
fn a_file_that_people_change_at_that_very_moment_stays_theirs() {
    let ground = Ground::new();
    let workspaces = ground.open();
    let path = ground.path("root/main.rs");
    for round in 0..100 {
        fs::write(&path, "ours").unwrap();
        let looks = Cell::new(0);
        let written = workspaces.write("main.rs", b"new", |found| {
            looks.set(looks.get() + 1);
            let ours = *found == Sha256::of(b"ours");
            // The first look was right; then they come.
            if looks.get() == 1 {
                fs::write(&path, format!("theirs {round}")).unwrap();
            }
            ours
        });
        assert!(matches!(written, Err(NotWritten::NotOurs { .. })));
        assert_eq!(ground.read("main.rs"), format!("theirs {round}"));
        assert_eq!(fs::read_dir(ground.path("root")).unwrap().count(), 1);
    }
}

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
        let writer = Arc::new(WorkspaceWriter { node, store: current.clone(), blobs, root });
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
    let mut again = kit::module("tea_again");
    (again["file_path"], again["content"]) = ("src/tea.rs".into(), "// Green tea\n".into());
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
