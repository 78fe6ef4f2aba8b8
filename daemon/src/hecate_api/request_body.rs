//! Reads a body within its bounds. What is too much is read on for a while and thrown away, because a client
//! that is still writing would otherwise see a broken pipe instead of the reason. Where the head announces too much,
//! the answer does not wait for that.

use super::{answer::BODY_TIMEOUT, limits::Limits};
use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use hecate_desk::{Refusal, Refused};
use http_body_util::BodyExt;

/// Bytes beyond the bound that are read and thrown away before the answer.
const DISCARD_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A body as it came; empty where there is none.
pub(super) async fn read(mut body: Body, limits: &Limits) -> Result<Bytes, Refused> {
    let bytes_max = limits.body_bytes_max;
    if body.size_hint().lower() > bytes_max as u64 {
        tokio::spawn(discard(body, *limits));
        return Err(Refusal::TOO_LARGE.about("bytes_max", bytes_max));
    }
    let (mut kept, mut seen) = (BytesMut::new(), 0);
    while let Some(data) = next(&mut body, limits).await? {
        seen += data.len();
        if seen <= bytes_max {
            kept.extend_from_slice(&data);
        } else if seen > bytes_max + DISCARD_BYTES_MAX {
            break;
        }
    }
    if seen > bytes_max {
        return Err(Refusal::TOO_LARGE.about("bytes_max", bytes_max));
    }
    Ok(kept.freeze())
}

/// Reads what nobody wants, until its end, its bound or a pause that is too long: the connection ends with it.
async fn discard(mut body: Body, limits: Limits) {
    let mut seen = 0;
    while let Ok(Some(data)) = next(&mut body, &limits).await {
        seen += data.len();
        if seen > limits.body_bytes_max + DISCARD_BYTES_MAX {
            break;
        }
    }
}

async fn next(body: &mut Body, limits: &Limits) -> Result<Option<Bytes>, Refused> {
    let frame = tokio::time::timeout(limits.body_idle_max, body.frame());
    match frame.await {
        Ok(Some(Ok(frame))) => Ok(Some(frame.into_data().unwrap_or_default())),
        Ok(Some(Err(error))) => Err(Refusal::INVALID_JSON.about("hint", error.to_string())),
        Ok(None) => Ok(None),
        Err(_) => Err(BODY_TIMEOUT.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::convert::Infallible;

    fn chunks(count: usize, bytes: usize) -> Body {
        let chunk = move |_| Ok::<_, Infallible>(Bytes::from(vec![b' '; bytes]));
        Body::from_stream(stream::iter((0..count).map(chunk)))
    }

    #[tokio::test]
    async fn the_bound_is_the_last_size_that_fits() {
        let limits = Limits { body_bytes_max: 1_000, ..Limits::default() };
        assert_eq!(read(chunks(10, 100), &limits).await.unwrap().len(), 1_000);
        let refused = read(chunks(11, 91), &limits).await.unwrap_err();
        assert!(refused.is(Refusal::TOO_LARGE));
        assert_eq!(refused.details["bytes_max"], 1_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_is_given_up() {
        let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let refused = read(never, &Limits::default()).await.unwrap_err();
        assert!(refused.is(BODY_TIMEOUT));
    }
}
