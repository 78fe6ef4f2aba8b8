//! An actor that lives by a loop of its own is no blank to whoever looks.

use super::{detail, until_at_hand, work};
use crate::common::{Say, find, until};
use hecate_proto::debug::{OwnLoop, TopBy, TraceEvents, TraceLimits, TraceLine, Window};
use hecate_supervision::{Actor, Child, ExitReason, Flags, Me, Name, Tree};
use std::sync::Arc;
use tokio::sync::Notify;

/// Takes a step whenever it may, beside its messages.
struct Walker;

impl Actor for Walker {
    type Msg = Say;
    type Args = Arc<Notify>;

    async fn init(may_step: Arc<Notify>, me: &Me<Say>) -> Result<Self, ExitReason> {
        let turns = me.counts_turns();
        me.attach(async move {
            loop {
                turns.take("step", may_step.notified()).await;
            }
        });
        Ok(Self)
    }

    async fn handle(&mut self, _: Say, _: &Me<Say>) -> Result<(), ExitReason> {
        Ok(())
    }
}

async fn walk() -> (Tree, Name<Say>, Arc<Notify>) {
    let (name, may_step) = (Name::new(), Arc::new(Notify::new()));
    let step = Arc::clone(&may_step);
    let child = Child::worker::<Walker>("w", Some(name.clone()), move || Arc::clone(&step));
    let tree = Tree::grow("r", Flags::default(), vec![child]).await.unwrap();
    until_at_hand(&tree, "/r/w", "step").await;
    (tree, name, may_step)
}

fn handled(tree: &Tree) -> u64 {
    find(&tree.snapshot(), "/r/w").messages.unwrap().handled
}

#[tokio::test]
async fn turns_count_as_messages_do_and_neither_hides_the_other() {
    let (tree, name, may_step) = walk().await;
    for turn in 1..=3 {
        may_step.notify_one();
        until(|| handled(&tree) == turn, || "a step".into()).await;
    }
    name.cast(Say::Work).unwrap();
    until(|| handled(&tree) == 4, || "a message".into()).await;
    let work = work(&tree, "/r/w").await;
    let counts: Vec<_> = work.variants.iter().map(|it| (it.name.as_str(), it.count)).collect();
    assert_eq!(counts, [("work", 1), ("step", 3)]);
    assert_eq!((work.own_loop, work.handle.count), (Some(OwnLoop::Counted), 3));
    assert_eq!(work.queue.count, 1, "nobody waits in a queue for a turn");
    assert_eq!(work.recent, ["step"; 4], "with the one at hand");
    assert_eq!(work.current.unwrap().variant, "step", "the message was handled beside it");
    let top = tree.top(TopBy::Messages, Window::OneMinute, 1);
    assert_eq!((top.rows[0].path.as_str(), top.rows[0].value), ("/r/w", 4));
    let stats = tree.stats().kinds.into_iter().find(|it| it.kind == "w").unwrap();
    assert_eq!((stats.messages_in, stats.queue.count), (4, 1));
}

#[tokio::test]
async fn a_turn_is_traced_and_whoever_is_killed_in_one_is_known_to_have_been_at_it() {
    let (tree, _name, may_step) = walk().await;
    let limits = TraceLimits { events: TraceEvents::In, max_lines: 1, ..TraceLimits::default() };
    let mut trace = tree.trace("/r/w", limits).unwrap();
    may_step.notify_one();
    let Some(TraceLine::In { variant, queued_ns, .. }) = trace.next().await else { panic!("no line") };
    assert_eq!((variant.as_str(), queued_ns), ("step", 0));
    until_at_hand(&tree, "/r/w", "step").await;
    tree.kill("/r/w").unwrap();
    until(|| !tree.crashes(0).is_empty(), || "its record".into()).await;
    let crash = tree.crashes(0).remove(0);
    assert_eq!((crash.handling.as_deref(), crash.recent), (Some("step"), vec!["step".to_owned(); 2]));
}

#[tokio::test]
async fn who_counts_no_turns_says_that_its_figures_are_not_all() {
    let child = Child::worker::<super::interventions::Loner>("l", None, || ());
    let tree = Tree::grow("r", Flags::default(), vec![child]).await.unwrap();
    assert_eq!(detail(&tree, "/r/l").await.work.unwrap().own_loop, Some(OwnLoop::NotMeasured));
}
