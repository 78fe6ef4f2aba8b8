//! One link to one peer, from the session's beginning to its end: beats, facts both ways, questions.

use crate::away::{BEAT, SILENCE_MAX};
use crate::cluster::{Shared, TreeError};
use crate::gateway::{self, Letterbox};
use crate::peer::{Greeted, Inlets, PeerNode};
use crate::questions::Questions;
use crate::session::Session;
use crate::stream::{self, LinkToken};
use crate::wire::{self, Frame, TreeRefusal};
use ractor::ActorCell;
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, timeout_at};

/// Both ends tell each other their actors in this time, or the link is given up.
const READY_MAX: Duration = Duration::from_secs(2);

/// How many sessions stand aside at once; two calls that cross need one.
const REPLACED_MAX: usize = 2;

/// What outlives one link to a peer.
pub(crate) struct Line {
    pub(crate) inlets: Inlets,
    pub(crate) questions: Questions,
    /// Of links that were crossed by another one. They stand until that one does, so that the other end, where it
    /// arrives a little later, does not think us gone in between.
    replaced: Vec<Session>,
    /// When one that was crossed, and all that cross it in turn, must have led to one that is ready.
    ready_by: Option<Instant>,
}

impl Line {
    pub(crate) fn new(inlets: Inlets) -> Line {
        Line { inlets, questions: Questions::default(), replaced: Vec::new(), ready_by: None }
    }

    async fn put_aside(&mut self, session: Session) {
        if self.replaced.len() >= REPLACED_MAX {
            self.replaced.remove(0).close().await;
        }
        self.replaced.push(session);
    }

    /// The peer is away: nothing of its links is left.
    pub(crate) async fn clear(&mut self) {
        self.ready_by = None;
        close_all(&mut self.replaced).await;
    }
}

async fn close_all(sessions: &mut Vec<Session>) {
    for session in sessions.drain(..) {
        session.close().await;
    }
}

/// Why a link ended.
pub(crate) enum Ended {
    /// It could not begin.
    Unready(String),
    /// The stream broke or was closed.
    Closed,
    /// The peer said nothing for too long.
    Silent,
    /// It sent more than it may.
    CutOff,
    /// The same peer's newer link takes its place.
    Crossed(Box<Greeted>),
    /// The peer began anew, and this is its first link.
    Reborn(Box<Greeted>),
}

impl Ended {
    pub(crate) fn reason(&self) -> String {
        match self {
            Ended::Unready(why) => format!("no session: {why}"),
            Ended::Closed => "the stream was closed".to_owned(),
            Ended::Silent => format!("silent for {} ms", SILENCE_MAX.as_millis()),
            Ended::CutOff => "it sent more than may be under way".to_owned(),
            Ended::Crossed(_) => "a newer link took its place".to_owned(),
            Ended::Reborn(_) => "the peer began anew".to_owned(),
        }
    }
}

/// Serves one link until it ends.
pub(crate) async fn serve(shared: &Shared, peer: &PeerNode, greeted: Greeted, line: &mut Line) -> Ended {
    let token = stream::token(&greeted.stream.secret);
    let letterbox = shared.post.letterbox(token);
    let Greeted { stream, candidate, heard, program } = greeted;
    peer.resume(candidate.boot, shared.boot, heard);
    let opened = Session::open(stream, shared.identity.node_id().as_str()).await;
    let mut session = match opened {
        Ok(session) => session,
        Err(error) => return Ended::Unready(error.to_string()),
    };
    let Line { inlets, questions, replaced, ready_by } = line;
    let deadline = *ready_by.get_or_insert_with(|| Instant::now() + READY_MAX);
    let ended = match begin(peer, &mut session, deadline, inlets).await {
        Ok(gateway) => {
            *ready_by = None;
            peer.show_linked(&program, (shared.now_us)());
            let began = Instant::now();
            let link = Link { shared, peer, token, gateway, heard_at: began, began, questions };
            tokio::join!(link.run(letterbox, &mut session, inlets), close_all(replaced)).0
        }
        Err(ended) => ended,
    };
    match ended {
        Ended::Crossed(_) => line.put_aside(session).await,
        _ => session.close().await,
    }
    ended
}

/// Waits for the session, but not for one whose other end serves a link that crossed this one.
async fn begin(
    peer: &PeerNode,
    session: &mut Session,
    deadline: Instant,
    inlets: &mut Inlets,
) -> Result<ActorCell, Ended> {
    let unready = |why: &str| Ended::Unready(why.to_owned());
    loop {
        tokio::select! {
            ready = timeout_at(deadline, session.ready()) => return match ready {
                Ok(true) => session.gateway().ok_or_else(|| unready("the peer has no gateway")),
                Ok(false) => Err(unready("it ended at once")),
                Err(_) => Err(unready(&format!("not ready within {} ms", READY_MAX.as_millis()))),
            },
            Some(greeted) = inlets.arrivals.recv() => replace(peer, greeted)?,
        }
    }
}

