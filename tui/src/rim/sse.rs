//! Server-sent events, parsed from whatever chunks arrive: lines may end in LF, CR or CRLF, a character may
//! be split between chunks, and no frame grows without bound.

use hecate_proto::llm;

/// The largest line that is kept: no line that the daemon sends is longer. One that is is left out together with its
/// frame.
const LINE_BYTES_MAX: usize = llm::FRAME_BYTES_MAX;
/// The most data of one frame.
const FRAME_BYTES_MAX: usize = 2 * 1024 * 1024;

/// One event of the stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The last id that the stream gave, of this frame or of one before it.
    pub id: Option<String>,
    /// The event's name, `message` by default.
    pub event: String,
    /// The data lines, joined by newlines.
    pub data: String,
}

/// What the stream brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A frame.
    Frame(Frame),
    /// A frame beyond the bounds was left out.
    TooLarge,
    /// A line that is no field of the standard, which asks to ignore it. Who knows the other end may know better.
    Stray,
}

/// The parser's state between chunks.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    line_too_long: bool,
    after_cr: bool,
    begun: bool,
    id: Option<String>,
    event: String,
    data: String,
    has_data: bool,
    too_large: bool,
}

impl Parser {
    /// Takes a chunk and answers the frames that it completes.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<Item> {
        let mut items = Vec::new();
        for &byte in chunk {
            let second_half = std::mem::take(&mut self.after_cr) && byte == b'\n';
            match byte {
                b'\n' if second_half => {}
                b'\n' | b'\r' => {
                    self.after_cr = byte == b'\r';
                    items.extend(self.end_line());
                }
                _ if self.line.len() >= LINE_BYTES_MAX => self.line_too_long = true,
                _ => self.line.push(byte),
            }
        }
        items
    }

    fn end_line(&mut self) -> Option<Item> {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.line_too_long) {
            self.too_large = true;
            return None;
        }
        let text = String::from_utf8_lossy(&line);
        let first = !std::mem::replace(&mut self.begun, true);
        let text = if first { text.strip_prefix('\u{feff}').unwrap_or(&text) } else { &text };
        if text.is_empty() {
            return self.end_frame();
        }
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        self.take_field(name, value.strip_prefix(' ').unwrap_or(value))
    }

    /// A line that begins with a colon is a comment; its name is empty, so it falls through.
    fn take_field(&mut self, name: &str, value: &str) -> Option<Item> {
        match name {
            "data" if self.data.len() + value.len() > FRAME_BYTES_MAX => self.too_large = true,
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            "event" => self.event = value.to_owned(),
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "" | "id" | "retry" => {}
            _ => return Some(Item::Stray),
        }
        None
    }

    fn end_frame(&mut self) -> Option<Item> {
        let event = std::mem::take(&mut self.event);
        let data = std::mem::take(&mut self.data);
        let has_data = std::mem::take(&mut self.has_data);
        if std::mem::take(&mut self.too_large) {
            return Some(Item::TooLarge);
        }
        let event = if event.is_empty() { "message".to_owned() } else { event };
        has_data.then(|| Item::Frame(Frame { id: self.id.clone(), event, data }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Vec<Item> {
        Parser::default().push(text.as_bytes())
    }

    fn frame(id: Option<&str>, event: &str, data: &str) -> Item {
        Item::Frame(Frame { id: id.map(str::to_owned), event: event.to_owned(), data: data.to_owned() })
    }

    #[test]
    fn frames_are_read_as_the_standard_says() {
        for (text, frames) in [
            ("id: 7\nevent: fact\ndata: {}\n\n", vec![frame(Some("7"), "fact", "{}")]),
            ("data:a\ndata: b\n\n", vec![frame(None, "message", "a\nb")]),
            ("data\n\n", vec![frame(None, "message", "")]),
            (
                "id: 1\r\ndata: x\r\n\r\ndata: y\r\r",
                vec![frame(Some("1"), "message", "x"), frame(Some("1"), "message", "y")],
            ),
            (": heartbeat\n\n", vec![]),
            ("event: lost\n\ndata: x\n\n", vec![frame(None, "message", "x")]),
            ("\u{feff}data: x\n\n", vec![frame(None, "message", "x")]),
            ("data: never ended\n", vec![]),
            ("retry: 7\n{\"a\": 1}\ndata: x\n\n", vec![Item::Stray, frame(None, "message", "x")]),
        ] {
            assert_eq!(parse(text), frames, "{text:?}");
        }
    }

    #[test]
    fn a_frame_beyond_the_bounds_is_left_out_and_the_next_one_is_read() {
        let long = format!("data: {}\n\ndata: x\n\n", "a".repeat(LINE_BYTES_MAX));
        assert_eq!(parse(&long), [Item::TooLarge, frame(None, "message", "x")]);
        let many = format!("{}\ndata: x\n\n", format!("data: {}\n", "a".repeat(1 << 19)).repeat(5));
        assert_eq!(parse(&many), [Item::TooLarge, frame(None, "message", "x")]);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_frames(
            text in "(id: [0-9]{1,3}|data: [aé日😀:]{0,6}|event: fact|: beat|data|\u{feff}|)((\n|\r|\r\n)(id: [0-9]{1,3}|data: [aé日😀:]{0,6}|event: fact|: beat|data|)){0,24}",
            cuts in proptest::collection::vec(0..400_usize, 0..12),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut parser = Parser::default();
            let pieces: Vec<Item> = cuts.windows(2).flat_map(|pair| parser.push(&bytes[pair[0]..pair[1]])).collect();
            prop_assert_eq!(pieces, parse(&text));
        }
    }
}
