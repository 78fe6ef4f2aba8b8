//! The one entry for every desk: headers, ids and body are read, the desk is asked, its answer is told.

use super::{
    answer::{self, Answer, UNSUPPORTED_MEDIA_TYPE},
    connection::Asking,
    edge::Edge,
    headers, params,
    peer::AuditLine,
    request_body,
};
use axum::extract::Request;
use hecate_desk::{Asked, BEGINS_WITH, Caller, Door, Process, Refused, body};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Desks below this are about the daemon itself. Every client of the socket may ask them, so the audit says which
/// one did.
const OF_THE_DAEMON: &str = "/api/read-models/";

/// One public desk.
#[derive(Clone)]
pub(super) struct DeskDoor {
    process: Arc<dyn Process>,
    index: usize,
}

/// Every public desk, by process, in order.
pub(super) fn every(edge: &Edge) -> impl Iterator<Item = DeskDoor> + '_ {
    edge.parts.processes.iter().flat_map(|process| {
        let public = process.doors().iter().enumerate().filter(|(_, door)| door.spec.is_public());
        public.map(|(index, _)| DeskDoor { process: Arc::clone(process), index })
    })
}

impl DeskDoor {
    pub(super) fn door(&self) -> &Door {
        &self.process.doors()[self.index]
    }

    /// Its route, then its aliases.
    pub(super) fn paths(&self) -> &[String] {
        &self.door().paths
    }

    fn births(&self) -> bool {
        self.door().spec.allowed_in.births()
    }
}

/// Asks a desk; answers when its events are on disk.
pub(super) async fn ask(edge: Arc<Edge>, desk: DeskDoor, asking: Asking, mut request: Request) -> Answer {
    // The body comes first: a client that is still writing would miss the answer.
    let bytes = request_body::read(std::mem::take(request.body_mut()), &edge.parts.limits).await?;
    edge.demand_ready()?;
    params::known(request.uri().query(), &[])?;
    let path_ids = params::path_ids(&mut request).await?;
    let caller = caller(&edge, &desk, &asking, &request)?;
    let body = one_or_many(&bytes, &request, desk.door())?;
    let told = desk.process.ask(Asked { door: desk.index, path_ids, body, caller }).await;
    if desk.process.spec().base.starts_with(OF_THE_DAEMON) {
        let outcome = told.as_ref().map_or_else(|refused| &*refused.code, |_| "granted");
        let (peer, operation) = (asking.connected.peer, desk.door().spec.name);
        let on = request.uri().path();
        peer.audit(AuditLine::changed(operation, on, outcome, asking.correlation_id));
    }
    Ok(answer::told(&told.map_err(|refused| with_the_step_before(refused, &edge))?))
}

/// Where nothing is there to work on yet, hints at the desk whose fact it begins with.
fn with_the_step_before(refused: Refused, edge: &Edge) -> Refused {
    let Some(fact) = refused.details.get(BEGINS_WITH).and_then(Value::as_str) else { return refused };
    let step = every(edge).find_map(|desk| {
        let sheet = &desk.door().sheet;
        sheet.records.iter().any(|recorded| recorded.event_type == fact).then(|| sheet.says.clone())
    });
    match step {
        Some(says) => refused.about("hint", format!("It begins with the step before: {says}.")),
        None => refused,
    }
}

/// The body of a desk: an object, or an array where the desk takes several requests at once.
fn one_or_many(bytes: &[u8], request: &Request, door: &Door) -> Result<Value, Refused> {
    if door.at_once_max > 1 && bytes.trim_ascii_start().starts_with(b"[") {
        demand_json(bytes, request)?;
        return body::value(bytes);
    }
    object(bytes, request).map(Value::Object)
}

/// The body as an object; none is an empty one.
pub(super) fn object(bytes: &[u8], request: &Request) -> Result<Map<String, Value>, Refused> {
    demand_json(bytes, request)?;
    body::object(bytes)
}

fn demand_json(bytes: &[u8], request: &Request) -> Result<(), Refused> {
    if !bytes.is_empty() && !headers::is_json(request.headers()) {
        return Err(UNSUPPORTED_MEDIA_TYPE.about("hint", "Send Content-Type: application/json."));
    }
    Ok(())
}

fn caller(edge: &Edge, desk: &DeskDoor, asking: &Asking, request: &Request) -> Result<Caller, Refused> {
    let said = headers::command(request.headers(), desk.births())?;
    let peer = asking.connected.peer;
    Ok(Caller {
        actor: said.actor.unwrap_or_else(|| peer.actor(&edge.parts.node.node_id)),
        correlation_id: asking.correlation_id,
        idempotency_key: said.idempotency_key,
        expected_version: said.expected_version,
        because: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use hecate_desk::Refusal;

    #[tokio::test]
    async fn an_array_is_a_body_only_where_a_desk_takes_several_requests_at_once() {
        let house = crate::house::a_house();
        let doors = || house.processes.iter().flat_map(|process| process.doors());
        let read = |desk: &str, body: &[u8]| {
            let request = Request::builder().header("content-type", "application/json");
            let door = doors().find(|door| door.spec.name == desk).unwrap();
            one_or_many(body, &request.body(Body::empty()).unwrap(), door)
        };
        assert_eq!(read("record_test_result", b" [{}]"), Ok(serde_json::json!([{}])));
        assert_eq!(read("record_test_result", b"{}"), Ok(serde_json::json!({})));
        let twice = read("record_test_result", br#"[{"a": 1, "a": 2}]"#).unwrap_err();
        assert!(twice.is(Refusal::INVALID_JSON));
        assert!(read("set_quality_gate", b"[{}]").unwrap_err().is(Refusal::INVALID_JSON));
    }
}
