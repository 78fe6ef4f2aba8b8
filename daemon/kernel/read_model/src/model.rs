//! One read model at work: the actor that draws, the watch that says how far, the readers that answer.

use crate::{
    file::{ModelFile, Origin, Remedy, fingerprint, remedy, remove},
    projection::ProjectionEntry,
    query::{AskedQuery, QueryAnswer, QueryDoor, QueryEntry, QueryError},
    readers::Readers,
};
use hecate_desk::{Refusal, Refused};
use hecate_event_store::{CurrentStore, EventStore, Filter, RecordedEvent, Subscription};
use hecate_supervision::{Actor, ExitReason, Kinds, Me, Unheard};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Events drawn in one transaction.
const BATCH_EVENTS: usize = 1_000;
/// How long a projection rests before it tries again to write to a full disk.
const DRAW_PAUSE: Duration = Duration::from_millis(200);
/// How long a query waits for the position that its caller asked for.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// A set of tables, what draws them and what reads them.
pub trait ReadModel: Send + Sync + 'static {
    /// Its folder: `query_ventures`.
    const NAME: &'static str;
    /// The tables, as SQL.
    const TABLES: &'static str;
    /// Raise it when a projection draws the same events differently; the file is then drawn anew.
    const REVISION: u32;
    /// What draws the tables.
    const PROJECTIONS: &'static [ProjectionEntry];
    /// What reads them.
    const QUERIES: &'static [QueryEntry];
}

/// A read model with its type rubbed off.
#[derive(Clone, Copy)]
pub struct ModelEntry {
    /// See [`ReadModel::NAME`].
    pub name: &'static str,
    tables: &'static str,
    revision: u32,
    projections: &'static [ProjectionEntry],
    queries: &'static [QueryEntry],
}

/// What a read model leans on.
#[derive(Clone)]
pub struct ModelWiring {
    /// The event store, found anew after each restart.
    pub store: CurrentStore,
    /// The folder of the files.
    pub folder: PathBuf,
}

/// Rubs the type off a read model.
pub const fn model<M: ReadModel>() -> ModelEntry {
    ModelEntry {
        name: M::NAME,
        tables: M::TABLES,
        revision: M::REVISION,
        projections: M::PROJECTIONS,
        queries: M::QUERIES,
    }
}

impl ModelEntry {
    /// Opens it: the side that answers. The side that draws is started by its supervisor.
    pub fn open(self, wiring: ModelWiring) -> Arc<ReadSide> {
        let path = wiring.folder.join(format!("{}.sqlite", self.name));
        let doors = self.queries.iter().map(|query| QueryDoor::open(self.name, query)).collect();
        let (drawn, _) = watch::channel(None);
        Arc::new(ReadSide {
            entry: self,
            doors,
            drawn,
            readers: Readers::new(path.clone()),
            damaged: watch::Sender::new(0),
            path,
            store: wiring.store,
        })
    }
}

/// The side of a read model that answers.
pub struct ReadSide {
    entry: ModelEntry,
    doors: Vec<QueryDoor>,
    /// How far the file is drawn; none while the projection is down.
    drawn: watch::Sender<Option<u64>>,
    readers: Readers,
    /// The making of the file that a reader last found damaged.
    damaged: watch::Sender<u64>,
    path: PathBuf,
    store: CurrentStore,
}