/// A link that arrives while another one is served: it takes its place, or it is closed.
fn replace(peer: &PeerNode, greeted: Greeted) -> Result<(), Ended> {
    let held = peer.held();
    if !greeted.candidate.replaces(held.as_ref()) {
        return Ok(());
    }
    let began_anew = held.is_some_and(|held| held.boot != greeted.candidate.boot);
    let ended = if began_anew { Ended::Reborn } else { Ended::Crossed };
    Err(ended(Box::new(greeted)))
}

struct Link<'l> {
    shared: &'l Shared,
    peer: &'l PeerNode,
    token: LinkToken,
    /// The peer's gateway.
    gateway: ActorCell,
    heard_at: Instant,
    began: Instant,
    questions: &'l mut Questions,
}

impl Link<'_> {
    async fn run(mut self, mut letterbox: Letterbox, session: &mut Session, inlets: &mut Inlets) -> Ended {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.questions.pending().for_each(|ask| self.say(&Frame::AskTree { ask }));
        loop {
            tokio::select! {
                frame = letterbox.next() => match frame {
                    Some(frame) => self.hear(frame, session),
                    None => return Ended::CutOff,
                },
                _ = beat.tick() => {
                    if self.heard_at.elapsed() > SILENCE_MAX {
                        return Ended::Silent;
                    }
                    self.say(&Frame::Beat { sent_us: self.now_us() });
                }
                () = self.peer.queued() => {}
                Some(reply) = inlets.asks.recv() => if let Some(ask) = self.questions.put(reply) {
                    self.say(&Frame::AskTree { ask });
                },
                Some(greeted) = inlets.arrivals.recv() => if let Err(replaced) = replace(self.peer, greeted) {
                    return replaced;
                },
                () = session.ended() => return Ended::Closed,
            }
            self.send_queued();
        }
    }

    fn hear(&mut self, frame: Frame, session: &Session) {
        self.heard_at = Instant::now();
        match frame {
            Frame::Beat { sent_us } => self.say(&Frame::Echo { sent_us }),
            Frame::Echo { sent_us } => self.peer.show_latency(self.now_us().saturating_sub(sent_us)),
            Frame::Facts { number, facts } => self.hear_facts(number, &facts),
            Frame::Taken { next } => self.peer.taken_before(next),
            Frame::AskTree { ask } => self.show_tree(ask),
            Frame::Tree { ask, tree, refused } => {
                let refused = TreeError::Refused(refused.unwrap_or(TreeRefusal::Starting));
                self.questions.answer(ask, tree.ok_or(refused));
            }
        }
        // A gateway that was renewed is another actor.
        if let Some(gateway) = session.gateway() {
            self.gateway = gateway;
        }
    }

    /// Tells the peer's facts to the groups of the cluster, each once.
    fn hear_facts(&self, number: u64, facts: &[Box<RawValue>]) {
        let known = self.peer.heard_run(number, facts.len());
        for fact in facts.iter().skip(known) {
            match wire::decode_fact(fact) {
                Ok(fact) => self.shared.facts.tell(&Arc::new(fact)),
                Err(error) => tracing::warn!(peer = %self.peer.node_id, %error, "a fact was not understood"),
            }
        }
        self.say(&Frame::Taken { next: self.peer.heard().next });
    }

    fn send_queued(&self) {
        while let Some(run) = self.peer.take() {
            let facts = run.facts.iter().map(|fact| RawValue::from_string(fact.to_string()));
            match facts.collect() {
                Ok(facts) => self.say(&Frame::Facts { number: run.number, facts }),
                Err(error) => tracing::error!(%error, "a fact that this node encoded is no JSON"),
            }
        }
    }

    fn show_tree(&self, ask: u64) {
        match Frame::tree(ask, (self.shared.tree)().as_ref()) {
            Ok(answer) => self.say(&answer),
            Err(error) => tracing::error!(%error, "this node's tree is no JSON"),
        }
    }

    fn say(&self, frame: &Frame) {
        match frame.encode(&self.token) {
            // A session that is ending drops it; its end is seen by whoever serves the link.
            Ok(parcel) => drop(gateway::send(&self.gateway, parcel)),
            Err(error) => tracing::error!(%error, "a frame is no JSON"),
        }
    }

    /// Since the link began, so that the echo of a beat tells how long it took.
    fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
