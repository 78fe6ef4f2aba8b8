//! One actor from close by.

use super::{detail, until_at_hand, work};
use crate::common::{PATIENCE, Say, Stage, until, within};
use hecate_proto::debug::{ActorState, TopBy, Window};
use hecate_supervision::{Actor, Child, ExitReason, Flags, Me, Message, Name, Tree};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

#[tokio::test]
async fn an_actor_shows_what_it_handles_what_it_has_handled_and_who_is_above_it() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "").await;
    let go = Arc::new(Notify::new());
    for _ in 0..3 {
        stage.names[0].cast(Say::Work).unwrap();
    }
    stage.names[0].cast(Say::Wait(Arc::clone(&go))).unwrap();
    until_at_hand(&tree, "/r/a", "wait").await;
    let seen = detail(&tree, "/r/a").await;
    assert_eq!(seen.ancestors.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["/r"]);
    assert!(seen.started_at.is_some() && seen.uptime_ms.is_some());
    let busy = seen.work.unwrap();
    assert_eq!(busy.current.unwrap().variant, "wait");
    assert_eq!(busy.recent, ["work", "work", "work", "wait"]);
    go.notify_one();
    assert_eq!(stage.names[0].call(Say::Ask, PATIENCE).await, Ok(42));
    until(|| tree.deadlocks(Duration::ZERO).stuck.is_empty(), || "the rest".into()).await;
    let rested = work(&tree, "/r/a").await;
    assert_eq!(rested.current, None);
    let counts: Vec<_> = rested.variants.iter().map(|it| (it.name.as_str(), it.count)).collect();
    assert_eq!(counts, [("work", 3), ("wait", 1), ("ask", 1)]);
    assert!(rested.handle.count >= 1 && rested.handle.count <= 5, "{:?}", rested.handle);
    assert_eq!(rested.handle.count, rested.queue.count);
    assert!(tree.actor("/r/nobody").await.is_none() && tree.actor("0.x").await.is_none());
}

#[tokio::test]
async fn a_supervisor_has_an_age_while_it_runs() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "").await;
    let root = detail(&tree, "/r").await;
    assert!(root.started_at.is_some() && root.uptime_ms.is_some());
    tree.stop(PATIENCE).await;
    let gone = detail(&tree, "/r").await;
    assert_eq!((gone.started_at, gone.uptime_ms), (None, None));
}

#[tokio::test]
async fn an_actor_is_found_by_its_id_until_it_is_replaced() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "").await;
    let id = detail(&tree, "/r/a").await.node.id.unwrap();
    assert_eq!(tree.resolve(&id).as_deref(), Some("/r/a"));
    stage.names[0].cast(Say::Panic).unwrap();
    stage.trace.await_lines(2).await;
    until(|| tree.resolve(&id).is_none(), || "the old id to be forgotten".into()).await;
    assert_eq!(tree.resolve("/r").as_deref(), Some("/r"));
}

#[tokio::test]
async fn the_leaders_are_ranked_by_what_was_asked() {
    let stage = Stage::of(&["a", "b", "c"]);
    let tree = stage.boot("one_for_one", 9, &["a", "b", "c"], "").await;
    for _ in 0..5 {
        stage.names[0].cast(Say::Work).unwrap();
    }
    stage.names[1].call(Say::Ask, PATIENCE).await.unwrap();
    stage.names[1].cast(Say::Hang).unwrap();
    stage.names[1].cast(Say::Work).unwrap();
    until_at_hand(&tree, "/r/b", "hang").await;
    stage.names[2].cast(Say::Panic).unwrap();
    stage.trace.await_lines(2).await;
    let by = |by, rows| {
        let top = tree.top(by, Window::OneMinute, rows);
        top.rows.into_iter().map(|row| (row.path, row.value)).collect::<Vec<_>>()
    };
    let leader = |measure| by(measure, 1).pop().map(|(path, _)| path);
    until(|| leader(TopBy::Messages).as_deref() == Some("/r/a"), || "five messages".into()).await;
    assert_eq!(by(TopBy::Messages, 9)[..2], [("/r/a".into(), 5), ("/r/b".into(), 1)]);
    assert_eq!(by(TopBy::Depth, 9), [("/r/b".into(), 2)]);
    until(|| by(TopBy::Restarts, 9) == [("/r/c".into(), 1)], || "a restart".into()).await;
    until(|| leader(TopBy::Busy).as_deref() == Some("/r/b"), || "a busy one".into()).await;
    assert_eq!(leader(TopBy::Latency).as_deref(), Some("/r/b"));
    let row = tree.top(TopBy::Busy, Window::OneSecond, 1).rows.pop().unwrap();
    assert_eq!((row.kind.as_str(), row.current.unwrap().variant.as_str()), ("b", "hang"));
}

