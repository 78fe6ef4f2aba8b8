//! The record of what happened, for many readers of any speed.

use crate::common::{PATIENCE, Say, Stage, crash, until, within};
use hecate_proto::debug::{DebugEvent, DebugEventKind as Kind};
use hecate_supervision::{Actor, Child, Events, ExitReason, Flags, Heard, Me, Message, Name, Tree};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

/// More events than are kept.
const FLOOD: u64 = 70_000;
const KEPT: u64 = 65_536;

async fn hear(events: &mut Events) -> Heard {
    tokio::time::timeout(PATIENCE, events.next()).await.expect("an event")
}

async fn hear_events(events: &mut Events, count: usize) -> Vec<DebugEvent> {
    let mut heard = Vec::new();
    while heard.len() < count {
        match hear(events).await {
            Heard::Event(event) => heard.push(event),
            Heard::Lagged { count } => panic!("lagged by {count}"),
        }
    }
    heard
}

#[tokio::test]
async fn a_crash_and_what_follows_are_told_in_order_and_numbered_without_a_gap() {
    let stage = Stage::of(&["a", "b"]);
    let tree = stage.boot("rest_for_one", 1, &["a", "b"], "").await;
    let mut events = tree.events(None);
    stage.names[0].cast(crash()).unwrap();
    let heard = hear_events(&mut events, 6).await;
    let told: Vec<_> = heard.iter().map(|it| (it.kind, it.path.as_str(), it.generation.unwrap())).collect();
    let expected = [
        (Kind::ChildTerminated, "/r/a", 1),
        (Kind::Stopped, "/r/b", 1),
        (Kind::Restarting, "/r/a", 2),
        (Kind::Started, "/r/a", 2),
        (Kind::Restarting, "/r/b", 2),
        (Kind::Started, "/r/b", 2),
    ];
    assert_eq!(told, expected);
    assert_eq!(heard[0].detail.as_deref(), Some("error: boom"));
    assert!(heard[0].actor.is_some() && heard.is_sorted_by(|one, next| one.id + 1 == next.id));
}

#[tokio::test]
async fn a_start_that_fails_and_a_supervisor_that_gives_up_are_told() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "").await;
    let mut events = tree.events(None);
    stage.moods[0].failing_inits.store(u32::MAX, SeqCst);
    stage.names[0].cast(crash()).unwrap();
    let kinds: Vec<_> = hear_events(&mut events, 4).await.into_iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [Kind::ChildTerminated, Kind::Restarting, Kind::StartError, Kind::GaveUp]);
}

#[tokio::test]
async fn an_end_that_was_not_as_asked_is_an_error_of_the_shutdown() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "shutdown = \"20ms\"").await;
    let mut events = tree.events(None);
    stage.names[0].cast(Say::Hang).unwrap();
    super::until_at_hand(&tree, "/r/a", "hang").await;
    tree.restart("/r/a").await.unwrap();
    let heard = hear_events(&mut events, 3).await;
    let kinds: Vec<_> = heard.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [Kind::ShutdownError, Kind::Restarting, Kind::Started]);
    assert_eq!(heard[0].detail.as_deref(), Some("killed"));
}

#[tokio::test]
async fn a_reader_comes_back_where_it_left_and_another_life_begins_at_the_oldest() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "").await;
    let mut events = tree.events(Some(0));
    assert_eq!(hear(&mut events).await, Heard::Lagged { count: 0 }, "zero is no id of this life");
    let started = hear_events(&mut events, 2).await;
    assert_eq!((started[0].path.as_str(), started[1].path.as_str()), ("/r/a", "/r"));
    tree.restart("/r/a").await.unwrap();
    let later = hear_events(&mut tree.events(Some(started[0].id)), 2).await;
    assert_eq!((&later[0], later[1].kind), (&started[1], Kind::Stopped));
}

#[tokio::test]
async fn a_slow_reader_is_told_exactly_what_it_missed_and_holds_nobody_up() {
    let (tree, member) = boot_member().await;
    let mut readers: Vec<Events> = (0..20).map(|_| tree.events(None)).collect();
    // Listens and is never asked again: a stuck client.
    let mut stuck = tree.events(None);
    let waiting = tokio::time::timeout(Duration::from_millis(1), stuck.next()).await;
    assert!(waiting.is_err());
    member.cast(Join(FLOOD)).unwrap();
    let told = || tree.stats().kinds.iter().any(|it| it.messages_in == 1);
    until(told, || "the flood to be over".into()).await;
    for reader in &mut readers {
        assert_eq!(hear(reader).await, Heard::Lagged { count: FLOOD - KEPT });
        let next = hear_events(reader, 1).await.remove(0);
        assert_eq!(next.detail, Some((FLOOD - KEPT).to_string()));
    }
    let mut last = None;
    for _ in 1..KEPT {
        last = hear_events(&mut readers[0], 1).await.pop();
    }
    assert_eq!(last.unwrap().detail, Some((FLOOD - 1).to_string()));
}

#[tokio::test]
async fn a_reader_that_waits_is_woken() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "").await;
    let mut events = tree.events(None);
    let heard = tokio::spawn(async move { hear_events(&mut events, 1).await });
    tokio::task::yield_now().await;
    tree.suspend("/r/a", Duration::from_secs(1)).unwrap();
    assert_eq!(heard.await.unwrap()[0].kind, Kind::Suspended);
}

/// Joins groups and leaves them.
struct Member;

/// So many groups, named by their numbers.
struct Join(u64);

impl Message for Join {
    fn variant(&self) -> &'static str {
        "join"
    }
}

impl Actor for Member {
    type Msg = Join;
    type Args = ();

    async fn init((): (), me: &Me<Join>) -> Result<Self, ExitReason> {
        me.note_joined("facts.all");
        me.note_left("facts.all");
        Ok(Self)
    }

    async fn handle(&mut self, Join(count): Join, me: &Me<Join>) -> Result<(), ExitReason> {
        (0..count).for_each(|number| me.note_joined(&number.to_string()));
        Ok(())
    }
}

async fn boot_member() -> (Tree, Name<Join>) {
    let name = Name::new();
    let child = Child::worker::<Member>("m", Some(name.clone()), || ());
    (within(Tree::grow("r", Flags::default(), vec![child])).await.unwrap(), name)
}

#[tokio::test]
async fn joining_and_leaving_a_group_are_events_with_its_name() {
    let (tree, _name) = boot_member().await;
    let mut events = tree.events(Some(0));
    hear(&mut events).await;
    let heard = hear_events(&mut events, 2).await;
    let told: Vec<_> = heard.iter().map(|it| (it.kind, it.path.as_str(), it.detail.as_deref())).collect();
    assert_eq!(
        told,
        [(Kind::GroupJoin, "/r/m", Some("facts.all")), (Kind::GroupLeave, "/r/m", Some("facts.all"))]
    );
    until(|| tree.resolve("/r/m").is_some(), || "the member".into()).await;
}
