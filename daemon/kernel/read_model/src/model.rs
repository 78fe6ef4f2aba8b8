//! A read model as its folder says it: the tables, what draws them, what reads them.

use crate::{
    file::Design, parking::Poison, projection::ProjectionEntry, query::QueryDoor, query::QueryEntry,
    read_side::ReadSide, tending::Tending,
};
use hecate_event_store::CurrentStore;
use rusqlite::Transaction;
use std::path::PathBuf;
use std::sync::Arc;

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
    /// What follows from the rows, drawn once at the end of every transaction that drew something. However the
    /// events fall into transactions, the rows must end the same.
    const SETTLE: Settle = |_| Ok(());
    /// What reads them.
    const QUERIES: &'static [QueryEntry];
    /// What happens when an event does not draw. Halt where money or permissions are drawn.
    const ON_POISON: Poison = Poison::Park;
}

/// Draws what follows from the rows, see [`ReadModel::SETTLE`].
pub type Settle = fn(&Transaction<'_>) -> rusqlite::Result<()>;

/// A read model with its type rubbed off.
#[derive(Clone, Copy)]
pub struct ModelEntry {
    /// See [`ReadModel::NAME`].
    pub name: &'static str,
    pub(crate) design: Design,
    queries: &'static [QueryEntry],
}

/// What a read model leans on.
#[derive(Clone)]
pub struct ModelWiring {
    /// The event store, found anew after each restart.
    pub store: CurrentStore,
    /// The folder of the files.
    pub folder: PathBuf,
    /// Who records what is parked.
    pub tending: Arc<dyn Tending>,
}

/// Rubs the type off a read model.
pub const fn model<M: ReadModel>() -> ModelEntry {
    ModelEntry {
        name: M::NAME,
        design: Design {
            model: M::NAME,
            tables: M::TABLES,
            revision: M::REVISION,
            projections: M::PROJECTIONS,
            settle: M::SETTLE,
            on_poison: M::ON_POISON,
        },
        queries: M::QUERIES,
    }
}

impl ModelEntry {
    /// The event types that it is drawn from.
    pub fn draws(&self) -> impl Iterator<Item = &'static str> {
        self.design.projections.iter().map(|projection| projection.event_type)
    }

    /// Opens it: the side that answers. The side that draws is started by its supervisor.
    pub fn open(self, wiring: ModelWiring) -> Arc<ReadSide> {
        let doors = self.queries.iter().map(|query| QueryDoor::open(self.name, query)).collect();
        Arc::new(ReadSide::new(self, doors, wiring))
    }
}
