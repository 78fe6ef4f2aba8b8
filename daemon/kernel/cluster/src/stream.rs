//! A byte stream between two nodes that have proven their names to each other, wherever it came from.

use crate::identity::NodeId;
use sha2::{Digest, Sha256};
use std::fmt;
use tokio::io::{AsyncRead, AsyncWrite};

/// What only the two ends of one stream know, from which everything secret about the link is derived.
pub const SECRET_BYTES: usize = 32;

/// Which link a message belongs to. Derived from the link's secret, so that no third node can name it.
pub(crate) type LinkToken = [u8; 16];

/// A bidirectional stream whose two ends have proven their names, for example by mutual TLS.
///
/// Whoever has one hands it to [`crate::Cluster::adopt`]. Nothing about it needs to be QUIC: the mesh opens
/// one on a link of its own.
pub struct PeerStream {
    /// Who is at the other end.
    pub peer: NodeId,
    /// Where, for people.
    pub address: String,
    /// True at the end that opened it. Exactly one end did.
    pub opened: bool,
    /// Known to both ends of this stream and to nobody else, for example a TLS exporter.
    pub secret: [u8; SECRET_BYTES],
    /// From the peer.
    pub reader: Box<dyn AsyncRead + Send + Unpin>,
    /// To the peer.
    pub writer: Box<dyn AsyncWrite + Send + Unpin>,
    /// Ends what the stream runs on, when the link ends.
    pub close: Closing,
}

impl fmt::Debug for PeerStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerStream({} at {}, opened: {})", self.peer, self.address, self.opened)
    }
}

/// Runs once, when it is dropped.
pub struct Closing(Option<Box<dyn FnOnce() + Send>>);

impl Closing {
    /// What ends the stream's carrier.
    pub fn new(close: impl FnOnce() + Send + 'static) -> Closing {
        Closing(Some(Box::new(close)))
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        if let Some(close) = self.0.take() {
            close();
        }
    }
}

/// Derives the link's name from its secret.
pub(crate) fn token(secret: &[u8; SECRET_BYTES]) -> LinkToken {
    let hash = derive(secret, b"hecate-cluster-token-v1");
    std::array::from_fn(|at| hash[at])
}

/// ractor_cluster proves a cookie to itself by a 32-bit challenge. Ours is worth nothing on any other link.
pub(crate) fn cookie(secret: &[u8; SECRET_BYTES]) -> String {
    let hash = derive(secret, b"hecate-cluster-cookie-v1");
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn derive(secret: &[u8; SECRET_BYTES], label: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(label).chain_update([0]).chain_update(secret).finalize().into()
}
