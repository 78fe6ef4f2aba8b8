//! A hall where guests come and go: actors that hand themselves out and pass on what they hear.

use hecate_event_store::{Append, EventStore, Expected, Filter, MemoryStore, RecordedEvent, kit::event};
use hecate_facts::{Fact, GroupShown, Groups};
use hecate_supervision::{Actor, Child, ExitReason, Flags, Me, Message, Pool, PoolFlags, Tree};
use ractor::{ActorId, pg};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The group that most of these tests are about.
pub(crate) const SOLD: &str = "sold_v1";

pub(crate) enum Word {
    Told(Fact),
    /// Stays in its handler until it is killed.
    Hang,
    End,
}

impl Message for Word {
    fn variant(&self) -> &'static str {
        match self {
            Word::Told(_) => "told",
            Word::Hang => "hang",
            Word::End => "end",
        }
    }
}

/// What a guest heard.
pub(crate) type Heard = mpsc::UnboundedReceiver<Fact>;

pub(crate) struct Guest(mpsc::UnboundedSender<Fact>);

pub(crate) struct Invited {
    me: oneshot::Sender<Me<Word>>,
    heard: mpsc::UnboundedSender<Fact>,
}

impl Actor for Guest {
    type Msg = Word;
    type Args = Invited;

    async fn init(invited: Invited, me: &Me<Word>) -> Result<Self, ExitReason> {
        let _ = invited.me.send(me.clone());
        Ok(Guest(invited.heard))
    }

    async fn handle(&mut self, word: Word, _: &Me<Word>) -> Result<(), ExitReason> {
        match word {
            Word::Told(fact) => drop(self.0.send(fact)),
            Word::Hang => std::future::pending().await,
            Word::End => return Err(ExitReason::Shutdown),
        }
        Ok(())
    }
}

pub(crate) struct Hall {
    pub(crate) groups: Groups,
    pub(crate) tree: Tree,
    scope: String,
    pool: Pool<Guest>,
    guests: AtomicU64,
}

impl Hall {
    pub(crate) async fn open() -> Hall {
        let (node_id, pool) = (Uuid::now_v7().to_string(), Pool::new());
        let flags = PoolFlags { children_max: 100_000, ..PoolFlags::default() };
        let tree = Tree::grow("hall", Flags::default(), vec![Child::pool("guests", &pool, flags)]);
        Hall {
            tree: tree.await.unwrap(),
            groups: Groups::new(&node_id),
            scope: format!("facts@{node_id}"),
            pool,
            guests: AtomicU64::new(0),
        }
    }

    /// A new guest, who is in no group yet, and what it hears.
    pub(crate) async fn guest(&self) -> (Me<Word>, Heard) {
        let ((me, is_in), (heard, hears)) = (oneshot::channel(), mpsc::unbounded_channel());
        let id = self.guests.fetch_add(1, Relaxed).to_string();
        self.pool.start_child(id, Invited { me, heard }).await.unwrap();
        (is_in.await.unwrap(), hears)
    }

    pub(crate) async fn guests(&self, count: usize) -> Vec<(Me<Word>, Heard)> {
        let mut guests = Vec::with_capacity(count);
        for _ in 0..count {
            guests.push(self.guest().await);
        }
        guests
    }

    /// A guest that is in a group already.
    pub(crate) async fn member(&self, group: &str) -> (Me<Word>, Heard) {
        let (me, heard) = self.guest().await;
        self.groups.join(&me, group, Word::Told);
        (me, heard)
    }

    pub(crate) fn show(&self) -> Vec<GroupShown> {
        self.groups.show(&self.tree.snapshot())
    }

    pub(crate) fn shown(&self, group: &str) -> GroupShown {
        self.show().into_iter().find(|shown| shown.group == group).unwrap_or_else(|| panic!("no {group}"))
    }

    /// Who is in a group, by our account and by ractor's, each sorted.
    fn accounts(&self, group: &str) -> [Vec<String>; 2] {
        let ours = self.show().into_iter().find(|shown| shown.group == group);
        let ours = ours.map(|shown| shown.members).unwrap_or_default();
        let ractors = pg::get_scoped_members(&self.scope, &group.to_owned());
        let mut accounts = [
            ours.into_iter().map(|member| member.actor_id).collect::<Vec<_>>(),
            ractors.into_iter().map(|cell| cell.get_id().to_string()).collect(),
        ];
        accounts.iter_mut().for_each(|account| account.sort_unstable());
        accounts
    }

    /// Both accounts agree at once: whoever is spoken of lives.
    #[track_caller]
    pub(crate) fn assert_members<'m>(&self, group: &str, members: impl IntoIterator<Item = &'m Me<Word>>) {
        let ids = ids(members.into_iter().map(Me::actor_id));
        assert_eq!(self.accounts(group), [ids.clone(), ids]);
    }

    /// Both accounts come to agree, once whoever was ended is gone.
    pub(crate) async fn until_members<'m>(
        &self,
        group: &str,
        members: impl IntoIterator<Item = &'m Me<Word>>,
    ) {
        let ids = ids(members.into_iter().map(Me::actor_id));
        until(|| self.accounts(group) == [ids.clone(), ids.clone()], &format!("{group} of {ids:?}")).await;
    }

    /// Nobody is in any group, and none is remembered.
    pub(crate) async fn until_empty(&self) {
        let ractors = || pg::which_scoped_groups(&self.scope);
        until(|| self.show().is_empty() && ractors().is_empty(), "no group at all").await;
    }

    pub(crate) fn which_groups(&self) -> Vec<String> {
        let mut ractors = pg::which_scoped_groups(&self.scope);
        ractors.sort_unstable();
        assert_eq!(self.show().into_iter().map(|shown| shown.group).collect::<Vec<_>>(), ractors);
        ractors
    }

    pub(crate) async fn close(self) {
        assert!(self.tree.stop(PATIENCE).await);
        self.until_empty().await;
    }
}

fn ids(actors: impl Iterator<Item = ActorId>) -> Vec<String> {
    let mut ids: Vec<_> = actors.map(|id| id.to_string()).collect();
    ids.sort_unstable();
    ids
}

/// Waits for a condition, looking again and again.
pub(crate) async fn until(condition: impl Fn() -> bool, what: &str) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !condition() {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The next fact that a guest hears.
pub(crate) async fn next(heard: &mut Heard) -> Fact {
    tokio::time::timeout(PATIENCE, heard.recv()).await.expect("a fact comes").expect("the guest lives")
}

/// Facts of one type from a log of their own, at positions from 1.
pub(crate) async fn facts(event_type: &str, count: usize) -> Vec<Fact> {
    let store = MemoryStore::new();
    let events = vec![event(event_type, &serde_json::json!({}))];
    let append = Append { stream_id: "s".into(), expected: Expected::Any, events, receipt: None };
    store.append(append).await.unwrap();
    let first = store.read_all(0, &Filter::all(), 1).await.unwrap().events.remove(0);
    // The log holds none of these: whoever holds a fact, holds it because it was told.
    let nth = |position| Arc::new(RecordedEvent { position, ..(*first).clone() });
    (1..=count as u64).map(nth).collect()
}
