//! A handshake that came to nothing for the key of one of the two. TLS tells the caller only by the alert with which
//! the connection was closed, sometimes after the first words of the greeting.

use s2n_quic::{connection, stream};
use std::io;

/// The alert `access_denied` of TLS, as QUIC writes it: what our verifier ends with when it knows no such key.
const ACCESS_DENIED: u64 = 0x100 + 49;
/// `handshake_failure`: all that s2n-quic tells the other end, whatever the alert was. Nodes of one release agree on
/// everything else.
const HANDSHAKE_FAILURE: u64 = 0x100 + 40;

/// Whose key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RefusedKey {
    /// Ours.
    #[error("unknown_node: the peer does not take this node's key")]
    Ours,
    /// That of whoever answered.
    #[error("other_key: whoever answers at the peer's address has another key")]
    Theirs,
}

impl RefusedKey {
    /// Reads it off the end of a connection.
    pub(crate) fn of(error: &connection::Error) -> Option<RefusedKey> {
        match error {
            connection::Error::Transport { code, initiator, .. } => {
                match (code.as_u64(), initiator.is_remote()) {
                    (ACCESS_DENIED, false) => Some(RefusedKey::Theirs),
                    (ACCESS_DENIED | HANDSHAKE_FAILURE, true) => Some(RefusedKey::Ours),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Reads it off a stream that broke with its connection.
    pub(crate) fn of_stream(error: &io::Error) -> Option<RefusedKey> {
        match error.get_ref()?.downcast_ref()? {
            stream::Error::ConnectionError { error, .. } => RefusedKey::of(error),
            _ => None,
        }
    }
}
