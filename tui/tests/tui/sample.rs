//! Fixed data: a catalogue, rows, facts and a tree, as a daemon would send them.

use serde_json::{Value, json};

pub(crate) const VENTURE: &str = "v-01J8ZC0000000000000000000A";

fn desk(name: &str, verb: &str, path: &str, before_birth: bool, says: &str, body: Value) -> Value {
    let params: Vec<&str> = if path.contains("{venture_id}") { vec!["venture_id"] } else { vec![] };
    json!({
        "process": "setup_venture", "noun": "venture", "name": name, "verb": verb, "method": "POST",
        "path": path, "path_params": params, "says": says,
        "allowed_in": {"before_birth": before_birth, "all_of": 0, "none_of": 2},
        "body": body, "refusals": [], "records": [], "hears": []
    })
}

fn query(name: &str, verb: &str, path: &str, answers: &str, params: Value) -> Value {
    let path_params: Vec<&str> = if path.contains("{venture_id}") { vec!["venture_id"] } else { vec![] };
    json!({
        "app": "query_ventures", "noun": "venture", "name": name, "verb": verb, "method": "GET", "path": path,
        "path_params": path_params, "says": format!("Answer {answers}"), "answers": answers,
        "params": params, "row": {"type": "object"}
    })
}

/// The body of a desk with every kind of field.
pub(crate) fn setup_body() -> Value {
    json!({
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 100, "description": "What it is called."},
            "brief": {"type": ["string", "null"], "maxLength": 4000, "description": "What it is about."},
            "repos": {"type": ["array", "null"], "items": {"type": "string"}, "description": "Repositories it lives in."},
            "context_map": {"type": ["object", "null"], "description": "Named contexts around it."},
            "visibility": {"anyOf": [{"$ref": "#/$defs/Visibility"}, {"type": "null"}], "description": "How far its facts travel."}
        },
        "$defs": {"Visibility": {"type": "string", "enum": ["private", "realm", "public"]}}
    })
}

pub(crate) fn catalogue() -> Value {
    let refine = json!({"type": "object", "properties": {
        "brief": {"type": "string", "maxLength": 4000, "description": "The new brief."}}});
    let none = json!({"type": "object", "properties": {}});
    let paging = json!({"type": "object", "properties": {
        "limit": {"type": "integer", "minimum": 1, "maximum": 500, "description": "Rows of a page."},
        "cursor": {"type": "string"},
        "include_archived": {"type": "boolean", "description": "Archived ones too."},
        "min_position": {"type": "integer"}
    }});
    json!({"ok": true, "desks": [
        desk("setup_venture", "setup", "/api/ventures", true, "Set a venture up", setup_body()),
        desk("refine_vision", "refine-vision", "/api/ventures/{venture_id}/vision/refine", false, "Refine the vision", refine),
        desk("submit_vision", "submit-vision", "/api/ventures/{venture_id}/vision/submit", false, "Submit the vision", none.clone()),
        desk("archive_venture", "archive", "/api/ventures/{venture_id}/archive", false, "Put the venture away", none.clone()),
    ], "queries": [
        query("get_ventures_page", "list", "/api/ventures", "ventures", paging),
        query("get_venture_by_id", "show", "/api/ventures/{venture_id}", "venture", json!({
            "type": "object", "properties": {"min_position": {"type": "integer"}}})),
    ]})
}

/// A desk that nothing in the terminal was written for.
pub(crate) fn unheard_of_desk() -> Value {
    json!({
        "process": "keep_bees", "noun": "hive", "name": "feed_hive", "verb": "feed", "method": "POST",
        "path": "/api/hives/feed", "path_params": [], "says": "Feed a hive before winter",
        "allowed_in": {"before_birth": true, "all_of": 0, "none_of": 0},
        "body": {"type": "object", "required": ["litres", "syrup"], "properties": {
            "litres": {"type": "integer", "minimum": 1, "maximum": 20, "description": "How much."},
            "syrup": {"oneOf": [{"const": "one_to_one", "description": "Thin."}, {"const": "two_to_one", "description": "Thick."}]},
            "winter": {"type": "boolean", "description": "Whether it is the last feed."}
        }},
        "refusals": [], "records": [], "hears": []
    })
}

