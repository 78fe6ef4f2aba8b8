//! The actor that keeps the view: it opens the sockets, calls who is away, answers who calls, and hands the
//! node's own facts to every peer's queue.

use crate::away::{patience, pause};
use crate::cluster::{Open, Shared};
use crate::election::Candidate;
use crate::gateway;
use crate::greeting::{GreetingError, Refusal, greet};
use crate::link::{self, Ended, Line};
use crate::peer::{Greeted, Inlets, PeerNode, State};
use crate::refused_key::RefusedKey;
use crate::stream::PeerStream;
use crate::transport::{self, Dialing, Knock, Listening};
use crate::wire;
use hecate_facts::{ALL, Fact};
use hecate_supervision::{Actor, ExitReason, Me, Message};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

/// The kind in `supervision.toml`.
pub(crate) const KIND: &str = "cluster";
/// A peer whose connection stands opens its stream at once.
const KNOCK_MAX: Duration = Duration::from_secs(2);
/// Greetings at once; who comes then waits in the listener.
const GREETINGS_MAX: usize = 32;
/// How long the sockets are tried again, and the pause between.
const OPEN_MAX: Duration = Duration::from_secs(2);
const OPEN_PAUSE: Duration = Duration::from_millis(20);
/// Streams from elsewhere that wait for their greeting.
const ADOPTED_MAX: usize = 8;

/// What the actor hears.
pub(crate) struct Told(Fact);

impl Message for Told {
    fn variant(&self) -> &'static str {
        "Fact"
    }
}

pub(crate) struct ClusterActor(Arc<Shared>);

impl Actor for ClusterActor {
    type Msg = Told;
    /// None where no view is configured.
    type Args = Option<Arc<Shared>>;

    async fn init(shared: Option<Arc<Shared>>, me: &Me<Told>) -> Result<Self, ExitReason> {
        let shared = shared.ok_or(ExitReason::Ignore)?;
        let (listening, dialing) = open(&shared).await?;
        let listen = listening.local_addr().map_err(ExitReason::error)?;
        let gateway = gateway::open(Arc::clone(&shared.post)).await;
        me.attach(outlive(gateway.map_err(ExitReason::error)?));
        me.works_beside();
        for peer in shared.peers.values() {
            let inlets = peer.begin((shared.now_us)());
            me.attach(serve(Arc::clone(&shared), Arc::clone(peer), inlets));
            me.attach(call(Arc::clone(&shared), Arc::clone(peer), dialing.clone()));
        }
        let (adopted, adoptees) = mpsc::channel(ADOPTED_MAX);
        me.attach(answer(Arc::clone(&shared), listening, adoptees));
        *shared.open() = Some(Open { listen, adopted });
        shared.local.join(me, ALL, Told);
        tracing::info!(%listen, peers = shared.peers.len(), "the cluster view is open");
        Ok(ClusterActor(shared))
    }

    async fn handle(&mut self, Told(fact): Told, _: &Me<Told>) -> Result<(), ExitReason> {
        // Encoded once, whoever hears it.
        let encoded = wire::encode_fact(&fact).map_err(ExitReason::error)?;
        for peer in self.0.peers.values() {
            peer.push(Arc::clone(&encoded));
        }
        Ok(())
    }
}

impl Drop for ClusterActor {
    /// Whatever the end: where nobody keeps the view, nobody is seen.
    fn drop(&mut self) {
        *self.0.open() = None;
        for peer in self.0.peers.values() {
            peer.hold(None);
            peer.show(State::Away, Some("the view is closed".into()), (self.0.now_us)());
        }
    }
}

/// Opens both sockets. That of a predecessor is closed by a task of its own, a little after the actor.
async fn open(shared: &Shared) -> Result<(Listening, Dialing), ExitReason> {
    let since = Instant::now();
    loop {
        match transport::open(&shared.identity, &shared.pins, shared.listen) {
            Ok(opened) => return Ok(opened),
            Err(error) if since.elapsed() >= OPEN_MAX => return Err(ExitReason::error(error)),
            Err(error) => {
                tracing::debug!(%error, "the sockets of the cluster view are tried again");
                tokio::time::sleep(OPEN_PAUSE).await;
            }
        }
    }
}

/// Holds the gateway as long as the view is open; the view ends with it.
async fn outlive(mut gateway: gateway::Open) -> Result<(), ExitReason> {
    gateway.ended().await;
    Err(ExitReason::error("the gateway ended"))
}

/// Serves one link to the peer after the other.
async fn serve(shared: Arc<Shared>, peer: Arc<PeerNode>, inlets: Inlets) -> Result<(), ExitReason> {
    let (mut line, mut next) = (Line::new(inlets), None);
    loop {
        let greeted = match next.take() {
            Some(greeted) => greeted,
            None => tokio::select! {
                Some(greeted) = line.inlets.arrivals.recv() => greeted,
                // Dropped: there is nobody to ask.
                Some(_) = line.inlets.asks.recv() => continue,
                else => return Err(ExitReason::error("nobody can arrive any more")),
            },
        };
        let address = greeted.stream.address.clone();
        peer.hold(Some(greeted.candidate));
        tracing::info!(peer = %peer.node_id, address, "a peer is linked");
        let ended = link::serve(&shared, &peer, greeted, &mut line).await;
        let reason = ended.reason();
        tracing::info!(peer = %peer.node_id, reason, "a link to a peer ended");
        next = match ended {
            Ended::Crossed(greeted) => {
                next = Some(*greeted);
                continue;
            }
            // Whoever asked hears it of the next one.
            Ended::Reborn(greeted) => Some(*greeted),
            Ended::Unready(_) | Ended::Closed | Ended::Silent | Ended::CutOff => {
                peer.hold(None);
                line.questions.give_up();
                None
            }
        };
        peer.show(State::Away, Some(reason), (shared.now_us)());
        line.clear().await;
    }
}

