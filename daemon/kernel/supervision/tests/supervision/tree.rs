//! OTP's semantics with real actors: who goes along, in which order, and what a stop may cost.

use crate::common::{PATIENCE, Say, Stage, crash, find, flat, until, within};
use hecate_supervision::{Ended, ExitReason, Tree};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_strategy_restarts_whom_it_should_in_order() {
    let crashed = "end b error: boom";
    let table: [(&str, &[&str]); 3] = [
        ("one_for_one", &[crashed, "init b"]),
        ("rest_for_one", &[crashed, "end c shutdown", "init b", "init c"]),
        ("one_for_all", &[crashed, "end c shutdown", "end a shutdown", "init a", "init b", "init c"]),
    ];
    for (strategy, expected) in table {
        let stage = Stage::of(&["a", "b", "c"]);
        let tree = stage.boot(strategy, 1, &["a", "b", "c"], "").await;
        stage.names[1].cast(crash()).unwrap();
        assert_eq!(stage.trace.await_lines(expected.len()).await, expected, "{strategy}");
        stage.trace.clear();
        assert!(tree.stop(PATIENCE).await);
        let down = ["end c shutdown", "end b shutdown", "end a shutdown"];
        assert_eq!(stage.trace.lines(), down, "{strategy} stops in reverse");
    }
}

#[tokio::test]
async fn a_name_finds_the_replacement_after_a_restart() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "").await;
    let before = stage.names[0].whereis().unwrap();
    before.cast(Say::Panic).unwrap();
    stage.trace.await_lines(2).await;
    until(|| stage.names[0].whereis().is_some(), || "the name".into()).await;
    assert_ne!(stage.names[0].whereis().unwrap(), before);
    assert_eq!(stage.names[0].call(Say::Ask, PATIENCE).await, Ok(42));
    assert!(before.cast(Say::Work).unwrap_err().is_gone());
    assert!(tree.stop(PATIENCE).await);
    assert!(stage.names[0].whereis().is_none());
    assert!(stage.names[0].cast(Say::Work).unwrap_err().is_gone());
}

/// What is stuck has as long as in a stop, however long its own limit is.
#[tokio::test]
async fn a_root_that_ends_by_itself_waits_no_longer_than_for_a_stop() {
    let stage = Stage::of(&["a", "b"]);
    stage.moods[0].waits_in_terminate.store(true, SeqCst);
    let tree = stage.boot("one_for_one", 0, &["a", "b"], "shutdown = \"infinity\"").await;
    let deadline = Duration::from_millis(50);
    assert!(tokio::time::timeout(deadline, tree.ended(deadline)).await.is_err(), "it lives");
    stage.names[1].cast(crash()).unwrap();
    let Ended::GaveUp(why) = within(tree.ended(deadline)).await else { panic!("its root gives up") };
    assert_eq!(why.child, "/r/b");
    assert!(stage.names[0].whereis().is_none(), "it was killed");
}

#[tokio::test]
async fn a_failed_boot_ends_the_started_ones_in_reverse_and_says_who_failed() {
    let stage = Stage::of(&["a", "b", "c", "d"]);
    stage.moods[2].failing_inits.store(1, SeqCst);
    let plan = stage.plan(&flat("one_for_one", 9, &["a", "b", "c", "d"], ""));
    let error = within(Tree::boot(&plan, &stage.kinds)).await.unwrap_err();
    assert!(error.to_string().contains("/r/c did not start: error: moody"), "{error}");
    let expected = ["init a", "init b", "init c", "end b shutdown", "end a shutdown"];
    assert_eq!(stage.trace.lines(), expected);
}

#[tokio::test]
async fn an_init_that_hangs_fails_at_its_start_timeout() {
    let stage = Stage::of(&["a"]);
    stage.moods[0].hangs_in_init.store(true, SeqCst);
    let plan = stage.plan(&flat("one_for_one", 9, &["a"], "start_timeout = \"20ms\""));
    let error = within(Tree::boot(&plan, &stage.kinds)).await.unwrap_err();
    assert!(error.to_string().contains("start took more than 20 ms"), "{error}");
}

