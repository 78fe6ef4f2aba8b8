//! A daemon at work while a random actor of its tree is struck every ten milliseconds: supervisors, the store,
//! pools, the edge, whoever it is. No acknowledged command is lost, and nothing is left over: no actor, no name,
//! no member of a group, no descriptor, no memory. `HECATE_SOAK_S=300` makes it last five minutes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hecate_proto::answer::CommandAnswer;
use hecate_proto::route;
use hecate_proto::tree::{TreeAnswer, TreeNode};
use hecate_tests::daemon::{Daemon, Place};
use hecate_tests::dice::Dice;
use hecate_tests::divisions::{Step, of_division, settled, walk};
use hecate_tests::http::Client;
use hecate_tests::log;
use hecate_tests::patience::{DEADLINE, a_moment, until};
use hecate_tests::reaper::{Reaper, descriptors, memory_kb, patient_tree};
use hecate_tests::ventures::{self, below, fresh_key, id_of, keyed};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use uuid::Uuid;

const CLIENTS: usize = 4;
/// What each client works on in turns: about five actors each.
const WORKS_PER_CLIENT: usize = 50;
const BETWEEN_KILLS: Duration = Duration::from_millis(10);
/// As many kills as there are beats would be a hundred; a busy machine has fewer.
const HITS_MIN_PER_S: u64 = 20;
/// To the log: the writer, who tidies up behind it, and four readers.
const LOG_CONNECTIONS_MAX: usize = 6;
/// How much is to be acknowledged while actors are struck. Everybody stands on a score of them, one of which is hit
/// several times a second: a debug build is hardly up again when the next blow falls.
const ACKNOWLEDGED_MIN_PER_S: u64 = 1;
/// How long it lasts, in seconds.
const SOAK: &str = "HECATE_SOAK_S";
const SOAK_S: u64 = 15;
/// A shorter one ends before caches and the allocator are warm: its memory is shown, and proves nothing.
const WARM_FROM: Duration = Duration::from_secs(180);
/// Between two looks at the daemon's memory.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
/// How much more memory may be in use at the end than after the first third, in thousandths.
const DRIFT_MAX_PERMILLE: i64 = 20;
/// Places where nobody runs unless it is configured.
const UNUSED: [&str; 1] = ["/hecate/apps/cluster"];
/// Rounds in which the real tree gives up, and is started again.
const ROUNDS: usize = 3;

/// What one client works on in turns with others: a venture whose vision it refines, and a division whose design
/// it completes and reopens, so that there is always something to hand over. However long it lasts, it gets no
/// larger.
struct Work {
    venture: String,
    division: String,
    /// Commands that were acknowledged.
    turn: usize,
    /// Of the next one, until that is.
    key: String,
}

impl Work {
    fn prepare(client: &Client, nth: usize) -> Work {
        let venture = id_of(&ventures::set_up(client, &format!("refined {nth}")));
        let discovered = id_of(&ventures::set_up(client, &format!("discovered {nth}")));
        let division = format!("d-01ARZ3NDEKTSV4RRFFQ69G{nth:04}");
        let aggregate = json!({"aggregate_name": "order", "stream_pattern": "order-{order_id}"});
        let event = json!({"aggregate_name": "order", "event_name": "order_taken_v1"});
        let steps: [Step; 6] = [
            (below(&discovered, "vision/submit"), json!({})),
            (below(&discovered, "discovery/start"), json!({})),
            (
                below(&discovered, "discovery/discover"),
                json!({"division_name": "orders", "division_id": division}),
            ),
            (of_division(&division, "design/start"), json!({})),
            (of_division(&division, "design/aggregate"), aggregate),
            (of_division(&division, "design/event"), event),
        ];
        steps.iter().for_each(|step| walk(client, step, &fresh_key()));
        Work { venture, division, turn: 0, key: fresh_key() }
    }

    fn step(&self) -> Step {
        match self.turn % 4 {
            0 | 2 => (below(&self.venture, "vision/refine"), json!({"brief": format!("Turn {}", self.turn)})),
            1 => (of_division(&self.division, "design/complete"), json!({})),
            _ => (of_division(&self.division, "design/reopen"), json!({"reason": "Rain"})),
        }
    }

    /// The next command until it is acknowledged, under one key, as a client gives it that gets no answer. Once
    /// nobody is struck any more, the answer has a time limit.
    fn insist(&self, client: &Client, stop: &AtomicBool) -> Option<CommandAnswer> {
        let (path, body) = self.step();
        let (request, mut in_peace) = (keyed(&path, &body, &self.key), None);
        loop {
            match client.try_ask(&request) {
                Ok(answer) if matches!(answer.status, 200 | 201) => return Some(answer.read()),
                Ok(answer) if matches!(answer.status, 429 | 500 | 503 | 504) => {}
                Ok(answer) => panic!("{request:?} was refused: {}", answer.text()),
                Err(_) if stop.load(Ordering::Acquire) => return None,
                Err(_) => {}
            }
            if stop.load(Ordering::Acquire) {
                let since = in_peace.get_or_insert_with(Instant::now);
                assert!(since.elapsed() < 2 * DEADLINE, "nobody answers {path}");
            }
            a_moment();
        }
    }

