//! One configured peer: what waits for it, how far it was heard, and what is shown of it.

use crate::cluster::TreeError;
use crate::election::Candidate;
use crate::greeting::{Boot, Heard};
use crate::identity::NodeId;
use crate::outbox::{Encoded, Inbox, Outbox, Run};
use crate::stream::PeerStream;
use hecate_proto::cluster::NodeView;
use hecate_proto::time::rfc3339;
use serde_json::value::RawValue;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot, watch};

/// Links that wait to be served, and questions that wait to be asked.
const ARRIVALS_MAX: usize = 8;
const ASKS_MAX: usize = 16;

/// A stream whose greeting is done: both ends want it.
pub(crate) struct Greeted {
    pub(crate) stream: PeerStream,
    pub(crate) candidate: Candidate,
    /// How far the peer has heard us.
    pub(crate) heard: Heard,
    pub(crate) program: String,
}

/// Where the answer to "show me your tree" goes.
pub(crate) type TreeReply = oneshot::Sender<Result<Box<RawValue>, TreeError>>;

/// What one life of the cluster's actor hears about a peer.
pub(crate) struct Inlets {
    pub(crate) arrivals: mpsc::Receiver<Greeted>,
    pub(crate) asks: mpsc::Receiver<TreeReply>,
}

struct Outlets {
    arrivals: mpsc::Sender<Greeted>,
    asks: mpsc::Sender<TreeReply>,
}