impl ReadSide {
    /// Its folder: `query_ventures`.
    pub fn name(&self) -> &'static str {
        self.entry.name
    }

    /// Its queries, in order.
    pub fn doors(&self) -> &[QueryDoor] {
        &self.doors
    }

    /// The position up to which the file is drawn; none while the projection is down.
    pub fn position(&self) -> Option<u64> {
        *self.drawn.borrow()
    }

    /// Waits until the file is drawn up to this position.
    pub async fn drawn_up_to(&self, position: u64) {
        let mut drawn = self.drawn.subscribe();
        // The sender lives in `self`, so the wait ends only when the position is reached.
        let _ = drawn.wait_for(|drawn| drawn.is_some_and(|drawn| drawn >= position)).await;
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
        let place = self.readers.place().await;
        let (side, making) = (Arc::clone(self), self.readers.making());
        let read = move || {
            // The place goes with the work: a caller that leaves does not free a thread that still reads.
            let _place = place;
            side.read(door, params)
        };
        let read = tokio::task::spawn_blocking(read).await;
        match read {
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

    fn read(&self, door: usize, params: serde_json::Value) -> Result<QueryAnswer, QueryError> {
        self.readers.with(|db| {
            let snapshot = db.unchecked_transaction()?;
            let position: u64 =
                snapshot.query_row("SELECT position FROM _checkpoint", [], |row| row.get(0))?;
            let mut fields = self.doors[door].read(params, &snapshot)?;
            fields.insert("as_of_position".to_owned(), position.into());
            Ok(QueryAnswer { fields })
        })
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

/// The actor that owns the file and draws it. It hears the log, not messages.
struct Projection {
    side: Arc<ReadSide>,
}

impl Actor for Projection {
    type Msg = Unheard;
    type Args = Arc<ReadSide>;

    async fn init(side: Arc<ReadSide>, me: &Me<Unheard>) -> Result<Self, ExitReason> {
        let store = side.store.opened().await;
        let (file, checkpoint) = open_file(&side, &*store).await?;
        let making = side.readers.renew();
        side.drawn.send_replace(Some(checkpoint));
        me.attach(follow(Arc::clone(&side), store, file, checkpoint));
        me.attach(throw_away_when_damaged(Arc::clone(&side), making));
        Ok(Projection { side })
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }
}

impl Drop for Projection {
    fn drop(&mut self) {
        self.side.drawn.send_replace(None);
    }
}

async fn open_file(side: &Arc<ReadSide>, store: &dyn EventStore) -> Result<(ModelFile, u64), ExitReason> {
    let origin = Origin {
        fingerprint: fingerprint(side.entry.tables, side.entry.revision, side.entry.projections),
        store_id: store.store_id(),
        epoch: store.epoch(),
        head: store.head(),
    };
    let side = Arc::clone(side);
    let open = move || {
        make_folder(&side.path)?;
        ModelFile::open(&side.path, side.entry.tables, side.entry.projections, &origin)
            .map_err(ExitReason::error)
    };
    tokio::task::spawn_blocking(open).await.map_err(ExitReason::error)?
}

fn make_folder(file: &Path) -> Result<(), ExitReason> {
    file.parent().map_or(Ok(()), |folder| std::fs::create_dir_all(folder).map_err(ExitReason::error))
}

/// Ends when a reader finds this making of the file damaged; the next one is drawn from the log.
async fn throw_away_when_damaged(side: Arc<ReadSide>, making: u64) -> Result<(), ExitReason> {
    let mut damaged = side.damaged.subscribe();
    // The sender lives in `side`, so the wait ends only with that news.
    let _ = damaged.wait_for(|damaged| *damaged == making).await;
    remove(&side.path);
    Err(ExitReason::error("a reader found the file damaged; it is drawn anew"))
}

/// Draws the log from the checkpoint on, and goes on as it grows.
async fn follow(
    side: Arc<ReadSide>,
    store: Arc<dyn EventStore>,
    mut file: ModelFile,
    checkpoint: u64,
) -> Result<(), ExitReason> {
    let types = Filter::types(side.entry.projections.iter().map(|entry| entry.event_type));
    let mut log = Subscription::new(store, checkpoint, types);
    loop {
        let from = log.caught_up_to();
        let events = log.next_step(BATCH_EVENTS).await.map_err(ExitReason::error)?;
        file = draw(&side, file, Arc::from(events), from, log.caught_up_to()).await?;
        side.drawn.send_replace(Some(log.caught_up_to()));
    }
}

/// Draws one batch; waits out a full disk rather than burn the supervisor's patience.
async fn draw(
    side: &ReadSide,
    mut file: ModelFile,
    events: Arc<[Arc<RecordedEvent>]>,
    from: u64,
    to: u64,
) -> Result<ModelFile, ExitReason> {
    loop {
        let batch = Arc::clone(&events);
        let work = move || (file.draw(&batch, from, to), file);
        let (drawn, back) = tokio::task::spawn_blocking(work).await.map_err(ExitReason::error)?;
        let Err(error) = drawn else { return Ok(back) };
        match error.remedy() {
            Remedy::Wait => {
                tracing::warn!(model = side.entry.name, %error, "the read model waits");
                tokio::time::sleep(DRAW_PAUSE).await;
                file = back;
            }
            Remedy::Redraw => {
                drop(back);
                remove(&side.path);
                return Err(ExitReason::error(format!("the file is damaged and is drawn anew: {error}")));
            }
            Remedy::Crash => return Err(ExitReason::error(error)),
        }
    }
}