#[tokio::test]
async fn the_root_gives_up_after_the_second_crash_and_stops_the_others() {
    let stage = Stage::of(&["a", "b"]);
    let tree = stage.boot("one_for_one", 1, &["a", "b"], "").await;
    stage.names[0].cast(crash()).unwrap();
    stage.trace.await_lines(2).await;
    until(|| stage.names[0].whereis().is_some(), || "the replacement".into()).await;
    stage.names[0].cast(crash()).unwrap();
    let ended = tokio::time::timeout(PATIENCE, tree.ended(PATIENCE)).await.unwrap();
    let Ended::GaveUp(gave_up) = ended else { panic!("{ended}") };
    assert_eq!((gave_up.path.as_str(), gave_up.child.as_str()), ("/r", "/r/a"));
    assert_eq!(gave_up.reason, ExitReason::error("boom"));
    assert_eq!(stage.trace.lines().last().unwrap(), "end b shutdown");
}

#[tokio::test]
async fn intensity_three_means_exactly_three_more_inits() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 3, &["a"], "").await;
    stage.moods[0].failing_inits.store(u32::MAX, SeqCst);
    stage.names[0].cast(crash()).unwrap();
    tokio::time::timeout(PATIENCE, tree.ended(PATIENCE)).await.unwrap();
    let inits = stage.trace.lines().iter().filter(|line| *line == "init a").count();
    assert_eq!(inits, 3);
}

const NESTED: &str = r#"schema = 1
[[supervisor]]
path = "/r"
strategy = "rest_for_one"
intensity = 5
[[child]]
path = "/r/a"
kind = "a"
[[supervisor]]
path = "/r/s"
intensity = 0
[[child]]
path = "/r/s/b"
kind = "b"
[[child]]
path = "/r/s/c"
kind = "c"
[[child]]
path = "/r/d"
kind = "d"
"#;

#[tokio::test]
async fn a_supervisor_that_gives_up_is_restarted_by_its_own_supervisor() {
    let stage = Stage::of(&["a", "b", "c", "d"]);
    let tree = within(Tree::boot(&stage.plan(NESTED), &stage.kinds)).await.unwrap();
    stage.trace.clear();
    stage.names[1].cast(crash()).unwrap();
    let expected = ["end b error: boom", "end c shutdown", "end d shutdown", "init b", "init c", "init d"];
    assert_eq!(stage.trace.await_lines(6).await, expected);
    assert!(tree.stop(PATIENCE).await);
}

#[tokio::test]
async fn a_sub_supervisor_that_does_not_boot_fails_the_whole_boot() {
    let stage = Stage::of(&["a", "b", "c", "d"]);
    stage.moods[2].failing_inits.store(1, SeqCst);
    let error = within(Tree::boot(&stage.plan(NESTED), &stage.kinds)).await.unwrap_err();
    assert!(error.to_string().contains("/r/s did not start"), "{error}");
    assert!(error.to_string().contains("/r/s/c did not start"), "{error}");
    let expected = ["init a", "init b", "init c", "end b shutdown", "end a shutdown"];
    assert_eq!(stage.trace.lines(), expected);
}

#[tokio::test]
async fn a_transient_child_comes_back_when_killed_and_stays_down_when_done() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 3, &["a"], "restart = \"transient\"").await;
    stage.names[0].whereis().unwrap().cell().kill();
    assert_eq!(stage.trace.await_lines(1).await, ["init a"]);
    until(|| stage.names[0].whereis().is_some(), || "the replacement".into()).await;
    assert_eq!(find(&tree.snapshot(), "/r/a").restarts.last.unwrap().reason, "killed");
    stage.names[0].cast(Say::End(ExitReason::Normal)).unwrap();
    until(|| find(&tree.snapshot(), "/r/a").status == "stopped", || "the end".into()).await;
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(stage.trace.lines(), ["init a", "end a normal"]);
}

#[tokio::test]
async fn a_hanging_restart_loop_does_not_block_a_stop() {
    let stage = Stage::of(&["a", "b"]);
    let tree = stage.boot("one_for_one", 1000, &["a", "b"], "").await;
    stage.moods[1].hangs_in_init.store(true, SeqCst);
    stage.names[1].cast(crash()).unwrap();
    stage.trace.await_lines(2).await;
    assert!(tree.stop(PATIENCE).await, "a start under way is given up");
    assert_eq!(stage.trace.lines(), ["end b error: boom", "init b", "end a shutdown"]);
}