/// A peer. Outlives the cluster's actor, so that a restart of it doubles no fact.
pub(crate) struct PeerNode {
    pub(crate) node_id: NodeId,
    pub(crate) address: String,
    outbox: Mutex<Outbox>,
    inbox: Mutex<Inbox>,
    /// Something waits in the outbox.
    queued: Notify,
    /// The link that is served.
    held: watch::Sender<Option<Candidate>>,
    outlets: Mutex<Option<Outlets>>,
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    state: State,
    since_us: i64,
    reason: Option<String>,
    latency_us: Option<u64>,
    version: Option<String>,
    links: u64,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum State {
    Linked,
    #[default]
    Away,
    Refused,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Linked => "linked",
            State::Away => "away",
            State::Refused => "refused",
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PeerNode {
    pub(crate) fn new(node_id: NodeId, address: String, now_us: i64) -> PeerNode {
        PeerNode {
            node_id,
            address,
            outbox: Mutex::default(),
            inbox: Mutex::default(),
            queued: Notify::new(),
            held: watch::Sender::new(None),
            outlets: Mutex::default(),
            shown: Mutex::new(Shown { since_us: now_us, ..Shown::default() }),
        }
    }

    /// A new life of the cluster's actor: nothing is linked yet.
    pub(crate) fn begin(&self, now_us: i64) -> Inlets {
        self.hold(None);
        if lock(&self.shown).state == State::Linked {
            self.show(State::Away, Some("the cluster view began anew".into()), now_us);
        }
        let (arrivals, hear_arrivals) = mpsc::channel(ARRIVALS_MAX);
        let (asks, hear_asks) = mpsc::channel(ASKS_MAX);
        *lock(&self.outlets) = Some(Outlets { arrivals, asks });
        Inlets { arrivals: hear_arrivals, asks: hear_asks }
    }

    /// Queues a fact for it.
    pub(crate) fn push(&self, fact: Encoded) {
        let mut outbox = lock(&self.outbox);
        let went = outbox.push(fact);
        let dropped = outbox.dropped();
        drop(outbox);
        self.queued.notify_one();
        // Not every one of a flood.
        if went > 0 && dropped.is_power_of_two() {
            tracing::warn!(peer = %self.node_id, dropped, "facts for a peer found no place and were dropped");
        }
    }

    /// What may be sent to it now.
    pub(crate) fn take(&self) -> Option<Run> {
        lock(&self.outbox).take()
    }

    /// Resolves when something was queued since the last time.
    pub(crate) async fn queued(&self) {
        self.queued.notified().await;
    }

    pub(crate) fn taken_before(&self, next: u64) {
        lock(&self.outbox).taken_before(next);
    }

    /// Both directions go on where the same boots left off.
    pub(crate) fn resume(&self, peer: Boot, ours: Boot, heard: Heard) {
        lock(&self.inbox).resume(peer);
        let next = (heard.boot == ours).then_some(heard.next);
        let lost = lock(&self.outbox).resume(peer, next);
        if lost > 0 {
            tracing::warn!(peer = %self.node_id, lost, "facts were under way to a peer that began anew");
        }
    }

    /// How far it was heard.
    pub(crate) fn heard(&self) -> Heard {
        lock(&self.inbox).heard()
    }

    /// Takes facts of it; answers how many of them were told before.
    pub(crate) fn heard_run(&self, number: u64, facts: usize) -> usize {
        let mut inbox = lock(&self.inbox);
        let missed = inbox.missed();
        let known = inbox.take(number, facts);
        let missing = inbox.missed() - missed;
        if missing > 0 {
            tracing::warn!(peer = %self.node_id, missing, "a peer dropped facts for this node");
        }
        known
    }

    pub(crate) fn hold(&self, link: Option<Candidate>) {
        self.held.send_replace(link);
    }

    pub(crate) fn held(&self) -> Option<Candidate> {
        *self.held.borrow()
    }

    /// Resolves while no link is served; answers whether one was when this was asked.
    pub(crate) async fn unheld(&self) -> bool {
        let mut held = self.held.subscribe();
        let was_held = held.borrow_and_update().is_some();
        // The sender lives as long as `self`.
        let _ = held.wait_for(Option::is_none).await;
        was_held
    }

    /// Waits before the next call, unless the peer calls meanwhile.
    pub(crate) async fn wait_before_call(&self, pause: Duration) {
        let mut held = self.held.subscribe();
        let _ = tokio::time::timeout(pause, held.wait_for(Option::is_some)).await;
    }

    /// Hands over a link that both ends want. Dropped where nobody serves links, which closes it.
    pub(crate) async fn arrive(&self, greeted: Greeted) {
        let arrivals = lock(&self.outlets).as_ref().map(|outlets| outlets.arrivals.clone());
        if let Some(arrivals) = arrivals {
            drop(arrivals.send(greeted).await);
        }
    }

    /// Asks whoever serves its link for its tree. False where too many ask already.
    pub(crate) fn ask_tree(&self, reply: TreeReply) -> bool {
        lock(&self.outlets).as_ref().is_some_and(|outlets| outlets.asks.try_send(reply).is_ok())
    }

    pub(crate) fn show(&self, state: State, reason: Option<String>, now_us: i64) {
        let mut shown = lock(&self.shown);
        if shown.state != state {
            (shown.state, shown.since_us) = (state, now_us);
        }
        (shown.reason, shown.latency_us) = (reason, None);
        if state != State::Linked {
            shown.version = None;
        }
    }

    pub(crate) fn show_linked(&self, program: &str, now_us: i64) {
        self.show(State::Linked, None, now_us);
        let mut shown = lock(&self.shown);
        (shown.version, shown.since_us) = (Some(program.to_owned()), now_us);
        shown.links += 1;
    }

    /// Shows why there is no link; answers whether that is news.
    pub(crate) fn show_refused(&self, reason: String, now_us: i64) -> bool {
        if self.held().is_some() {
            return false;
        }
        let is_news = lock(&self.shown).reason.as_ref() != Some(&reason);
        self.show(State::Refused, Some(reason), now_us);
        is_news
    }

    pub(crate) fn show_latency(&self, latency_us: u64) {
        lock(&self.shown).latency_us = Some(latency_us);
    }

    pub(crate) fn view(&self) -> NodeView {
        let (dropped, inbox) = (lock(&self.outbox).dropped(), *lock(&self.inbox));
        let shown = lock(&self.shown);
        NodeView {
            node_id: self.node_id.to_string(),
            address: self.address.clone(),
            state: shown.state.word().to_owned(),
            since: rfc3339(shown.since_us),
            reason: shown.reason.clone(),
            latency_us: shown.latency_us,
            version: shown.version.clone(),
            dropped,
            heard: inbox.taken(),
            missed: inbox.missed(),
            links: shown.links,
        }
    }
}