/// Calls the peer again and again while no link to it is served.
async fn call(shared: Arc<Shared>, peer: Arc<PeerNode>, dialing: Dialing) -> Result<(), ExitReason> {
    let (mut away_since, mut refusals) = (Instant::now(), 0_u32);
    loop {
        if peer.unheld().await {
            (away_since, refusals) = (Instant::now(), 0);
        }
        let chance = Uuid::new_v4().as_u64_pair().1;
        peer.wait_before_call(pause(away_since.elapsed(), refusals, chance)).await;
        if peer.held().is_some() {
            continue;
        }
        let patience = patience(away_since.elapsed());
        let refused_key = match timeout(patience, dialing.dial(&peer.node_id, &peer.address)).await {
            Ok(Ok(stream)) => meet(&shared, stream).await,
            Ok(Err(error)) => {
                tracing::debug!(peer = %peer.node_id, %error, "a call failed");
                error.refused_key
            }
            Err(_) => {
                tracing::debug!(peer = %peer.node_id, "a call was not answered");
                None
            }
        };
        refusals = refused_key.map_or(0, |_| refusals.saturating_add(1));
        if let Some(why) = refused_key
            && peer.show_refused(why.to_string(), (shared.now_us)())
        {
            tracing::warn!(peer = %peer.node_id, address = peer.address, %why, "a call was refused");
        }
    }
}

/// Greets whoever calls, many at once.
async fn answer(
    shared: Arc<Shared>,
    mut listening: Listening,
    mut adoptees: mpsc::Receiver<PeerStream>,
) -> Result<(), ExitReason> {
    let mut greetings = JoinSet::new();
    loop {
        let has_place = greetings.len() < GREETINGS_MAX;
        tokio::select! {
            knock = listening.next(), if has_place => match knock {
                Some(knock) => drop(greetings.spawn(let_in(Arc::clone(&shared), knock))),
                None => return Err(ExitReason::error("the cluster's listener ended")),
            },
            Some(stream) = adoptees.recv(), if has_place => {
                let shared = Arc::clone(&shared);
                greetings.spawn(async move {
                    meet(&shared, stream).await;
                });
            }
            Some(_) = greetings.join_next() => {}
        }
    }
}

async fn let_in(shared: Arc<Shared>, knock: Knock) {
    match timeout(KNOCK_MAX, knock.stream()).await {
        Ok(Ok(stream)) => {
            meet(&shared, stream).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "a connection brought no stream"),
        Err(_) => tracing::debug!("a connection brought no stream in time"),
    }
}

/// The greeting; a stream that both want goes to whoever serves the peer. Answers whose key was refused, if one was.
async fn meet(shared: &Shared, mut stream: PeerStream) -> Option<RefusedKey> {
    let peer = shared.peers.get(&stream.peer).cloned();
    let hello = shared.hello(peer.as_deref());
    let ours = shared.identity.node_id();
    let (name, opened) = (stream.peer.clone(), stream.opened);
    let met = greet(&mut stream, &hello, |theirs| {
        let peer = peer.as_ref().ok_or(Refusal::UnknownNode)?;
        let candidate = Candidate::new(ours, &name, opened, theirs.boot);
        let is_wanted = candidate.replaces(peer.held().as_ref());
        if is_wanted { Ok(()) } else { Err(Refusal::DuplicateLink) }
    });
    match (met.await, &peer) {
        (Ok(theirs), Some(peer)) => {
            let candidate = Candidate::new(ours, &name, opened, theirs.boot);
            let (heard, program) = (theirs.heard, theirs.program);
            peer.arrive(Greeted { stream, candidate, heard, program }).await;
            None
        }
        (Err(error), peer) => {
            note_failure(shared, &stream, peer.as_deref(), &error);
            error.refused_key()
        }
        (Ok(_), None) => unreachable!("a stranger was welcomed"),
    }
}

fn note_failure(shared: &Shared, stream: &PeerStream, peer: Option<&PeerNode>, error: &GreetingError) {
    let (node_id, address) = (&stream.peer, &stream.address);
    match (error.refusal(), peer) {
        // Two calls that crossed; the other one is kept.
        (Some(Refusal::DuplicateLink), _) => {
            tracing::debug!(%node_id, %error, "a second link was not needed")
        }
        (Some(refusal), Some(peer)) => {
            if peer.show_refused(refusal.to_string(), (shared.now_us)()) {
                tracing::warn!(target: "audit", %node_id, address, %error, "a link was refused");
            }
        }
        (Some(_), None) => tracing::warn!(target: "audit", %node_id, address, %error, "a link was refused"),
        (None, _) => tracing::debug!(%node_id, address, %error, "a greeting failed"),
    }
}
