//! The bounded mailbox: no place leaks, nothing is lost silently, and who was not heard is told so.

use crate::common::{PATIENCE, Say, Stage, crash, find, until};
use hecate_proto::tree::TreeNode;
use hecate_supervision::{Addr, CallError, ExitReason, SendError, Tree};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const SOON: Duration = Duration::from_millis(20);

async fn boot(mailbox: &str) -> (Stage, Tree, Addr<Say>) {
    let stage = Stage::of(&["a"]);
    let extra = format!("restart = \"temporary\"\nmailbox = {mailbox}\n");
    let tree = stage.boot("one_for_one", 1, &["a"], &extra).await;
    let addr = stage.names[0].whereis().unwrap();
    (stage, tree, addr)
}

fn a(tree: &Tree) -> TreeNode {
    find(&tree.snapshot(), "/r/a")
}

/// A temporary child leaves no trace in the tree.
async fn await_gone(tree: &Tree) {
    until(|| tree.snapshot().children.is_empty(), || "the end".into()).await;
}

fn depth(tree: &Tree) -> u64 {
    a(tree).mailbox.unwrap().depth
}

/// Keeps the actor in a handler until the notify fires; returns when it is there.
async fn occupy(addr: &Addr<Say>, tree: &Tree) -> Arc<Notify> {
    let go = Arc::new(Notify::new());
    addr.cast(Say::Wait(Arc::clone(&go))).unwrap();
    until(|| a(tree).messages.unwrap().last.as_deref() == Some("wait"), || "the handler".into()).await;
    go
}

#[tokio::test]
async fn a_panic_with_a_hundred_queued_gives_all_places_back_and_refuses_later_casts() {
    let (_stage, tree, addr) = boot("{ capacity = 1000 }").await;
    let go = occupy(&addr, &tree).await;
    addr.cast(Say::Panic).unwrap();
    for _ in 0..100 {
        addr.cast(Say::Work).unwrap();
    }
    let question = tokio::spawn({
        let addr = addr.clone();
        async move { addr.call(Say::Ask, PATIENCE).await }
    });
    until(|| depth(&tree) == 103, || format!("depth {}", depth(&tree))).await;
    go.notify_one();
    assert_eq!(question.await.unwrap(), Err(CallError::Gone), "it was never heard, so asking again is safe");
    await_gone(&tree).await;
    assert!(addr.cast(Say::Work).unwrap_err().is_gone());
}

#[tokio::test]
async fn a_drain_handles_five_hundred_queued_and_refuses_a_late_cast() {
    let (stage, tree, addr) = boot("{ capacity = 1000 }").await;
    let go = occupy(&addr, &tree).await;
    let answers: Vec<_> = (0..500)
        .map(|_| {
            let addr = addr.clone();
            tokio::spawn(async move { addr.call(Say::Ask, PATIENCE).await })
        })
        .collect();
    until(|| depth(&tree) == 501, || format!("depth {}", depth(&tree))).await;
    let tree = Arc::new(tree);
    let stop = tokio::spawn({
        let tree = Arc::clone(&tree);
        async move { tree.stop(PATIENCE).await }
    });
    until(|| addr.is_ending(), || "the drain".into()).await;
    assert!(addr.cast(Say::Work).unwrap_err().is_gone());
    go.notify_one();
    for answer in answers {
        assert_eq!(answer.await.unwrap(), Ok(42));
    }
    assert!(stop.await.unwrap());
    assert_eq!(stage.trace.lines(), ["end a shutdown"]);
}

#[tokio::test]
async fn a_full_mailbox_refuses_and_the_message_comes_back() {
    let (_stage, tree, addr) = boot("{ capacity = 3, on_full = \"refuse\" }").await;
    let go = occupy(&addr, &tree).await;
    addr.cast(Say::Work).unwrap();
    addr.cast(Say::Work).unwrap();
    assert!(matches!(addr.cast(Say::Work), Err(SendError::Full(Say::Work))));
    assert!(matches!(addr.cast_wait(Say::Work, PATIENCE).await, Err(SendError::Full(Say::Work))));
    assert_eq!(addr.call(Say::Ask, PATIENCE).await, Err(CallError::Full));
    assert_eq!(a(&tree).messages.unwrap().dropped, 3);
    go.notify_one();
    until(|| depth(&tree) == 0, || "the queue to run empty".into()).await;
    assert_eq!(addr.call(Say::Ask, PATIENCE).await, Ok(42));
    assert_eq!(a(&tree).mailbox.unwrap().high_water, 3);
    until(|| a(&tree).messages.unwrap().handled == 4, || "the count".into()).await;
}

