//! A thousand ventures walk through the house while its aggregates, listeners and projections are killed at random:
//! every effect of every fact happens once, and every read model equals one that is drawn anew.

use super::operation::asks_behind_a_design;
use crate::config::Policies;
use crate::house::{Folders, House};
use crate::life::EMBEDDED;
use hecate_desk::{Asked, Caller, Node, Process, Refused, SystemClock, Told};
use hecate_event_store::{EventStore, Filter, Json, Options, RecordedEvent, SqliteStore, Supervised};
use hecate_proto::tree::TreeNode;
use hecate_supervision::{Kinds, Plan, Tree};
use ractor::{ActorCell, ActorId, registry::where_is_pid};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::timeout;
use ulid::Ulid;
use uuid::Uuid;

/// Ventures in all; each has a seed of its own.
const RUNS: u64 = 1_000;
/// Ventures that share a house, and those that walk at once.
const RUNS_PER_HOUSE: u64 = 50;
const RUNS_AT_ONCE: usize = 5;
/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(180);

/// Chance that can be repeated.
struct Dice(AtomicU64);

impl Dice {
    fn seeded(seed: u64) -> Dice {
        Dice(AtomicU64::new(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) | 1))
    }

    /// Vigna's xorshift64*: a number below `bound`.
    fn below(&self, bound: u64) -> u64 {
        let mut x = self.0.load(Ordering::Relaxed);
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0.store(x, Ordering::Relaxed);
        (x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }

    fn id(&self, prefix: &str) -> String {
        format!(
            "{prefix}{}",
            Ulid::from((u128::from(self.below(1 << 31)) << 64) | u128::from(self.below(1 << 31)))
        )
    }
}

/// A house whose supervisors have endless patience, and no edge: it is asked directly.
struct Open {
    house: House,
    tree: Tree,
}

impl Open {
    async fn at(folder: &Path) -> Open {
        let clock = Arc::new(SystemClock);
        let house = House::furnish(
            Node { node_id: "n".into(), realm: "r".into(), clock },
            &Folders::below(folder),
            &Policies::new(),
        );
        let store = SqliteStore::open(&folder.join("events.sqlite"), Options::default()).unwrap();
        let file = folder.join("events.sqlite");
        let again =
            move || Ok(Arc::new(SqliteStore::open(&file, Options::default())?) as Arc<dyn EventStore>);
        let store = Supervised::new(house.store.clone(), Some(Arc::new(store)), again);
        let kinds = house.kinds_below_the_edge(store);
        let tree = Tree::boot(&plan(&kinds), &kinds).await.unwrap();
        Open { house, tree }
    }

    /// The process that has a desk, and which of its doors that is.
    fn door(&self, desk: &str) -> (&Arc<dyn Process>, usize) {
        let door =
            |process: &Arc<dyn Process>| process.doors().iter().position(|door| door.spec.name == desk);
        self.house.processes.iter().find_map(|process| Some((process, door(process)?))).unwrap()
    }

    /// Asks until it is answered, under one key, as a client does whose daemon stumbles.
    async fn insist(&self, desk: &str, ids: Value, body: Value) -> Result<Told, Refused> {
        let (process, door) = self.door(desk);
        let path_ids = ids.as_object().cloned().unwrap();
        let caller = Caller {
            actor: "uid:1@n".to_owned(),
            correlation_id: Uuid::now_v7(),
            idempotency_key: Some(Uuid::now_v7().to_string()),
            expected_version: None,
            because: None,
        };
        loop {
            let asked =
                Asked { door, path_ids: path_ids.clone(), body: body.clone(), caller: caller.clone() };
            match process.ask(asked).await {
                Err(refused) if matches!(refused.status, 429 | 500 | 503 | 504) => {
                    tokio::task::yield_now().await
                }
                answered => return answered,
            }
        }
    }

    /// Waits until nobody has anything left to hear or to draw; answers the log's head then.
    async fn settled(&self) -> u64 {
        let store = self.house.store.opened().await;
        loop {
            let head = store.head();
            for hearing in &self.house.hearings {
                hearing.progress().reached(head).await;
            }
            for model in &self.house.models {
                model.drawn_up_to(head).await;
            }
            if store.head() == head {
                return head;
            }
        }
    }

    async fn log(&self) -> Vec<Arc<RecordedEvent>> {
        let (store, mut log, mut after) = (self.house.store.opened().await, Vec::new(), 0);
        while after < store.head() {
            let page = store.read_all(after, &Filter::all(), 1_000).await.unwrap();
            after = page.caught_up_to;
            log.extend(page.events);
        }
        log
    }

    async fn close(self) {
        self.tree.stop(Duration::from_secs(10)).await;
    }
}

