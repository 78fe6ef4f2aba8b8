//! The bytes between the daemon and one client, as hyper reads and writes them: with a deadline for clients
//! that take nothing, and with our own words where hyper would refuse in none.

use super::{answer, departure::ClientSocket};
use bytes::{Buf, Bytes};
use hecate_desk::Refusal;
use rustix::io::Errno;
use rustix::net::{SendFlags, Shutdown, send, shutdown};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;
use tokio::time::{Sleep, sleep};

const MALFORMED: Refusal = Refusal::new(400, "malformed_request", "This is not a request of HTTP/1.1.");
const ADDRESS_TOO_LONG: Refusal = Refusal::new(414, "uri_too_long", "The address is longer than fits.");
const HEAD_TOO_LARGE: Refusal =
    Refusal::new(431, "headers_too_large", "The request line and headers are more than fits.");

/// One client's socket.
pub(super) struct ClientIo {
    /// Shared with whoever watches for the client's departure.
    stream: Arc<UnixStream>,
    write_idle_max: Duration,
    /// Runs while bytes wait that the client does not take.
    waiting: Option<Pin<Box<Sleep>>>,
    /// What is written in place of hyper's own refusal.
    instead: Option<Bytes>,
}

/// The client took nothing for too long.
#[derive(Debug, thiserror::Error)]
#[error("the client took no byte for {0:?}")]
pub(super) struct TakesNothing(Duration);

impl ClientIo {
    pub(super) fn new(stream: UnixStream, write_idle_max: Duration) -> ClientIo {
        ClientIo { stream: Arc::new(stream), write_idle_max, waiting: None, instead: None }
    }

    /// The socket, for whoever wants to know when its client leaves.
    pub(super) fn socket(&self) -> ClientSocket {
        ClientSocket::new(Arc::downgrade(&self.stream))
    }

    fn poll_try_write(&self, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(cx))?;
            match self.stream.try_write_vectored(parts) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                tried => return Poll::Ready(tried),
            }
        }
    }

    /// Judges one try to write of which these bytes came first.
    fn within_deadline(
        &mut self,
        cx: &mut Context<'_>,
        first: &[u8],
        tried: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if tried.is_ready() {
            self.waiting = None;
            return tried;
        }
        let deadline = self.waiting.get_or_insert_with(|| Box::pin(sleep(self.write_idle_max)));
        ready!(deadline.as_mut().poll(cx));
        self.waiting = None;
        // The kernel tells of room only when most of its buffer is free; a client that is slow, but takes
        // bytes, is found by one more try.
        Poll::Ready(send(&self.stream, first, SendFlags::DONTWAIT | SendFlags::NOSIGNAL).map_err(|errno| {
            match errno {
                Errno::AGAIN => io::Error::new(io::ErrorKind::TimedOut, TakesNothing(self.write_idle_max)),
                _ => errno.into(),
            }
        }))
    }

    /// Writes our refusal in place of hyper's, to its end.
    fn poll_write_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(mut rest) = self.instead.take().filter(Bytes::has_remaining) {
            let tried = self.poll_try_write(cx, &[IoSlice::new(&rest)]);
            let written = self.within_deadline(cx, &rest, tried);
            if let Poll::Ready(Ok(count)) = written {
                rest.advance(count);
            }
            self.instead = Some(rest);
            ready!(written)?;
        }
        Poll::Ready(Ok(()))
    }
}

/// What we say where hyper, which could not read the head of a request, writes a refusal without a body.
/// No answer of ours looks like that: each names its flow, and no body of ours holds a carriage return.
fn in_our_words(bytes: &[u8]) -> Option<Bytes> {
    let status = bytes.strip_prefix(b"HTTP/1.1 4")?.get(..2)?;
    let head = std::str::from_utf8(bytes).ok()?.strip_suffix("\r\n\r\n")?;
    if head.contains(hecate_proto::header::CORRELATION_ID) {
        return None;
    }
    match status {
        b"14" => Some(answer::last_words(ADDRESS_TOO_LONG)),
        b"31" => Some(answer::last_words(HEAD_TOO_LARGE)),
        _ => Some(answer::last_words(MALFORMED)),
    }
}

impl AsyncRead for ClientIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            match self.stream.try_read_buf(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                tried => return Poll::Ready(tried.map(drop)),
            }
        }
    }
}

impl AsyncWrite for ClientIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = parts.first().map_or(&[][..], |part| part);
        self.instead = self.instead.take().or_else(|| in_our_words(first));
        if self.instead.is_some() {
            ready!(self.poll_write_instead(cx))?;
            return Poll::Ready(Ok(first.len()));
        }
        let tried = self.poll_try_write(cx, parts);
        self.within_deadline(cx, first, tried)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(shutdown(&self.stream, Shutdown::Write).map_err(io::Error::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const IDLE_MAX: Duration = Duration::from_secs(30);

    /// One end with its buffer full to the brim, and the other.
    async fn full() -> (ClientIo, UnixStream) {
        let (near, far) = UnixStream::pair().unwrap();
        near.writable().await.unwrap();
        while near.try_write(&[b'x'; 1_000]).is_ok() {}
        (ClientIo::new(near, IDLE_MAX), far)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_given_up() {
        let (mut near, _far) = full().await;
        let error = near.write_all(b"more").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(error.to_string(), "the client took no byte for 30s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_little_is_only_slow() {
        let (mut near, mut far) = full().await;
        // Too little for the kernel to tell of room.
        let mut taken = [0; 20_000];
        far.read_exact(&mut taken).await.unwrap();
        near.write_all(b"more").await.unwrap();
        assert!(near.waiting.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn every_byte_taken_starts_the_deadline_anew() {
        let (mut near, mut far) = full().await;
        let mut taken = vec![0; 20_000];
        for _ in 0..5 {
            let (written, read) = tokio::join!(near.write_all(&[b'y'; 5_000]), async {
                tokio::time::sleep(IDLE_MAX.mul_f32(0.9)).await;
                far.read_exact(&mut taken).await
            });
            written.unwrap();
            read.unwrap();
        }
    }

    #[test]
    fn only_refusals_that_hyper_wrote_are_put_in_our_words() {
        let hypers = |status| format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        let code = |bytes: &[u8]| {
            let text = String::from_utf8(in_our_words(bytes)?.to_vec()).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            Some(body["error"].as_str().unwrap().to_owned())
        };
        assert_eq!(code(hypers("400 Bad Request").as_bytes()).as_deref(), Some("malformed_request"));
        assert_eq!(code(hypers("414 URI Too Long").as_bytes()).as_deref(), Some("uri_too_long"));
        assert_eq!(code(hypers("431 Whatever").as_bytes()).as_deref(), Some("headers_too_large"));
        assert_eq!(code(hypers("200 OK").as_bytes()), None);
        assert_eq!(code(&answer::last_words(MALFORMED)), None);
        assert_eq!(code(b"HTTP/1.1 400 in the middle of a body"), None);
    }
}
