//! The writer's connection and what it remembers. Every check of a request runs before its first
//! write, so a refusal leaves nothing to undo and never touches its neighbours in the batch; an
//! error behind the first write undoes the whole batch, and no position is ever lost.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::cause::{Cause, cause};
use super::names::{CONTEXTS, Ids, STREAMS, TAGS, TYPES};
use super::queue::{Outcome, Request, Work};
use super::recent::Recent;
use super::rows;
use crate::admission;
use crate::append::{Append, Appended};
use crate::error::{AppendError, ClosedReason, UnavailableReason};
use crate::event::RecordedEvent;
use crate::seal::{BEFORE_FIRST, Hash, Sealer};
use crate::snapshot::Snapshot;

/// Distinct event types are written by programmers, distinct tags by users.
const TYPES_CACHED_MAX: usize = 4_096;
const TAGS_CACHED_MAX: usize = 65_536;
/// Contexts are people times nodes times visibilities.
const CONTEXTS_CACHED_MAX: usize = 4_096;
/// Expired receipts that one batch removes at most.
const PRUNED_MAX: usize = 64;

const LAST_EVENT: &str =
    "SELECT version, hash FROM events WHERE stream_id = ?1 ORDER BY version DESC LIMIT 1";
const INSERT_EVENT: &str = "INSERT INTO events (position, stream_id, version, type_id, context_id, at_us, \
     event_id, correlation_id, causation_id, command_id, idempotency_key, conversation_id, tag_ids, data, \
     hash, crc) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
const INSERT_TAG: &str = "INSERT INTO event_tags (tag_id, position) VALUES (?1, ?2)";
const PRUNE: &str = "DELETE FROM receipts WHERE rowid IN \
     (SELECT rowid FROM receipts WHERE keep_until_us <= ?1 ORDER BY keep_until_us LIMIT ?2)";
const KEEP_SNAPSHOT: &str = "INSERT OR REPLACE INTO snapshots (stream_id, version, position, code, state) \
     VALUES (?1, ?2, ?3, ?4, ?5)";

pub(super) struct Ledger {
    conn: Connection,
    head: u64,
    streams: Recent<Arc<str>, Stream>,
    types: Ids,
    tags: Ids,
    contexts: Ids,
    sealer: Sealer,
}

#[derive(Clone, Copy)]
struct Stream {
    id: i64,
    /// `None`: the stream has a row, and no event.
    last_version: Option<u64>,
    /// What the next event continues.
    last_hash: Hash,
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
            contexts: Ids::of(CONTEXTS, CONTEXTS_CACHED_MAX),
            sealer: Sealer::default(),
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
        self.contexts.forget();
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
            let outcome = match request.work {
                Work::Append { append, contexts } => {
                    if let Some(receipt) = &append.receipt {
                        let earliest = pruned_at_us.map_or(receipt.at_us, |at_us| at_us.min(receipt.at_us));
                        pruned_at_us = Some(earliest);
                    }
                    self.record(append, &contexts, head)?
                }
                Work::Snapshot { stream_id, snapshot } => Ok(self.keep_snapshot(&stream_id, &snapshot)?),
            };
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

    fn record(&mut self, append: Append, contexts: &[Arc<str>], head: u64) -> rusqlite::Result<Outcome> {
        let stream = self.stream(&append.stream_id)?;
        let actual = stream.and_then(|stream| stream.last_version);
        let found = match &append.receipt {
            Some(new) => {
                rows::receipt(&self.conn, &new.key)?.map(|found| (found.keep.holds_at(new.at_us), found))
            }
            None => None,
        };
        let expired = matches!(found, Some((false, _)));
        let kept = found.and_then(|(holds, receipt)| holds.then_some(receipt));
        if let Err(refusal) = admission::admit(&append, kept, actual) {
            return Ok(Err(refusal));
        }
        let appended = admission::number(&append.stream_id, append.events, head, actual);
        self.write(&append.stream_id, stream, &appended, contexts)?;
        if let Some(new) = append.receipt {
            rows::keep_receipt(&self.conn, &new, &append.stream_id, &appended, expired)?;
        }
        Ok(Ok(appended))
    }

