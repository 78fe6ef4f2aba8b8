//! Whoever leaves takes the provider's connection along, at every moment of a chat; and whoever reads slowly
//! slows nobody but the provider.

use super::super::Speaks;
use super::house::{House, at};
use super::kit::{ollama_answer, within};
use super::upstream::{Chat, Upstream};
use serde_json::{Value, json};

fn hello(stream: bool) -> Value {
    json!({"messages": [{"role": "user", "content": "Hi"}], "stream": stream})
}

async fn open() -> (Upstream, House) {
    let upstream = Upstream::open(&["m"]).await;
    let house = House::open(vec![at(&upstream, "ollama", Speaks::Ollama)]).await;
    (upstream, house)
}

async fn piece(chat: &mut Chat) {
    chat.chunk("{\"message\":{\"content\":\"Te\"},\"done\":false}\n").await;
}

/// Defect 14 of the design's list: a provider went on writing for callers who had left.
#[tokio::test]
async fn leaving_before_the_provider_accepts_closes_its_connection() {
    let (mut upstream, house) = open().await;
    for stream in [true, false] {
        let client = house.ask(&hello(stream)).await;
        let chat = upstream.chat().await;
        drop(client);
        chat.closed().await;
    }
}

#[tokio::test]
async fn leaving_before_the_first_token_closes_the_providers_connection() {
    let (mut upstream, house) = open().await;
    for stream in [true, false] {
        let mut client = house.ask(&hello(stream)).await;
        let mut chat = upstream.chat().await;
        chat.accept().await;
        if stream {
            client.follow().await;
        }
        drop(client);
        chat.closed().await;
    }
}

#[tokio::test]
async fn leaving_in_the_midst_of_an_answer_closes_the_providers_connection() {
    let (mut upstream, house) = open().await;
    for stream in [true, false] {
        let mut client = house.ask(&hello(stream)).await;
        let mut chat = upstream.chat().await;
        chat.accept().await;
        piece(&mut chat).await;
        if stream {
            client.follow().await;
            client.frame().await;
        }
        drop(client);
        chat.closed().await;
    }
}

#[tokio::test]
async fn whoever_closes_only_its_own_half_is_still_answered() {
    let (mut upstream, house) = open().await;
    for stream in [true, false] {
        let mut client = house.ask(&hello(stream)).await;
        client.close_half().await;
        let mut chat = upstream.chat().await;
        chat.accept().await;
        piece(&mut chat).await;
        chat.chunk(ollama_answer("a")).await;
        chat.end().await;
        if stream {
            client.follow().await;
            assert_eq!(client.frames().await.last(), Some(&json!("[DONE]")));
        } else {
            assert_eq!(client.answer().await.body["content"], "Tea");
        }
    }
}

#[tokio::test]
async fn a_daemon_that_stops_says_so_in_every_stream() {
    let (mut upstream, house) = open().await;
    let mut client = house.ask(&hello(true)).await;
    let mut chat = upstream.chat().await;
    chat.accept().await;
    client.follow().await;
    let (stopped, failed) = tokio::join!(house.stop(), client.frame());
    assert!(stopped);
    assert_eq!((&failed["error"], &failed["retryable"]), (&json!("stopping"), &json!(true)));
    chat.closed().await;
}

/// Defect 13 of the design's list: chunks piled up in a mailbox without a bound.
#[tokio::test]
async fn a_reader_that_does_not_read_stops_its_provider_and_nobody_else() {
    let (mut upstream, house) = open().await;
    let mut slow = house.ask(&hello(true)).await;
    let mut chat = upstream.chat().await;
    chat.write("HTTP/1.1 200 OK\r\n\r\n").await;
    let text = "x".repeat(60_000);
    let line = format!("{}\n", json!({"message": {"content": text}, "done": false}));
    // What the sockets hold is the system's; the rest is the daemon's and small.
    let taken = chat.flood(line.as_bytes(), 64 << 20).await;
    assert!(taken < 32 << 20, "the daemon took {taken} bytes for a reader that reads none");
    let mut other = house.ask(&hello(false)).await;
    upstream.chat().await.answer(ollama_answer("quick")).await;
    assert_eq!(other.answer().await.body["content"], "quick");
    // Nothing was lost: the slow reader finds every byte.
    let rest = &line.as_bytes()[taken % line.len()..];
    let writing = async {
        chat.write(rest).await;
        chat.write(ollama_answer("end")).await;
        drop(chat);
    };
    let reading = async {
        slow.follow().await;
        slow.frames().await
    };
    let ((), frames) = within("everything is read", async { tokio::join!(writing, reading) }).await;
    let read: usize = frames.iter().filter_map(|frame| frame["content"].as_str()).map(str::len).sum();
    assert_eq!(read, (taken / line.len() + 1) * text.len() + "end".len());
    assert_eq!(frames.last(), Some(&json!("[DONE]")));
}
