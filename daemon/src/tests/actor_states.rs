//! What the actors of the whole house show of themselves to operators.

use super::probers::{DIVISION, Open};
use hecate_proto::debug::ActorState;
use hecate_proto::tree::TreeNode;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// However slow the machine, something that should be shown is shown by then.
const PATIENCE: Duration = Duration::from_secs(60);
const MONITORING: &str = "/hecate/apps/processes/monitor_division";

impl Open {
    /// The state that an actor offers, as soon as it is this.
    async fn offered(&self, path: &str, is_this: impl Fn(&Value) -> bool) -> Value {
        let look = async {
            loop {
                match self.tree.actor(path).await.map(|actor| actor.state) {
                    Some(ActorState::Offered { value }) if is_this(&value) => return value,
                    Some(ActorState::Offered { .. } | ActorState::Busy) => tokio::task::yield_now().await,
                    other => panic!("{path}: {other:?}"),
                }
            }
        };
        timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("{path} does not show it"))
    }

    async fn below_monitoring(&self, place: &str, is_this: impl Fn(&Value) -> bool) -> Value {
        self.offered(&format!("{MONITORING}/{place}"), is_this).await
    }
}

/// The paths of all that run and are no supervisor and no pool.
fn workers(node: &TreeNode) -> Vec<String> {
    let is_above = ["supervisor", "pool"].contains(&node.kind.as_str());
    let own = Some(node.path.clone()).filter(|_| !is_above && node.id.is_some());
    own.into_iter().chain(node.children.iter().flat_map(workers)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_worker_offers_a_state_and_it_is_right_after_some_commands() {
    let folder = tempfile::tempdir().unwrap();
    let open = Open::at(folder.path()).await;
    open.begin().await;
    // It is well, so that nothing comes of it but the first sample.
    let endpoint = TcpListener::bind("127.0.0.1:0").await.unwrap();
    open.register("port", "tcp", &endpoint.local_addr().unwrap().to_string()).await;
    open.has_probers(1).await;
    let check_id = format!("check-{DIVISION}-port");
    let has_asked = |prober: &Value| prober["consecutive"].as_u64() > Some(0) && prober["phase"] == "waiting";
    let prober = open.below_monitoring(&format!("probers/{check_id}"), has_asked).await;
    assert_eq!((&prober["check_id"], &prober["health"]), (&json!(check_id), &json!("healthy")));
    assert!(prober["due_in_ms"].as_u64() <= Some(1_100), "{prober}");
    open.did("deregister_health_check", json!({"check_id": check_id})).await;
    open.has_probers(0).await;

    let head = open.house.store.opened().await.head();
    let store = open.offered("/hecate/kernel/event_store", |store| store["head"] == head).await;
    assert_eq!((&store["writer"]["queued_requests"], &store["epoch"]), (&json!(0), &json!(1)));
    let roster = open.below_monitoring("roster", |roster| roster["position"] == head).await;
    let nobody = json!({"is_restored": true, "position": head, "divisions": 0, "on_duty": 0, "unheld": 0});
    assert_eq!(roster, nobody);
    let emitter = open.below_monitoring("emitters", |emitter| emitter["told"] == head).await;
    assert_eq!((&emitter["process"], &emitter["head"]), (&json!("monitor_division"), &json!(head)));
    let listener = open.below_monitoring("listener", |listener| listener["cursor"] == head).await;
    assert_eq!((&listener["dead"], &listener["phase"]), (&json!(0), &json!("following")));
    for path in workers(&open.tree.snapshot()) {
        open.offered(&path, |state| state.is_object()).await;
    }
    open.close().await;
}