/// The embedded tree without its edge. Whoever is killed so often would be given up otherwise.
fn plan(kinds: &Kinds) -> Plan {
    let (text, _) = EMBEDDED.split_once("# The edge is last up").expect("the edge is described last");
    let patient = |line: &str| match line.split_once("intensity =") {
        Some((_, "  0" | " 0")) | None => line.to_owned(),
        Some(_) => "intensity = 1000".to_owned(),
    };
    let text: Vec<_> = text.lines().map(patient).collect();
    Plan::parse(&text.join("\n"), "supervision.toml", kinds).unwrap()
}

/// Whoever may be killed, by kind: aggregates, listeners, emitters, projections.
type Mortals = BTreeMap<&'static str, Vec<ActorCell>>;

fn find_mortals(tree: &TreeNode, mortals: &mut Mortals) {
    tree.children.iter().for_each(|child| find_mortals(child, mortals));
    let kind = match tree.kind.as_str() {
        "supervisor" => return,
        "pool" => return mortals.entry("aggregate").or_default().extend(children_of(tree)),
        kind if kind.ends_with(".listener") => "listener",
        kind if kind.ends_with(".emitters") => "emitter",
        _ if tree.path.contains("/read_models/") => "projection",
        _ => return,
    };
    mortals.entry(kind).or_default().extend(cell_of(tree));
}

/// Whoever runs there.
fn cell_of(place: &TreeNode) -> Option<ActorCell> {
    where_is_pid(ActorId::Local(place.id.as_ref()?.strip_prefix("0.")?.parse().ok()?))
}

/// Those of a pool that run.
pub(super) fn children_of(pool: &TreeNode) -> Vec<ActorCell> {
    pool.children.iter().filter_map(cell_of).collect()
}

/// How many of each kind were killed.
type Kills = BTreeMap<&'static str, u64>;

/// How far all of one kind have come together.
fn come(open: &Open, kind: &str) -> u64 {
    let house = &open.house;
    match kind {
        "listener" => house.hearings.iter().filter_map(|hearing| hearing.progress().position()).sum(),
        "projection" => house.models.iter().filter_map(|model| model.position()).sum(),
        _ => house.store.get().map_or(0, |store| store.head()),
    }
}

/// Kills somebody every few hundred microseconds until it is told to stop; each kind is as likely as the other.
/// A kind that has come no further since the last of it was killed is spared: where the machine is slow, nobody
/// would ever get anything done.
async fn reaper(open: Arc<Open>, dice: Dice, stop: Arc<AtomicBool>) -> Kills {
    let (mut kills, mut came) = (Kills::new(), BTreeMap::<&str, u64>::new());
    while !stop.load(Ordering::Acquire) {
        let mut mortals = Mortals::new();
        find_mortals(&open.tree.snapshot(), &mut mortals);
        mortals.retain(|kind, cells| {
            !cells.is_empty() && came.get(kind).is_none_or(|came| come(&open, kind) > *came)
        });
        let kinds = mortals.len() as u64;
        if let Some((kind, cells)) = mortals.iter().nth(dice.below(kinds.max(1)) as usize) {
            cells[dice.below(cells.len() as u64) as usize].kill();
            *kills.entry(kind).or_default() += 1;
            came.insert(kind, come(&open, kind));
        }
        tokio::time::sleep(Duration::from_micros(500 + dice.below(4_000))).await;
    }
    kills
}

/// One venture on its way. What it asks may be refused, since others of its steps may have closed the desk.
async fn walk(open: Arc<Open>, seed: u64) {
    let dice = Dice::seeded(seed);
    let venture = json!({"venture_id": dice.id("v-")});
    let divisions: Vec<Value> = (0..3).map(|_| json!({"division_id": dice.id("d-")})).collect();
    let setup =
        json!({"name": format!("venture {seed}"), "brief": "Sell", "venture_id": venture["venture_id"]});
    open.insist("setup_venture", json!({}), setup).await.unwrap();
    // One in ten ends before it began.
    if dice.below(10) > 0 {
        open.insist("submit_vision", venture.clone(), json!({})).await.unwrap();
        open.insist("start_discovery", venture.clone(), json!({})).await.unwrap();
    }
    for step in 0..28 + dice.below(16) {
        let division = &divisions[dice.below(3) as usize];
        let discovery = |desk, body| open.insist(desk, venture.clone(), body);
        let design = |desk, body| open.insist(desk, division.clone(), body);
        let name = format!("part_{}", dice.below(3));
        let answered = match dice.below(18) {
            0..=3 => {
                let found = json!({"division_name": name, "division_id": division["division_id"]});
                discovery("discover_division", found).await
            }
            4 => {
                let gone = json!({"division_id": division["division_id"], "reason": "None"});
                discovery("dismiss_division", gone).await
            }
            5 | 6 => design("start_design", json!({})).await,
            7 | 8 => {
                let designed = json!({"aggregate_name": name, "stream_pattern": "part-{part_id}"});
                design("design_aggregate", designed).await
            }
            9 => design("pause_design", json!({"reason": "Rain"})).await,
            10 => design("resume_design", json!({})).await,
            11 => design("complete_design", json!({})).await,
            12..18 => {
                let asks = asks_behind_a_design(division["division_id"].as_str().unwrap());
                let (desk, body) = asks[dice.below(asks.len() as u64) as usize].clone();
                design(desk, body).await
            }
            _ => {
                let designed =
                    json!({"aggregate_name": name, "event_name": format!("{name}_sold_v{}", step + 1)});
                design("design_event", designed).await
            }
        };
        assert!(!answered.is_err_and(|refused| refused.status == 400), "seed {seed}: a step breaks a rule");
    }
    if dice.below(4) == 0 {
        open.insist("archive_venture", venture, json!({})).await.unwrap();
    }
}

