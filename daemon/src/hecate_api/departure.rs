//! The news that a client has closed its whole connection. A client that has closed only its own half still
//! waits for the answer; and while an answer is made, nobody reads or writes who would notice either.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Weak;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;

/// Finds the client's socket while it is open.
#[derive(Clone)]
pub(super) struct ClientSocket(Weak<UnixStream>);

/// Tells when the client is gone.
pub(super) struct Departure(Option<AsyncFd<OwnedFd>>);

impl ClientSocket {
    pub(super) fn new(stream: Weak<UnixStream>) -> ClientSocket {
        ClientSocket(stream)
    }

    /// Watches from now on. The watch holds a file descriptor of its own, so only those who wait long have one.
    #[expect(
        deprecated,
        reason = "what replaces it is unsafe; an owned descriptor keeps the promise by its type"
    )]
    pub(super) fn departure(&self) -> Departure {
        let watch = self.0.upgrade().map(|stream| {
            let own = stream.as_fd().try_clone_to_owned()?;
            // Asked for neither reading nor writing, the kernel tells of one thing alone: both halves are closed.
            AsyncFd::with_interest(own, Interest::PRIORITY)
        });
        Departure(watch.and_then(|watch: io::Result<_>| {
            watch
                .inspect_err(|error| tracing::warn!(%error, "a client's departure will be noticed late"))
                .ok()
        }))
    }
}

impl Departure {
    /// Resolves when the client is gone; never where it could not be watched.
    pub(super) async fn seen(&self) {
        if let Some(watch) = &self.0
            && watch.ready(Interest::PRIORITY).await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn closing_one_half_is_no_departure_and_closing_both_is() {
        let (near, mut far) = UnixStream::pair().unwrap();
        let near = Arc::new(near);
        let departure = ClientSocket::new(Arc::downgrade(&near)).departure();
        far.write_all(b"more").await.unwrap();
        far.shutdown().await.unwrap();
        near.readable().await.unwrap();
        let mut read = [0; 8];
        assert_eq!(near.try_read(&mut read).unwrap(), 4);
        near.readable().await.unwrap();
        assert_eq!(near.try_read(&mut read).unwrap(), 0);
        assert!(departure.seen().now_or_never().is_none());
        near.try_write(b"yes").unwrap();
        assert_eq!(far.read(&mut read).await.unwrap(), 3);
        assert!(departure.seen().now_or_never().is_none());
        drop(far);
        departure.seen().await;
    }

    #[tokio::test]
    async fn a_client_that_left_before_is_seen_at_once() {
        let (near, far) = UnixStream::pair().unwrap();
        let near = Arc::new(near);
        drop(far);
        ClientSocket::new(Arc::downgrade(&near)).departure().seen().await;
    }
}
