//! Looks at every byte of a store that means something, and names what does not fit by stream and
//! position. Reads only, so it may look at the store of a running daemon too.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use hecate_disk::{Disk, PAGE_BYTES, beside, page_is_whole};
use rusqlite::{Connection, OpenFlags, Row};

use super::decoder::{Decoder, EVENT_COLUMNS};
use super::identity::{self, Identity};
use super::open;
use crate::error::{OpenError, ReadError};
use crate::event::RecordedEvent;
use crate::seal::{BEFORE_FIRST, Hash, Seal, Sealer};

/// A page that a running daemon is just writing is read again before it counts as damaged.
const PAGE_READS_MAX: usize = 5;

/// What was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The store's id and epoch, as people write them.
    pub store: String,
    /// Position of the last event.
    pub head: u64,
    /// Streams that have events.
    pub streams: u64,
    /// Length of the file.
    pub bytes: u64,
    /// Findings that were told; none means that the store is whole.
    pub findings: u64,
}

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// An event that is missing, or is not what was recorded.
    Event {
        /// Its stream, where it is known.
        stream_id: Option<Arc<str>>,
        /// Its version, where it is known.
        version: Option<u64>,
        /// Its position.
        position: u64,
        /// What is wrong.
        detail: String,
    },
    /// Anything else in the files.
    File {
        /// What is wrong.
        detail: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stream_id, version, position, detail) = match self {
            Self::File { detail } => return f.write_str(detail),
            Self::Event { stream_id, version, position, detail } => (stream_id, version, position, detail),
        };
        match stream_id {
            Some(stream_id) => write!(f, "stream {stream_id}")?,
            None => write!(f, "stream unknown")?,
        }
        if let Some(version) = version {
            write!(f, " version {version}")?;
        }
        write!(f, ", position {position}: {detail}")
    }
}

/// Verifies the store at `path`; tells each finding as it comes. An error means that it cannot even be
/// opened, which is a finding of its own kind.
pub fn verify(path: &Path, told: &mut dyn FnMut(Finding)) -> Result<Verified, OpenError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let mut findings = 0;
    let mut tell = |finding| {
        findings += 1;
        told(finding);
    };
    // A daemon that writes meanwhile is no fault; only a log at rest can be judged. The lock is let go at
    // once, so that a daemon can start while this goes on.
    if let Hold::Free(_lock) = hold(path)? {
        match open::check_log(path) {
            Err(OpenError::Damaged { detail, .. }) => tell(Finding::File { detail }),
            checked => checked?,
        }
    }
    let bytes = file.metadata().map_err(io)?.len();
    let pages_fit = verify_pages(&file, bytes, &open::logged_pages(path)?, &mut tell).map_err(io)?;
    drop(file);
    let conn = connect(path, pages_fit)?;
    open::check_format(&conn, path)?;
    let (found, head) = open::read_identity(&conn).map_err(|error| open::open_error(path, &error))?;
    verify_identity(path, found, &mut tell).map_err(io)?;
    if pages_fit {
        verify_structure(&conn, &mut tell);
    }
    let streams = Walk::new(&conn).events(head, &mut tell);
    Ok(Verified { store: found.to_string(), head, streams, bytes, findings })
}

/// Whether somebody has the store open.
pub(super) enum Hold {
    Taken,
    /// Nobody; its lock, if it has one. A copy that no daemon ever opened has none, and gets none here.
    Free(Option<File>),
}

pub(super) fn hold(path: &Path) -> Result<Hold, OpenError> {
    if !beside(path, ".lock").exists() {
        return Ok(Hold::Free(None));
    }
    match open::acquire(path) {
        Ok(lock) => Ok(Hold::Free(Some(lock))),
        Err(OpenError::Locked { .. }) => Ok(Hold::Taken),
        Err(error) => Err(error),
    }
}

/// Past the checksums where some do not fit: the rows on those pages can then still be named.
fn connect(path: &Path, pages_fit: bool) -> Result<Connection, OpenError> {
    let conn = if pages_fit {
        open::connect(&Disk::real(), path, OpenFlags::SQLITE_OPEN_READ_ONLY)
    } else {
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
    };
    conn.map_err(|error| open::open_error(path, &error))
}

/// Pages that the log holds are read from there: in the file, a power cut may have torn them in the middle
/// of a checkpoint, and the next one writes them again.
fn verify_pages(
    file: &File,
    bytes: u64,
    logged: &HashSet<u32>,
    tell: &mut dyn FnMut(Finding),
) -> io::Result<bool> {
    let whole = PAGE_BYTES as u64;
    let mut fit = true;
    for page in 0..bytes.div_ceil(whole) {
        let number = u32::try_from(page + 1).map_err(io::Error::other)?;
        if logged.contains(&number) {
            continue;
        }
        let detail = if (page + 1) * whole > bytes {
            format!("the file breaks off in page {number}, after {bytes} bytes")
        } else if !page_fits(file, number)? {
            format!("page {number}: its checksum does not fit")
        } else {
            continue;
        };
        fit = false;
        tell(Finding::File { detail });
    }
    Ok(fit)
}

