//! Lines out of bytes. A line ends with LF or CRLF, and where the framing says so with CR alone.

use super::{FramingError, LINE_BYTES_MAX};

/// Which bytes end a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// LF; a CR before it belongs to the end.
    Lf,
    /// LF, CRLF and CR.
    CrOrLf,
}

/// Cuts bytes into lines; keeps the one that is not yet whole.
pub(super) struct Lines {
    ends: Ends,
    begun: Vec<u8>,
    /// The last byte was a CR that ended a line: an LF that follows belongs to it.
    after_cr: bool,
}

impl Lines {
    pub(super) fn new(ends: Ends) -> Lines {
        Lines { ends, begun: Vec::new(), after_cr: false }
    }

    /// Hands every line that is now whole to `each`, without its end.
    pub(super) fn push<E: From<FramingError>>(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(at) = bytes.iter().position(|byte| self.is_end(*byte)) else {
                return self.keep(bytes).map_err(E::from);
            };
            let (line, rest) = (&bytes[..at], &bytes[at + 1..]);
            self.after_cr = bytes[at] == b'\r';
            self.finish(line, &mut each)?;
            bytes = rest;
        }
        Ok(())
    }

    fn is_end(&self, byte: u8) -> bool {
        byte == b'\n' || (byte == b'\r' && self.ends == Ends::CrOrLf)
    }

    fn finish<E: From<FramingError>>(
        &mut self,
        tail: &[u8],
        each: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.begun.is_empty() {
            check(tail.len())?;
            return each(self.bare(tail));
        }
        self.keep(tail)?;
        let line = std::mem::take(&mut self.begun);
        let done = each(self.bare(&line));
        // The buffer is used again, unless it grew large for one line.
        if line.capacity() <= 64 * 1024 {
            self.begun = line;
            self.begun.clear();
        }
        done
    }

    fn bare<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        match self.ends {
            Ends::Lf => line.strip_suffix(b"\r").unwrap_or(line),
            Ends::CrOrLf => line,
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), FramingError> {
        check(self.begun.len() + bytes.len())?;
        self.begun.extend_from_slice(bytes);
        Ok(())
    }
}

fn check(bytes: usize) -> Result<(), FramingError> {
    if bytes <= LINE_BYTES_MAX { Ok(()) } else { Err(FramingError::LineTooLong { max: LINE_BYTES_MAX }) }
}
