//! An answer while it is written: in pieces, so that a long one is not copied again and again as it grows, and the
//! pieces of one serve the next.

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Bytes of a piece.
const PIECE: usize = 64 * 1024;

/// What is written so far.
#[derive(Default)]
pub(super) struct Pieces {
    full: VecDeque<Bytes>,
    last: Vec<u8>,
}

impl io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    /// A value is written word by word: a hundred thousand words of a few bytes each.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.last.capacity() - self.last.len() < bytes.len() {
            self.make_room(bytes.len());
        }
        self.last.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Pieces {
    /// A short answer is one piece that grows.
    #[cold]
    fn make_room(&mut self, more: usize) {
        if self.last.len() + more > PIECE && !self.last.is_empty() {
            let full = std::mem::replace(&mut self.last, Vec::with_capacity(PIECE));
            self.full.push_back(full.into());
        }
    }

    /// All of it, of known length.
    pub(super) fn into_body(mut self) -> Body {
        self.full.push_back(self.last.into());
        Body::new(Sent(self.full))
    }
}

/// What is to be sent yet.
struct Sent(VecDeque<Bytes>);

impl hyper::body::Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::body::Body as _;
    use std::io::Write;

    #[tokio::test]
    async fn what_is_written_is_sent_whatever_its_length() {
        for lengths in [&[0][..], &[1], &[PIECE, 1], &[7; 30_000], &[3 * PIECE, 5, PIECE - 5, 1]] {
            let mut pieces = Pieces::default();
            let mut all = Vec::new();
            for (nth, length) in lengths.iter().enumerate() {
                let word = vec![nth as u8; *length];
                pieces.write_all(&word).unwrap();
                all.extend(word);
            }
            let body = pieces.into_body();
            assert_eq!(body.size_hint().exact(), Some(all.len() as u64));
            assert_eq!(axum::body::to_bytes(body, usize::MAX).await.unwrap(), all);
        }
    }
}