    /// One command; none where nobody answers any more.
    fn go_on(&mut self, client: &Client, stop: &AtomicBool) -> Option<Receipt> {
        let told = self.insist(client, stop)?;
        let [event] = told.events.as_slice() else { panic!("one event each: {told:?}") };
        (self.turn, self.key) = (self.turn + 1, fresh_key());
        let in_time = !stop.load(Ordering::Acquire);
        Some(Receipt { position: told.position, event_id: event.event_id, in_time })
    }
}

/// A command that was acknowledged.
struct Receipt {
    /// Where its event stands in the log.
    position: u64,
    event_id: Uuid,
    /// Before the clients were to stop.
    in_time: bool,
}

/// All works, prepared by as many clients as will do them.
fn prepare(client: &Client) -> Vec<Work> {
    let of_one = |first| (first..first + WORKS_PER_CLIENT).map(|nth| Work::prepare(client, nth)).collect();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|nth| scope.spawn(move || -> Vec<Work> { of_one(nth * WORKS_PER_CLIENT) }))
            .collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

/// Lets all clients work while `meanwhile` lasts.
fn at_work(client: &Client, works: &mut [Work], meanwhile: impl FnOnce()) -> Vec<Receipt> {
    let stop = AtomicBool::new(false);
    let in_turns = |works: &mut [Work]| {
        let mut acknowledged = Vec::new();
        while !stop.load(Ordering::Acquire) {
            acknowledged.extend(works.iter_mut().filter_map(|work| work.go_on(client, &stop)));
        }
        acknowledged
    };
    thread::scope(|scope| {
        let clients: Vec<_> =
            works.chunks_mut(WORKS_PER_CLIENT).map(|works| scope.spawn(|| in_turns(works))).collect();
        meanwhile();
        stop.store(true, Ordering::Release);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

fn tree(client: &Client) -> TreeNode {
    client.get(route::DEBUG_TREE).expect(200).read::<TreeAnswer>().tree
}

/// What there is of a daemon that nobody asks and nobody kills.
#[derive(Debug, PartialEq, Eq)]
struct Inventory {
    /// Who is in which group, by place.
    members: BTreeMap<String, Vec<String>>,
    /// How many actors have no place in the tree.
    strays: usize,
    /// Places where nobody runs, but for the children of pools.
    empty: Vec<String>,
    names: Vec<String>,
    descriptors: BTreeMap<String, usize>,
}

fn inventory(daemon: &Daemon, reaper: &Reaper) -> Inventory {
    let (tree, census) = (tree(&daemon.client()), reaper.census());
    let members = census.members(&tree).into_iter().map(|(group, members)| (group.to_owned(), members));
    let mut descriptors = descriptors(daemon.pid());
    // The log opens connections when it needs them, and keeps them.
    let log = |path: &str| path.ends_with("events.sqlite") || path.ends_with("events.sqlite-wal");
    for (_, open) in descriptors.iter_mut().filter(|(path, _)| log(path)) {
        *open = LOG_CONNECTIONS_MAX.max(*open);
    }
    Inventory {
        members: members.collect(),
        strays: census.strays(&tree).len(),
        empty: empty(&tree),
        descriptors,
        names: census.names,
    }
}

fn empty(node: &TreeNode) -> Vec<String> {
    let own = (node.status != "running").then(|| node.path.clone());
    own.into_iter().chain(node.children.iter().flat_map(empty)).collect()
}

/// Waits until everything is as it was before.
fn await_again(before: &Inventory, daemon: &Daemon, reaper: &Reaper) {
    let end = Instant::now() + DEADLINE;
    loop {
        let now = inventory(daemon, reaper);
        if now == *before {
            return;
        }
        assert!(Instant::now() < end, "left over: {now:#?}\nbefore: {before:#?}");
        a_moment();
    }
}

/// Every acknowledged event stands where it was acknowledged, and every design that was completed was handed
/// over once.
fn check_log(place: &Place, acknowledged: &[Receipt]) {
    let log = log::events(place);
    for Receipt { position, event_id, .. } in acknowledged {
        let found = log.get(*position as usize - 1).map(|event| event.event_id);
        assert_eq!(found, Some(*event_id), "acknowledged at {position}, then lost");
    }
    let mut effects: HashMap<Uuid, usize> = HashMap::new();
    for event in log.iter().filter(|event| event.stream_id.starts_with("plan-")) {
        *effects.entry(event.metadata.causation_id).or_default() += 1;
    }
    for fact in log.iter().filter(|event| *event.event_type == *"design_completed_v1") {
        let count = effects.get(&fact.event_id);
        assert_eq!(count, Some(&1), "the design completed at {} was handed over", fact.position);
    }
}

/// Every venture is shown at the version of the last word about it.
fn check_rows(client: &Client, works: &[Work]) {
    let head = settled(client);
    for work in works {
        // Set up once, then refined at every other turn.
        let (row, refined) = (ventures::row(client, &work.venture, head), work.turn.div_ceil(2) as u64);
        assert!([refined, refined + 1].contains(&row.version), "{row:?} after {} turns", work.turn);
    }
    assert_eq!(ventures::every_row(client, head).len(), 2 * works.len());
}

fn soak_for() -> Duration {
    let asked = std::env::var(SOAK).ok().map(|text| text.parse().expect("HECATE_SOAK_S is in seconds"));
    Duration::from_secs(asked.unwrap_or(SOAK_S))
}

fn median(looks: &[u64]) -> i64 {
    let mut looks = looks.to_vec();
    looks.sort_unstable();
    looks[looks.len() / 2] as i64
}

/// Looks at the memory of a process again and again.
fn watch(pid: u32, lasts: Duration) -> Vec<u64> {
    let (end, mut looks) = (Instant::now() + lasts, Vec::new());
    while Instant::now() < end {
        thread::park_timeout(BETWEEN_LOOKS);
        looks.push(memory_kb(pid));
    }
    looks
}

#[test]
fn whoever_is_killed_nothing_acknowledged_is_lost_and_nothing_is_left_over() {
    let mut dice = Dice::announced("soak");
    let folder = tempfile::tempdir().unwrap();
    let (place, reaper) = Reaper::place(folder.path(), Some(patient_tree(folder.path())));
    let daemon = place.start();
    let client = daemon.client();
    let mut works = prepare(&client);
    check_rows(&client, &works);
    let before = inventory(&daemon, &reaper);
    assert!(before.strays == 0 && before.empty == UNUSED, "{before:#?}");
    let mut looks = Vec::new();
    let acknowledged = at_work(&client, &mut works, || {
        reaper.reap(BETWEEN_KILLS, dice.between(0, u64::MAX - 1), &tree(&client));
        looks = watch(daemon.pid(), soak_for());
        reaper.rest();
    });
    check_rows(&client, &works);
    await_again(&before, &daemon, &reaper);
    let census = reaper.census();
    let (first, last) =
        (median(&looks[looks.len() / 3..looks.len() / 2]), median(&looks[looks.len() * 5 / 6..]));
    let drift_permille = (last - first) * 1_000 / first;
    let in_time = acknowledged.iter().filter(|receipt| receipt.in_time).count() as u64;
    eprintln!(
        "soak: {} s, {} actors killed, {} blows into the void, {in_time} commands acknowledged meanwhile, {} in \
         all, {first} kB then {last} kB ({drift_permille} ‰)",
        soak_for().as_secs(),
        census.hits,
        census.misses,
        acknowledged.len(),
    );
    assert_eq!(daemon.terminate().0, Some(0));
    check_log(&place, &acknowledged);
    assert!(census.hits >= HITS_MIN_PER_S * soak_for().as_secs(), "hardly anybody was killed");
    assert!(in_time >= ACKNOWLEDGED_MIN_PER_S * soak_for().as_secs(), "nobody got anything done");
    let warm = soak_for() >= WARM_FROM;
    assert!(!warm || drift_permille <= DRIFT_MAX_PERMILLE, "memory grows: {looks:?}");
}

/// The tree as it is has less patience than that: it gives up, and whoever started the daemon starts it again.
#[test]
fn a_daemon_whose_tree_gives_up_ends_with_70_and_goes_on_at_the_next_start() {
    let mut dice = Dice::announced("giving up");
    let folder = tempfile::tempdir().unwrap();
    let (place, reaper) = Reaper::place(folder.path(), None);
    let mut daemon = place.start();
    let client = daemon.client();
    let mut works = prepare(&client);
    let mut acknowledged = Vec::new();
    for _ in 0..ROUNDS {
        acknowledged.extend(at_work(&client, &mut works, || {
            reaper.reap(BETWEEN_KILLS, dice.between(0, u64::MAX - 1), &tree(&client));
            assert_eq!(daemon.end(), Some(70), "{}", place.log_tail());
        }));
        reaper.clear();
        daemon = place.start();
    }
    // What was on its way when the last one ended is asked again under its key, and more.
    acknowledged.extend(at_work(&client, &mut works, || {
        until("work after the last restart", || (ventures::head(&client) > 0).then_some(()));
        thread::park_timeout(BETWEEN_LOOKS);
    }));
    check_rows(&client, &works);
    assert_eq!(daemon.terminate().0, Some(0));
    check_log(&place, &acknowledged);
}
