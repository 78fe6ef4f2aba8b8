//! A provider of the tests' own: a real server on a real socket, whose chats the test writes byte by byte.

use super::kit::within;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub(super) struct Upstream {
    address: SocketAddr,
    /// What a list of models is answered with: a status and a body.
    pub(super) list: Arc<Mutex<(u16, Value)>>,
    /// Heads of the requests for lists.
    pub(super) looks: Arc<Mutex<Vec<String>>>,
    /// While true, lists are not answered.
    pub(super) held: watch::Sender<bool>,
    chats: mpsc::UnboundedReceiver<Chat>,
    accepting: JoinHandle<()>,
}

/// One chat that was asked, and the connection to answer it on.
pub(super) struct Chat {
    pub(super) head: String,
    pub(super) body: Value,
    stream: TcpStream,
}

/// A list as either dialect reads it.
pub(super) fn list(names: &[&str]) -> Value {
    let ollama: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
    let openai: Vec<_> = names.iter().map(|name| json!({"id": name})).collect();
    json!({"models": ollama, "data": openai})
}

impl Upstream {
    pub(super) async fn open(models: &[&str]) -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (list, looks) = (Arc::new(Mutex::new((200, list(models)))), Arc::<Mutex<Vec<String>>>::default());
        let (told, chats) = mpsc::unbounded_channel();
        let (answer, seen) = (Arc::clone(&list), Arc::clone(&looks));
        let (held, hold) = watch::channel(false);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(
                    stream,
                    Arc::clone(&answer),
                    Arc::clone(&seen),
                    told.clone(),
                    hold.clone(),
                ));
            }
        });
        Upstream { address, list, looks, held, chats, accepting }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The next chat that is asked.
    pub(super) async fn chat(&mut self) -> Chat {
        within("a chat is asked", self.chats.recv()).await.unwrap()
    }

    pub(super) fn no_chat(&mut self) -> bool {
        self.chats.try_recv().is_err()
    }

    /// Hangs up for good; chats that were handed out stay.
    pub(super) fn close(&self) {
        self.accepting.abort();
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.close();
    }
}

/// Answers lists by itself; hands the first chat of a connection to the test, with the connection.
async fn serve(
    mut stream: TcpStream,
    answer: Arc<Mutex<(u16, Value)>>,
    looks: Arc<Mutex<Vec<String>>>,
    chats: mpsc::UnboundedSender<Chat>,
    mut hold: watch::Receiver<bool>,
) {
    while let Some((head, body)) = request(&mut stream).await {
        if head.starts_with("POST ") {
            let body = serde_json::from_slice(&body).unwrap();
            let _ = chats.send(Chat { head, body, stream });
            return;
        }
        looks.lock().unwrap().push(head);
        let _ = hold.wait_for(|held| !held).await.map(drop);
        let (status, body) = answer.lock().unwrap().clone();
        let body = body.to_string();
        let text = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

impl Chat {
    pub(super) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        within("the daemon reads", self.stream.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Accepts: the head of an answer whose body comes in chunks.
    pub(super) async fn accept(&mut self) {
        self.write(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: text/event-stream\r\n\r\n",
        )
        .await;
    }

    pub(super) async fn chunk(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.write([format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()).await;
    }

    /// Ends the body as HTTP wants it.
    pub(super) async fn end(&mut self) {
        self.write("0\r\n\r\n").await;
    }

    /// A whole answer at once.
    pub(super) async fn answer(mut self, bytes: impl AsRef<[u8]>) {
        self.accept().await;
        self.chunk(bytes).await;
        self.end().await;
    }

    pub(super) async fn refuse(mut self, status: u16, headers: &str, body: &str) {
        let length = body.len();
        self.write(format!("HTTP/1.1 {status} No\r\ncontent-length: {length}\r\n{headers}\r\n{body}")).await;
    }

    /// Waits until the daemon has closed its side.
    pub(super) async fn closed(mut self) {
        let mut byte = [0];
        let read = within("the daemon closes its connection", self.stream.read(&mut byte)).await;
        assert!(matches!(read, Ok(0) | Err(_)), "the daemon wrote instead");
    }

    /// Writes until nobody takes more, at most so many bytes; answers how many were taken.
    pub(super) async fn flood(&mut self, bytes: &[u8], bytes_max: usize) -> usize {
        let mut taken = 0;
        while taken < bytes_max {
            // A reader that is only slow takes something within this time.
            let room = tokio::time::timeout(Duration::from_millis(500), self.stream.writable());
            if room.await.is_err() {
                break;
            }
            let from = taken % bytes.len();
            taken += self.stream.try_write(&bytes[from..]).unwrap_or(0);
        }
        taken
    }
}
