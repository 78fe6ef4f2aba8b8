//! Reads that the hot window cannot serve. A few read-only connections, opened when needed, each
//! lent to one blocking task; a read examines at most one page of rows, so no reader ever pins the
//! log for long.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use hecate_disk::Disk;
use rusqlite::{Connection, OpenFlags, Rows, params};
use tokio::sync::Semaphore;

use super::cause::{Cause, cause};
use super::decoder::{Decoder, EVENT_COLUMNS};
use super::names::{STREAMS, TAGS};
use super::{open, rows};
use crate::error::{ReadError, UnavailableReason};
use crate::event::RecordedEvent;
use crate::filter::Filter;
use crate::receipt::Receipt;
use crate::seal::Hash;
use crate::snapshot::Snapshot;
use crate::store::{PAGE_EVENTS_MAX, Page};

const EVENT_TYPES: &str = "SELECT name FROM types ORDER BY id";

/// The statements that read events, put together once.
struct Selects {
    by_position: String,
    by_tag: String,
    by_stream: String,
}

impl Selects {
    fn new() -> Self {
        let select = |rest: &str| format!("SELECT {EVENT_COLUMNS} FROM {rest}");
        Self {
            by_position: select(
                "events e WHERE e.position > ?1 AND e.position <= ?2 ORDER BY e.position LIMIT ?3",
            ),
            by_tag: select(
                "event_tags t CROSS JOIN events e ON e.position = t.position \
                 WHERE t.tag_id = ?4 AND t.position > ?1 AND t.position <= ?2 ORDER BY t.position LIMIT ?3",
            ),
            by_stream: select(
                "events e WHERE e.stream_id = ?1 AND e.version >= ?2 ORDER BY e.version LIMIT ?3",
            ),
        }
    }
}

pub(super) struct Readers {
    path: PathBuf,
    disk: Disk,
    idle: Arc<Mutex<Vec<Reader>>>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: &Path, disk: Disk, readers_max: usize) -> Self {
        let places = Arc::new(Semaphore::new(readers_max.max(1)));
        Self { path: path.to_owned(), disk, idle: Arc::default(), places }
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
        let (idle, path, disk) = (self.idle.clone(), self.path.clone(), self.disk.clone());
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            let lent = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut reader = lent.map_or_else(|| Reader::open(&path, &disk), Ok)?;
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
    selects: Selects,
    decoder: Decoder,
}

impl Reader {
    fn open(path: &Path, disk: &Disk) -> Result<Self, ReadError> {
        let conn = open::connect(disk, path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let conn = conn.map_err(|error| read_error(&error, 0))?;
        Ok(Self { conn, selects: Selects::new(), decoder: Decoder::new() })
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
        let mut select = self.conn.prepare_cached(&self.selects.by_position).map_err(fail)?;
        let found = select.query(params![after, head, PAGE_EVENTS_MAX]).map_err(fail)?;
        let page = page(&mut self.decoder, &self.conn, found, filter, limit, after, Stretch::Gapless)?;
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
        let mut select = self.conn.prepare_cached(&self.selects.by_tag).map_err(fail)?;
        let found = select.query(params![after, head, PAGE_EVENTS_MAX, tag_id]).map_err(fail)?;
        page(&mut self.decoder, &self.conn, found, filter, limit, after, Stretch::Selected { head })
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
        let mut select = self.conn.prepare_cached(&self.selects.by_stream).map_err(fail)?;
        let mut found = select.query(params![id, from_version, limit]).map_err(fail)?;
        let mut events: Vec<Arc<RecordedEvent>> = Vec::new();
        while let Some(row) = found.next().map_err(fail)? {
            let (event, _) = self.decoder.sealed(&self.conn, row)?;
            let version = from_version.cast_unsigned() + events.len() as u64;
            if event.version != version || *event.stream_id != *stream_id {
                return Err(damage(stream_id, event.position, format!("version {version} is missing")));
            }
            events.push(event);
        }
        Ok(events)
    }

    pub(super) fn receipt(&mut self, key: &str, at_us: i64) -> Result<Option<Receipt>, ReadError> {
        let found = rows::receipt(&self.conn, key).map_err(|error| read_error(&error, 0))?;
        Ok(found.filter(|receipt| receipt.keep.holds_at(at_us)))
    }

    pub(super) fn snapshot(&mut self, stream_id: &str, code: &Hash) -> Result<Option<Snapshot>, ReadError> {
        let fail = |error: rusqlite::Error| read_error(&error, 0);
        let Some(id) = STREAMS.id_of(&self.conn, stream_id).map_err(fail)? else { return Ok(None) };
        rows::snapshot(&self.conn, id, code).map_err(fail)
    }

    pub(super) fn event_types(&mut self) -> Result<Vec<Arc<str>>, ReadError> {
        let mut select = self.conn.prepare_cached(EVENT_TYPES).map_err(|error| read_error(&error, 0))?;
        let names = select.query_map([], |row| row.get(0));
        names.and_then(Iterator::collect).map_err(|error| read_error(&error, 0))
    }
}

/// What is known about the rows of a query before they come.
enum Stretch {
    /// Every position of the log, one after the other.
    Gapless,
    /// Some positions up to `head`.
    Selected { head: u64 },
}

/// Filters what was found into a page of at most `limit` events.
fn page(
    decoder: &mut Decoder,
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
        let Some(row) = found.next().map_err(|error| read_error(&error, page.caught_up_to + 1))? else {
            break;
        };
        let position = Decoder::position(row)?;
        if matches!(stretch, Stretch::Gapless) && position != page.caught_up_to + 1 {
            return Err(gap(page.caught_up_to + 1));
        }
        page.events.extend(decoder.wanted(conn, row, filter)?);
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

fn gap(position: u64) -> ReadError {
    ReadError::Damaged { stream_id: None, position, detail: "the event is missing".to_owned() }
}

fn damage(stream_id: &str, position: u64, detail: String) -> ReadError {
    ReadError::Damaged { stream_id: Some(stream_id.into()), position, detail }
}

pub(super) fn read_error(error: &rusqlite::Error, position: u64) -> ReadError {
    let reason = match cause(error) {
        Cause::Locked => UnavailableReason::Locked,
        Cause::Full => UnavailableReason::DiskFull,
        Cause::Io => UnavailableReason::Io,
        Cause::Damage => {
            return ReadError::Damaged { stream_id: None, position, detail: error.to_string() };
        }
    };
    tracing::warn!(%error, position, "the event store could not be read");
    ReadError::Unavailable { reason }
}
