//! Reads that the hot window cannot serve. A few read-only connections, opened when needed, each
//! lent to one blocking task; a read examines at most one page of rows, so no reader ever pins the
//! log for long.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, ErrorCode, OpenFlags, Row, Rows, params};
use tokio::sync::Semaphore;

use super::names::{Names, STREAMS, TAGS, TYPES};
use super::{open, rows};
use crate::error::{ReadError, UnavailableReason};
use crate::event::RecordedEvent;
use crate::filter::Filter;
use crate::receipt::Receipt;
use crate::store::{PAGE_EVENTS_MAX, Page};

const NAMES_CACHED_MAX: usize = 16_384;

macro_rules! select_events {
    ($from:literal) => {
        concat!(
            "SELECT e.position, e.stream_id, e.version, e.type_id, e.at_us, e.event_id, e.tag_ids, ",
            "e.metadata, e.data FROM ",
            $from
        )
    };
}

const BY_POSITION: &str =
    select_events!("events e WHERE e.position > ?1 AND e.position <= ?2 ORDER BY e.position LIMIT ?3");
const BY_TAG: &str = select_events!(
    "event_tags t CROSS JOIN events e ON e.position = t.position \
     WHERE t.tag_id = ?4 AND t.position > ?1 AND t.position <= ?2 ORDER BY t.position LIMIT ?3"
);
const BY_STREAM: &str =
    select_events!("events e WHERE e.stream_id = ?1 AND e.version >= ?2 ORDER BY e.version LIMIT ?3");

pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Reader>>>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: &Path, readers_max: usize) -> Self {
        let places = Arc::new(Semaphore::new(readers_max.max(1)));
        Self { path: path.to_owned(), idle: Arc::default(), places }
    }

    /// Runs `read` on a connection of the pool, outside the async threads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        // The place travels with the work: a caller that goes away does not free it too early.
        let Ok(place) = self.places.clone().acquire_owned().await else {
            return Err(ReadError::Unavailable { reason: UnavailableReason::Closed });
        };
        let (idle, path) = (self.idle.clone(), self.path.clone());
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            let lent = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut reader = lent.map_or_else(|| Reader::open(&path), Ok)?;
            let answer = read(&mut reader);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            answer
        });
        work.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a read of the event store did not finish");
            Err(ReadError::Unavailable { reason: UnavailableReason::Closed })
        })
    }
}

/// One read-only connection.
pub(super) struct Reader {
    conn: Connection,
    decoder: Decoder,
}

impl Reader {
    fn open(path: &Path) -> Result<Self, ReadError> {
        let conn =
            open::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|error| read_error(&error, 0))?;
        Ok(Self { conn, decoder: Decoder::new() })
    }

    /// The stretch behind `after` up to `head`, filtered.
    pub(super) fn page(
        &mut self,
        after: u64,
        head: u64,
        filter: &Filter,
        limit: usize,
    ) -> Result<Page, ReadError> {
        let Some(tag) = filter.tags.first() else {
            return self.page_by_position(after, head, filter, limit);
        };
        match TAGS.id_of(&self.conn, tag).map_err(|error| read_error(&error, 0))? {
            Some(tag_id) => self.page_by_tag(tag_id, after, head, filter, limit),
            None => Ok(Page { events: Vec::new(), caught_up_to: head }),
        }
    }

    fn page_by_position(
        &mut self,
        after: u64,
        head: u64,
        filter: &Filter,
        limit: usize,
    ) -> Result<Page, ReadError> {
        let fail = |error: rusqlite::Error| read_error(&error, 0);
        let mut select = self.conn.prepare_cached(BY_POSITION).map_err(fail)?;
        let found = select.query(params![after, head, PAGE_EVENTS_MAX]).map_err(fail)?;
        let page = self.decoder.page(&self.conn, found, filter, limit, after, Stretch::Gapless)?;
        let exhausted = page.events.len() < limit && page.caught_up_to < head;
        if exhausted && page.caught_up_to < after + PAGE_EVENTS_MAX as u64 {
            return Err(gap(page.caught_up_to + 1));
        }
        Ok(page)
    }

    fn page_by_tag(
        &mut self,
        tag_id: i64,
        after: u64,
        head: u64,
        filter: &Filter,
        limit: usize,
    ) -> Result<Page, ReadError> {
        let fail = |error: rusqlite::Error| read_error(&error, 0);
        let mut select = self.conn.prepare_cached(BY_TAG).map_err(fail)?;
        let found = select.query(params![after, head, PAGE_EVENTS_MAX, tag_id]).map_err(fail)?;
        self.decoder.page(&self.conn, found, filter, limit, after, Stretch::Selected { head })
    }

    pub(super) fn stream(
        &mut self,
        stream_id: &str,
        from_version: u64,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let fail = |error: rusqlite::Error| read_error(&error, 0);
        // No version is that high, and SQLite's integers end there.
        let Ok(from_version) = i64::try_from(from_version) else { return Ok(Vec::new()) };
        let Some(id) = STREAMS.id_of(&self.conn, stream_id).map_err(fail)? else {
            return Ok(Vec::new());
        };
        let mut select = self.conn.prepare_cached(BY_STREAM).map_err(fail)?;
        let mut found = select.query(params![id, from_version, limit]).map_err(fail)?;
        let mut events = Vec::new();
        while let Some(row) = found.next().map_err(fail)? {
            let position = position(row)?;
            let head = self.decoder.head(&self.conn, row).map_err(|error| read_error(&error, position))?;
            events.push(decode(row, position, head)?);
        }
        Ok(events)
    }

    pub(super) fn receipt(&mut self, key: &str, at_us: i64) -> Result<Option<Receipt>, ReadError> {
        rows::receipt(&self.conn, key, at_us).map_err(|error| read_error(&error, 0))
    }
}