#[tokio::test]
async fn an_endlessly_failing_restart_does_not_block_a_stop() {
    let stage = Stage::of(&["a", "b"]);
    let text = flat("one_for_one", 1000, &["a", "b"], "").replace("intensity", "period = \"1ms\"\nintensity");
    let tree = within(Tree::boot(&stage.plan(&text), &stage.kinds)).await.unwrap();
    stage.moods[1].failing_inits.store(u32::MAX, SeqCst);
    stage.names[1].cast(crash()).unwrap();
    stage.trace.await_lines(50).await;
    assert!(tree.stop(PATIENCE).await);
}

#[tokio::test]
async fn a_child_that_does_not_end_in_its_time_is_killed_and_the_order_kept() {
    let stage = Stage::of(&["a", "b", "c"]);
    let tree = stage.boot("one_for_one", 1, &["a", "b", "c"], "shutdown = { drain = \"50ms\" }").await;
    stage.names[1].cast(Say::Hang).unwrap();
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(stage.trace.lines(), ["end c shutdown", "end a shutdown"]);
    assert_eq!(find(&tree.snapshot(), "/r/b").restarts.last.unwrap().reason, "killed");
}

#[tokio::test]
async fn the_root_deadline_ends_even_a_child_that_asked_for_infinity() {
    let stage = Stage::of(&["a", "b"]);
    let tree = stage.boot("one_for_one", 1, &["a", "b"], "shutdown = \"infinity\"").await;
    stage.names[1].cast(Say::Hang).unwrap();
    assert!(!tree.stop(Duration::from_millis(50)).await);
    let root = tree.snapshot();
    assert!(root.children.iter().all(|child| child.status == "stopped"), "{root:#?}");
}

#[tokio::test]
async fn the_root_deadline_ends_a_child_that_hangs_while_draining() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "shutdown = { drain = \"1m\" }").await;
    stage.moods[0].hangs_in_terminate.store(true, SeqCst);
    assert!(!tree.stop(Duration::from_millis(50)).await);
    assert_eq!(find(&tree.snapshot(), "/r/a").status, "stopped");
}

#[tokio::test]
async fn a_brutal_kill_runs_no_terminate() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "shutdown = \"brutal_kill\"").await;
    assert!(tree.stop(PATIENCE).await);
    assert!(stage.trace.lines().is_empty());
}

#[tokio::test]
async fn twelve_children_that_end_by_themselves_during_a_stop_do_not_hold_it_up() {
    const IDS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let reasons = [ExitReason::Normal, ExitReason::Shutdown, ExitReason::error("boom")];
    let stage = Stage::of(&IDS);
    let tree = stage.boot("one_for_one", 1000, &IDS, "").await;
    for (name, reason) in stage.names.iter().zip(reasons.iter().cycle()) {
        name.cast(Say::End(reason.clone())).unwrap();
    }
    assert!(tree.stop(PATIENCE).await);
    assert!(tree.snapshot().children.iter().all(|child| child.status == "stopped"));
}

#[tokio::test]
async fn the_snapshot_shows_the_tree_as_it_is() {
    let stage = Stage::of(&["a", "b"]);
    let tree = stage.boot("rest_for_one", 3, &["a", "b"], "mailbox = { capacity = 7 }").await;
    let addr = stage.names[1].whereis().unwrap();
    ractor::pg::join("snapshot.group".into(), vec![addr.cell()]);
    assert_eq!(addr.call(Say::Ask, PATIENCE).await, Ok(42));
    stage.names[0].cast(crash()).unwrap();
    stage.trace.await_lines(4).await;
    until(|| tree.snapshot().children[1].status == "running", || "b".into()).await;
    let root = tree.snapshot();
    assert_eq!((root.kind.as_str(), root.strategy.as_deref()), ("supervisor", Some("rest_for_one")));
    let intensity = root.intensity.as_ref().unwrap();
    assert_eq!((intensity.used, intensity.max, intensity.period_ms), (1, 3, 5_000));
    let a = find(&root, "/r/a");
    assert_eq!((a.generation, a.restarts.total, &*a.status), (2, 1, "running"));
    assert_eq!(a.restarts.last.unwrap().reason, "error: boom");
    assert_eq!(a.mailbox.unwrap().capacity, 7);
    assert_eq!(find(&root, "/r/b").groups, Vec::<String>::new(), "the member was replaced");
    assert!(tree.stop(PATIENCE).await);
}