fn field(data: &Json, field: &str) -> String {
    let data: Value = serde_json::from_str(data.get()).unwrap();
    data[field].as_str().unwrap_or_default().to_owned()
}

/// Every fact that hands something over, and the effects that must follow from it: the stream and the event type,
/// once each.
fn wanted(fact: &RecordedEvent) -> Vec<(String, &'static str)> {
    let of_venture = |noun: &str| format!("{noun}-{}", field(&fact.data, "venture_id"));
    let of_division = |noun: &str| format!("{noun}-{}", field(&fact.data, "division_id"));
    match &*fact.event_type {
        "venture_vision_submitted_v1" => vec![(of_venture("discovery"), "discovery_initiated_v1")],
        "division_discovered_v1" => vec![(of_division("design"), "design_initiated_v1")],
        "division_dismissed_v1" => vec![
            (of_division("design"), "design_archived_v1"),
            (of_division("plan"), "plan_archived_v1"),
            (of_division("generation"), "generation_archived_v1"),
            (of_division("testing"), "testing_archived_v1"),
            (of_division("deployment"), "deployment_archived_v1"),
            (of_division("monitoring"), "monitoring_archived_v1"),
        ],
        "venture_archived_v1" => vec![(of_venture("discovery"), "discovery_archived_v1")],
        _ => Vec::new(),
    }
}

/// What else a fact may lead to, where the one who hears it is in a state for it.
fn allowed(fact: &RecordedEvent) -> &'static [&'static str] {
    match &*fact.event_type {
        "venture_archived_v1" => &["division_dismissed_v1"],
        "design_completed_v1" => &["plan_initiated_v1", "plan_rebriefed_v1", "plan_reopened_v1"],
        "plan_completed_v1" => {
            &["generation_initiated_v1", "generation_rebriefed_v1", "generation_reopened_v1"]
        }
        "generation_completed_v1" => &["testing_initiated_v1", "testing_rebriefed_v1", "testing_reopened_v1"],
        "testing_completed_v1" => &[
            "deployment_initiated_v1",
            "deployment_rebriefed_v1",
            "deployment_reopened_v1",
            "testing_acknowledged_v1",
        ],
        "deployment_completed_v1" => &[
            "monitoring_initiated_v1",
            "monitoring_started_v1",
            "monitoring_rebriefed_v1",
            "monitoring_reopened_v1",
        ],
        "incident_raised_v1" => &["rescue_initiated_v1", "rescue_started_v1", "incident_acknowledged_v1"],
        "redesign_escalated_v1" => &["design_rebriefed_v1", "design_reopened_v1"],
        "rescue_completed_v1" => &["incident_resolved_v1", "rescue_acknowledged_v1"],
        "desk_generated_v1" => &["generation_acknowledged_v1"],
        "release_deployed_v1" => &["deployment_acknowledged_v1"],
        "health_status_recorded_v1" => &["incident_raised_v1"],
        "monitoring_archived_v1" => &["rescue_archived_v1"],
        _ => &[],
    }
}

