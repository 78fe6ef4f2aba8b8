//! The figures of `/metrics`: by kind, never by child.

use super::boot_pool;
use crate::common::{PATIENCE, Probe, Say, Stage, crash, until};
use hecate_proto::debug::ReasonClass;
use hecate_supervision::{ExitReason, KindStats, Pool, Tree};
use std::sync::Arc;

fn kind(tree: &Tree, name: &str) -> KindStats {
    tree.stats().kinds.into_iter().find(|it| it.kind == name).unwrap_or_else(|| panic!("no {name}"))
}

#[tokio::test]
async fn a_pools_children_are_one_kind_and_their_counters_outlive_them() {
    let mut stage = Stage::of(&[]);
    let (tree, pool): (Tree, Pool<Probe>) = boot_pool(&mut stage, "").await;
    for id in 0..100 {
        let probe = Probe { id: "x", trace: Arc::clone(&stage.trace), mood: Arc::default() };
        let child = pool.start_child(id.to_string(), probe).await.unwrap();
        child.call(Say::Ask, PATIENCE).await.unwrap();
        if id % 2 == 0 {
            child.cast(Say::End(ExitReason::Normal)).unwrap();
        }
    }
    until(|| kind(&tree, "p").alive == 50, || "half of them to go".into()).await;
    until(|| kind(&tree, "p").messages_in == 150, || format!("{:?}", kind(&tree, "p"))).await;
    let figures = kind(&tree, "p");
    assert_eq!(figures.handle.count, figures.queue.count);
    assert!((1..=150).contains(&figures.handle.count), "{}", figures.handle.count);
    assert_eq!((figures.dropped.full, figures.restarts), (0, vec![]), "a new child is no restart");
    let names: Vec<_> = tree.stats().kinds.into_iter().map(|it| (it.kind, it.alive)).collect();
    assert_eq!(names, [("p".into(), 50), ("pool".into(), 1), ("supervisor".into(), 1)]);
    assert!(tree.stop(PATIENCE).await);
    assert_eq!((kind(&tree, "p").alive, kind(&tree, "p").messages_in), (0, 150));
}

#[tokio::test]
async fn restarts_are_counted_by_why_and_losses_by_how() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 9, &["a"], "mailbox = { capacity = 2 }").await;
    tree.suspend("/r/a", PATIENCE).unwrap();
    for _ in 0..5 {
        let _ = stage.names[0].cast(Say::Work);
    }
    assert_eq!((kind(&tree, "a").dropped.full, kind(&tree, "a").mailbox_depth_max), (3, 2));
    tree.kill("/r/a").unwrap();
    let running = |generation: u64| {
        tree.snapshot().children[0].generation == generation
            && tree.snapshot().children[0].status == "running"
    };
    until(|| running(2), || "the second".into()).await;
    assert_eq!(kind(&tree, "a").dropped.undelivered, 2);
    stage.names[0].cast(crash()).unwrap();
    until(|| running(3), || "the third".into()).await;
    stage.names[0].cast(Say::Panic).unwrap();
    until(|| running(4), || "the fourth".into()).await;
    let by_reason = [(ReasonClass::Killed, 1), (ReasonClass::Error, 1), (ReasonClass::Panic, 1)];
    assert_eq!(kind(&tree, "a").restarts, by_reason);
    let root = tree.stats().supervisors.remove(0);
    assert_eq!((root.path.as_str(), root.restarts_used, root.restarts_max), ("/r", 3, 9));
}
