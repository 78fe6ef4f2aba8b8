//! Where projections bring what they want recorded: they know no process, and ask through this.

use super::TendedModel;
use hecate_desk::{Aggregate, Asked, Caller, Node, Process, Refusal, Refused};
use hecate_event_store::BoxFuture;
use hecate_read_model::tending::{Concern, Tending};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// The process, as projections see it.
pub(crate) struct TendingDoor {
    process: Arc<dyn Process>,
    node: Node,
}

impl TendingDoor {
    /// A door to this process among all.
    ///
    /// # Panics
    /// When the daemon leaves the process out.
    pub(crate) fn of(processes: &[Arc<dyn Process>], node: &Node) -> Arc<TendingDoor> {
        let tends = |process: &&Arc<dyn Process>| process.spec().name == TendedModel::PROCESS.name;
        let process = processes.iter().find(tends).expect("the process is listed");
        Arc::new(TendingDoor { process: Arc::clone(process), node: node.clone() })
    }

    async fn ask(&self, concern: Concern, key: String) -> Result<u64, Refused> {
        let (desk, model, body) = match concern {
            Concern::Park(parked) => {
                let mut body = as_object(json!(parked));
                body.remove("model");
                ("park_event", parked.model, body)
            }
            Concern::Settled { model, position } => {
                ("retry_event", model, as_object(json!({ "position": position })))
            }
        };
        let door = self.process.doors().iter().position(|door| door.spec.name == desk);
        let caller = Caller {
            actor: format!("read_model:{model}@{}", self.node.node_id),
            correlation_id: Uuid::now_v7(),
            // The same concern, brought again by a rebuild or after a crash, is recorded once.
            idempotency_key: Some(key),
            expected_version: None,
            because: None,
        };
        let path_ids = as_object(json!({ "model": model }));
        let asked = Asked { door: door.ok_or(Refusal::INTERNAL)?, path_ids, body: body.into(), caller };
        Ok(self.process.ask(asked).await?.answer.position)
    }
}

impl Tending for TendingDoor {
    fn tend(&self, concern: Concern, key: String) -> BoxFuture<'_, Result<u64, Refused>> {
        Box::pin(self.ask(concern, key))
    }
}

fn as_object(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}
