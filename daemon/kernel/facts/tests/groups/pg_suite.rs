//! The cases of OTP's own suite of process groups that need no second node, under their names there. One
//! difference is deliberate: a group is a set, so where OTP counts joins, here the first one counts.

use super::hall::{Hall, PATIENCE, SOLD, Word, facts, next, until};
use hecate_facts::ALL;
use std::sync::Arc;

#[tokio::test]
async fn pg() {
    let hall = Hall::open().await;
    let (me, mut heard) = hall.member(SOLD).await;
    hall.assert_members(SOLD, [&me]);
    assert_eq!(hall.which_groups(), [SOLD]);
    let told = facts(SOLD, 1).await.remove(0);
    hall.groups.tell(&told);
    assert!(Arc::ptr_eq(&next(&mut heard).await, &told));
    assert!(hall.groups.leave(&me, SOLD));
    hall.assert_members(SOLD, []);
    assert_eq!(hall.which_groups(), [""; 0]);
    hall.close().await;
}

/// In OTP who joined three times leaves three times; here once.
#[tokio::test]
async fn single() {
    let hall = Hall::open().await;
    let (me, mut heard) = hall.member(SOLD).await;
    hall.groups.join(&me, SOLD, Word::Told);
    hall.groups.join(&me, SOLD, Word::Told);
    hall.assert_members(SOLD, [&me]);
    let told = facts(SOLD, 2).await;
    told.iter().for_each(|fact| hall.groups.tell(fact));
    assert_eq!((next(&mut heard).await.position, next(&mut heard).await.position), (1, 2), "once each");
    assert!(!hall.groups.leave(&me, "missing_v1"));
    assert!(hall.groups.leave(&me, SOLD));
    assert!(!hall.groups.leave(&me, SOLD), "it has left");
    assert_eq!(hall.which_groups(), [""; 0]);

    hall.groups.join(&me, SOLD, Word::Told);
    let (other, _) = hall.member(SOLD).await;
    hall.assert_members(SOLD, [&me, &other]);
    other.addr().cast(Word::End).unwrap();
    hall.until_members(SOLD, [&me]).await;
    assert!(hall.groups.leave(&me, SOLD));
    hall.assert_members(SOLD, []);
    hall.close().await;
}

#[tokio::test]
async fn errors() {
    let hall = Hall::open().await;
    let ((me, _), (ended, _)) = (hall.member(SOLD).await, hall.guest().await);
    ended.addr().cell().kill();
    until(|| ended.addr().is_ending(), "its end").await;
    hall.groups.join(&ended, SOLD, Word::Told);
    hall.groups.publish(&ended, &[SOLD]);
    assert!(!hall.groups.leave(&ended, SOLD), "who has ended joins nothing");
    let (stranger, _) = hall.guest().await;
    assert!(!hall.groups.leave(&stranger, SOLD), "who never joined anything leaves nothing");
    hall.groups.join(&stranger, ALL, Word::Told);
    assert!(!hall.groups.leave(&stranger, SOLD), "nor does who joined another");
    hall.assert_members(SOLD, [&me]);
    facts("unheard_v1", 3).await.iter().for_each(|fact| hall.groups.tell(fact));
    assert_eq!(hall.which_groups(), [ALL, SOLD], "to tell makes no group");
    hall.close().await;
}

/// OTP tries it a hundred times.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leave_exit_race() {
    let hall = Hall::open().await;
    let told = facts(SOLD, 1).await.remove(0);
    for turn in 0..1_000 {
        let (me, _heard) = hall.guest().await;
        match turn % 3 {
            0 => me.addr().cell().kill(),
            1 => me.addr().cast(Word::End).unwrap(),
            _ => tokio::task::yield_now().await,
        }
        hall.groups.join(&me, SOLD, Word::Told);
        hall.groups.publish(&me, &["bought_v1"]);
        hall.groups.tell(&told);
        if turn % 2 == 0 {
            hall.groups.leave(&me, SOLD);
        }
        me.addr().cell().kill();
    }
    hall.until_empty().await;
    hall.close().await;
}

/// There is no way to name an actor of another node. Nor can one that lives here be joined by another: whoever
/// holds the handle to it, it is its owner that joins.
#[tokio::test]
async fn process_owner_check() {
    let hall = Hall::open().await;
    let ((owner, mut heard), (bearer, mut hears_nothing)) = (hall.guest().await, hall.guest().await);
    let (groups, handle) = (hall.groups.clone(), owner.clone());
    bearer.attach(async move {
        groups.join(&handle, SOLD, Word::Told);
        std::future::pending().await
    });
    hall.until_members(SOLD, [&owner]).await;
    hall.groups.tell(&facts(SOLD, 1).await[0]);
    assert_eq!(next(&mut heard).await.position, 1);
    bearer.addr().cell().kill();
    until(|| bearer.addr().is_ending(), "its end").await;
    hall.assert_members(SOLD, [&owner]);
    assert!(hears_nothing.try_recv().is_err());
    hall.close().await;
}

/// OTP asks that a join is not held up for five seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thundering_herd() {
    const GROUPS: usize = 10_000;
    const TELLINGS: usize = 2_000;
    let hall = Hall::open().await;
    let (herd, _heard) = hall.guest().await;
    (0..GROUPS).for_each(|n| hall.groups.join(&herd, &format!("herd_{n}_v1"), Word::Told));
    let (groups, stampede) = (hall.groups.clone(), facts("herd_7_v1", TELLINGS).await);
    let thunder = tokio::spawn(async move { stampede.iter().for_each(|fact| groups.tell(fact)) });
    tokio::time::timeout(PATIENCE, hall.member(SOLD)).await.expect("a join is not held up");
    thunder.await.unwrap();
    assert_eq!(hall.which_groups().len(), GROUPS + 1);
    let shown = hall.shown("herd_7_v1");
    assert_eq!(shown.deliveries + shown.missed, TELLINGS as u64);
    herd.addr().cell().kill();
    until(|| hall.show().len() == 1, "all that its end leaves").await;
    assert_eq!(hall.which_groups(), [SOLD]);
    hall.close().await;
}

/// Here all of them end, instead of the node that they are on.
#[tokio::test]
async fn group_leave() {
    let hall = Hall::open().await;
    let guests: Vec<_> = hall.guests(16).await.into_iter().map(|(me, _)| me).collect();
    guests.iter().for_each(|me| hall.groups.join(me, SOLD, Word::Told));
    hall.assert_members(SOLD, &guests);
    assert!(guests[..4].iter().all(|me| hall.groups.leave(me, SOLD)));
    hall.assert_members(SOLD, &guests[4..]);
    assert!(hall.tree.stop(PATIENCE).await);
    hall.until_members(SOLD, []).await;
    hall.until_empty().await;
}
