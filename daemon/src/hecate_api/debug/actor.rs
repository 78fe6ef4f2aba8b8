//! `GET /debug/actors/{actor}`: one actor, by its path or by its id, as closely as it can be seen.

use super::super::{answer::Answer, connection::Asking, edge::Edge, params};
use super::look::{look, shown};
use axum::extract::Request;
use hecate_desk::{Refusal, Refused};
use hecate_proto::debug_answers::OneActor;
use serde_json::{Map, Value};
use std::sync::Arc;

pub(super) const NO_SUCH_ACTOR: Refusal =
    Refusal::new(404, "actor_not_found", "There is no actor of this path or id.");

/// One actor.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, mut request: Request) -> Answer {
    look(&edge, &asking, &request, &[])?;
    let ids = params::path_ids(&mut request).await?;
    let which = which(&ids);
    let actor = edge.tree()?.actor(which).await.ok_or_else(|| no_such_actor(which))?;
    shown(&edge, OneActor { actor })
}

/// How the path of a request names an actor.
pub(super) fn which(ids: &Map<String, Value>) -> &str {
    ids.get("actor").and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn no_such_actor(which: &str) -> Refused {
    let hint = "Take its path or its id from the tree; in an address each / of a path is %2F.";
    NO_SUCH_ACTOR.about("actor", which).about("hint", hint)
}
