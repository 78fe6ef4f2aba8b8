//! The side of a read model that answers: it waits for the position that a caller wants to see, and reads.

use crate::{
    gauges::{Batches, Drawn, ModelGauges},
    model::{ModelEntry, ModelWiring},
    pen::PenRest,
    projection::{Remedy, remedy},
    projection_actor::Projection,
    query::{AskedQuery, QueryAnswer, QueryDoor, QueryError},
    readers::Readers,
    tending::Tending,
};
use hecate_desk::{Refusal, Refused};
use hecate_disk::DatabaseSize;
use hecate_event_store::CurrentStore;
use hecate_supervision::Kinds;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long a query waits for the position that its caller asked for.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// The side of a read model that answers.
pub struct ReadSide {
    pub(crate) entry: ModelEntry,
    doors: Vec<QueryDoor>,
    /// How far the files are drawn.
    pub(crate) drawn: watch::Sender<Drawn>,
    pub(crate) batches: Mutex<Batches>,
    /// Why the files cannot be written now.
    pub(crate) waiting: watch::Sender<Option<String>>,
    pub(crate) readers: Readers,
    /// The making of the file that a reader last found damaged.
    pub(crate) damaged: watch::Sender<u64>,
    pub(crate) pen: PenRest,
    pub(crate) path: PathBuf,
    pub(crate) store: CurrentStore,
    pub(crate) tending: Arc<dyn Tending>,
}

impl ReadSide {
    pub(crate) fn new(entry: ModelEntry, doors: Vec<QueryDoor>, wiring: ModelWiring) -> ReadSide {
        let path = wiring.folder.join(format!("{}.sqlite", entry.name));
        ReadSide {
            entry,
            doors,
            drawn: watch::Sender::default(),
            batches: Mutex::default(),
            waiting: watch::Sender::default(),
            readers: Readers::new(path.clone()),
            damaged: watch::Sender::new(0),
            pen: PenRest::default(),
            path,
            store: wiring.store,
            tending: wiring.tending,
        }
    }

    /// Its folder: `query_ventures`.
    pub fn name(&self) -> &'static str {
        self.entry.name
    }

    /// Its queries, in order.
    pub fn doors(&self) -> &[QueryDoor] {
        &self.doors
    }

    /// The position up to which the file that answers is drawn; none while there is none.
    pub fn position(&self) -> Option<u64> {
        self.drawn.borrow().position
    }

    /// How it is doing.
    pub fn gauges(&self) -> ModelGauges {
        let (drawn, waiting) = (*self.drawn.borrow(), self.waiting.borrow().clone());
        let gauges = self.batches.lock().unwrap_or_else(PoisonError::into_inner).gauges(drawn);
        ModelGauges { waiting, ..gauges }
    }

    /// How much the file that answers takes of the disk.
    pub fn size(&self) -> DatabaseSize {
        DatabaseSize::of(&self.path)
    }

    /// What the actor that draws it shows of itself.
    pub(crate) fn shown(&self) -> Value {
        let (gauges, size) = (self.gauges(), self.size());
        json!({
            "model": self.name(),
            "phase": gauges.phase(),
            "position": gauges.position,
            "making": gauges.making,
            "head": self.store.get().map(|store| store.head()),
            "parked": gauges.parked,
            "parked_behind": gauges.parked_behind,
            "file": self.path.to_string_lossy(),
            "file_bytes": size.file_bytes,
            "wal_bytes": size.wal_bytes,
        })
    }

    /// Waits until the file that answers is drawn up to this position.
    pub async fn drawn_up_to(&self, position: u64) {
        let mut drawn = self.drawn.subscribe();
        // The sender lives in `self`, so the wait ends only when the position is reached.
        let _ = drawn.wait_for(|drawn| drawn.position.is_some_and(|drawn| drawn >= position)).await;
    }

    /// Adds its projection actor to the kinds that `supervision.toml` can place.
    pub fn register(self: &Arc<Self>, kinds: &mut Kinds) {
        let side = Arc::clone(self);
        kinds.worker::<Projection>(self.entry.name, None, move || Arc::clone(&side));
    }

    /// Asks one query; waits for the position that the caller wants to see.
    pub async fn ask(self: &Arc<Self>, door: usize, asked: AskedQuery) -> Result<QueryAnswer, Refused> {
        let (params, min_position) = self.doors[door].check(asked)?;
        self.reach(min_position).await?;
        // The file's own checkpoint may lag behind what was there to draw.
        let (side, drawn_to) = (Arc::clone(self), self.position().unwrap_or_default());
        self.read(move |db| {
            let snapshot = db.unchecked_transaction()?;
            let position: u64 =
                snapshot.query_row("SELECT position FROM _checkpoint", [], |row| row.get(0))?;
            let mut fields = side.doors[door].read(params, &snapshot)?;
            fields.insert("as_of_position".to_owned(), position.max(drawn_to).into());
            Ok(QueryAnswer { fields })
        })
        .await
    }

    /// Reads the file that answers, on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, Refused> {
        let place = self.readers.place().await;
        let (side, making) = (Arc::clone(self), self.readers.making());
        let read = move || {
            // The place goes with the work: a caller that leaves does not free a thread that still reads.
            let _place = place;
            side.readers.with(read)
        };
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(QueryError::Refused(refused))) => Err(refused),
            Ok(Err(QueryError::Sqlite(error))) => Err(self.failed(&error, making)),
            Err(panicked) => {
                tracing::error!(model = self.entry.name, %panicked, "a query panicked");
                Err(Refusal::INTERNAL.into())
            }
        }
    }

    /// A damaged file is nobody's fault but the disk's: it is drawn anew, and the caller asks again.
    fn failed(&self, error: &rusqlite::Error, making: u64) -> Refused {
        tracing::error!(model = self.entry.name, %error, "a query failed");
        if remedy(error) != Remedy::Redraw {
            return Refusal::INTERNAL.into();
        }
        self.damaged.send_replace(making);
        Refusal::STARTING.about("retry_after_ms", 1_000)
    }

    async fn reach(&self, min_position: u64) -> Result<(), Refused> {
        if tokio::time::timeout(WAIT_MAX, self.drawn_up_to(min_position)).await.is_ok() {
            return Ok(());
        }
        let Some(position) = self.position() else { return Err(Refusal::STARTING.into()) };
        let lagging = Refusal::PROJECTION_LAGGING.about("position", position);
        Err(lagging.about("min_position", min_position).about("retry_after_ms", 1_000))
    }
}
