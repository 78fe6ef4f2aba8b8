//! Who may never answer: a circle of calls, a handler that hangs, one that never yields.

use super::{until_at_hand, work};
use crate::common::{PATIENCE, Say, Stage, find, until, within};
use hecate_supervision::{Actor, Child, ExitReason, Flags, Me, Message, Name, Reply, Tree};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

/// Passes a question on, and answers when it has an answer.
struct Link {
    next: Name<Pass>,
}

enum Pass {
    /// Asks the next one in turn.
    On(Reply<()>),
    /// Burns its thread until it is told to stop.
    Burn(Arc<AtomicBool>),
}

impl Message for Pass {
    fn variant(&self) -> &'static str {
        match self {
            Self::On(_) => "on",
            Self::Burn(_) => "burn",
        }
    }
}

impl Actor for Link {
    type Msg = Pass;
    type Args = Name<Pass>;

    async fn init(next: Name<Pass>, _: &Me<Pass>) -> Result<Self, ExitReason> {
        Ok(Self { next })
    }

    async fn handle(&mut self, msg: Pass, _: &Me<Pass>) -> Result<(), ExitReason> {
        match msg {
            Pass::On(reply) => {
                if self.next.call(Pass::On, PATIENCE).await.is_ok() {
                    reply.send(());
                }
            }
            Pass::Burn(enough) => {
                while !enough.load(SeqCst) {
                    std::hint::spin_loop();
                }
            }
        }
        Ok(())
    }
}

/// Actors `l0`, `l1`, …, each of which asks the next, the last one the first.
async fn circle(count: usize) -> (Tree, Vec<Name<Pass>>) {
    let names: Vec<Name<Pass>> = (0..count).map(|_| Name::new()).collect();
    let children = (0..count).map(|index| {
        let next = names[(index + 1) % count].clone();
        Child::worker::<Link>(format!("l{index}"), Some(names[index].clone()), move || next.clone())
    });
    (within(Tree::grow("r", Flags::default(), children.collect())).await.unwrap(), names)
}

#[tokio::test]
async fn actors_that_wait_for_each_other_are_shown_as_a_circle_while_they_do() {
    let (tree, names) = circle(3).await;
    let asking = tokio::spawn({
        let first = names[0].clone();
        async move { first.call(Pass::On, PATIENCE).await }
    });
    until(|| !tree.deadlocks(PATIENCE).cycles.is_empty(), || "a circle".into()).await;
    let found = tree.deadlocks(PATIENCE);
    assert!(found.stuck.is_empty(), "none is that old");
    let waits: Vec<_> =
        found.cycles[0].iter().map(|it| (it.path.as_str(), it.waiting_on.target.as_str())).collect();
    assert_eq!(waits, [("/r/l0", "/r/l1"), ("/r/l1", "/r/l2"), ("/r/l2", "/r/l0")]);
    assert_eq!(tree.stats().deadlock_suspects, 3);
    assert_eq!(work(&tree, "/r/l1").await.waiting_on[0].target, "/r/l2");
    tree.kill("/r/l1").unwrap();
    until(|| tree.deadlocks(PATIENCE).cycles.is_empty(), || "the circle to be broken".into()).await;
    asking.abort();
}

#[tokio::test]
async fn an_actor_that_asks_itself_is_a_circle_of_one() {
    let (tree, names) = circle(1).await;
    let asking = tokio::spawn(async move { names[0].call(Pass::On, PATIENCE).await });
    until(|| tree.deadlocks(PATIENCE).cycles.len() == 1, || "a circle".into()).await;
    assert_eq!(tree.deadlocks(PATIENCE).cycles[0][0].waiting_on.target, "/r/l0");
    asking.abort();
}

#[tokio::test]
async fn a_handler_that_hangs_is_seen_and_killed_at_its_shutdown_deadline() {
    const SUSPECT: Duration = Duration::from_secs(1);
    let stage = Stage::of(&["a", "b"]);
    let tree = stage.boot("one_for_one", 1, &["a", "b"], "shutdown = \"100ms\"").await;
    stage.names[0].cast(Say::Hang).unwrap();
    stage.names[0].cast(Say::Work).unwrap();
    until(|| !tree.deadlocks(SUSPECT).stuck.is_empty(), || "a stuck actor".into()).await;
    let stuck = tree.deadlocks(SUSPECT).stuck.remove(0);
    assert_eq!((stuck.path.as_str(), stuck.current.variant.as_str(), stuck.depth), ("/r/a", "hang", 2));
    assert!(stuck.current.for_ms >= 1_000);
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(find(&tree.snapshot(), "/r/a").restarts.last.unwrap().reason, "killed");
    assert_eq!(find(&tree.snapshot(), "/r/b").restarts.last.unwrap().reason, "shutdown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_never_yields_is_seen_though_nothing_can_end_it() {
    let (tree, names) = circle(1).await;
    let enough = Arc::new(AtomicBool::new(false));
    names[0].cast(Pass::Burn(Arc::clone(&enough))).unwrap();
    until_at_hand(&tree, "/r/l0", "burn").await;
    tree.kill("/r/l0").unwrap();
    until(|| !tree.deadlocks(Duration::from_millis(50)).stuck.is_empty(), || "a stuck actor".into()).await;
    assert_eq!(find(&tree.snapshot(), "/r/l0").generation, 1, "it did not end though killed");
    enough.store(true, SeqCst);
    until(|| find(&tree.snapshot(), "/r/l0").generation == 2, || "its end once it yields".into()).await;
}

#[tokio::test]
async fn a_wait_for_a_place_in_a_full_mailbox_is_a_wait_like_any_other() {
    let sink = Name::new();
    let (full, shared) = (sink.clone(), sink.clone());
    let children = vec![
        Child::worker::<Sink>("sink", Some(sink.clone()), || ()),
        Child::worker::<Source>("source", None, move || shared.clone()),
    ];
    let tree = within(Tree::grow("r", Flags::default(), children)).await.unwrap();
    until(|| tree.deadlocks(Duration::ZERO).stuck.iter().any(|it| it.path == "/r/sink"), || "a hang".into())
        .await;
    until(
        || {
            let stuck = tree.deadlocks(Duration::ZERO).stuck;
            stuck
                .iter()
                .any(|it| it.path == "/r/source" && it.waiting_on.iter().any(|to| to.target == "/r/sink"))
        },
        || "the source to wait".into(),
    )
    .await;
    assert!(full.whereis().is_some());
}

/// Takes one message and never comes back.
struct Sink;

/// Fills the sink.
struct Source(Name<Drop>);

struct Drop;

impl Message for Drop {
    fn variant(&self) -> &'static str {
        "drop"
    }
}

impl Actor for Sink {
    type Msg = Drop;
    type Args = ();

    async fn init((): (), _: &Me<Drop>) -> Result<Self, ExitReason> {
        Ok(Self)
    }

    async fn handle(&mut self, _: Drop, _: &Me<Drop>) -> Result<(), ExitReason> {
        std::future::pending().await
    }
}

impl Actor for Source {
    type Msg = Drop;
    type Args = Name<Drop>;

    async fn init(sink: Name<Drop>, me: &Me<Drop>) -> Result<Self, ExitReason> {
        me.addr().cast(Drop).map_err(|_| ExitReason::error("no place"))?;
        Ok(Self(sink))
    }

    async fn handle(&mut self, _: Drop, _: &Me<Drop>) -> Result<(), ExitReason> {
        while self.0.cast_wait(Drop, PATIENCE).await.is_ok() {}
        Ok(())
    }
}
