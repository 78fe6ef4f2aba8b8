//! Clients that are slow, many, or too much.

use super::super::Limits;
use super::teahouse::{Teahouse, Wish, within};
use crate::tests::logged::Logged;
use std::time::Duration;
use tracing::Level;

async fn house(limits: Limits) -> Teahouse {
    Teahouse::open_with(Wish { limits, ..Wish::default() }).await
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_at_its_deadline() {
    let house = house(Limits { header_read_max: Duration::from_millis(50), ..Limits::default() }).await;
    let mut rude = house.connect().await;
    rude.write("GET /api/health HTTP/1.1\r\nhost: ").await;
    assert_eq!(rude.rest().await, "");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let (logged, _guard) = Logged::from(Level::WARN);
    let house = Teahouse::open().await;
    let mut rude = house.connect().await;
    let head = format!("GET /api/health HTTP/1.1\r\nhost: x\r\nlong: {}\r\n\r\n", "x".repeat(20_000));
    rude.try_write(head.as_bytes()).await;
    assert_eq!(rude.answer().await.refusal(), (431, "headers_too_large", "", ""));
    within("it is counted", is_logged(&logged)).await;
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_the_same_shape_and_ends_the_connection() {
    let (logged, _guard) = Logged::from(Level::WARN);
    let house = Teahouse::open().await;
    let mut rude = house.connect().await;
    assert_eq!(rude.get("/health").await.status, 200);
    rude.write("GET /health\r\n\r\n").await;
    let answered = rude.answer().await;
    assert_eq!(answered.refusal(), (400, "malformed_request", "", ""));
    assert_eq!(answered.header("connection"), Some("close"));
    assert_eq!(answered.header("hecate-correlation-id"), answered.body["correlation_id"].as_str());
    assert_eq!(rude.rest().await, "");
    within("it is counted", is_logged(&logged)).await;
}

async fn is_logged(logged: &Logged) {
    while !logged.text().contains("no request of HTTP/1.1 times=1") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_body_that_stops_coming_is_given_up() {
    let house = house(Limits { body_idle_max: Duration::from_millis(50), ..Limits::default() }).await;
    let mut rude = house.connect().await;
    rude.write(
        "POST /api/teas HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{",
    )
    .await;
    let answered = rude.answer().await;
    assert_eq!((answered.status, answered.refusal().1), (408, "timeout"));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_read_to_its_end_and_refused() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let answered = client.post("/api/teas", &" ".repeat(2 * 1024 * 1024)).await;
    assert_eq!((answered.status, answered.refusal().1), (413, "payload_too_large"));
    let mut chunked = house.connect().await;
    chunked.write("POST /api/teas HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n").await;
    for _ in 0..20 {
        chunked.write(format!("10000\r\n{}\r\n", " ".repeat(65_536))).await;
    }
    chunked.write("0\r\n\r\n").await;
    assert_eq!(chunked.answer().await.refusal().1, "payload_too_large");
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_refused_before_it_comes() {
    let house = Teahouse::open().await;
    for length in ["1048577", "99999999999"] {
        let mut client = house.connect().await;
        client
            .write(format!(
                "POST /api/teas HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{{"
            ))
            .await;
        assert_eq!(client.answer().await.refusal().1, "payload_too_large", "{length}");
    }
}

#[tokio::test]
async fn one_user_finds_no_more_places_than_its_share() {
    let house = house(Limits { connections_per_uid_max: 2, ..Limits::default() }).await;
    let (mut first, mut second) = (house.connect().await, house.connect().await);
    assert_eq!((first.get("/health").await.status, second.get("/health").await.status), (200, 200));
    let mut third = house.connect().await;
    let answered = third.answer().await;
    assert_eq!((answered.status, answered.refusal().1), (503, "too_many_connections"));
    assert_eq!(answered.header("retry-after"), Some("1"));
    drop(first);
    loop {
        // The place comes back when the daemon has noticed; until then a newcomer is turned away.
        let mut next = house.connect().await;
        next.try_write(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await;
        if next.answer().await.status == 200 {
            break;
        }
    }
}

#[tokio::test]
async fn streams_have_places_too_in_all_and_by_user() {
    for (streams_max, streams_per_uid_max, hint) in
        [(1, 9, "too many in all"), (9, 1, "too many of this user")]
    {
        let house = house(Limits { streams_max, streams_per_uid_max, ..Limits::default() }).await;
        let mut first = house.connect().await;
        first.follow("/api/facts/stream", "").await;
        let refused = house.connect().await.get("/api/stream?topics=facts").await;
        assert_eq!((refused.status, refused.refusal().1), (503, "too_many_streams"));
        assert_eq!(
            (refused.header("retry-after"), &refused.body["details"]["hint"]),
            (Some("1"), &hint.into())
        );
    }
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off_and_frees_its_place() {
    let limits =
        Limits { streams_per_uid_max: 1, write_idle_max: Duration::from_millis(50), ..Limits::default() };
    let house = house(limits).await;
    let mut deaf = house.connect().await;
    deaf.follow("/api/facts/stream", "").await;
    for _ in 0..100 {
        house.record(10_000).await;
    }
    let mut next = house.connect().await;
    let place_is_free = async { while next.get("/api/facts/stream").await.status == 503 {} };
    within("the place is free", place_is_free).await;
    assert!(!deaf.rest().await.ends_with("0\r\n\r\n"), "a cut stream does not look whole");
    assert_eq!(house.edge.cut_off.count("of this test", &"it counts"), 2);
}
