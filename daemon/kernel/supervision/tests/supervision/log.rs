//! What the log says of starts and ends: a crash is an error, whoever supervises it, and an end as
//! asked for is none.

use crate::common::{PATIENCE, Probe, Say, Trace, crash, find, until, within};
use hecate_supervision::{
    Child, Ended, ExitReason, Flags, Kinds, Name, Plan, Pool, PoolFlags, Shutdown, Tree,
};
use std::io::{Result, Write};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;
use tracing_subscriber::filter::LevelFilter;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
static LISTEN: Once = Once::new();

struct Log;

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> Result<usize> {
        LINES.lock().unwrap().push(String::from_utf8_lossy(line).trim().into());
        Ok(line.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// One log for the whole process, as in the daemon: each test looks for its own paths.
fn listen() {
    LISTEN.call_once(|| {
        let text = tracing_subscriber::fmt().with_ansi(false).with_target(false).without_time();
        text.with_max_level(LevelFilter::INFO).with_writer(|| Log).init();
    });
}

/// All lines of `path`: level, message and fields.
fn said_of(path: &str) -> Vec<String> {
    let (path, lines) = (format!("path=\"{path}\""), LINES.lock().unwrap());
    lines.iter().filter(|line| line.contains(&path)).cloned().collect()
}

/// Waits for a line; what ractor adds between level and message does not matter.
async fn await_line(path: &str, level: &str, message: &str, reason: &str) {
    let end = format!("{message} path=\"{path}\" reason={reason}");
    let is_there = || said_of(path).iter().any(|line| line.starts_with(level) && line.ends_with(&end));
    until(is_there, || format!("{level} {end}: {:?}", said_of(path))).await;
}

const TREE: &str = r#"schema = 1
[[supervisor]]
path = "/log"
intensity = 9
[[child]]
path = "/log/a"
kind = "a"
[[child]]
path = "/log/b"
kind = "b"
shutdown = "brutal_kill"
[[pool]]
path = "/log/p"
kind = "p"
"#;

#[tokio::test]
async fn a_crash_is_an_error_and_a_clean_exit_is_not() {
    listen();
    let probe = Probe { id: "x", trace: Arc::<Trace>::default(), mood: Arc::default() };
    let (name, pool, mut kinds) = (Name::new(), Pool::<Probe>::new(), Kinds::new());
    let (a, b) = (probe.clone(), probe.clone());
    kinds.worker::<Probe>("a", None, move || a.clone());
    kinds.worker::<Probe>("b", Some(name.clone()), move || b.clone()).pool("p", &pool);
    let tree = within(Tree::boot(&Plan::parse(TREE, "t", &kinds).unwrap(), &kinds)).await.unwrap();
    assert!(said_of("/log/a")[0].starts_with("INFO"), "{:?}", said_of("/log/a"));

    pool.start_child("x", probe.clone()).await.unwrap().cast(Say::Panic).unwrap();
    await_line("/log/p/x", "ERROR", "crashed", "error: panicked: boom").await;
    until(|| find(&tree.snapshot(), "/log/p").children.is_empty(), || "the crash".into()).await;
    pool.start_child("y", probe).await.unwrap().cast(Say::End(ExitReason::Normal)).unwrap();

    name.cast(crash()).unwrap();
    await_line("/log/b", "ERROR", "crashed", "error: boom").await;
    until(|| find(&tree.snapshot(), "/log/b").generation == 2, || "the replacement".into()).await;
    assert!(tree.stop(PATIENCE).await);
    assert!(said_of("/log/p/y").is_empty(), "nothing of note: {:?}", said_of("/log/p/y"));
    await_line("/log/a", "INFO", "exited", "shutdown").await;
    await_line("/log/b", "INFO", "exited", "killed").await;
}

/// OTP's other reports: a start that failed, a supervisor that gave up, an end that was not as asked.
#[tokio::test]
async fn what_fails_at_a_start_or_a_stop_is_an_error_and_a_pool_says_it_once() {
    listen();
    let probe = Probe { id: "x", trace: Arc::<Trace>::default(), mood: Arc::default() };
    let (name, pool, started) = (Name::new(), Pool::<Probe>::new(), probe.clone());
    let child = Child::worker::<Probe>("a", Some(name.clone()), move || started.clone());
    let shutdown = Shutdown::Within(Duration::from_millis(20));
    let flags = PoolFlags { shutdown, ..PoolFlags::default() };
    let children = vec![Child::pool("p", &pool, flags), child.shutdown(shutdown)];
    let tree = within(Tree::grow("told", Flags::default(), children)).await.unwrap();
    for id in ["x", "y"] {
        within(pool.start_child(id, probe.clone())).await.unwrap();
    }
    probe.mood.waits_in_terminate.store(true, SeqCst);
    within(tree.terminate_child("/told", "p")).await.unwrap();
    let said_once =
        said_of("/told/p").into_iter().filter(|line| line.starts_with("ERROR")).collect::<Vec<_>>();
    assert!(matches!(&said_once[..], [line] if line.ends_with("fallen=2 reason=killed")), "{said_once:?}");
    within(tree.terminate_child("/told", "a")).await.unwrap();
    await_line("/told/a", "ERROR", "crashed", "killed").await;
    probe.mood.waits_in_terminate.store(false, SeqCst);
    within(tree.restart_child("/told", "a")).await.unwrap();
    probe.mood.failing_inits.store(9, SeqCst);
    name.cast(Say::Panic).unwrap();
    assert!(matches!(within(tree.ended(PATIENCE)).await, Ended::GaveUp(_)));
    await_line("/told/a", "ERROR", "did not start", "error: moody").await;
    assert!(said_of("/told").iter().any(|line| line.contains("gave up") && line.contains("/told/a")));
}
