//! Whoever answers chats: asked for a stream each time, which is pulled as its reader takes it. Dropping the
//! stream closes the connection behind it, and nothing reads ahead of a slow reader.

use super::delta::Delta;
use super::dialect::{Decoder, Dialect, ListedModel};
use super::error::{LlmError, Phase};
use super::message::Call;
use super::ollama::Ollama;
use super::openai::OpenAi;
use super::settings::{ProviderSettings, Speaks};
use super::upstream::{Deadlines, Upstream};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, stream};
use reqwest::Response;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

/// An answer as it comes: pieces that arrived together, then [`Delta::End`] or an error, then nothing.
pub(super) type Deltas = BoxStream<'static, Result<Vec<Delta>, LlmError>>;

/// Whoever answers chats.
pub(super) trait Provider: Send + Sync {
    /// The models that it offers. Costs nothing.
    fn models(&self) -> BoxFuture<'_, Result<Vec<ListedModel>, LlmError>>;

    /// Asks; answers once the provider has accepted.
    fn chat(&self, call: &Call) -> BoxFuture<'static, Result<Deltas, LlmError>>;
}

/// A provider by its settings. Blocks for as long as it takes to read its key.
pub(super) fn open(settings: &ProviderSettings) -> Result<Arc<dyn Provider>, LlmError> {
    let deadlines = Deadlines::of(settings.is_local());
    Ok(Arc::new(HttpProvider::open(settings, deadlines)?))
}

/// A provider that is met over HTTP.
pub(super) struct HttpProvider {
    dialect: &'static dyn Dialect,
    upstream: Arc<Upstream>,
}

impl HttpProvider {
    pub(super) fn open(settings: &ProviderSettings, deadlines: Deadlines) -> Result<HttpProvider, LlmError> {
        let dialect: &'static dyn Dialect = match settings.speaks {
            Speaks::Ollama => &Ollama,
            Speaks::OpenAi => &OpenAi,
        };
        let upstream = Arc::new(Upstream::new(settings, dialect, deadlines)?);
        Ok(HttpProvider { dialect, upstream })
    }
}

impl Provider for HttpProvider {
    fn models(&self) -> BoxFuture<'_, Result<Vec<ListedModel>, LlmError>> {
        async { self.dialect.models(&self.upstream.get(self.dialect.models_path()).await?) }.boxed()
    }

    fn chat(&self, call: &Call) -> BoxFuture<'static, Result<Deltas, LlmError>> {
        let (dialect, upstream) = (self.dialect, Arc::clone(&self.upstream));
        let body = dialect.encode(call, upstream.host());
        let call_id = format!("call_{}", Uuid::now_v7().simple());
        async move {
            let until = Instant::now() + upstream.deadlines.total;
            let response = upstream.post(dialect.chat_path(), &body).await?;
            drop(body);
            let answer = Answering::new(response, dialect.decoder(call_id), upstream, until);
            let deltas = stream::unfold(answer, |mut answer| async move {
                answer.next().await.map(|deltas| (deltas, answer))
            });
            Ok(deltas.boxed())
        }
        .boxed()
    }
}

/// Bytes that are decoded in one go: the most that a reader who stops has in memory as pieces.
const DECODED_BYTES: usize = 16 * 1024;
/// How long the end of a connection's bytes is waited for, so that it can be used again.
const DRAIN_MAX: Duration = Duration::from_secs(1);

/// One answer on its way.
struct Answering {
    /// None once it is over.
    response: Option<Response>,
    decoder: Box<dyn Decoder>,
    upstream: Arc<Upstream>,
    until: Instant,
    /// When the next bytes are due, and what is then said to have taken too long.
    due: (Instant, Phase),
    unread: Bytes,
    failed: Option<LlmError>,
}

impl Answering {
    fn new(
        response: Response,
        decoder: Box<dyn Decoder>,
        upstream: Arc<Upstream>,
        until: Instant,
    ) -> Answering {
        let due = (Instant::now() + upstream.deadlines.first_token, Phase::FirstToken);
        let (unread, failed) = (Bytes::new(), None);
        Answering { response: Some(response), decoder, upstream, until, due, unread, failed }
    }

    /// The next pieces; none when it is over.
    async fn next(&mut self) -> Option<Result<Vec<Delta>, LlmError>> {
        if let Some(error) = self.failed.take() {
            return Some(Err(error));
        }
        loop {
            let response = self.response.as_mut()?;
            if self.unread.is_empty() {
                match more(response, self.due, self.until).await {
                    Ok(bytes) => self.unread = bytes,
                    Err(error) => {
                        self.response = None;
                        return Some(self.cut_off(error));
                    }
                }
                self.due = (Instant::now() + self.upstream.deadlines.between_chunks, Phase::BetweenChunks);
            }
            let deltas = self.decode();
            if !deltas.is_empty() {
                return Some(Ok(deltas));
            }
            if let Some(error) = self.failed.take() {
                return Some(Err(error));
            }
        }
    }

    /// What the last bytes mean when no more come: the rest of the answer, and why there is none after it.
    fn cut_off(&mut self, error: LlmError) -> Result<Vec<Delta>, LlmError> {
        let mut deltas = Vec::new();
        let error = match self.decoder.finish(&mut deltas) {
            Ok(()) => error,
            Err(told) => self.upstream.redacted(told),
        };
        if deltas.is_empty() {
            return Err(error);
        }
        self.failed = Some(error).filter(|_| deltas.last() != Some(&Delta::End));
        Ok(deltas)
    }

    fn decode(&mut self) -> Vec<Delta> {
        let mut deltas = Vec::new();
        let bytes = self.unread.split_to(self.unread.len().min(DECODED_BYTES));
        if let Err(error) = self.decoder.push(&bytes, &mut deltas) {
            self.failed = Some(self.upstream.redacted(error));
            self.response = None;
        }
        if deltas.last() == Some(&Delta::End) {
            self.response.take().into_iter().for_each(drain);
        }
        deltas
    }
}

/// The next bytes, in time.
async fn more(response: &mut Response, due: (Instant, Phase), until: Instant) -> Result<Bytes, LlmError> {
    let (due, phase) = if due.0 < until { due } else { (until, Phase::Total) };
    match timeout_at(due, response.chunk()).await {
        Ok(Ok(Some(bytes))) => Ok(bytes),
        Ok(Ok(None) | Err(_)) => Err(LlmError::Truncated),
        Err(_) => Err(LlmError::Timeout(phase)),
    }
}

/// Takes the empty chunk that ends a whole answer, so that its connection serves the next one.
fn drain(mut response: Response) {
    tokio::spawn(async move {
        let _ = timeout(DRAIN_MAX, async { while let Ok(Some(_)) = response.chunk().await {} }).await;
    });
}
