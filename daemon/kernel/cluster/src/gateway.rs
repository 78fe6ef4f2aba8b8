//! The one actor of this node that others can reach. It knows nothing: it hands each parcel to the link whose
//! token is on it. ractor_cluster tells every peer of every remotable actor, so there is exactly one.

use crate::session::{GATEWAYS, SCOPE};
use crate::stream::LinkToken;
use crate::wire::{Frame, Garbled};
use dashmap::DashMap;
use ractor::message::{BoxedDowncastErr, SerializedMessage};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr, pg};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Frames of one peer that its link has not looked at yet. A peer that keeps to its window never has so many.
const FRAMES_MAX: usize = 256;

/// Bytes for another node's gateway.
pub(crate) struct Parcel(pub(crate) Vec<u8>);

impl ractor::Message for Parcel {
    fn serializable() -> bool {
        true
    }

    fn serialize(self) -> Result<SerializedMessage, BoxedDowncastErr> {
        Ok(SerializedMessage::Cast { variant: "parcel".into(), args: self.0, metadata: None })
    }

    fn deserialize(bytes: SerializedMessage) -> Result<Self, BoxedDowncastErr> {
        match bytes {
            SerializedMessage::Cast { args, .. } => Ok(Parcel(args)),
            // No bytes are no frame: it is counted where every other noise is.
            SerializedMessage::Call { .. } | SerializedMessage::CallReply(..) => Ok(Parcel(Vec::new())),
        }
    }
}

/// Sends to a gateway of another node. Nothing below is bounded: callers keep to their windows.
#[expect(
    clippy::disallowed_methods,
    reason = "a remote actor has no address of ours; the link bounds what it sends"
)]
pub(crate) fn send(gateway: &ActorCell, parcel: Vec<u8>) -> bool {
    gateway.send_message(Parcel(parcel)).is_ok()
}

/// Which link hears frames of which token.
#[derive(Default)]
pub(crate) struct Post {
    links: DashMap<LinkToken, mpsc::Sender<Frame>>,
    garbled: AtomicU64,
}

/// The inbound side of one link; its token is good for as long as this lives.
pub(crate) struct Letterbox {
    post: Arc<Post>,
    token: LinkToken,
    frames: mpsc::Receiver<Frame>,
}

impl Post {
    /// Frames with this token come here from now on.
    pub(crate) fn letterbox(self: &Arc<Post>, token: LinkToken) -> Letterbox {
        let (inlet, frames) = mpsc::channel(FRAMES_MAX);
        self.links.insert(token, inlet);
        Letterbox { post: Arc::clone(self), token, frames }
    }

    /// Parcels that were not understood, or that no link wanted.
    pub(crate) fn garbled(&self) -> u64 {
        self.garbled.load(Relaxed)
    }

    fn deliver(&self, Parcel(bytes): &Parcel) {
        match Frame::decode(bytes) {
            Ok((token, frame)) => match self.links.get(&token).map(|link| link.try_send(frame)) {
                Some(Ok(())) => {}
                Some(Err(mpsc::error::TrySendError::Full(_))) => {
                    // It sends more than it may. Without this link it begins again where it was heard last.
                    self.links.remove(&token);
                    self.drop_parcel("a peer sent more than may be under way; its link ends");
                }
                // A link that ended leaves some behind.
                Some(Err(mpsc::error::TrySendError::Closed(_))) | None => {
                    tracing::debug!("a parcel of a link that has ended");
                }
            },
            Err(garbled @ Garbled::Version(_)) => self.drop_parcel(&format!("a parcel of {garbled}")),
            Err(garbled) => self.drop_parcel(&format!("a parcel that is none: {garbled}")),
        }
    }

    fn drop_parcel(&self, reason: &str) {
        let garbled = self.garbled.fetch_add(1, Relaxed) + 1;
        tracing::warn!(reason, garbled, "a parcel was dropped");
    }
}

impl Letterbox {
    /// The next frame; none once the link was cut off.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        self.frames.recv().await
    }
}

impl Drop for Letterbox {
    fn drop(&mut self) {
        self.post.links.remove(&self.token);
    }
}

/// This node's gateway, as long as it is held. No child of the view by ractor's links: their news would wait at
/// a port that the view does not look at.
pub(crate) struct Open {
    gateway: ActorCell,
    ended: JoinHandle<()>,
}

impl Open {
    /// Resolves when the gateway has ended.
    pub(crate) async fn ended(&mut self) {
        // Why it ended is in its own log line.
        let _ = (&mut self.ended).await;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.gateway.kill();
    }
}

/// Opens this node's gateway.
pub(crate) async fn open(post: Arc<Post>) -> Result<Open, SpawnErr> {
    let (gateway, ended) = Actor::spawn(None, Gateway, post).await?;
    let gateway = gateway.get_cell();
    pg::join_scoped(SCOPE.to_owned(), GATEWAYS.to_owned(), vec![gateway.clone()]);
    Ok(Open { gateway, ended })
}

struct Gateway;

impl Actor for Gateway {
    type Msg = Parcel;
    type State = Arc<Post>;
    type Arguments = Arc<Post>;

    async fn pre_start(&self, _: ActorRef<Parcel>, post: Arc<Post>) -> Result<Arc<Post>, ActorProcessingErr> {
        Ok(post)
    }

    async fn handle(
        &self,
        _: ActorRef<Parcel>,
        parcel: Parcel,
        post: &mut Arc<Post>,
    ) -> Result<(), ActorProcessingErr> {
        post.deliver(&parcel);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_counted_and_hurts_nobody() {
        let post = Arc::new(Post::default());
        let mut letterbox = post.letterbox([1; 16]);
        let beat = Frame::Beat { sent_us: 5 }.encode(&[1; 16]).unwrap();
        let newer = [&[9], &beat[1..]].concat();
        for noise in [Vec::new(), b"noise".to_vec(), newer, beat[..18].to_vec()] {
            post.deliver(&Parcel(noise));
        }
        assert_eq!(post.garbled(), 4);
        post.deliver(&Parcel(beat));
        assert!(matches!(letterbox.frames.try_recv(), Ok(Frame::Beat { sent_us: 5 })));
        assert!(letterbox.frames.try_recv().is_err());
    }

    #[test]
    fn nobody_speaks_on_the_link_of_another() {
        let post = Arc::new(Post::default());
        let mut letterbox = post.letterbox([1; 16]);
        post.deliver(&Parcel(Frame::Taken { next: 1 }.encode(&[2; 16]).unwrap()));
        assert!(letterbox.frames.try_recv().is_err());
    }

    #[test]
    fn a_peer_beyond_its_window_loses_its_link() {
        let post = Arc::new(Post::default());
        let mut letterbox = post.letterbox([1; 16]);
        for number in 0..=FRAMES_MAX as u64 {
            post.deliver(&Parcel(Frame::Taken { next: number }.encode(&[1; 16]).unwrap()));
        }
        assert_eq!(post.garbled(), 1);
        let heard = std::iter::from_fn(|| letterbox.frames.try_recv().ok()).count();
        assert_eq!(heard, FRAMES_MAX);
        assert!(letterbox.frames.is_closed());
    }
}
