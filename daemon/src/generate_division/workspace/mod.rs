//! What was generated becomes files, after it is on record. The writer hears the facts of its own process, in order
//! and once each; what it writes follows from the log and from blobs alone, so that hearing a fact again changes
//! nothing.
//!
//! It writes below the folder of all workspaces and nowhere else, and over nothing that it did not write: what people
//! made of a file stays, and an operator learns of it by a dead letter.

mod folder;
mod history;
#[cfg(test)]
mod tests;

use super::{DeskGenerated, ModuleGenerated, SkeletonGenerated, TestGenerated};
use folder::{Hope, NotWritten, Workspaces};
use hecate_blobs::{BlobError, Blobs};
use hecate_desk::{Event, Node, Refusal, Refused, forgo, was_forgone};
use hecate_event_store::{BoxFuture, CurrentStore};
use hecate_facts::{Fact, Reaction, Reacts};
use history::{Content, History, Unreadable};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The facts that become files, in order of their names, and who hears them.
const HEARS: [(&str, &str); 4] = [
    (<DeskGenerated as Event<super::Generation>>::TYPE, "on_desk_generated_write_files"),
    (<ModuleGenerated as Event<super::Generation>>::TYPE, "on_module_generated_write_file"),
    (<SkeletonGenerated as Event<super::Generation>>::TYPE, "on_skeleton_generated_write_files"),
    (<TestGenerated as Event<super::Generation>>::TYPE, "on_test_generated_write_file"),
];

/// Writes what was generated into workspaces.
pub(crate) struct WorkspaceWriter {
    node: Node,
    store: CurrentStore,
    blobs: Blobs,
    /// The folder of all workspaces.
    root: PathBuf,
    /// What was read of a stream for the fact before: the next one is of the same stream, mostly.
    read: Mutex<Option<History>>,
    /// Held by whoever writes: one who was given up may still be at it when the next one comes.
    pen: Arc<Mutex<()>>,
}

impl Reacts for WorkspaceWriter {
    fn process(&self) -> &'static str {
        "generate_division.workspace"
    }

    fn hears(&self) -> Vec<&'static str> {
        HEARS.iter().map(|(event_type, _)| *event_type).collect()
    }

    fn listeners(&self, event_type: &str) -> Vec<&'static str> {
        HEARS.iter().filter(|(heard, _)| *heard == event_type).map(|(_, listener)| *listener).collect()
    }

    fn react<'a>(&'a self, listener: &'static str, fact: &'a Fact) -> BoxFuture<'a, Reaction> {
        Box::pin(async move { self.write(listener, fact).await.unwrap_or_else(|reaction| reaction) })
    }

    fn forgo<'a>(
        &'a self,
        listener: &'static str,
        fact: &'a Fact,
        why: &'a str,
    ) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let store = self.store.get().ok_or("the event store is not open")?;
            let kept = forgo(&*store, &self.node, listener, fact, why).await;
            kept.map_err(|refused| refused.says.into_owned())
        })
    }
}

impl WorkspaceWriter {
    /// Writes below `root`, which is the folder of all workspaces.
    pub(crate) fn new(node: Node, store: CurrentStore, blobs: Blobs, root: PathBuf) -> WorkspaceWriter {
        WorkspaceWriter { node, store, blobs, root, read: Mutex::default(), pen: Arc::default() }
    }

    async fn write(&self, listener: &'static str, fact: &Fact) -> Result<Reaction, Reaction> {
        let store = self.store.get().ok_or_else(|| later(Refusal::STARTING.into()))?;
        if was_forgone(&*store, &self.node, listener, fact).await.map_err(later)? {
            let (code, says) = ("fact_dismissed".to_owned(), "An operator decided so.".to_owned());
            return Ok(Reaction::Refused { code, says });
        }
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner).take();
        let history = History::up_to(read, &*store, fact).await.map_err(Reaction::from)?;
        let (blobs, root, pen) = (self.blobs.clone(), self.root.clone(), Arc::clone(&self.pen));
        let fact = Arc::clone(fact);
        let written = tokio::task::spawn_blocking(move || {
            let _held = pen.lock().unwrap_or_else(PoisonError::into_inner);
            let written = write_fact(&history, &fact, &blobs, &root);
            (history, written)
        });
        let written = written.await.map_err(|panicked| Reaction::Failed { why: panicked.to_string() });
        let (history, written) = written?;
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some(history);
        written
    }
}

fn write_fact(history: &History, fact: &Fact, blobs: &Blobs, root: &Path) -> Result<Reaction, Reaction> {
    let contents = history.contents(fact, blobs)?;
    let workspaces = Workspaces::open(root).map_err(|error| NotWritten::reaction(&[error]))?;
    write_all(&workspaces, history, &contents)
}

/// Writes what is still the newest of its file. One file that cannot be written keeps none of the others back.
fn write_all(workspaces: &Workspaces, history: &History, contents: &[Content]) -> Result<Reaction, Reaction> {
    let newest: Vec<_> = contents.iter().filter(|content| history.is_newest(content)).collect();
    if newest.is_empty() {
        return Ok(Reaction::Passed { why: "Each of its files was generated anew since.".to_owned() });
    }
    let write = |content: &&Content| {
        let Content { path, bytes, .. } = content;
        workspaces.write(path, bytes, |found| history.knows(path, found)).err()
    };
    let errors: Vec<NotWritten> = newest.iter().filter_map(write).collect();
    if errors.is_empty() { Ok(Reaction::Done { recorded: None }) } else { Err(NotWritten::reaction(&errors)) }
}

fn later(refused: Refused) -> Reaction {
    Reaction::Later { why: format!("{}: {}", refused.code, refused.says) }
}

impl NotWritten {
    /// What is to be done about all these: as long as one of them may pass by itself, the others are tried again too.
    fn reaction(errors: &[NotWritten]) -> Reaction {
        let why = errors.iter().map(NotWritten::to_string).collect::<Vec<_>>().join("; ");
        let hopes = errors.iter().map(NotWritten::hope);
        match hopes.max() {
            Some(Hope::Space) => Reaction::Later { why },
            Some(Hope::Perhaps) => Reaction::Failed { why },
            Some(Hope::Never) | None => Reaction::Dead { why },
        }
    }
}

impl From<Unreadable> for Reaction {
    fn from(error: Unreadable) -> Self {
        let why = error.to_string();
        match &error {
            Unreadable::Store(_) => Reaction::Later { why },
            Unreadable::Blob(error) if error.is_full() => Reaction::Later { why },
            Unreadable::Blob(BlobError::Io { .. }) => Reaction::Failed { why },
            Unreadable::Blob(BlobError::Damaged { .. } | BlobError::TooLarge)
            | Unreadable::Event(_)
            | Unreadable::Lost(_) => Reaction::Dead { why },
        }
    }
}