pub(crate) fn row(venture_id: &str, name: &str, revision: u32, version: u64) -> Value {
    json!({
        "venture_id": venture_id, "name": name, "brief": "Grows tomatoes where there is no sun", "repos": ["git@example.org:g.git"],
        "skills": ["rust", "botany"], "context_map": {}, "visibility": "realm", "revision": revision,
        "status": 1, "status_label": "Setup",
        "available_actions": ["refine_vision", "submit_vision", "archive_venture"],
        "setup_at": "2026-08-22T10:00:00.000000Z", "setup_by": "uid:1000@n-1",
        "vision_submitted_at": null, "archived_at": null, "version": version,
        "updated_at": "2026-08-22T10:00:00.000000Z"
    })
}

pub(crate) fn health(ready: bool, pid: u32) -> Value {
    json!({"ok": ready, "status": if ready { "ready" } else { "starting" }, "ready": ready, "version": "0.1.0",
           "node_id": "n-01J8ZC", "pid": pid, "uptime_seconds": 1,
           "components": {"store": {"status": "ok", "position": 41}}})
}

pub(crate) fn fact(position: u64, venture_id: &str) -> Value {
    json!({"fact_type": "venture_vision_refined_v1", "event_id": "01928c5e-0000-7000-8000-000000000000",
           "stream_id": format!("setup-{venture_id}"), "version": 1, "position": position,
           "at": "2026-08-22T10:00:01.000000Z", "data": {"venture_id": venture_id, "revision": 1},
           "metadata": {"actor": "uid:1000@n-1"}})
}

pub(crate) fn refusal(code: &str, message: &str, details: Value) -> Value {
    json!({"ok": false, "error": code, "message": message, "details": details,
           "correlation_id": "01928c5e-0000-7000-8000-000000000001"})
}

pub(crate) fn recorded(venture_id: &str, event_type: &str, version: u64, position: u64) -> Value {
    json!({"ok": true, "venture_id": venture_id, "version": version, "position": position, "status": 1,
           "status_label": "Setup", "available_actions": ["refine_vision"], "recorded": true,
           "events": [{"event_id": "01928c5e-0000-7000-8000-000000000000", "event_type": event_type, "version": version}],
           "correlation_id": "01928c5e-0000-7000-8000-000000000001"})
}

pub(crate) fn tree() -> Value {
    let worker = |path: &str, status: &str, handled: u64| {
        json!({
        "path": path, "kind": "projection", "id": "0.7", "generation": 2, "status": status, "restart": "permanent",
        "mailbox": {"depth": 0, "capacity": 1024, "high_water": 3, "on_full": "wait"},
        "messages": {"handled": handled, "dropped": 0, "busy_ns": 1200, "last": "Fact"},
        "restarts": {"total": 1, "last": {"at": "2026-08-22T09:59:00.000000Z", "reason": "error: disk"}}})
    };
    json!({"ok": true, "node_id": "n-01J8ZC", "at": "2026-08-22T10:00:02.000000Z", "tree": {
    "path": "/hecate", "kind": "supervisor", "generation": 1, "status": "running", "restart": "permanent",
    "strategy": "rest_for_one", "intensity": {"used": 0, "max": 3, "period_ms": 5000}, "restarts": {"total": 0},
    "children": [
        {"path": "/hecate/apps", "kind": "supervisor", "generation": 1, "status": "running", "restart": "permanent",
         "strategy": "one_for_one", "restarts": {"total": 0}, "children": [
            worker("/hecate/apps/query_ventures", "running", 42), worker("/hecate/apps/setup_venture", "restarting", 7)]},
        worker("/hecate/edge", "running", 120)
    ]}})
}

pub(crate) fn models() -> Value {
    let model = |provider: &str, name: &str, local: bool, size: &str| {
        json!({"name": name, "provider": provider, "local": local, "context_length": 8192, "parameter_size": size,
               "quantization_level": "Q4_K_M"})
    };
    json!({"ok": true, "models": [
        model("cloud", "great", false, "400B"), model("ollama", "camellia", true, "8.0B"), model("ollama", "oolong", true, "1.2B")]})
}

pub(crate) fn llm_health() -> Value {
    json!({"ok": true, "status": "healthy", "providers": {
        "cloud": {"status": "unauthorized", "error": "401"}, "ollama": {"status": "healthy", "models": 2}}})
}

/// The two last lines of a whole answer.
pub(crate) fn answer_done() -> String {
    let done = json!({"content": "", "done": true, "model": "camellia", "provider": "ollama", "stop_reason": "stop",
                      "usage": {"prompt_tokens": 12, "completion_tokens": 34, "source": "reported"}});
    format!("data: {done}\n\ndata: [DONE]\n\n")
}
