//! One link as ractor_cluster sees it: its node session on our stream, and a stand-in for its node server.
//!
//! ractor_cluster's own `NodeServer` listens on TCP and has one cookie for all of its links. A session needs
//! only somebody who answers its questions about other sessions, so this crate answers them: there is no
//! listener at all, and each link has a cookie of its own, drawn from its TLS session.

use crate::stream::{PeerStream, cookie};
use crate::wire::PARCEL_BYTES_MAX;
use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent, pg};
use ractor_cluster::node::{NodeConnectionMode, SessionCheckReply};
use ractor_cluster::{NetworkStream, NodeServerMessage, NodeSession, NodeSessionMessage};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::watch;

/// Where the gateways of all nodes meet.
pub(crate) const SCOPE: &str = "hecate.cluster";
/// The group of the gateways.
pub(crate) const GATEWAYS: &str = "gateways";

/// A session that does not end when asked is killed.
const CLOSING_MAX: Duration = Duration::from_millis(500);
/// Links are numbered across the process, since ractor finds remote actors by that number.
static LINKS: AtomicU64 = AtomicU64::new(1);

/// A running session. Ends by [`Session::close`], or at once when it is dropped.
pub(crate) struct Session {
    link: u64,
    switchboard: ActorRef<NodeServerMessage>,
    /// True once both ends have told each other their actors; closed when the session ends.
    ready: watch::Receiver<bool>,
}

impl Session {
    /// Begins a session over the stream, between two that know each other by these names.
    pub(crate) async fn open(stream: PeerStream, ours: &str) -> Result<Session, SpawnErr> {
        let (tell_ready, ready) = watch::channel(false);
        let link = LINKS.fetch_add(1, Relaxed);
        let opening = Opening { link, ours: ours.to_owned(), stream, tell_ready };
        let (switchboard, _) = Actor::spawn(None, Switchboard, opening).await?;
        Ok(Session { link, switchboard, ready })
    }

    /// Waits until the peer's gateway is known here. False where the session ended instead.
    pub(crate) async fn ready(&mut self) -> bool {
        self.ready.wait_for(|ready| *ready).await.is_ok()
    }

    /// Resolves when the session has ended.
    pub(crate) async fn ended(&mut self) {
        while self.ready.changed().await.is_ok() {}
    }

    /// The peer's gateway as ractor knows it here, while there is one.
    pub(crate) fn gateway(&self) -> Option<ActorCell> {
        let members = pg::get_scoped_members(&SCOPE.to_owned(), &GATEWAYS.to_owned());
        let is_theirs = |id| matches!(id, ActorId::Remote { node_id, .. } if node_id == self.link);
        members.into_iter().find(|member| is_theirs(member.get_id()))
    }

    /// Ends it and waits until it is gone, and with it whatever it had in groups here.
    pub(crate) async fn close(mut self) {
        self.switchboard.stop(None);
        // Its state, and with it what tells whether it is ready, goes last.
        if tokio::time::timeout(CLOSING_MAX, self.ended()).await.is_err() {
            tracing::warn!(link = self.link, "a session did not end in time and is killed");
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.switchboard.kill();
    }
}

/// Answers what a session asks its node server.
struct Switchboard;

struct Opening {
    link: u64,
    ours: String,
    stream: PeerStream,
    tell_ready: watch::Sender<bool>,
}

struct Open {
    session: ActorRef<NodeSessionMessage>,
    tell_ready: watch::Sender<bool>,
    /// Closes the stream's carrier last.
    _close: crate::stream::Closing,
}

impl Actor for Switchboard {
    type Msg = NodeServerMessage;
    type State = Open;
    type Arguments = Opening;

    async fn pre_start(
        &self,
        myself: ActorRef<NodeServerMessage>,
        Opening { link, ours, stream, tell_ready }: Opening,
    ) -> Result<Open, ActorProcessingErr> {
        let PeerStream { opened, secret, reader, writer, close, peer, address } = stream;
        let session = session(link, opened, cookie(&secret), myself.clone(), &ours);
        let peer_label = Some(format!("{peer} at {address}"));
        let stream = NetworkStream::External { peer_label, local_label: None, reader, writer };
        let (session, _) = Actor::spawn_linked(None, session, stream, myself.get_cell()).await?;
        Ok(Open { session, tell_ready, _close: close })
    }

    async fn handle(
        &self,
        _: ActorRef<NodeServerMessage>,
        message: NodeServerMessage,
        open: &mut Open,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            // Which of two links is kept was settled before either had a session.
            NodeServerMessage::CheckSession { reply, .. } => {
                drop(reply.send(SessionCheckReply::NoOtherConnection));
            }
            NodeServerMessage::ConnectionReady(_) => drop(open.tell_ready.send(true)),
            NodeServerMessage::GetSessions(reply) => drop(reply.send(Default::default())),
            NodeServerMessage::ConnectionAuthenticated(_)
            | NodeServerMessage::UpdateSession { .. }
            | NodeServerMessage::ConnectionOpened { .. }
            | NodeServerMessage::ConnectionOpenedExternal { .. }
            | NodeServerMessage::SubscribeToEvents { .. }
            | NodeServerMessage::UnsubscribeToEvents(_)
            | NodeServerMessage::PortChanged { .. } => {}
        }
        Ok(())
    }

    /// The session first, in order, so that it takes its remote actors out of all groups.
    async fn post_stop(
        &self,
        _: ActorRef<NodeServerMessage>,
        open: &mut Open,
    ) -> Result<(), ActorProcessingErr> {
        let limit = Some(CLOSING_MAX / 2);
        if open.session.stop_and_wait(None, limit).await.is_err() {
            open.session.kill();
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<NodeServerMessage>,
        event: SupervisionEvent,
        _: &mut Open,
    ) -> Result<(), ActorProcessingErr> {
        if matches!(event, SupervisionEvent::ActorTerminated(..) | SupervisionEvent::ActorFailed(..)) {
            myself.stop(None);
        }
        Ok(())
    }
}

/// A session that calls itself by this name. The type of a name message is public in ractor_cluster, but has no
/// public name; a message that carries one lends it.
fn session(
    link: u64,
    opened: bool,
    cookie: String,
    server: ActorRef<NodeServerMessage>,
    ours: &str,
) -> NodeSession {
    let unnamed = NodeServerMessage::UpdateSession { actor_id: server.get_id(), name: Default::default() };
    let NodeServerMessage::UpdateSession { mut name, .. } = unnamed else { unreachable!("it was just made") };
    (name.name, name.connection_string) = (ours.to_owned(), ours.to_owned());
    NodeSession::new(link, !opened, cookie, server, name, NodeConnectionMode::Isolated)
        .with_max_inbound_frame_size(PARCEL_BYTES_MAX)
}
