//! One row of `events` becomes an event again, if it is still what was written.

use std::sync::Arc;

use rusqlite::{Connection, Row};

use super::names::{CONTEXTS, Context, Names, STREAMS, TAGS, TYPES};
use super::reader::read_error;
use super::rows;
use crate::error::ReadError;
use crate::event::{Json, Metadata, RecordedEvent};
use crate::filter::Filter;
use crate::seal::{Seal, Sealer};

const NAMES_CACHED_MAX: usize = 16_384;

/// What a statement selects for the decoder, from `events e`, in this order.
pub(super) const EVENT_COLUMNS: &str = "e.position, e.stream_id, e.version, e.type_id, e.context_id, e.at_us, \
     e.event_id, e.correlation_id, e.causation_id, e.command_id, e.idempotency_key, e.conversation_id, \
     e.tag_ids, e.data, e.hash, e.crc";

/// The names that the ids in a row stand for, and the checker of seals.
pub(super) struct Decoder {
    streams: Names<str>,
    types: Names<str>,
    tags: Names<str>,
    contexts: Names<Context>,
    sealer: Sealer,
}

/// The part of an event that a filter looks at.
struct Head {
    stream_id: Arc<str>,
    event_type: Arc<str>,
    tags: Vec<Arc<str>>,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self {
            streams: Names::of(STREAMS, NAMES_CACHED_MAX),
            types: Names::of(TYPES, NAMES_CACHED_MAX),
            tags: Names::of(TAGS, NAMES_CACHED_MAX),
            contexts: Names::of(CONTEXTS, NAMES_CACHED_MAX),
            sealer: Sealer::default(),
        }
    }

    pub(super) fn position(row: &Row<'_>) -> Result<u64, ReadError> {
        row.get(0).map_err(|error| read_error(&error, 0))
    }

    /// The event, if the filter wants it.
    pub(super) fn wanted(
        &mut self,
        conn: &Connection,
        row: &Row<'_>,
        filter: &Filter,
    ) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        let position = Self::position(row)?;
        let head = self.head(conn, row).map_err(|error| read_error(&error, position))?;
        if !filter.wants(&head.event_type, &head.stream_id, &head.tags) {
            return Ok(None);
        }
        self.checked(conn, row, head, position).map(|(event, _)| Some(event))
    }

    /// The event, whatever it is, and its seal.
    pub(super) fn sealed(
        &mut self,
        conn: &Connection,
        row: &Row<'_>,
    ) -> Result<(Arc<RecordedEvent>, Seal), ReadError> {
        let position = Self::position(row)?;
        let head = self.head(conn, row).map_err(|error| read_error(&error, position))?;
        self.checked(conn, row, head, position)
    }

    fn checked(
        &mut self,
        conn: &Connection,
        row: &Row<'_>,
        head: Head,
        position: u64,
    ) -> Result<(Arc<RecordedEvent>, Seal), ReadError> {
        let (event, seal) = self.whole(conn, row, head).map_err(|error| read_error(&error, position))?;
        if self.sealer.fits(&event, &seal) {
            return Ok((Arc::new(event), seal));
        }
        let detail = "its checksum does not fit".to_owned();
        Err(ReadError::Damaged { stream_id: Some(event.stream_id), position, detail })
    }

    fn head(&mut self, conn: &Connection, row: &Row<'_>) -> rusqlite::Result<Head> {
        let ids = row.get_ref(12)?.as_blob()?.as_chunks::<{ size_of::<u32>() }>().0.iter();
        Ok(Head {
            stream_id: self.streams.get(conn, row.get(1)?)?,
            event_type: self.types.get(conn, row.get(3)?)?,
            tags: ids
                .map(|id| self.tags.get(conn, u32::from_be_bytes(*id).into()))
                .collect::<Result<_, _>>()?,
        })
    }

    fn whole(
        &mut self,
        conn: &Connection,
        row: &Row<'_>,
        head: Head,
    ) -> rusqlite::Result<(RecordedEvent, Seal)> {
        let context = self.contexts.get(conn, row.get(4)?)?;
        let event = RecordedEvent {
            event_id: rows::uuid(row, 6)?,
            event_type: head.event_type,
            stream_id: head.stream_id,
            version: row.get(2)?,
            position: row.get(0)?,
            at_us: row.get(5)?,
            data: Json::trusted(row.get_ref(13)?.as_str()?),
            metadata: Metadata {
                correlation_id: rows::uuid(row, 7)?,
                causation_id: rows::uuid(row, 8)?,
                command_id: rows::uuid(row, 9)?,
                actor: context.actor.clone(),
                node_id: context.node_id.clone(),
                realm: context.realm.clone(),
                idempotency_key: row.get(10)?,
                conversation_id: row.get(11)?,
                visibility: context.visibility.clone(),
            },
            tags: head.tags,
        };
        Ok((event, Seal { hash: row.get(14)?, crc: row.get(15)? }))
    }
}
