//! A stream that is pulled: its source is asked only when the client has taken what came before, so a slow client
//! costs no memory, only its own delay, and nobody ever waits for it.

use super::super::{places::Place, stopping::Stopping};
use super::frame::HEARTBEAT;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use std::convert::Infallible;
use std::time::Duration;

/// Where the frames of one stream come from.
pub(in crate::hecate_api) trait Source: Send + 'static {
    /// The next frames; none at the end. Dropping the future must lose nothing.
    fn next(&mut self) -> impl Future<Output = Option<String>> + Send;
}

/// One client's stream.
pub(in crate::hecate_api) struct Pulled<S> {
    pub(in crate::hecate_api) source: S,
    /// What the client reads first.
    pub(in crate::hecate_api) opening: Option<String>,
    pub(in crate::hecate_api) heartbeat: Duration,
    pub(in crate::hecate_api) stopping: Stopping,
}

impl<S: Source> Pulled<S> {
    /// The answer. It keeps its place as long as its body lives.
    pub(in crate::hecate_api) fn answer(self, place: Place) -> Response {
        let chunks = stream::unfold((self, place), |(mut pulled, place)| async move {
            let text = pulled.next().await?;
            Some((Ok::<_, Infallible>(Bytes::from(text)), (pulled, place)))
        });
        let mut response = Response::new(Body::from_stream(chunks));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    /// The next text; none when the source ends or the socket stops, and the client comes back.
    pub(super) async fn next(&mut self) -> Option<String> {
        if let Some(opening) = self.opening.take() {
            return Some(opening);
        }
        tokio::select! {
            biased;
            () = self.stopping.begun() => None,
            text = self.source.next() => text,
            () = tokio::time::sleep(self.heartbeat) => Some(HEARTBEAT.to_owned()),
        }
    }
}
