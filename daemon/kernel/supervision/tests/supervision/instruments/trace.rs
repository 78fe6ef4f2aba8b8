//! The live trace of one actor.

use super::boot_pool;
use crate::common::{PATIENCE, Probe, Say, Stage, crash, until, within};
use hecate_proto::debug::{TraceEnd, TraceEvents, TraceLimits, TraceLine};
use hecate_supervision::{
    Actor, Child, ExitReason, Flags, Me, Message, Name, Pool, Trace, TraceError, Tree, trace,
};
use std::sync::Arc;
use uuid::Uuid;

const ALL: TraceLimits =
    TraceLimits { events: TraceEvents::Both, max_ms: 60_000, max_lines: 10_000, rate_per_s: 1_000 };

async fn line(trace: &mut Trace) -> TraceLine {
    tokio::time::timeout(PATIENCE, trace.next()).await.expect("a line").expect("no end yet")
}

/// Passes every message on to its neighbour.
struct Relay(Option<Name<Ball>>);

struct Ball;

impl Message for Ball {
    fn variant(&self) -> &'static str {
        "ball"
    }
}

impl Actor for Relay {
    type Msg = Ball;
    type Args = Option<Name<Ball>>;

    async fn init(next: Option<Name<Ball>>, _: &Me<Ball>) -> Result<Self, ExitReason> {
        Ok(Self(next))
    }

    async fn handle(&mut self, ball: Ball, _: &Me<Ball>) -> Result<(), ExitReason> {
        match &self.0 {
            Some(next) => next.cast(ball).map_err(ExitReason::error),
            None => Ok(()),
        }
    }
}

#[tokio::test]
async fn a_message_is_seen_on_its_way_in_and_out_with_its_trace_id_and_sender() {
    let (first, second) = (Name::new(), Name::new());
    let next = second.clone();
    let children = vec![
        Child::worker::<Relay>("one", Some(first.clone()), move || Some(next.clone())),
        Child::worker::<Relay>("two", Some(second), || None),
    ];
    let tree = within(Tree::grow("r", Flags::default(), children)).await.unwrap();
    let (mut one, mut two) = (tree.trace("/r/one", ALL).unwrap(), tree.trace("/r/two", ALL).unwrap());
    let mut only_in = tree.trace("/r/one", TraceLimits { events: TraceEvents::In, ..ALL }).unwrap();
    let id = Uuid::new_v4();
    trace::scope(id, async { first.cast(Ball).unwrap() }).await;
    let TraceLine::Out { variant, target, trace_id, .. } = line(&mut one).await else { panic!("out first") };
    assert_eq!((variant.as_str(), target.as_str(), trace_id), ("ball", "/r/two", Some(id.to_string())));
    for (traced, from) in [(&mut one, None), (&mut two, Some("/r/one")), (&mut only_in, None)] {
        let TraceLine::In { variant, trace_id, sender, failed, .. } = line(traced).await else {
            panic!("in")
        };
        assert_eq!((variant.as_str(), trace_id), ("ball", Some(id.to_string())));
        assert_eq!((sender.as_deref(), failed), (from, None));
    }
    assert_eq!(super::work(&tree, "/r/one").await.traces, 2);
    drop((one, only_in));
    assert_eq!(super::work(&tree, "/r/one").await.traces, 0);
    let figures = tree.stats().kinds.into_iter().find(|it| it.kind == "one").unwrap();
    assert_eq!((figures.messages_in, figures.messages_out), (1, 1));
}

#[tokio::test]
async fn what_the_rate_or_a_slow_reader_does_not_let_through_is_counted_exactly() {
    const SENT: u64 = 5_000;
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "mailbox = { capacity = 10000 }").await;
    // Nobody reads until all is over.
    let mut traced = tree.trace("/r/a", TraceLimits { max_ms: 4_000, ..ALL }).unwrap();
    for _ in 0..SENT {
        stage.names[0].cast(Say::Work).unwrap();
    }
    let handled = || tree.stats().kinds.iter().any(|it| it.kind == "a" && it.messages_in == SENT);
    until(handled, || "all of them".into()).await;
    let mut read = 0;
    let (lines, dropped) = loop {
        match line(&mut traced).await {
            TraceLine::Ended { lines, dropped, .. } => break (lines, dropped),
            _ => read += 1,
        }
    };
    assert_eq!((lines, lines + dropped), (read, SENT));
    assert!((1..=1_024).contains(&lines), "{lines}");
}