#[tokio::test]
async fn a_sender_that_waits_gets_the_next_place_or_its_message_back_in_time() {
    let (_stage, tree, addr) = boot("{ capacity = 1, on_full = \"wait\" }").await;
    let go = occupy(&addr, &tree).await;
    assert!(matches!(addr.cast(Say::Work), Err(SendError::Full(_))), "cast itself never waits");
    assert!(matches!(addr.cast_wait(Say::Work, SOON).await, Err(SendError::Full(_))));
    assert_eq!(addr.call(Say::Ask, SOON).await, Err(CallError::Full));
    let waiting = tokio::spawn({
        let addr = addr.clone();
        async move { addr.call(Say::Ask, PATIENCE).await }
    });
    go.notify_one();
    assert_eq!(waiting.await.unwrap(), Ok(42));
}

#[tokio::test]
async fn who_waits_for_a_place_learns_that_the_actor_is_gone() {
    let (_stage, tree, addr) = boot("{ capacity = 1, on_full = \"wait\" }").await;
    let _go = occupy(&addr, &tree).await;
    let waiting = tokio::spawn({
        let addr = addr.clone();
        async move { addr.cast_wait(Say::Work, PATIENCE).await }
    });
    addr.cell().kill();
    assert!(waiting.await.unwrap().unwrap_err().is_gone());
}

#[tokio::test]
async fn a_ring_sheds_the_oldest_and_never_holds_more_than_its_bound() {
    let (_stage, tree, addr) = boot("{ capacity = 3, on_full = \"shed_oldest\" }").await;
    let go = occupy(&addr, &tree).await;
    let ask = || {
        let addr = addr.clone();
        tokio::spawn(async move { addr.call(Say::Ask, PATIENCE).await })
    };
    let oldest = ask();
    until(|| depth(&tree) == 2, || "the first question".into()).await;
    let second = ask();
    until(|| depth(&tree) == 3, || "the second question".into()).await;
    let newest = ask();
    assert_eq!(oldest.await.unwrap(), Err(CallError::Full), "it was shed, and its caller is told");
    assert_eq!(depth(&tree), 3);
    go.notify_one();
    assert_eq!((second.await.unwrap(), newest.await.unwrap()), (Ok(42), Ok(42)));
    assert_eq!(a(&tree).messages.unwrap().dropped, 1);
}

#[tokio::test]
async fn a_kill_in_an_await_gives_all_places_back() {
    let (_stage, tree, addr) = boot("{ capacity = 100 }").await;
    addr.cast(Say::Hang).unwrap();
    let heard = tokio::spawn({
        let addr = addr.clone();
        async move { addr.call(Say::Ask, PATIENCE).await }
    });
    for _ in 0..50 {
        addr.cast(Say::Work).unwrap();
    }
    until(|| depth(&tree) == 52, || format!("depth {}", depth(&tree))).await;
    addr.cell().kill();
    assert_eq!(heard.await.unwrap(), Err(CallError::Gone));
    await_gone(&tree).await;
    assert!(addr.cast(Say::Work).unwrap_err().is_gone());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_never_leak_under_many_senders_and_repeated_crashes() {
    for on_full in ["wait", "refuse", "shed_oldest"] {
        let stage = Stage::of(&["a"]);
        let extra = format!("mailbox = {{ capacity = 8, on_full = \"{on_full}\" }}");
        let tree = stage.boot("one_for_one", 1000, &["a"], &extra).await;
        let senders: Vec<_> = (0..8)
            .map(|sender| {
                let name = stage.names[0].clone();
                tokio::spawn(async move {
                    for turn in 0..200 {
                        let say = if (turn + sender) % 50 == 0 { crash() } else { Say::Work };
                        let _ = name.cast_wait(say, SOON).await;
                        let _ = name.call(Say::Ask, SOON).await;
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.await.unwrap();
        }
        let idle = || a(&tree).mailbox.is_some_and(|mailbox| mailbox.depth == 0);
        until(idle, || format!("{on_full}: {:?}", a(&tree).mailbox)).await;
        assert!(tree.stop(PATIENCE).await);
    }
}

#[tokio::test]
async fn a_call_says_whether_it_was_heard() {
    let (_stage, tree, addr) = boot("{ capacity = 10 }").await;
    assert_eq!(addr.call(Say::Forget, PATIENCE).await, Err(CallError::Dropped));
    let _go = occupy(&addr, &tree).await;
    assert_eq!(addr.call(Say::Ask, SOON).await, Err(CallError::Timeout));
    addr.cell().kill();
    until(|| addr.is_ending(), || "the kill".into()).await;
    assert_eq!(addr.call(Say::Ask, PATIENCE).await, Err(CallError::Gone));
}

#[tokio::test]
async fn an_actor_that_is_done_handles_what_is_queued_before_it_goes() {
    let (stage, tree, addr) = boot("{ capacity = 10 }").await;
    let go = occupy(&addr, &tree).await;
    addr.cast(Say::End(ExitReason::Normal)).unwrap();
    let queued = tokio::spawn({
        let addr = addr.clone();
        async move { addr.call(Say::Ask, PATIENCE).await }
    });
    until(|| depth(&tree) == 3, || "the queue".into()).await;
    go.notify_one();
    assert_eq!(queued.await.unwrap(), Ok(42));
    assert_eq!(stage.trace.await_lines(1).await, ["end a normal"]);
}