fn page_fits(file: &File, number: u32) -> io::Result<bool> {
    let mut page = [0; PAGE_BYTES];
    for _ in 0..PAGE_READS_MAX {
        file.read_exact_at(&mut page, u64::from(number - 1) * PAGE_BYTES as u64)?;
        if page_is_whole(number, &page) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn verify_identity(path: &Path, found: Identity, tell: &mut dyn FnMut(Finding)) -> io::Result<()> {
    match identity::read(path) {
        Ok(Some(known)) if known != found => {
            tell(Finding::File { detail: format!("it holds store {found}, where store {known} was") });
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            tell(Finding::File { detail: error.to_string() });
        }
        read => drop(read?),
    }
    Ok(())
}

/// What SQLite knows to check by itself: trees, indexes and what they point at.
fn verify_structure(conn: &Connection, tell: &mut dyn FnMut(Finding)) {
    let told = conn.prepare("PRAGMA integrity_check(100)").and_then(|mut check| {
        check.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
    });
    match told {
        Ok(lines) => {
            lines.into_iter().filter(|line| line != "ok").for_each(|detail| tell(Finding::File { detail }))
        }
        Err(error) => tell(Finding::File { detail: format!("the structure cannot be read: {error}") }),
    }
}

/// One event by its position, and the same through the index, which names an event whose row is lost.
const LOST: &str = "SELECT s.name, e.version FROM events e INDEXED BY sqlite_autoindex_events_1 \
     JOIN streams s ON s.id = e.stream_id WHERE +e.position = ?1";

/// A walk over all events, in order, with what each stream has come to.
struct Walk<'a> {
    conn: &'a Connection,
    select: String,
    decoder: Decoder,
    sealer: Sealer,
    streams: HashMap<Arc<str>, Step>,
}

/// The last event seen of a stream.
struct Step {
    version: u64,
    /// None where the event was lost: nobody can say whether the next one continues it.
    hash: Option<Hash>,
}

impl<'a> Walk<'a> {
    fn new(conn: &'a Connection) -> Self {
        Self {
            conn,
            select: format!("SELECT {EVENT_COLUMNS} FROM events e WHERE e.position = ?1"),
            decoder: Decoder::new(),
            sealer: Sealer::default(),
            streams: HashMap::new(),
        }
    }

    /// Answers how many streams there are.
    fn events(mut self, head: u64, tell: &mut dyn FnMut(Finding)) -> u64 {
        for position in 1..=head {
            let found = match self.look(position) {
                Ok((event, seal)) => self.follow(&event, &seal),
                Err(detail) => Some(self.lose(position, detail)),
            };
            found.into_iter().for_each(&mut *tell);
        }
        self.streams.len() as u64
    }

    fn look(&mut self, position: u64) -> Result<(Arc<RecordedEvent>, Seal), String> {
        let mut select = self.conn.prepare_cached(&self.select).map_err(|error| error.to_string())?;
        let mut rows = select.query([position]).map_err(|error| error.to_string())?;
        match rows.next() {
            Ok(Some(row)) => self.decoder.sealed(self.conn, row).map_err(|error| match error {
                ReadError::Damaged { detail, .. } => detail,
                unavailable @ ReadError::Unavailable { .. } => unavailable.to_string(),
            }),
            Ok(None) => Err("it is missing".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Whether the event continues its stream.
    fn follow(&mut self, event: &RecordedEvent, seal: &Seal) -> Option<Finding> {
        let before = self.streams.get(&event.stream_id);
        let version = before.map_or(0, |step| step.version + 1);
        let previous = before.map_or(Some(BEFORE_FIRST), |step| step.hash);
        let continues = previous.is_none_or(|previous| self.sealer.continues(&previous, event, seal));
        let detail = match (event.version == version, continues) {
            (true, true) => None,
            (true, false) => Some("it does not continue the event before it".to_owned()),
            (false, _) => Some(format!("version {version} is missing before it")),
        };
        let step = Step { version: event.version, hash: Some(seal.hash) };
        self.streams.insert(event.stream_id.clone(), step);
        detail.map(|detail| Finding::Event {
            stream_id: Some(event.stream_id.clone()),
            version: Some(event.version),
            position: event.position,
            detail,
        })
    }

    /// Names an event that cannot be read, if the index still knows it.
    fn lose(&mut self, position: u64, detail: String) -> Finding {
        let named = |row: &Row<'_>| Ok((row.get::<_, Arc<str>>(0)?, row.get::<_, u64>(1)?));
        let lost = self.conn.prepare_cached(LOST).and_then(|mut lost| lost.query_row([position], named)).ok();
        if let Some((stream_id, version)) = &lost {
            self.streams.insert(stream_id.clone(), Step { version: *version, hash: None });
        }
        let (stream_id, version) = lost.unzip();
        Finding::Event { stream_id, version, position, detail }
    }
}
