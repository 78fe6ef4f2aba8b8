//! A client that writes and reads bytes, so that it can also be rude.

use super::teahouse::within;
use serde_json::Value;
use std::path::Path;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

pub(super) struct Client {
    stream: BufReader<UnixStream>,
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    head: String,
    pub(super) body: Value,
}

impl Answered {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    /// Status, code, and the field and rule where there are some.
    pub(super) fn refusal(&self) -> (u16, &str, &str, &str) {
        let detail = |key: &str| self.body["details"][key].as_str().unwrap_or_default();
        assert_eq!(self.body["ok"], false, "{:?}", self.body);
        assert!(self.body["message"].is_string() && self.body["correlation_id"].is_string());
        (self.status, self.body["error"].as_str().unwrap(), detail("field"), detail("rule"))
    }
}

impl Client {
    pub(super) async fn connect(socket: &Path) -> Client {
        Client { stream: BufReader::new(UnixStream::connect(socket).await.unwrap()) }
    }

    pub(super) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        within("the bytes are taken", self.stream.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Writes as much as the other side takes before it hangs up.
    pub(super) async fn try_write(&mut self, bytes: &[u8]) {
        let _ = within("the bytes are taken or refused", self.stream.write_all(bytes)).await;
    }

    pub(super) async fn get(&mut self, path: &str) -> Answered {
        self.ask("GET", path, &[], "").await
    }

    pub(super) async fn post(&mut self, path: &str, body: &str) -> Answered {
        self.ask("POST", path, &[("content-type", "application/json")], body).await
    }

    pub(super) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answered {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length =
            if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        self.write(format!("{method} {path} HTTP/1.1\r\nhost: x\r\n{headers}{length}\r\n{body}")).await;
        self.answer().await
    }

    /// Reads one answer with a length.
    pub(super) async fn answer(&mut self) -> Answered {
        let head = self.head().await;
        self.body(head).await
    }

    /// The same; none where the other side hangs up instead.
    pub(super) async fn try_answer(&mut self) -> Option<Answered> {
        let head = self.try_head().await?;
        Some(self.body(head).await)
    }

    /// A refusal; none where a stream begins instead.
    pub(super) async fn refused_or_stream(&mut self) -> Option<Answered> {
        let head = self.head().await;
        if head.contains("text/event-stream") { None } else { Some(self.body(head).await) }
    }

    async fn body(&mut self, head: String) -> Answered {
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answered = Answered { status, head, body: Value::Null };
        let length = answered.header("content-length").map_or(0, |text| text.parse().unwrap());
        let mut bytes = vec![0; length];
        within("the body comes", self.stream.read_exact(&mut bytes)).await.unwrap();
        answered.body = serde_json::from_slice(&bytes).unwrap_or_default();
        answered
    }

    /// Asks for a stream and reads the head of its answer, and the id that it begins with.
    pub(super) async fn follow(&mut self, path: &str, headers: &str) -> String {
        self.listen("GET", path, headers, "").await;
        self.line("id: ").await
    }

    /// Asks for a stream and reads the head of its answer.
    pub(super) async fn listen(&mut self, method: &str, path: &str, headers: &str, body: &str) {
        self.write(format!("{method} {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n{body}")).await;
        let head = self.head().await;
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"), "{head}");
        assert_eq!(self.line("retry: ").await, "500");
    }

    async fn head(&mut self) -> String {
        self.try_head().await.expect("hung up instead of an answer")
    }

    async fn try_head(&mut self) -> Option<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match within("the head comes", self.stream.read_line(&mut head)).await {
                Ok(read) if read > 0 => {}
                _ => return None,
            }
        }
        Some(head)
    }

    /// The next line of a stream that begins like this, without that beginning.
    pub(super) async fn line(&mut self, begins: &str) -> String {
        loop {
            let mut line = String::new();
            let read = within("a line comes", self.stream.read_line(&mut line)).await.unwrap();
            assert_ne!(read, 0, "hung up before {begins:?}");
            if let Some(rest) = line.trim_end().strip_prefix(begins) {
                return rest.to_owned();
            }
        }
    }

    /// Everything until the other side hangs up.
    pub(super) async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let _ = within("the other side hangs up", self.stream.read_to_end(&mut bytes)).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
