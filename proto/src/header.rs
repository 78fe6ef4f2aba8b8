//! Request headers with a meaning of our own.

/// A caller's own key: the same key and body answer the first result again for 30 days.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Who acts, where the caller speaks for somebody else; default is the peer's uid.
pub const ACTOR: &str = "hecate-actor";
/// UUID that names the whole flow; created when absent, echoed in every answer.
pub const CORRELATION_ID: &str = "hecate-correlation-id";
/// What is acted on once more, where a change must not happen by mistake: an actor's path in the tree, or else the
/// path of the request.
pub const CONFIRM: &str = "x-confirm";
/// Wait, at most 2 s, until the read model has reached this position.
pub const MIN_POSITION: &str = "hecate-min-position";