/// Shows its state, as it is told to.
pub(super) struct Showman {
    pub(super) shows: Shows,
    seen: u64,
}

#[derive(Clone, Copy)]
pub(super) enum Shows {
    Count,
    TooMuch,
    Panic,
}

pub(super) enum Do {
    Count,
    Wait(Arc<Notify>),
}

impl Message for Do {
    fn variant(&self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Wait(_) => "wait",
        }
    }
}

impl Actor for Showman {
    type Msg = Do;
    type Args = Shows;

    async fn init(shows: Shows, _: &Me<Do>) -> Result<Self, ExitReason> {
        Ok(Self { shows, seen: 0 })
    }

    async fn handle(&mut self, msg: Do, _: &Me<Do>) -> Result<(), ExitReason> {
        if let Do::Wait(go) = msg {
            go.notified().await;
        }
        self.seen += 1;
        Ok(())
    }

    fn debug_state(&self) -> Option<serde_json::Value> {
        match self.shows {
            Shows::Count => Some(json!({"seen": self.seen})),
            Shows::TooMuch => Some(json!("x".repeat(70_000))),
            Shows::Panic => panic!("nothing to show"),
        }
    }
}

pub(super) async fn stage_of(shows: Shows) -> (Tree, Name<Do>) {
    let name = Name::new();
    let child = Child::worker::<Showman>("s", Some(name.clone()), move || shows);
    (within(Tree::grow("r", Flags::default(), vec![child])).await.unwrap(), name)
}

#[tokio::test]
async fn a_state_is_shown_between_two_messages_also_of_an_actor_at_rest_or_suspended() {
    let (tree, name) = stage_of(Shows::Count).await;
    let state = async || detail(&tree, "/r/s").await.state;
    assert_eq!(state().await, ActorState::Offered { value: json!({"seen": 0}) });
    name.cast(Do::Count).unwrap();
    until(|| tree.stats().kinds.iter().any(|it| it.messages_in == 1), || "one message".into()).await;
    assert_eq!(state().await, ActorState::Offered { value: json!({"seen": 1}) });
    tree.suspend("/r/s", Duration::from_secs(60)).unwrap();
    name.cast(Do::Count).unwrap();
    for _ in 0..3 {
        assert_eq!(state().await, ActorState::Offered { value: json!({"seen": 1}) });
    }
}

#[tokio::test]
async fn who_is_at_work_is_not_waited_for_and_shows_itself_later() {
    let (tree, name) = stage_of(Shows::Count).await;
    let go = Arc::new(Notify::new());
    name.cast(Do::Wait(Arc::clone(&go))).unwrap();
    until_at_hand(&tree, "/r/s", "wait").await;
    for _ in 0..3 {
        assert_eq!(detail(&tree, "/r/s").await.state, ActorState::Busy);
    }
    go.notify_one();
    until(|| tree.deadlocks(Duration::ZERO).stuck.is_empty(), || "the end of it".into()).await;
    assert_eq!(detail(&tree, "/r/s").await.state, ActorState::Offered { value: json!({"seen": 1}) });
}

#[tokio::test]
async fn a_state_that_is_too_large_or_panics_harms_nobody() {
    let (tree, _name) = stage_of(Shows::TooMuch).await;
    assert_eq!(detail(&tree, "/r/s").await.state, ActorState::TooLarge { bytes: 70_002 });
    let (tree, name) = stage_of(Shows::Panic).await;
    let before = name.whereis().unwrap();
    assert_eq!(detail(&tree, "/r/s").await.state, ActorState::NotOffered);
    assert_eq!(name.whereis(), Some(before));
    assert_eq!(detail(&tree, "/r").await.state, ActorState::NotOffered);
}
