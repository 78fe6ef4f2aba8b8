//! What a broadcast costs: deliveries a second from the first telling until every member has handled every
//! fact, through the groups and, beside it, by as many casts to known addresses.
//! `cargo run --release -p hecate-facts --example broadcast`
#![expect(clippy::print_stdout, reason = "it tells what it measured")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::AcqRel};
use std::time::{Duration, Instant};

use hecate_event_store::{Append, EventStore, Expected, Filter, MemoryStore, RecordedEvent, kit::event};
use hecate_facts::{Fact, Groups};
use hecate_supervision::{Actor, Addr, Child, ExitReason, Flags, Me, Message, Pool, PoolFlags, Tree};
use tokio::sync::{Notify, oneshot};

const TOLD: &str = "told_v1";
const ROUNDS: usize = 40;
/// Members, and facts of one round: as many as fit into a mailbox, and about 100,000 deliveries at most.
const SIZES: [(usize, u64); 3] = [(10, 1_000), (100, 1_000), (1_000, 100)];

type Failed = Box<dyn Error + Send + Sync>;

struct Heard(Fact);

impl Message for Heard {
    fn variant(&self) -> &'static str {
        "heard"
    }
}

/// Who is still to hear the last fact of a round.
#[derive(Default)]
struct Round {
    waiting: AtomicUsize,
    over: Notify,
}

struct Member {
    round: Arc<Round>,
    last: u64,
}

impl Actor for Member {
    type Msg = Heard;
    type Args = (Groups, Arc<Round>, u64, oneshot::Sender<Addr<Heard>>);

    async fn init((groups, round, last, out): Self::Args, me: &Me<Heard>) -> Result<Self, ExitReason> {
        groups.join(me, TOLD, Heard);
        let _ = out.send(me.addr().clone());
        Ok(Member { round, last })
    }

    async fn handle(&mut self, Heard(fact): Heard, _: &Me<Heard>) -> Result<(), ExitReason> {
        if fact.position == self.last && self.round.waiting.fetch_sub(1, AcqRel) == 1 {
            self.round.over.notify_one();
        }
        Ok(())
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failed> {
    for (members, facts) in SIZES {
        tokio::spawn(measure(members, facts)).await??;
    }
    Ok(())
}

async fn measure(members: usize, count: u64) -> Result<(), Failed> {
    let (groups, round, pool) = (Groups::new("bench"), Arc::<Round>::default(), Pool::<Member>::new());
    let flags = vec![Child::pool("members", &pool, PoolFlags::default())];
    let tree = Tree::grow("bench", Flags::default(), flags).await?;
    let mut addrs = Vec::new();
    for id in 0..members {
        let (out, addr) = oneshot::channel();
        pool.start_child(id.to_string(), (groups.clone(), Arc::clone(&round), count, out)).await?;
        addrs.push(addr.await?);
    }
    let facts = facts(count).await?;
    let (mut told, mut cast) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        told.push(timed(&round, members, || facts.iter().for_each(|fact| groups.tell(fact))).await);
        let casts = |fact: &Fact| {
            for addr in &addrs {
                // A full mailbox would show as a round that never ends.
                let _ = addr.cast(Heard(Arc::clone(fact)));
            }
        };
        cast.push(timed(&round, members, || facts.iter().for_each(casts)).await);
    }
    let deliveries = members as f64 * count as f64;
    let millions = |took: Duration| deliveries / took.as_secs_f64() / 1e6;
    let [told, cast] = [told, cast].map(|mut took| {
        took.sort_unstable();
        (millions(took[0]), millions(took[ROUNDS / 2]))
    });
    println!(
        "{members:>5} members: told {:.2} M/s (median {:.2}), cast {:.2} M/s (median {:.2}), {} missed",
        told.0,
        told.1,
        cast.0,
        cast.1,
        groups.missed()
    );
    tree.stop(Duration::from_secs(10)).await;
    Ok(())
}

/// From the first word until all have heard the last.
async fn timed(round: &Round, members: usize, speak: impl FnOnce()) -> Duration {
    round.waiting.store(members, std::sync::atomic::Ordering::Release);
    let begun = Instant::now();
    speak();
    round.over.notified().await;
    begun.elapsed()
}

async fn facts(count: u64) -> Result<Vec<Fact>, Failed> {
    let store = MemoryStore::new();
    let events = vec![event(TOLD, &serde_json::json!({}))];
    let append = Append { stream_id: "s".into(), expected: Expected::Any, events, receipt: None };
    store.append(append).await?;
    let first = store.read_all(0, &Filter::all(), 1).await?.events.remove(0);
    Ok((1..=count).map(|position| Arc::new(RecordedEvent { position, ..(*first).clone() })).collect())
}
