//! What can be asked of a store, one step after the other.

use std::sync::Arc;

use hecate_event_store::{Append, EventStore, Snapshot, SqliteStore};
use tokio::task::JoinHandle;

use crate::model::{Model, Outcome, said};
use crate::witness::Witness;

#[derive(Debug, Clone)]
pub(crate) enum Step {
    One(Request),
    /// Some that wait while the opener is written, and are then committed together.
    Batch {
        opener: Append,
        together: Vec<Append>,
    },
    /// An orderly close, and open again.
    Reopen,
}

#[derive(Debug, Clone)]
pub(crate) enum Request {
    Append(Append),
    Snapshot(Arc<str>, Snapshot),
}

impl Request {
    /// What the list makes of it.
    pub(crate) fn apply(&self, model: &mut Model) -> Outcome {
        match self {
            Self::Append(append) => model.append(append),
            Self::Snapshot(stream_id, snapshot) => model.keep_snapshot(stream_id, snapshot),
        }
    }

    /// What the store makes of it.
    pub(crate) async fn ask(self, store: &SqliteStore) -> Outcome {
        match self {
            Self::Append(append) => store.append(append).await.map(said),
            Self::Snapshot(stream_id, snapshot) => store.keep_snapshot(stream_id, snapshot).await.map(said),
        }
    }
}

impl Step {
    /// What is committed in one go, in order.
    pub(crate) fn commits(&self) -> Vec<Vec<Request>> {
        match self {
            Self::One(request) => vec![vec![request.clone()]],
            Self::Batch { opener, together } => vec![
                vec![Request::Append(opener.clone())],
                together.iter().cloned().map(Request::Append).collect(),
            ],
            Self::Reopen => Vec::new(),
        }
    }

    /// Asks the store; the outcomes of each commit.
    pub(crate) async fn ask(&self, store: &Arc<SqliteStore>, witness: &Witness) -> Vec<Vec<Outcome>> {
        match self {
            Self::One(request) => vec![vec![request.clone().ask(store).await]],
            Self::Batch { opener, together } => batch(store, witness, opener, together).await,
            Self::Reopen => Vec::new(),
        }
    }
}

/// Holds the writer at the opener's first frame until all the others wait. On a disk that fails, the opener
/// may never come that far.
async fn batch(
    store: &Arc<SqliteStore>,
    witness: &Witness,
    opener: &Append,
    together: &[Append],
) -> Vec<Vec<Outcome>> {
    witness.shut_gate();
    let opener = push(store, opener);
    while !witness.somebody_waits() {
        if opener.is_finished() {
            witness.open_gate();
            break;
        }
        tokio::task::yield_now().await;
    }
    let together: Vec<_> = together.iter().map(|append| push(store, append)).collect();
    while store.gauges().queued_requests < together.len() && !together.iter().all(JoinHandle::is_finished) {
        tokio::task::yield_now().await;
    }
    witness.open_gate();
    let mut outcomes = Vec::new();
    let opened = opener.await.unwrap();
    for asked in together {
        outcomes.push(asked.await.unwrap());
    }
    vec![vec![opened], outcomes]
}

fn push(store: &Arc<SqliteStore>, append: &Append) -> JoinHandle<Outcome> {
    let (store, append) = (store.clone(), append.clone());
    tokio::spawn(async move { store.append(append).await.map(said) })
}
