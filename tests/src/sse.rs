//! Server-sent events with their ids, as a client that means to come back reads them.

use crate::http::{Client, Connection, Request};
use crate::patience::DEADLINE;
use hecate_proto::fact::FactFrame;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

/// One event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// What `Last-Event-ID` says next time.
    pub id: String,
    /// Its name.
    pub event: String,
    /// Its payload.
    pub data: String,
}

/// A stream that is being read.
pub struct Frames {
    connection: Connection,
    text: String,
}

impl Frame {
    /// The fact in it.
    ///
    /// # Panics
    /// When it holds none.
    pub fn fact(&self) -> FactFrame {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

impl Frames {
    /// Opens a stream.
    pub fn open(socket: &Path, request: &Request) -> io::Result<Frames> {
        let mut connection = Client::new(socket).connect()?;
        connection.send(&request.bytes())?;
        let (status, headers) = connection.head()?;
        let kind = headers.get("content-type").cloned().unwrap_or_default();
        if status != 200 || !kind.starts_with("text/event-stream") {
            return Err(io::Error::new(ErrorKind::InvalidData, format!("no stream: {status} {kind}")));
        }
        Ok(Frames { connection, text: String::new() })
    }

    /// The next event; comments are passed over.
    pub fn next_frame(&mut self) -> io::Result<Frame> {
        self.next_within(DEADLINE)
    }

    /// The next event, if it comes in time.
    pub fn next_within(&mut self, at_most: Duration) -> io::Result<Frame> {
        self.connection.wire().within(at_most);
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let frame = parse(block);
                self.text = rest.to_owned();
                if let Some(frame) = frame {
                    return Ok(frame);
                }
            }
            let chunk = self.chunk()?;
            self.text.push_str(&chunk);
        }
    }

    /// So many facts.
    pub fn facts(&mut self, count: usize) -> Vec<FactFrame> {
        (0..count).map(|_| self.next_frame().unwrap().fact()).collect()
    }

    fn chunk(&mut self) -> io::Result<String> {
        let wire = self.connection.wire();
        let broken = |what: &str| io::Error::new(ErrorKind::InvalidData, what.to_owned());
        let size = usize::from_str_radix(wire.line()?.trim(), 16).map_err(|_| broken("not a chunk"))?;
        if size == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let bytes = wire.exactly(size)?;
        wire.exactly(2)?;
        String::from_utf8(bytes).map_err(|_| broken("a chunk that is no text"))
    }
}

/// One block of lines; nothing where it holds only comments or settings.
fn parse(block: &str) -> Option<Frame> {
    let mut frame = Frame::default();
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => frame.id = value.to_owned(),
            "event" => frame.event = value.to_owned(),
            "data" if frame.data.is_empty() => frame.data = value.to_owned(),
            "data" => frame.data = format!("{}\n{value}", frame.data),
            _ => {}
        }
    }
    // What carries no data only says where to resume.
    (!frame.data.is_empty()).then_some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_and_a_comment_passed_over() {
        let frame = parse("id: 7\nevent: fact\ndata: {\"a\":\ndata: 1}").unwrap();
        assert_eq!(
            (frame.id.as_str(), frame.event.as_str(), frame.data.as_str()),
            ("7", "fact", "{\"a\":\n1}")
        );
        assert_eq!(parse(": heartbeat"), None);
    }
}
