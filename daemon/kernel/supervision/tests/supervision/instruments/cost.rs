//! What looking costs: counted in CPU time, which a busy machine does not blur as it does the clock.

use super::boot_pool;
use crate::common::{PATIENCE, Stage};
use hecate_supervision::{Actor, ExitReason, Me, Message, NodeView, Pool, Tree};
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

const ACTORS: usize = 10_000;

/// Like an aggregate: it is asked, and then it waits.
struct Idle;

struct Touch;

impl Message for Touch {
    fn variant(&self) -> &'static str {
        "command"
    }
}

impl Actor for Idle {
    type Msg = Touch;
    type Args = ();

    async fn init((): (), _: &Me<Touch>) -> Result<Self, ExitReason> {
        Ok(Self)
    }

    async fn handle(&mut self, _: Touch, _: &Me<Touch>) -> Result<(), ExitReason> {
        Ok(())
    }
}

async fn crowd() -> (Tree, Pool<Idle>) {
    let (tree, pool): (Tree, Pool<Idle>) = boot_pool(&mut Stage::of(&[]), "").await;
    for number in 0..ACTORS {
        pool.start_child(format!("d-01ARZ3NDEKTSV4RRFFQ{number:07}"), ()).await.unwrap();
    }
    (tree, pool)
}

fn cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}

fn rss_kb() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn say(node: &NodeView, said: &mut Vec<u8>) {
    serde_json::to_writer(&mut *said, &node.portrait()).unwrap();
    node.each_below(&mut |child| say(child, said));
}

/// The median of some runs.
fn median(run: impl Fn()) -> Duration {
    let mut costs: Vec<Duration> = (0..15)
        .map(|_| {
            let begun = cpu();
            run();
            cpu() - begun
        })
        .collect();
    costs.sort_unstable();
    costs[costs.len() / 2]
}

#[tokio::test]
async fn the_json_of_ten_thousand_actors_is_not_too_large() {
    let (tree, pool) = crowd().await;
    for number in 0..ACTORS {
        let id = format!("d-01ARZ3NDEKTSV4RRFFQ{number:07}");
        pool.whereis(&id).unwrap().cast(Touch).unwrap();
    }
    let bytes = serde_json::to_string(&tree.snapshot()).unwrap().len();
    println!("{ACTORS} actors: {bytes} bytes of JSON, {} each", bytes / ACTORS);
    assert!(bytes <= 3_000_000, "{bytes} bytes");
    assert!(tree.stop(PATIENCE).await);
}

#[tokio::test]
#[ignore = "measures; run alone and in release"]
async fn what_looking_at_ten_thousand_actors_costs() {
    let before_kb = rss_kb();
    let (tree, pool) = crowd().await;
    println!("{} bytes per idle actor", (rss_kb() - before_kb) * 1024 / ACTORS);
    for number in 0..ACTORS {
        pool.whereis(&format!("d-01ARZ3NDEKTSV4RRFFQ{number:07}")).unwrap().cast(Touch).unwrap();
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    println!("{} bytes per actor that was asked once", (rss_kb() - before_kb) * 1024 / ACTORS);
    let whole = median(|| drop(tree.snapshot()));
    let snapshot = tree.snapshot();
    let json = median(|| drop(serde_json::to_string(&snapshot).unwrap()));
    let walked = median(|| {
        let mut said = Vec::new();
        say(&tree.view(None).unwrap(), &mut said);
        drop(said);
    });
    let stats = median(|| drop(tree.stats()));
    let deadlocks = median(|| drop(tree.deadlocks(Duration::from_secs(2))));
    let top = median(|| {
        drop(tree.top(hecate_proto::debug::TopBy::Busy, hecate_proto::debug::Window::default(), 20))
    });
    println!(
        "snapshot {whole:?}, its JSON {json:?}, both while walking {walked:?}, stats {stats:?}, deadlocks {deadlocks:?}, top {top:?} (CPU)"
    );
    assert!(whole <= Duration::from_millis(20), "{whole:?}");
    assert!(tree.stop(PATIENCE).await);
}
