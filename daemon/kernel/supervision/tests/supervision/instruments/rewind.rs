//! The tree as it was.

use crate::common::{Probe, Say, Stage, crash, find, until};
use hecate_supervision::{Child, RewindError, Tree};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// A moment after all that was and before all that will be.
async fn now() -> Timestamp {
    let breath = std::time::Duration::from_millis(2);
    tokio::time::sleep(breath).await;
    let now = Timestamp::now();
    tokio::time::sleep(breath).await;
    now
}

#[tokio::test]
async fn a_tree_of_the_past_shows_who_ran_then_and_what_the_window_held() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 3, &["a"], "").await;
    let before = now().await;
    stage.names[0].cast(crash()).unwrap();
    until(|| find(&tree.snapshot(), "/r/a").generation == 2, || "the replacement".into()).await;
    until(|| find(&tree.snapshot(), "/r/a").status == "running", || "it to run".into()).await;
    let after = now().await;
    let (past, present) = (tree.at(before).unwrap(), tree.at(after).unwrap());
    let (then, now) = (find(&past, "/r/a"), find(&present, "/r/a"));
    assert_eq!((then.generation, &*then.status, then.restarts.last), (1, "running", None));
    assert_eq!((now.generation, now.restarts.last.unwrap().reason.as_str()), (2, "error: boom"));
    assert_ne!(then.id, now.id);
    assert_eq!((past.intensity.unwrap().used, present.intensity.unwrap().used), (0, 1));
    assert_eq!((then.mailbox, then.messages), (None, None), "counters are not kept");
}

#[tokio::test]
async fn the_present_in_the_history_is_the_present() {
    let stage = Stage::of(&["a", "b"]);
    let tree = stage.boot("one_for_all", 3, &["a", "b"], "").await;
    stage.names[1].cast(Say::Panic).unwrap();
    until(
        || tree.snapshot().children.iter().all(|it| it.generation == 2 && it.status == "running"),
        || "all".into(),
    )
    .await;
    let mut live = tree.snapshot();
    for child in &mut live.children {
        (child.mailbox, child.messages) = (None, None);
    }
    assert_eq!(tree.at(now().await).unwrap(), live);
}

#[tokio::test]
async fn places_that_came_and_went_are_there_while_they_were() {
    let stage = Stage::of(&["a"]);
    let tree: Tree = stage.boot("one_for_one", 3, &["a"], "").await;
    let bare = now().await;
    let (trace, mood) = (Arc::clone(&stage.trace), Arc::default());
    let probe = Probe { id: "d", trace, mood };
    tree.start_child("/r", Child::worker::<Probe>("d", None, move || probe.clone())).await.unwrap();
    let grown = now().await;
    tree.terminate_child("/r", "d").await.unwrap();
    tree.delete_child("/r", "d").await.unwrap();
    let pruned = now().await;
    let children =
        |when| tree.at(when).unwrap().children.into_iter().map(|it| (it.path, it.status)).collect::<Vec<_>>();
    let running = |path: &str| (path.to_owned(), "running".into());
    assert_eq!(children(bare), [running("/r/a")]);
    assert_eq!(children(grown), [running("/r/a"), running("/r/d")]);
    assert_eq!(children(pruned), [running("/r/a")]);
}

#[tokio::test]
async fn before_its_birth_and_after_today_there_is_no_tree() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 3, &["a"], "").await;
    let hour = SignedDuration::from_hours(1);
    assert_eq!(tree.at(Timestamp::now() + hour), Err(RewindError::Future));
    let too_old = tree.at(Timestamp::now() - hour).unwrap_err();
    assert!(matches!(&too_old, RewindError::TooOld { earliest } if earliest.ends_with('Z')), "{too_old}");
}