#[tokio::test]
async fn a_trace_ends_at_its_last_line_and_at_the_end_of_its_time() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "").await;
    let mut few = tree.trace("/r/a", TraceLimits { max_lines: 2, ..ALL }).unwrap();
    let mut slow = tree.trace("/r/a", TraceLimits { rate_per_s: 1, max_ms: 300, ..ALL }).unwrap();
    for _ in 0..5 {
        stage.names[0].cast(Say::Work).unwrap();
    }
    assert!(matches!(line(&mut few).await, TraceLine::In { .. }));
    assert!(matches!(line(&mut few).await, TraceLine::In { .. }));
    let TraceLine::Ended { why, lines, dropped, .. } = line(&mut few).await else { panic!("the end") };
    assert_eq!((why, lines, dropped), (TraceEnd::Lines, 2, 0));
    assert_eq!(few.next().await, None);
    assert!(matches!(line(&mut slow).await, TraceLine::In { .. }));
    let TraceLine::Ended { why, lines, dropped, .. } = line(&mut slow).await else { panic!("the end") };
    assert_eq!((why, lines, dropped), (TraceEnd::Time, 1, 4));
}

#[tokio::test]
async fn a_trace_goes_on_over_a_restart_and_ends_when_the_place_is_given_up() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "").await;
    let mut traced = tree.trace("/r/a", ALL).unwrap();
    stage.names[0].cast(crash()).unwrap();
    let TraceLine::In { failed, variant, .. } = line(&mut traced).await else { panic!("the crash") };
    assert_eq!((failed.as_deref(), variant.as_str()), (Some("error: boom"), "end"));
    let TraceLine::Restarted { generation, .. } = line(&mut traced).await else { panic!("a restart") };
    assert_eq!(generation, 2);
    until(|| stage.names[0].whereis().is_some(), || "the replacement".into()).await;
    stage.names[0].cast(Say::Work).unwrap();
    assert!(matches!(line(&mut traced).await, TraceLine::In { .. }));
    tree.terminate_child("/r", "a").await.unwrap();
    tree.delete_child("/r", "a").await.unwrap();
    let TraceLine::Ended { why, lines, .. } = line(&mut traced).await else { panic!("the end") };
    assert_eq!((why, lines), (TraceEnd::Gone, 3));
}

#[tokio::test]
async fn the_trace_of_a_pools_child_ends_with_it() {
    let mut stage = Stage::of(&[]);
    let (tree, pool): (Tree, Pool<Probe>) = boot_pool(&mut stage, "").await;
    let probe = Probe { id: "x", trace: Arc::clone(&stage.trace), mood: Arc::default() };
    let x = pool.start_child("x", probe).await.unwrap();
    let mut traced = tree.trace("/r/p/x", ALL).unwrap();
    x.cast(Say::End(ExitReason::Normal)).unwrap();
    assert!(matches!(line(&mut traced).await, TraceLine::In { .. }));
    assert!(matches!(line(&mut traced).await, TraceLine::Ended { why: TraceEnd::Gone, .. }));
}

#[tokio::test]
async fn absurd_limits_and_too_many_traces_are_refused() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "").await;
    let table = [
        (TraceLimits { max_ms: 0, ..ALL }, "max_ms", 60_000),
        (TraceLimits { max_ms: 60_001, ..ALL }, "max_ms", 60_000),
        (TraceLimits { max_lines: 10_001, ..ALL }, "max_lines", 10_000),
        (TraceLimits { rate_per_s: 1_001, ..ALL }, "rate_per_s", 1_000),
    ];
    for (limits, field, max) in table {
        assert_eq!(tree.trace("/r/a", limits).unwrap_err(), TraceError::Limit { field, max });
    }
    assert_eq!(tree.trace("/r", ALL).unwrap_err(), TraceError::NotAWorker("/r".into()));
    assert_eq!(tree.trace("/r/b", ALL).unwrap_err(), TraceError::NotFound);
    let traces: Vec<_> = (0..4).map(|_| tree.trace("/r/a", ALL).unwrap()).collect();
    assert_eq!(tree.trace("/r/a", ALL).unwrap_err(), TraceError::TooMany { max: 4 });
    drop(traces);
    assert!(tree.trace("/r/a", ALL).is_ok());
}