/// Effects that are missing, doubled, or that nobody caused.
fn faults(log: &[Arc<RecordedEvent>]) -> Vec<String> {
    let mut effects: BTreeMap<(Uuid, String, &str), u32> = BTreeMap::new();
    for event in log.iter().filter(|event| event.metadata.actor.starts_with("listener:")) {
        let effect = (event.metadata.causation_id, event.stream_id.to_string(), &*event.event_type);
        *effects.entry(effect).or_default() += 1;
    }
    let mut faults = Vec::new();
    for fact in log {
        for (stream, event_type) in wanted(fact) {
            let count = effects.remove(&(fact.event_id, stream, event_type)).unwrap_or_default();
            if count != 1 {
                faults.push(format!("{} at {}: {count} × {event_type}", fact.event_type, fact.position));
            }
        }
        let may = allowed(fact);
        effects.retain(|(cause, _, effect), count| {
            // A cascade dismisses each division of its venture, in one stream.
            let once = *count == 1 || *effect == "division_dismissed_v1";
            !(*cause == fact.event_id && may.contains(effect) && once)
        });
    }
    faults.extend(effects.keys().map(|effect| format!("nobody asked for {effect:?}")));
    let mut commands: BTreeMap<&str, BTreeSet<Uuid>> = BTreeMap::new();
    for event in log {
        let Some(key) = event.metadata.idempotency_key.as_deref() else { continue };
        commands.entry(key).or_default().insert(event.metadata.command_id);
    }
    faults.extend(commands.iter().filter(|(_, ids)| ids.len() > 1).map(|(key, _)| format!("{key} twice")));
    faults
}

/// All rows of all read models, by file and table.
fn rows(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let mut rows = BTreeMap::new();
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "sqlite") {
            continue;
        }
        let db = rusqlite::Connection::open(&file).unwrap();
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY 1";
        let tables: Vec<String> = db
            .prepare(tables)
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for table in tables {
            let mut query = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = query.column_count();
            let shown = |row: &rusqlite::Row<'_>| {
                Ok((0..columns).map(|n| format!("{:?} ", row.get_ref(n).unwrap())).collect::<String>())
            };
            let mut found: Vec<String> = query.query_map([], shown).unwrap().map(Result::unwrap).collect();
            found.sort_unstable();
            rows.insert(format!("{}.{table}", file.file_stem().unwrap().display()), found);
        }
    }
    rows
}

/// Answers who was killed, and how many facts had effects.
async fn house_of(seeds: std::ops::Range<u64>) -> (Kills, usize) {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let open = Arc::new(Open::at(folder.path()).await);
    let stop = Arc::new(AtomicBool::new(false));
    let reaper = tokio::spawn(reaper(Arc::clone(&open), Dice::seeded(seeds.start), Arc::clone(&stop)));
    let mut walks = tokio::task::JoinSet::new();
    for seed in seeds.clone() {
        if walks.len() >= RUNS_AT_ONCE {
            walks.join_next().await.unwrap().unwrap();
        }
        walks.spawn(walk(Arc::clone(&open), seed));
    }
    while let Some(walked) = walks.join_next().await {
        walked.unwrap();
    }
    stop.store(true, Ordering::Release);
    let killed = reaper.await.unwrap();
    let head = open.settled().await;
    let log = open.log().await;
    assert_eq!(faults(&log), [""; 0], "seeds {seeds:?}");
    Arc::into_inner(open).unwrap().close().await;
    let live = rows(&folder.path().join("read_models"));
    assert_eq!(drawn_anew(folder.path(), head).await, live, "seeds {seeds:?}");
    (killed, log.iter().filter(|fact| !wanted(fact).is_empty()).count())
}

/// The rows of read models that are drawn once more, by a house whose listeners have forgotten everything too.
async fn drawn_anew(folder: &Path, head: u64) -> BTreeMap<String, Vec<String>> {
    fs::remove_dir_all(folder.join("read_models")).unwrap();
    fs::remove_dir_all(folder.join("listeners")).unwrap();
    let open = Open::at(folder).await;
    assert_eq!(open.settled().await, head, "what was heard again had an effect again");
    open.close().await;
    rows(&folder.join("read_models"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_killed_every_effect_happens_once_and_every_row_is_right() {
    let (mut kills, mut effects) = (Kills::new(), 0);
    for first in (1..=RUNS).step_by(RUNS_PER_HOUSE as usize) {
        let seeds = first..first + RUNS_PER_HOUSE;
        let done = timeout(PATIENCE, house_of(seeds.clone())).await;
        let (killed, had_effects) = done.unwrap_or_else(|_| panic!("seeds {seeds:?} take too long"));
        killed.into_iter().for_each(|(kind, count)| *kills.entry(kind).or_default() += count);
        effects += had_effects;
    }
    eprintln!("{RUNS} ventures, kills: {kills:?}, {effects} facts with an effect");
    let enough = |kind| kills.get(kind).is_some_and(|count| *count > RUNS / 2);
    assert!(["aggregate", "listener", "emitter", "projection"].into_iter().all(enough), "{kills:?}");
    assert!(effects > RUNS as usize, "{effects} effects prove little");
}
