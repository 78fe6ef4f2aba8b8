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
/// One actor in detail, by its id or its path, percent-encoded as one segment.
pub const DEBUG_ACTOR: &str = "/debug/actors/{actor}";
/// What one actor handles and sends, live.
pub const DEBUG_TRACE: &str = "/debug/actors/{actor}/trace";
/// Lets an actor handle nothing for a while.
pub const DEBUG_SUSPEND: &str = "/debug/actors/{actor}/suspend";
/// Ends a suspension.
pub const DEBUG_RESUME: &str = "/debug/actors/{actor}/resume";
/// Kills an actor.
pub const DEBUG_KILL: &str = "/debug/actors/{actor}/kill";
/// Ends an actor in good order and starts it again.
pub const DEBUG_RESTART: &str = "/debug/actors/{actor}/restart";
/// Lets an actor end once it has handled what is queued.
pub const DEBUG_DRAIN: &str = "/debug/actors/{actor}/drain";
/// What it would take for the tree to follow another `supervision.toml`.
pub const DEBUG_PLAN: &str = "/debug/tree/plan";
/// Lets the tree follow it.
pub const DEBUG_APPLY: &str = "/debug/tree/apply";
/// The actors that lead by one measure.
pub const DEBUG_TOP: &str = "/debug/top";
/// Who hears and who tells which facts.
pub const DEBUG_GROUPS: &str = "/debug/groups";
/// The other nodes of the cluster.
pub const DEBUG_CLUSTER: &str = "/debug/cluster";
/// The last crashes.
pub const DEBUG_CRASHES: &str = "/debug/crashes";
/// Who may never answer.
pub const DEBUG_DEADLOCKS: &str = "/debug/deadlocks";
/// What happens in the tree, live.
pub const DEBUG_EVENTS: &str = "/debug/events";
/// The runtime under the actors, and the process.
pub const DEBUG_RUNTIME: &str = "/debug/runtime";
/// The figures, as OpenMetrics.
pub const METRICS: &str = "/metrics";

/// The path of a resource of one actor, given by its id or its path in the tree.
pub fn of_actor(route: &str, actor: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    route.replace("{actor}", &actor.bytes().map(encode).collect::<String>())
}

#[cfg(test)]
#[test]
fn the_path_of_an_actor_is_one_segment() {
    assert_eq!(of_actor(DEBUG_KILL, "/hecate/kernel"), "/debug/actors/%2Fhecate%2Fkernel/kill");
    assert_eq!(of_actor(DEBUG_ACTOR, "0.17"), "/debug/actors/0.17");
    assert_eq!(of_actor(DEBUG_ACTOR, "a?é"), "/debug/actors/a%3F%C3%A9");
}
