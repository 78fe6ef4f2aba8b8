//! A telling: one fact for all, nobody waited for, nobody told who has ended, and all of it shown.

use super::hall::{Hall, PATIENCE, SOLD, Word, facts, next, until};
use hecate_facts::{ALL, Fact, Groups};
use hecate_supervision::{Actor, Child, ExitReason, Flags, Me, Name, Tree};
use std::sync::Arc;

/// The default bound of a mailbox.
const MAILBOX_MESSAGES: u64 = 1_024;

#[tokio::test]
async fn one_fact_is_shared_by_all_members() {
    let hall = Hall::open().await;
    let (mut guests, told) = (hall.guests(100).await, facts(SOLD, 1).await.remove(0));
    guests.iter().for_each(|(me, _)| hall.groups.join(me, SOLD, Word::Told));
    guests[..50].iter().for_each(|(me, _)| hall.groups.join(me, ALL, Word::Told));
    hall.groups.tell(&told);
    assert_eq!(Arc::strong_count(&told), 1 + 100 + 50, "one for each that was told, and no other");
    for (_, heard) in &mut guests {
        assert!(Arc::ptr_eq(&next(heard).await, &told));
    }
    assert_eq!((hall.shown(SOLD).deliveries, hall.shown(ALL).deliveries), (100, 50));
    drop(guests);
    hall.close().await;
    assert_eq!(Arc::strong_count(&told), 1, "none is kept");
}

/// Neither mailboxes nor groups allocate for a message, once there is room in the inboxes.
#[tokio::test]
async fn a_telling_allocates_nothing() {
    let hall = Hall::open().await;
    let (guests, told) = (hall.guests(100).await, facts(SOLD, 1).await.remove(0));
    let cast = |(me, _): &(Me<Word>, _)| me.addr().cast(Word::Told(Arc::clone(&told))).unwrap();
    // The inboxes and the runtime's own queue have to have grown.
    guests.iter().for_each(cast);
    let casts = allocation_counter::measure(|| guests.iter().for_each(cast));
    guests.iter().for_each(|(me, _)| hall.groups.join(me, SOLD, Word::Told));
    let telling = allocation_counter::measure(|| hall.groups.tell(&told));
    assert_eq!(hall.shown(SOLD).deliveries, 100);
    assert_eq!((casts.count_total, telling.count_total), (0, 0));
    hall.close().await;
}

#[tokio::test]
async fn a_full_member_misses_what_others_hear_and_the_group_counts_it() {
    let hall = Hall::open().await;
    let ((stuck, _), (me, mut heard)) = (hall.member(SOLD).await, hall.member(SOLD).await);
    hall.groups.join(&me, ALL, Word::Told);
    stuck.addr().cast(Word::Hang).unwrap();
    let told = facts(SOLD, 2 * MAILBOX_MESSAGES as usize).await;
    for fact in &told {
        hall.groups.tell(fact);
        // Once for each of its two groups.
        assert_eq!(next(&mut heard).await.position, fact.position);
        assert_eq!(next(&mut heard).await.position, fact.position);
    }
    let missed = told.len() as u64 - (MAILBOX_MESSAGES - 1);
    assert_eq!((hall.groups.missed(), hall.shown(SOLD).missed, hall.shown(ALL).missed), (missed, missed, 0));
    assert_eq!(hall.shown(SOLD).deliveries, 2 * told.len() as u64 - missed);
    stuck.addr().cell().kill();
    hall.until_members(SOLD, [&me]).await;
    hall.close().await;
}

#[tokio::test]
async fn who_has_ended_or_left_is_never_told_again() {
    let hall = Hall::open().await;
    let ((killed, mut hears_killed), (left, mut hears_left)) =
        (hall.member(SOLD).await, hall.member(SOLD).await);
    let (me, mut heard) = hall.member(SOLD).await;
    killed.addr().cell().kill();
    until(|| killed.addr().is_ending(), "its end").await;
    hall.groups.leave(&left, SOLD);
    hall.groups.tell(&facts(SOLD, 1).await[0]);
    next(&mut heard).await;
    assert!(hears_killed.try_recv().is_err() && hears_left.try_recv().is_err());
    assert_eq!((hall.shown(SOLD).deliveries, hall.groups.missed()), (1, 0));
    hall.until_members(SOLD, [&me]).await;
    hall.close().await;
}

/// Tells and hears: it joins anew with every start.
struct Shop;

impl Actor for Shop {
    type Msg = Word;
    type Args = Groups;

    async fn init(groups: Groups, me: &Me<Word>) -> Result<Self, ExitReason> {
        groups.publish(me, &[SOLD]);
        groups.join(me, SOLD, Word::Told);
        Ok(Shop)
    }

    async fn handle(&mut self, word: Word, _: &Me<Word>) -> Result<(), ExitReason> {
        match word {
            Word::End => Err(ExitReason::error("bankrupt")),
            Word::Told(_) | Word::Hang => Ok(()),
        }
    }
}

/// Hears what the shop says.
async fn a_shop(groups: &Groups) -> (Tree, Name<Word>) {
    let (name, groups) = (Name::new(), groups.clone());
    let shop = Child::worker::<Shop>("shop", Some(name.clone()), move || groups.clone());
    let flags = Flags { intensity: 100, ..Flags::default() };
    (Tree::grow("street", flags, vec![shop]).await.unwrap(), name)
}

#[tokio::test]
async fn members_and_publishers_are_shown_where_they_sit_and_only_those_of_now() {
    let groups = Groups::new("broadcast of a shop");
    let (tree, name) = a_shop(&groups).await;
    let told: Vec<Fact> = facts(SOLD, 20).await;
    for fact in &told {
        groups.tell(fact);
        let addr = name.whereis().unwrap();
        addr.cast(Word::End).unwrap();
        until(|| name.whereis().is_some_and(|now| now != addr), "its successor").await;
        let [all, sold] = groups.show(&tree.snapshot()).try_into().unwrap();
        let now = [("/street/shop", name.whereis().unwrap().actor_id().to_string())];
        for present in [&sold.members, &sold.publishers, &all.publishers] {
            let shown: Vec<_> = present
                .iter()
                .map(|actor| (actor.path.as_deref().unwrap(), actor.actor_id.clone()))
                .collect();
            assert_eq!(shown, now);
        }
        assert_eq!((all.group.as_str(), all.members.len()), (ALL, 0));
    }
    tree.stop(PATIENCE).await;
    assert_eq!(groups.show(&tree.snapshot()), []);
}

#[tokio::test]
async fn a_group_keeps_its_counts_as_long_as_somebody_publishes() {
    let hall = Hall::open().await;
    let (publisher, _) = hall.guest().await;
    hall.groups.publish(&publisher, &[SOLD]);
    for turn in 1..=3 {
        let (me, mut heard) = hall.member(SOLD).await;
        hall.groups.tell(&facts(SOLD, 1).await[0]);
        next(&mut heard).await;
        me.addr().cast(Word::End).unwrap();
        hall.until_members(SOLD, []).await;
        assert_eq!(hall.shown(SOLD).deliveries, turn);
    }
    hall.groups.join(&publisher, SOLD, Word::Told);
    assert!(hall.groups.leave(&publisher, SOLD));
    assert_eq!(hall.shown(SOLD).publishers.len(), 1, "who leaves a group may still tell it");
    publisher.addr().cast(Word::End).unwrap();
    hall.until_empty().await;
    hall.close().await;
}
