//! Fact streams over the socket.

use super::super::Limits;
use super::teahouse::{Teahouse, Wish, within};
use std::time::Duration;

#[tokio::test]
async fn a_client_that_comes_back_misses_nothing_and_sees_nothing_twice() {
    let house = Teahouse::open().await;
    for _ in 0..30 {
        house.record(10).await;
    }
    let mut seen = Vec::new();
    let mut first = house.connect().await;
    assert_eq!(first.follow("/api/facts/stream?from=1", "").await, "0");
    for _ in 0..12 {
        seen.push(first.line("id: ").await);
    }
    drop(first);
    house.record(10).await;
    let mut second = house.connect().await;
    second.follow("/api/facts/stream?from=1", &format!("last-event-id: {}\r\n", seen[11])).await;
    for _ in 12..31 {
        seen.push(second.line("id: ").await);
    }
    house.record(10).await;
    seen.push(second.line("id: ").await);
    assert_eq!(seen, (1..=32).map(|position| position.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_nobody_up_and_loses_nothing() {
    let house = Teahouse::open().await;
    let mut slow = house.connect().await;
    assert_eq!(slow.follow("/api/facts/stream", "").await, "0");
    for _ in 0..300 {
        house.record(10_000).await;
    }
    let mut other = house.connect().await;
    assert_eq!(other.post("/api/teas", r#"{"leaf": "assam"}"#).await.status, 201);
    for position in 1..=301 {
        assert_eq!(slow.line("id: ").await, position.to_string());
    }
}

#[tokio::test]
async fn topics_carry_a_cursor_that_resumes_them() {
    let house = Teahouse::open().await;
    house.record(10).await;
    house.record(10).await;
    let mut first = house.connect().await;
    first.follow("/api/stream?topics=facts&types=leaf_picked_v1&after=eyJmYWN0cyI6MH0", "").await;
    let cursor = first.line("id: ").await;
    assert_eq!(cursor, "eyJmYWN0cyI6MX0");
    let mut second = house.connect().await;
    second.follow("/api/stream?topics=facts", &format!("last-event-id: {cursor}\r\n")).await;
    let frame: serde_json::Value = serde_json::from_str(&second.line("data: ").await).unwrap();
    assert_eq!(frame["position"], 2);
}

#[tokio::test]
async fn what_nobody_serves_is_refused() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    assert_eq!(
        client.get("/api/stream?topics=tree").await.refusal(),
        (400, "validation_error", "topics", "enum")
    );
    let answered = client.ask("GET", "/api/stream?topics=facts", &[("last-event-id", "7")], "").await;
    assert_eq!(answered.refusal(), (400, "invalid_cursor", "Last-Event-ID", ""));
    let answered = client.get("/api/facts/stream?process=brew_coffee").await;
    assert_eq!(answered.refusal(), (400, "validation_error", "process", "enum"));
}

#[tokio::test]
async fn a_quiet_stream_shows_that_it_lives_and_ends_with_its_store() {
    let limits = Limits { heartbeat: Duration::from_millis(20), ..Limits::default() };
    let house = Teahouse::open_with(Wish { limits, ..Wish::default() }).await;
    let mut client = house.connect().await;
    client.follow("/api/facts/stream?process=brew_tea", "").await;
    client.line(":").await;
    within("the store closes", hecate_event_store::EventStore::close(&*house.store)).await;
    // The last chunk is an empty one.
    assert_eq!(within("the stream ends", client.line("0")).await, "");
}
