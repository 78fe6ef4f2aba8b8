//! Content that is sent with a request. It is kept as a blob once the desk has granted the request and before its
//! events are recorded; the desk, its receipt and the log see only what it is called and how long it is.

use crate::refusal::{Refusal, Refused, Rule};
use hecate_blobs::{BlobError, Blobs, Sha256};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// Most bytes of content that one request sends.
const CONTENT_BYTES_MAX: usize = 256 * 1024;

/// Content as a desk sees it: kept before, or to be kept when the desk grants the request. Flatten it into the desk's
/// request. Whoever asks says `content`, or `content_sha256` of what was sent before.
#[derive(Clone, Debug, Deserialize)]
pub struct Content {
    /// What it is called.
    #[serde(rename = "content_sha256")]
    pub sha256: Sha256,
    /// How long it is.
    #[serde(rename = "content_bytes")]
    pub bytes: u64,
}

impl Content {
    /// The refusal of content that nobody sent; a desk that takes content lists it.
    pub const MISSING: Refusal =
        Refusal::new(422, "content_missing", "No content with this hash is kept; send the content itself.");
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct ContentAsked {
    /// What it holds, at most 256 KiB of text.
    #[schemars(length(max = 262_144))]
    content: Option<String>,
    /// The SHA-256 of what it holds, where that was sent before.
    content_sha256: Option<Sha256>,
}

impl JsonSchema for Content {
    fn schema_name() -> Cow<'static, str> {
        "Content".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        ContentAsked::json_schema(generator)
    }
}

/// What came with a request.
pub(crate) enum Sent {
    Text(String),
    Named(Sha256),
}

impl Sent {
    /// Takes it out of a body that fits the schema.
    pub(crate) fn take_from(body: &mut Map<String, Value>) -> Result<Sent, Refused> {
        let text = |field: Option<Value>| field.and_then(|said| Some(said.as_str()?.to_owned()));
        let (content, named) = (text(body.remove("content")), text(body.remove("content_sha256")));
        let named = named.and_then(|named| Sha256::try_from(named).ok());
        match (content, named) {
            (None, None) => Err(Refusal::rule("content", Rule::Required, "Or `content_sha256`.")),
            (None, Some(named)) => Ok(Sent::Named(named)),
            (Some(content), _) if content.len() > CONTENT_BYTES_MAX => {
                let refused = Refusal::rule("content", Rule::TooLong, "Send less, or several.");
                Err(refused.about("bytes_max", CONTENT_BYTES_MAX))
            }
            (Some(content), Some(named)) if Sha256::of(content.as_bytes()) != named => {
                Err(Refusal::rule("content_sha256", Rule::Pattern, "It is not the hash of `content`."))
            }
            (Some(content), _) => Ok(Sent::Text(content)),
        }
    }

    /// What it is called, where nothing is kept.
    #[cfg(any(test, feature = "kit"))]
    pub(crate) fn named(self) -> Result<Content, Refused> {
        match self {
            Sent::Text(text) => Ok(name_of(&text)),
            Sent::Named(_) => Err(missing()),
        }
    }
}

/// Text that was sent and is not kept yet.
#[derive(Clone)]
pub(crate) struct Unkept {
    text: Arc<str>,
    blobs: Blobs,
}

impl Unkept {
    /// Keeps it, whether it was kept before or not.
    pub(crate) async fn keep(&self) -> Result<(), Refused> {
        let Unkept { text, blobs } = self.clone();
        on_disk(move || blobs.put(text.as_bytes()).map(drop).map_err(|error| content_unavailable(&error)))
            .await
    }
}

/// Runs what blocks for the disk.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|panicked| Refusal::INTERNAL.about("hint", panicked.to_string()))?
}

fn name_of(text: &str) -> Content {
    Content { sha256: Sha256::of(text.as_bytes()), bytes: text.len() as u64 }
}

/// What was kept under this name; blocks for the disk.
fn find(sha256: Sha256, blobs: &Blobs) -> Result<Content, Refused> {
    match blobs.get(&sha256) {
        Ok(Some(content)) => Ok(Content { bytes: content.len() as u64, sha256 }),
        // What is damaged is mended by sending it again.
        Ok(None) | Err(BlobError::Damaged { .. }) => Err(missing()),
        Err(error) => Err(content_unavailable(&error)),
    }
}

fn missing() -> Refused {
    Content::MISSING.about("field", "content_sha256")
}

