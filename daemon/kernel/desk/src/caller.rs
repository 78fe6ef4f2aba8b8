//! Who asks, where, and what time it is there.

use hecate_proto::id::kind_of;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// What a request says beside its body.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who acts, for example `uid:1000@node`; never a placeholder.
    pub actor: String,
    /// Names the whole flow.
    pub correlation_id: Uuid,
    /// The caller's own key: the same key and request answer the first result again.
    pub idempotency_key: Option<String>,
    /// The stream version that the caller believes to be the last.
    pub expected_version: Option<u64>,
    /// The fact that a listener heard; none where somebody asks of their own accord.
    pub because: Option<Because>,
}

/// The fact that made a listener ask.
#[derive(Clone, Debug)]
pub struct Because {
    /// The event.
    pub event_id: Uuid,
    /// How far it may travel; its consequences travel no further.
    pub visibility: Option<Arc<str>>,
}

/// Time, so that tests and simulations own it.
pub trait Clock: Send + Sync + 'static {
    /// Microseconds since the epoch.
    fn now_us(&self) -> i64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else asks")]
    fn now_us(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }
}

/// This node, as every event names it.
#[derive(Clone)]
pub struct Node {
    /// Derived from the node's key.
    pub node_id: Arc<str>,
    /// The realm whose members hear its facts.
    pub realm: Arc<str>,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
}

/// The tag of an id that names a long-lived thing: `venture:v-…`.
pub(crate) fn tag_of(field: &str, id: &str) -> Option<String> {
    kind_of(field).and_then(|_| field.strip_suffix("_id")).map(|noun| format!("{noun}:{id}"))
}
