//! Clients that are slow, many, or too much.

use super::super::Limits;
use super::teahouse::{Teahouse, Wish};
use std::time::Duration;

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
    let house = Teahouse::open().await;
    let mut rude = house.connect().await;
    let head = format!("GET /api/health HTTP/1.1\r\nhost: x\r\nlong: {}\r\n\r\n", "x".repeat(20_000));
    rude.try_write(head.as_bytes()).await;
    assert!(rude.rest().await.starts_with("HTTP/1.1 431"));
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
async fn streams_have_places_too() {
    let house = house(Limits { streams_max: 1, ..Limits::default() }).await;
    let mut first = house.connect().await;
    first.follow("/api/facts/stream", "").await;
    let refused = house.connect().await.get("/api/facts/stream").await;
    assert_eq!((refused.status, refused.refusal().1), (503, "too_many_streams"));
    assert_eq!(refused.header("retry-after"), Some("1"));
}
