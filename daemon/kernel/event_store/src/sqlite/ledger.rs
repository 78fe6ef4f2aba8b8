//! The writer's connection and what it remembers. Every check of a request runs before its first
//! write, so a refusal leaves nothing to undo and never touches its neighbours in the batch; an
//! error behind the first write undoes the whole batch, and no position is ever lost.

use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, params};

use super::names::{Ids, STREAMS, TAGS, TYPES};
use super::queue::{Outcome, Request};
use super::recent::Recent;
use super::rows;
use crate::admission;
use crate::append::Appended;
use crate::error::{AppendError, ClosedReason, UnavailableReason};
use crate::event::RecordedEvent;
use crate::receipt::{Keep, NewReceipt};

/// Distinct event types are written by programmers, distinct tags by users.
const TYPES_CACHED_MAX: usize = 4_096;
const TAGS_CACHED_MAX: usize = 65_536;
/// Expired receipts that one batch removes at most.
const PRUNED_MAX: usize = 64;

const LAST_VERSION: &str = "SELECT max(version) FROM events WHERE stream_id = ?1";
const INSERT_EVENT: &str = "INSERT INTO events \
     (position, stream_id, version, type_id, at_us, event_id, tag_ids, metadata, data) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const INSERT_TAG: &str = "INSERT INTO event_tags (tag_id, position) VALUES (?1, ?2)";
// An expired receipt under the same key may still be there.
const KEEP_RECEIPT: &str = "INSERT OR REPLACE INTO receipts \
     (key, body_hash, note, stream, first_position, last_position, last_version, at_us, keep_until_us) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const PRUNE: &str = "DELETE FROM receipts WHERE key IN \
     (SELECT key FROM receipts WHERE keep_until_us <= ?1 ORDER BY keep_until_us LIMIT ?2)";

pub(super) struct Ledger {
    conn: Connection,
    head: u64,
    streams: Recent<Arc<str>, Stream>,
    types: Ids,
    tags: Ids,
}

#[derive(Clone, Copy)]
struct Stream {
    id: i64,
    /// `None`: the stream has a row, and no event.
    last_version: Option<u64>,
}

/// Why a batch was not committed.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// Nothing was recorded; the next batch may do better.
    Refused(UnavailableReason),
    /// Nothing was recorded, and nothing more can be.
    Broken(ClosedReason),
    /// The disk failed in the middle of the commit: recovery may find the batch or not.
    InDoubt(ClosedReason),
}

impl Ledger {
    pub(super) fn new(conn: Connection, head: u64, streams_cached_max: usize) -> Self {
        Self {
            conn,
            head,
            streams: Recent::new(streams_cached_max),
            types: Ids::of(TYPES, TYPES_CACHED_MAX),
            tags: Ids::of(TAGS, TAGS_CACHED_MAX),
        }
    }

    /// Records a batch in one transaction, one outcome per request; durable when it returns.
    pub(super) fn commit(&mut self, batch: Vec<Request>) -> Result<Vec<Outcome>, Failure> {
        self.transact(batch).inspect_err(|_| self.roll_back())
    }