/// The refusal of content that the disk neither takes nor gives. Where it lies is told to the log alone.
pub fn content_unavailable(error: &BlobError) -> Refused {
    tracing::error!(%error, "content was neither kept nor read");
    let reason = if error.is_full() { "disk_full" } else { "io" };
    let says = "The disk neither takes nor gives contents now; nothing was recorded.".into();
    Refused { says, ..Refusal::STORE_UNAVAILABLE.about("reason", reason) }
}

/// Names what a request sends; from here on its body does no more than that. Answers what is to be kept of it.
pub(crate) async fn settle(body: &mut Map<String, Value>, blobs: &Blobs) -> Result<Option<Unkept>, Refused> {
    let blobs = blobs.clone();
    match Sent::take_from(body)? {
        Sent::Text(text) => {
            name(body, name_of(&text));
            Ok(Some(Unkept { text: text.into(), blobs }))
        }
        Sent::Named(sha256) => {
            name(body, on_disk(move || find(sha256, &blobs)).await?);
            Ok(None)
        }
    }
}

/// Says in a body what its content is called.
pub(crate) fn name(body: &mut Map<String, Value>, content: Content) {
    body.insert("content_sha256".to_owned(), content.sha256.as_str().into());
    body.insert("content_bytes".to_owned(), content.bytes.into());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body(said: &Value) -> Map<String, Value> {
        said.as_object().cloned().unwrap()
    }

    async fn settled(said: Value, blobs: &Blobs) -> Result<Content, Refused> {
        let mut body = body(&said);
        if let Some(sent) = settle(&mut body, blobs).await? {
            sent.keep().await?;
        }
        assert!(!body.contains_key("content"), "a desk does not see the content itself");
        Ok(serde_json::from_value(body.into()).unwrap())
    }

    #[tokio::test]
    async fn content_that_was_kept_may_be_named_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(folder.path());
        let tea = Sha256::of(b"tea");
        let unsent = settled(json!({"content_sha256": tea}), &blobs).await.unwrap_err();
        assert!(unsent.is(Content::MISSING));
        let sent = settled(json!({"content": "tea"}), &blobs).await.unwrap();
        assert_eq!((sent.sha256, sent.bytes), (tea.clone(), 3));
        assert_eq!(blobs.get(&tea).unwrap().unwrap(), b"tea");
        assert_eq!(settled(json!({"content_sha256": tea}), &blobs).await.unwrap().bytes, 3);
        let both = json!({"content": "tea", "content_sha256": tea});
        assert!(settled(both, &blobs).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_not_said_or_does_not_fit_its_name_or_is_too_much_is_refused_by_its_rule() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(folder.path());
        for (said, field, rule) in [
            (json!({}), "content", "required"),
            (json!({"content": "tea", "content_sha256": Sha256::of(b"cake")}), "content_sha256", "pattern"),
            // As many characters as the schema lets through, but more bytes.
            (json!({"content": "é".repeat(CONTENT_BYTES_MAX)}), "content", "too_long"),
        ] {
            let refused = settled(said, &blobs).await.unwrap_err();
            assert_eq!((&refused.details["field"], &refused.details["rule"]), (&json!(field), &json!(rule)));
        }
        assert!(settled(json!({"content": "x".repeat(CONTENT_BYTES_MAX)}), &blobs).await.is_ok());
        assert!(settled(json!({"content": ""}), &blobs).await.is_ok());
    }

    #[tokio::test]
    async fn a_disk_that_does_not_do_what_it_should_is_named_and_where_it_failed_is_not() {
        let folder = tempfile::tempdir().unwrap();
        // A file in the place of the folder.
        let place = folder.path().join("blobs");
        std::fs::write(&place, "").unwrap();
        let refused = settled(json!({"content": "tea"}), &Blobs::new(&place)).await.unwrap_err();
        assert!(refused.is(Refusal::STORE_UNAVAILABLE));
        assert_eq!(refused.details["reason"], "io");
        let path = folder.path().to_owned();
        for (full, reason) in [(28, "disk_full"), (122, "disk_full"), (5, "io")] {
            let source = std::io::Error::from_raw_os_error(full);
            let refused = content_unavailable(&BlobError::Io { path: path.clone(), source });
            assert_eq!(refused.details["reason"], reason, "os error {full}");
            assert!(!format!("{refused:?}").contains(path.to_str().unwrap()));
        }
    }
}