/// What is known about the rows of a query before they come.
enum Stretch {
    /// Every position of the log, one after the other.
    Gapless,
    /// Some positions up to `head`.
    Selected { head: u64 },
}

/// The names that the ids in a row stand for.
struct Decoder {
    streams: Names,
    types: Names,
    tags: Names,
}

/// The part of an event that a filter looks at.
struct Head {
    stream_id: Arc<str>,
    event_type: Arc<str>,
    tags: Vec<Arc<str>>,
}

impl Decoder {
    fn new() -> Self {
        Self {
            streams: Names::of(STREAMS, NAMES_CACHED_MAX),
            types: Names::of(TYPES, NAMES_CACHED_MAX),
            tags: Names::of(TAGS, NAMES_CACHED_MAX),
        }
    }

    fn page(
        &mut self,
        conn: &Connection,
        mut found: Rows<'_>,
        filter: &Filter,
        limit: usize,
        after: u64,
        stretch: Stretch,
    ) -> Result<Page, ReadError> {
        let mut page = Page { events: Vec::new(), caught_up_to: after };
        let mut examined = 0;
        while page.events.len() < limit {
            let Some(row) = found.next().map_err(|error| read_error(&error, page.caught_up_to))? else {
                break;
            };
            let position = position(row)?;
            if matches!(stretch, Stretch::Gapless) && position != page.caught_up_to + 1 {
                return Err(gap(page.caught_up_to + 1));
            }
            let head = self.head(conn, row).map_err(|error| read_error(&error, position))?;
            if filter.wants(&head.event_type, &head.stream_id, &head.tags) {
                page.events.push(decode(row, position, head)?);
            }
            page.caught_up_to = position;
            examined += 1;
        }
        if let Stretch::Selected { head } = stretch
            && page.events.len() < limit
            && examined < PAGE_EVENTS_MAX
        {
            page.caught_up_to = head;
        }
        Ok(page)
    }

    fn head(&mut self, conn: &Connection, row: &Row<'_>) -> rusqlite::Result<Head> {
        let tag_ids = row.get_ref(6)?.as_blob()?;
        let ids = tag_ids.as_chunks::<{ size_of::<u32>() }>().0.iter();
        Ok(Head {
            stream_id: self.streams.name(conn, row.get(1)?)?,
            event_type: self.types.name(conn, row.get(3)?)?,
            tags: ids
                .map(|id| self.tags.name(conn, u32::from_be_bytes(*id).into()))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn position(row: &Row<'_>) -> Result<u64, ReadError> {
    row.get(0).map_err(|error| read_error(&error, 0))
}

fn decode(row: &Row<'_>, position: u64, head: Head) -> Result<Arc<RecordedEvent>, ReadError> {
    decode_row(row, position, head).map(Arc::new).map_err(|error| read_error(&error, position))
}

fn decode_row(row: &Row<'_>, position: u64, head: Head) -> rusqlite::Result<RecordedEvent> {
    Ok(RecordedEvent {
        event_id: rows::uuid(row, 5)?,
        event_type: head.event_type,
        stream_id: head.stream_id,
        version: row.get(2)?,
        position,
        at_us: row.get(4)?,
        data: crate::event::Json::trusted(row.get_ref(8)?.as_str()?),
        metadata: rows::json(row, 7)?,
        tags: head.tags,
    })
}

fn gap(position: u64) -> ReadError {
    ReadError::Damaged { stream_id: None, position, detail: "the event is missing".to_owned() }
}

fn read_error(error: &rusqlite::Error, position: u64) -> ReadError {
    let reason = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => UnavailableReason::Locked,
        Some(ErrorCode::DiskFull) => UnavailableReason::DiskFull,
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory) => {
            UnavailableReason::Io
        }
        _ => return ReadError::Damaged { stream_id: None, position, detail: error.to_string() },
    };
    tracing::warn!(%error, position, "the event store could not be read");
    ReadError::Unavailable { reason }
}
