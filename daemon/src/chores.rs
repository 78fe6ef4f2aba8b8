//! What `hecate-daemon` does beside running: asking a running daemon how it is.

use crate::exit::{Exit, Failure};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// A probe that waits longer has failed.
const PROBE_MAX: Duration = Duration::from_secs(2);

/// Asks the daemon on the socket; `path` is `/health` or `/ready`.
pub(crate) fn probe(socket: &Path, path: &str) -> Result<Exit, Failure> {
    let answer = ask(socket, path)
        .map_err(|error| Failure::new(Exit::Refused, format!("{}: {}", socket.display(), explain(&error))))?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    say(body.trim())?;
    Ok(if status == "200" { Exit::Clean } else { Exit::Refused })
}

fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => format!("no answer within {PROBE_MAX:?}"),
        _ => error.to_string(),
    }
}

fn ask(socket: &Path, path: &str) -> io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PROBE_MAX))?;
    stream.set_write_timeout(Some(PROBE_MAX))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: hecate\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// One line on stdout. A reader that went away, as `head` does, is no failure of ours.
pub(crate) fn say(line: &str) -> Result<(), Failure> {
    let said = writeln!(io::stdout(), "{line}");
    match said {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(Exit::Refused, error)),
        _ => Ok(()),
    }
}
