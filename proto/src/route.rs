//! Paths that are not desks or queries. Those are in the catalogue, [`DESKS`].

/// The desk and query catalogue.
pub const DESKS: &str = "/api/desks";
/// The OpenAPI 3.1 document.
pub const OPENAPI: &str = "/api/openapi.json";
/// Health with components.
pub const HEALTH: &str = "/api/health";
/// The multi-topic event stream.
pub const STREAM: &str = "/api/stream";
/// The facts-only stream, whose ids are bare positions.
pub const FACTS_STREAM: &str = "/api/facts/stream";
/// Every model that a provider offers.
pub const LLM_MODELS: &str = "/api/llm/models";
/// How each provider is.
pub const LLM_HEALTH: &str = "/api/llm/health";
/// How each provider is set up.
pub const LLM_PROVIDERS: &str = "/api/llm/providers";
/// Reads keys and models anew.
pub const LLM_RELOAD: &str = "/api/llm/providers/reload";
/// One conversation's next answer, plain or as a stream.
pub const LLM_CHAT: &str = "/api/llm/chat";
/// Content that is kept beside the log, by its hash.
pub const BLOB: &str = "/api/blobs/{sha256}";
/// The live supervision tree.
pub const DEBUG_TREE: &str = "/debug/tree";
/// The event store's writer, for operators.
pub const DEBUG_STORE: &str = "/debug/store";
/// How each read model is drawn.
pub const DEBUG_READ_MODELS: &str = "/debug/read_models";
/// How each listener is doing.
pub const DEBUG_LISTENERS: &str = "/debug/listeners";
/// What came of the facts that a process heard.
pub const DEBUG_OUTCOMES: &str = "/debug/listeners/{process}/outcomes";
/// Tries a dead letter once more.
pub const DEBUG_REPLAY: &str = "/debug/listeners/{process}/dead_letters/{position}/replay";
/// Decides that a dead letter has no effect.
pub const DEBUG_DISMISS: &str = "/debug/listeners/{process}/dead_letters/{position}/dismiss";