    /// A stream that nobody wrote to has nothing to save.
    fn keep_snapshot(&mut self, stream_id: &Arc<str>, snapshot: &Snapshot) -> rusqlite::Result<Appended> {
        let stream = self.stream(stream_id)?;
        if let Some(stream) = stream {
            self.conn.prepare_cached(KEEP_SNAPSHOT)?.execute(params![
                stream.id,
                snapshot.version,
                snapshot.position,
                snapshot.code,
                snapshot.state.get(),
            ])?;
        }
        Ok(admission::number(stream_id, Vec::new(), self.head, stream.and_then(|stream| stream.last_version)))
    }

    fn stream(&mut self, stream_id: &Arc<str>) -> rusqlite::Result<Option<Stream>> {
        if let Some(stream) = self.streams.get(&**stream_id) {
            return Ok(Some(*stream));
        }
        let Some(id) = STREAMS.id_of(&self.conn, stream_id)? else {
            return Ok(None);
        };
        let last = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let last = self.conn.prepare_cached(LAST_EVENT)?.query_row([id], last).optional()?;
        let stream = Stream {
            id,
            last_version: last.map(|(version, _)| version),
            last_hash: last.map_or(BEFORE_FIRST, |(_, hash)| hash),
        };
        self.streams.insert(stream_id.clone(), stream);
        Ok(Some(stream))
    }

    fn write(
        &mut self,
        stream_id: &Arc<str>,
        stream: Option<Stream>,
        appended: &Appended,
        contexts: &[Arc<str>],
    ) -> rusqlite::Result<()> {
        if appended.events.is_empty() {
            return Ok(());
        }
        let (id, mut last_hash) = match stream {
            Some(stream) => (stream.id, stream.last_hash),
            None => (STREAMS.insert(&self.conn, stream_id)?, BEFORE_FIRST),
        };
        for (event, context) in appended.events.iter().zip(contexts) {
            last_hash = self.write_event(id, event, context, &last_hash)?;
        }
        let stream = Stream { id, last_version: appended.last_version, last_hash };
        self.streams.insert(stream_id.clone(), stream);
        Ok(())
    }

    /// Answers the hash that the next event continues.
    fn write_event(
        &mut self,
        stream: i64,
        event: &RecordedEvent,
        context: &Arc<str>,
        last_hash: &Hash,
    ) -> rusqlite::Result<Hash> {
        let event_type = self.types.intern(&self.conn, &event.event_type)?;
        let context = self.contexts.intern(&self.conn, context)?;
        let tag_ids = self.write_tags(event)?;
        let (seal, metadata) = (self.sealer.seal(last_hash, event), &event.metadata);
        self.conn.prepare_cached(INSERT_EVENT)?.execute(params![
            event.position,
            stream,
            event.version,
            event_type,
            context,
            event.at_us,
            event.event_id.as_bytes(),
            metadata.correlation_id.as_bytes(),
            metadata.causation_id.as_bytes(),
            metadata.command_id.as_bytes(),
            metadata.idempotency_key,
            metadata.conversation_id,
            tag_ids,
            event.data.get(),
            seal.hash,
            seal.crc,
        ])?;
        Ok(seal.hash)
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
}

impl Failure {
    fn before_commit(error: rusqlite::Error) -> Self {
        Self::of(&error, Self::Broken)
    }

    fn in_commit(error: rusqlite::Error) -> Self {
        Self::of(&error, Self::InDoubt)
    }

    fn of(error: &rusqlite::Error, fatal: fn(ClosedReason) -> Self) -> Self {
        match cause(error) {
            Cause::Full => Self::Refused(UnavailableReason::DiskFull),
            Cause::Locked => Self::Refused(UnavailableReason::Locked),
            Cause::Io | Cause::Damage => fatal(fatal_reason(error)),
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
    match cause(error) {
        Cause::Damage => ClosedReason::Damaged(error.to_string()),
        Cause::Locked | Cause::Full | Cause::Io => ClosedReason::Io(error.to_string()),
    }
}
