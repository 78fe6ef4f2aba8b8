//! The actor that owns the accept loop. Last up, first down: when it stops, nobody new is let in, and
//! requests in flight may finish.

use super::{
    answer::{self, TOO_MANY_CONNECTIONS},
    connection,
    edge::Edge,
    peer::Peer,
    places::{NoPlace, Place, Places},
    stopping::{Stop, Stopping, stopping},
    tally::Tally,
};
use hecate_supervision::{Actor, ExitReason, Me, Unheard};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// How long accepting rests when the system has no file or memory to spare.
const SCARCITY_PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Socket {
    edge: Arc<Edge>,
    stop: Stop,
    /// Resolves when the accept loop has ended, drained or not.
    ended: oneshot::Receiver<()>,
}

impl Actor for Socket {
    type Msg = Unheard;
    type Args = Arc<Edge>;

    async fn init(edge: Arc<Edge>, me: &Me<Unheard>) -> Result<Self, ExitReason> {
        let listener = edge.listener().and_then(UnixListener::from_std).map_err(ExitReason::error)?;
        let (stop, stopping) = stopping();
        let (over, ended) = oneshot::channel::<()>();
        let limits = &edge.parts.limits;
        let entrance = Entrance {
            places: Places::new(limits.connections_max, limits.connections_per_uid_max),
            edge: Arc::clone(&edge),
            stopping,
            turned_away: Tally::default(),
        };
        me.works_beside();
        me.attach(async move {
            let _over = over;
            entrance.serve(listener).await.map_err(ExitReason::error)
        });
        Ok(Socket { edge, stop, ended })
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }

    async fn terminate(&mut self, _: &ExitReason) {
        let last = self.edge.is_stopping();
        if last {
            self.edge.release_socket();
        }
        self.stop.tell();
        // The sender is dropped, not used: its end is the news.
        let _ = (&mut self.ended).await;
    }
}

/// Lets clients in, one task each. The tasks live and die with the loop.
struct Entrance {
    edge: Arc<Edge>,
    places: Arc<Places>,
    stopping: Stopping,
    turned_away: Tally,
}

impl Entrance {
    async fn serve(self, listener: UnixListener) -> io::Result<()> {
        let mut open = JoinSet::new();
        let mut stopping = self.stopping.clone();
        loop {
            tokio::select! {
                () = stopping.begun() => break,
                Some(ended) = open.join_next() => note(ended),
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => self.welcome(stream, &mut open),
                    Err(error) => rest(error).await?,
                },
            }
        }
        drop(listener);
        self.drain(open).await;
        Ok(())
    }

    fn welcome(&self, stream: UnixStream, open: &mut JoinSet<()>) {
        let peer = match Peer::of(&stream) {
            Ok(peer) => peer,
            Err(error) => {
                self.turned_away.count("the kernel does not say who connects", &error);
                return;
            }
        };
        match self.places.take(peer.uid) {
            Ok(place) => drop(open.spawn(self.converse(stream, peer, place))),
            Err(no_place) => self.turn_away(&stream, peer, no_place),
        }
    }

    fn converse(
        &self,
        stream: UnixStream,
        peer: Peer,
        place: Place,
    ) -> impl Future<Output = ()> + Send + 'static {
        let talk = connection::serve(stream, Arc::clone(&self.edge), peer, self.stopping.clone());
        async move {
            let _place = place;
            talk.await;
        }
    }

    fn turn_away(&self, stream: &UnixStream, peer: Peer, no_place: NoPlace) {
        self.turned_away.count("a client was turned away", &format_args!("{no_place}, uid {}", peer.uid));
        // A fresh socket's buffer takes the few bytes at once; a client that is gone misses nothing.
        let _ = stream.try_write(&answer::last_words(TOO_MANY_CONNECTIONS));
    }

    async fn drain(&self, mut open: JoinSet<()>) {
        let all_ended = async { while open.join_next().await.is_some() {} };
        if tokio::time::timeout(self.edge.parts.limits.drain_max, all_ended).await.is_err() {
            tracing::warn!(cut = open.len(), "connections did not end in time");
        }
    }
}

fn note(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}

/// Rests when the system is out of something; gives every other failure back.
async fn rest(error: io::Error) -> io::Result<()> {
    use rustix::io::Errno;
    match Errno::from_io_error(&error) {
        Some(Errno::CONNABORTED | Errno::INTR | Errno::AGAIN) => Ok(()),
        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => {
            tracing::warn!(%error, "no connection can be accepted now");
            tokio::time::sleep(SCARCITY_PAUSE).await;
            Ok(())
        }
        _ => Err(error),
    }
}
