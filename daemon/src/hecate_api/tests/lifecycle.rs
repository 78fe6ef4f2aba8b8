//! How the socket goes up, goes down, and outlives its actor.

use super::client::Client;
use super::teahouse::{Teahouse, within};
use serde_json::json;
use std::time::Duration;

const HALF: &str = "POST /api/teas HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 17\r\n\r\n{\"leaf\":";

#[tokio::test]
async fn a_request_in_flight_is_finished_before_the_socket_goes() {
    let house = Teahouse::open().await;
    let mut idle = house.connect().await;
    assert_eq!(idle.get("/health").await.status, 200);
    let mut busy = house.connect().await;
    busy.write(HALF).await;
    let mut stream = house.connect().await;
    stream.follow("/api/facts/stream", "").await;
    house.edge.begin_stop();
    let stopped = house.stop();
    let clients = async {
        assert_eq!(idle.rest().await, "", "an idle connection ends at once");
        assert!(stream.rest().await.ends_with("0\r\n\r\n"), "a stream ends cleanly");
        busy.write("\"assam\" }").await;
        let answered = busy.answer().await;
        assert_eq!((answered.status, answered.header("connection")), (201, Some("close")));
        assert_eq!(busy.rest().await, "");
    };
    let (in_time, ()) = within("the tree stops", async { tokio::join!(stopped, clients) }).await;
    assert!(in_time);
    assert!(!house.socket().exists());
}

#[tokio::test]
async fn a_client_that_never_finishes_is_cut_in_time() {
    let house = Teahouse::open().await;
    let mut rude = house.connect().await;
    assert_eq!(rude.get("/health").await.status, 200);
    rude.write(HALF).await;
    house.edge.begin_stop();
    assert!(within("the tree stops", house.stop()).await);
    assert_eq!(rude.rest().await, "");
}

#[tokio::test]
async fn a_restart_of_the_actor_loses_neither_the_socket_nor_who_waits() {
    let house = Teahouse::open().await;
    assert!(within("the tree stops", house.stop()).await);
    let mut waiting = Client::connect(&house.socket()).await;
    waiting.write("GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let tree = house.boot().await;
    assert_eq!(waiting.answer().await.status, 200);
    assert!(tree.stop(Duration::from_secs(5)).await);
    house.edge.release_socket();
    assert!(!house.socket().exists());
}

#[tokio::test]
async fn a_socket_without_its_routes_says_that_it_is_starting() {
    let house = Teahouse::open().await;
    house.edge.unpublish();
    let mut client = house.connect().await;
    for (path, status) in [("/api/health", 200), ("/health", 200), ("/ready", 503)] {
        let health = client.get(path).await;
        assert_eq!((health.status, &health.body["status"]), (status, &json!("starting")), "{path}");
        assert_eq!(health.body["components"]["store"]["status"], "ok");
    }
    let refused = client.get("/api/teas").await;
    assert_eq!((refused.status, refused.refusal().1), (503, "starting"));
    assert_eq!(client.ask("DELETE", "/health", &[], "").await.refusal().1, "method_not_allowed");
}
