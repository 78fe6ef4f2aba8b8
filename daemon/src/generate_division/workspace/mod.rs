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
use folder::{NotWritten, Workspaces};
use hecate_blobs::{BlobError, Blobs};
use hecate_desk::{Event, Node, Refusal, Refused, forgo, was_forgone};
use hecate_event_store::{BoxFuture, CurrentStore};
use hecate_facts::{Fact, Reaction, Reacts};
use history::{Content, History, Unreadable};
use std::path::PathBuf;
use std::sync::Arc;

/// The facts that become files, in order of their names, and who hears them.
const HEARS: [(&str, &str); 4] = [
    (<DeskGenerated as Event<super::Generation>>::TYPE, "on_desk_generated_write_files"),
    (<ModuleGenerated as Event<super::Generation>>::TYPE, "on_module_generated_write_file"),
    (<SkeletonGenerated as Event<super::Generation>>::TYPE, "on_skeleton_generated_write_files"),
    (<TestGenerated as Event<super::Generation>>::TYPE, "on_test_generated_write_file"),
];

/// Writes what was generated into workspaces.
pub(crate) struct WorkspaceWriter {
    pub(crate) node: Node,
    pub(crate) store: CurrentStore,
    pub(crate) blobs: Blobs,
    /// The folder of all workspaces.
    pub(crate) root: PathBuf,
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
    async fn write(&self, listener: &'static str, fact: &Fact) -> Result<Reaction, Reaction> {
        let store = self.store.get().ok_or_else(|| later(Refusal::STARTING.into()))?;
        if was_forgone(&*store, &self.node, listener, fact).await.map_err(later)? {
            let (code, says) = ("fact_dismissed".to_owned(), "An operator decided so.".to_owned());
            return Ok(Reaction::Refused { code, says });
        }
        let history = History::of(&*store, fact).await.map_err(Reaction::from)?;
        let (blobs, root, fact) = (self.blobs.clone(), self.root.clone(), Arc::clone(fact));
        let written = tokio::task::spawn_blocking(move || {
            let contents = history.contents(&fact, &blobs)?;
            write_all(&Workspaces::open(&root)?, &history, &contents)
        });
        written.await.map_err(|panicked| Reaction::Failed { why: panicked.to_string() })?
    }
}

/// Writes what is still the newest of its file. One file that cannot be written keeps none of the others back.
fn write_all(workspaces: &Workspaces, history: &History, contents: &[Content]) -> Result<Reaction, Reaction> {
    let newest: Vec<_> = contents.iter().filter(|content| history.is_newest(content)).collect();
    if newest.is_empty() {
        return Ok(Reaction::Passed { why: "Each of its files was generated anew since.".to_owned() });
    }
    let mut refused = Vec::new();
    for Content { path, bytes, .. } in newest {
        match workspaces.write(path, bytes, |found| history.knows(path, found)) {
            Ok(()) => {}
            Err(error @ NotWritten::Io { .. }) => return Err(error.into()),
            Err(error) => refused.push(error.to_string()),
        }
    }
    if refused.is_empty() {
        return Ok(Reaction::Done { recorded: None });
    }
    Err(Reaction::Dead { why: refused.join("; ") })
}

fn later(refused: Refused) -> Reaction {
    Reaction::Later { why: format!("{}: {}", refused.code, refused.says) }
}

impl From<NotWritten> for Reaction {
    fn from(error: NotWritten) -> Self {
        let why = error.to_string();
        match error {
            NotWritten::Io { source, .. } if is_full(source) => Reaction::Later { why },
            NotWritten::Io { .. } => Reaction::Failed { why },
            NotWritten::Outside { .. } | NotWritten::NoFolder { .. } | NotWritten::NotOurs { .. } => {
                Reaction::Dead { why }
            }
        }
    }
}

/// Space comes back by itself; meanwhile nothing else could be written either.
fn is_full(errno: rustix::io::Errno) -> bool {
    use rustix::io::Errno;
    [Errno::NOSPC, Errno::DQUOT].contains(&errno)
}

impl From<Unreadable> for Reaction {
    fn from(error: Unreadable) -> Self {
        let why = error.to_string();
        match error {
            Unreadable::Store(_) => Reaction::Later { why },
            Unreadable::Blob(BlobError::Io { .. }) => Reaction::Failed { why },
            Unreadable::Blob(BlobError::Damaged { .. } | BlobError::TooLarge)
            | Unreadable::Event(_)
            | Unreadable::Lost(_) => Reaction::Dead { why },
        }
    }
}
