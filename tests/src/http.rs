//! A small blocking HTTP/1.1 client. It speaks raw bytes, so that broken requests can be sent as well.

use crate::wire::Wire;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

/// Asks one socket, each question on a connection of its own.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
}

/// One connection for several questions.
pub struct Connection {
    wire: Wire,
}

impl Request {
    /// A request without a body.
    pub fn new(method: &str, path: &str) -> Request {
        Request { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: None }
    }

    /// A question.
    pub fn get(path: &str) -> Request {
        Request::new("GET", path)
    }

    /// A command.
    pub fn post(path: &str, body: &Value) -> Request {
        Request::new("POST", path).raw("application/json", body.to_string())
    }

    /// One header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl ToString) -> Request {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// A body of any kind.
    #[must_use]
    pub fn raw(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Request {
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }

    /// The bytes on the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: hecate\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        let mut bytes = (head + "\r\n").into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The body as a type of the contract.
    ///
    /// # Panics
    /// When it does not fit.
    pub fn read<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The same answer, when its status is this one.
    ///
    /// # Panics
    /// When it is another.
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

impl Client {
    /// A client of this socket.
    pub fn new(socket: &Path) -> Client {
        Client { socket: socket.to_owned() }
    }

    /// A connection of one's own.
    pub fn connect(&self) -> io::Result<Connection> {
        Ok(Connection { wire: Wire::open(&self.socket)? })
    }

    /// Asks; answers whatever comes back.
    pub fn try_ask(&self, request: &Request) -> io::Result<Answer> {
        self.connect()?.ask(request)
    }

    /// Asks somebody who is known to answer.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn ask(&self, request: &Request) -> Answer {
        self.try_ask(request).unwrap_or_else(|error| panic!("no answer to {request:?}: {error}"))
    }

    /// Asks a question.
    pub fn get(&self, path: &str) -> Answer {
        self.ask(&Request::get(path))
    }

    /// Gives a command.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(&Request::post(path, body))
    }
}

impl Connection {
    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.write(bytes)
    }

    /// Asks. A daemon may answer before it has read everything, so a broken pipe is not yet the end.
    pub fn ask(&mut self, request: &Request) -> io::Result<Answer> {
        match self.send(&request.bytes()) {
            Err(error) if !matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                Err(error)
            }
            _ => self.answer(),
        }
    }

    /// Reads one answer.
    pub fn answer(&mut self) -> io::Result<Answer> {
        let (status, headers) = self.head()?;
        let bytes = match headers.get("content-length").and_then(|length| length.parse().ok()) {
            Some(count) => self.wire.exactly(count)?,
            None if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") => {
                return Err(io::Error::new(ErrorKind::InvalidData, "a stream where an answer was expected"));
            }
            None => self.wire.rest()?,
        };
        Ok(Answer { status, headers, bytes })
    }

    /// Reads the head of an answer.
    pub fn head(&mut self) -> io::Result<(u16, BTreeMap<String, String>)> {
        let broken = |line: &str| io::Error::new(ErrorKind::InvalidData, format!("not HTTP: {line:?}"));
        let line = self.wire.line()?;
        let status =
            line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| broken(&line))?;
        let mut headers = BTreeMap::new();
        loop {
            let line = self.wire.line()?;
            if line.is_empty() {
                return Ok((status, headers));
            }
            let (name, value) = line.split_once(':').ok_or_else(|| broken(&line))?;
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }

    /// The bytes behind the head.
    pub fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }
}
