//! The query that shows one dossier, archived or not, by the ids that name it.

use super::{About, Dossiers};
use crate::query::{Found, Query, QueryError, QuerySpec};
use hecate_desk::lifecycle::LongLived;
use rusqlite::{Connection, Result, Row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// A read model whose dossiers are shown, each by itself.
pub trait Shown: Dossiers {
    /// A dossier as it is answered.
    type Row: Serialize + JsonSchema;
    /// See [`Query::SPEC`].
    const SPEC: QuerySpec;

    /// Reads one.
    fn show(db: &Connection, row: &Row<'_>) -> Result<Self::Row>;
}

/// The ids that name one dossier of a read model.
type Ids<M> = <<<M as Dossiers>::Drawn as LongLived>::Of as About>::Ids;

/// Shows one dossier.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Show")]
pub struct Show<M: Shown> {
    #[serde(flatten)]
    ids: Ids<M>,
    #[serde(skip)]
    of: PhantomData<fn(M)>,
}

impl<M: Shown> Query for Show<M> {
    type Row = M::Row;
    const SPEC: QuerySpec = M::SPEC;

    fn read(self, db: &Connection) -> Result<Found<M::Row>, QueryError> {
        let ids = <<M::Drawn as LongLived>::Of as About>::named(&self.ids);
        Ok(M::find(db, &ids, |row| M::show(db, row))?.into())
    }
}