    fn transact(&mut self, batch: Vec<Request>) -> Result<Vec<Outcome>, Failure> {
        self.run("BEGIN IMMEDIATE").map_err(Failure::before_commit)?;
        let (outcomes, head) = self.record_all(batch).map_err(Failure::before_commit)?;
        self.run("COMMIT").map_err(Failure::in_commit)?;
        self.head = head;
        Ok(outcomes)
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.conn.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// Forgets everything that the batch taught. SQLite may have rolled back by itself already.
    fn roll_back(&mut self) {
        self.streams.clear();
        self.types.forget();
        self.tags.forget();
        if !self.conn.is_autocommit()
            && let Err(error) = self.run("ROLLBACK")
        {
            tracing::error!(%error, "the event store could not roll back a batch");
        }
    }

    fn record_all(&mut self, batch: Vec<Request>) -> rusqlite::Result<(Vec<Outcome>, u64)> {
        let mut head = self.head;
        let mut outcomes = Vec::with_capacity(batch.len());
        // The earliest clock decides what has expired: one caller in the future forgets nobody's receipt.
        let mut pruned_at_us: Option<i64> = None;
        for request in batch {
            if let Some(receipt) = &request.append.receipt {
                pruned_at_us = Some(pruned_at_us.map_or(receipt.at_us, |at_us| at_us.min(receipt.at_us)));
            }
            let outcome = self.record(request, head)?;
            if let Ok(Appended { last_position: Some(last), .. }) = outcome {
                head = last;
            }
            outcomes.push(outcome);
        }
        if let Some(at_us) = pruned_at_us {
            self.conn.prepare_cached(PRUNE)?.execute(params![at_us, PRUNED_MAX])?;
        }
        Ok((outcomes, head))
    }

    fn record(&mut self, request: Request, head: u64) -> rusqlite::Result<Outcome> {
        let Request { append, metadata, .. } = request;
        let stream = self.stream(&append.stream_id)?;
        let actual = stream.and_then(|stream| stream.last_version);
        let kept = match &append.receipt {
            Some(new) => rows::receipt(&self.conn, &new.key, new.at_us)?,
            None => None,
        };
        if let Err(refusal) = admission::admit(&append, kept, actual) {
            return Ok(Err(refusal));
        }
        let appended = admission::number(&append.stream_id, append.events, head, actual);
        self.write(&append.stream_id, stream, &appended, &metadata)?;
        if let Some(new) = append.receipt {
            self.keep(&new, &append.stream_id, &appended)?;
        }
        Ok(Ok(appended))
    }

    fn stream(&mut self, stream_id: &Arc<str>) -> rusqlite::Result<Option<Stream>> {
        if let Some(stream) = self.streams.get(&**stream_id) {
            return Ok(Some(*stream));
        }
        let Some(id) = STREAMS.id_of(&self.conn, stream_id)? else {
            return Ok(None);
        };
        let last_version = self.conn.prepare_cached(LAST_VERSION)?.query_row([id], |row| row.get(0))?;
        let stream = Stream { id, last_version };
        self.streams.insert(stream_id.clone(), stream);
        Ok(Some(stream))
    }

    fn write(
        &mut self,
        stream_id: &Arc<str>,
        stream: Option<Stream>,
        appended: &Appended,
        metadata: &[String],
    ) -> rusqlite::Result<()> {
        if appended.events.is_empty() {
            return Ok(());
        }
        let id = match stream {
            Some(stream) => stream.id,
            None => STREAMS.insert(&self.conn, stream_id)?,
        };
        for (event, metadata) in appended.events.iter().zip(metadata) {
            self.write_event(id, event, metadata)?;
        }
        self.streams.insert(stream_id.clone(), Stream { id, last_version: appended.last_version });
        Ok(())
    }

    fn write_event(&mut self, stream: i64, event: &RecordedEvent, metadata: &str) -> rusqlite::Result<()> {
        let event_type = self.types.intern(&self.conn, &event.event_type)?;
        let tag_ids = self.write_tags(event)?;
        self.conn.prepare_cached(INSERT_EVENT)?.execute(params![
            event.position,
            stream,
            event.version,
            event_type,
            event.at_us,
            event.event_id.as_bytes(),
            tag_ids,
            metadata,
            event.data.get(),
        ])?;
        Ok(())
    }

    fn write_tags(&mut self, event: &RecordedEvent) -> rusqlite::Result<Vec<u8>> {
        let mut tag_ids = Vec::with_capacity(event.tags.len() * size_of::<u32>());
        for tag in &event.tags {
            let id = self.tags.intern(&self.conn, tag)?;
            let short = u32::try_from(id).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, id))?;
            tag_ids.extend_from_slice(&short.to_be_bytes());
            self.conn.prepare_cached(INSERT_TAG)?.execute(params![id, event.position])?;
        }
        Ok(tag_ids)
    }

    fn keep(&self, new: &NewReceipt, stream_id: &Arc<str>, appended: &Appended) -> rusqlite::Result<()> {
        let keep_until_us = match new.keep {
            Keep::Forever => None,
            Keep::UntilUs(until_us) => Some(until_us),
        };
        self.conn.prepare_cached(KEEP_RECEIPT)?.execute(params![
            new.key,
            new.body_hash,
            new.note.get(),
            stream_id,
            appended.first_position,
            appended.last_position,
            appended.last_version,
            new.at_us,
            keep_until_us,
        ])?;
        Ok(())
    }
}

impl Failure {
    fn before_commit(error: rusqlite::Error) -> Self {
        Self::of(&error, Self::Broken)
    }

    fn in_commit(error: rusqlite::Error) -> Self {
        Self::of(&error, Self::InDoubt)
    }

    fn of(error: &rusqlite::Error, fatal: fn(ClosedReason) -> Self) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Refused(UnavailableReason::DiskFull),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Refused(UnavailableReason::Locked)
            }
            _ => fatal(fatal_reason(error)),
        }
    }

    /// What each caller of the batch is told.
    pub(super) fn answer(&self) -> AppendError {
        match self {
            Self::Refused(reason) => AppendError::Unavailable { reason: *reason },
            Self::Broken(_) => AppendError::Unavailable { reason: UnavailableReason::Io },
            Self::InDoubt(_) => AppendError::Unknown,
        }
    }
}

/// What an error that a writer cannot survive says about the disk.
pub(super) fn fatal_reason(error: &rusqlite::Error) -> ClosedReason {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::OutOfMemory,
        ) => ClosedReason::Io(error.to_string()),
        _ => ClosedReason::Damaged(error.to_string()),
    }
}
