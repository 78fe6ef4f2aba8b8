//! What the stream of one generation says about its files: what each was recorded to hold, first to last, and the
//! plan from which they were computed.

use crate::generate_division::files::GeneratedFile;
use crate::generate_division::{
    DeskGenerated, Generation, ModuleGenerated, SkeletonGenerated, TestGenerated,
};
use hecate_blobs::{BlobError, Blobs, Sha256};
use hecate_desk::{Event, Folded};
use hecate_event_store::{EventStore, PAGE_EVENTS_MAX, ReadError, RecordedEvent};
use hecate_scaffold::File;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The stream of one generation, as it concerns one fact.
pub(super) struct History {
    stream_id: Arc<str>,
    /// The generation when the fact was decided, and how many events that took.
    before: Folded<Generation>,
    folded: u64,
    /// Every hash that a file was recorded with, the newest last, by its path below all workspaces; and how many events
    /// were read for that.
    recorded: BTreeMap<String, Vec<String>>,
    read: u64,
    /// Where the files lie that are recorded next.
    workspace_path: String,
}

/// One file, and what it is to hold.
pub(super) struct Content {
    /// Below the folder of all workspaces.
    pub(super) path: String,
    pub(super) sha256: String,
    pub(super) bytes: Vec<u8>,
}

/// Why it is not known what to write.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("the log cannot be read: {0}")]
    Store(#[from] ReadError),
    #[error(transparent)]
    Blob(#[from] BlobError),
    #[error("an event is not what it should be: {0}")]
    Event(String),
    #[error("what {0} held is kept nowhere, and the templates give something else by now")]
    Lost(String),
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Unreadable::Event(error.to_string())
    }
}

impl History {
    /// Reads the stream of a fact to its end, and on from where another fact of the same stream has led.
    pub(super) async fn up_to(
        read: Option<History>,
        store: &dyn EventStore,
        fact: &RecordedEvent,
    ) -> Result<History, Unreadable> {
        let leads_here = |read: &History| read.stream_id == fact.stream_id && read.folded <= fact.version;
        let mut history = read.filter(leads_here).unwrap_or_else(|| History::unread(&fact.stream_id));
        while history.folded < fact.version {
            let max = usize::try_from(fact.version - history.folded).unwrap_or(PAGE_EVENTS_MAX);
            let page = store.read_stream(&fact.stream_id, history.folded, max.min(PAGE_EVENTS_MAX)).await?;
            history.fold(&page)?;
        }
        loop {
            let page = store.read_stream(&fact.stream_id, history.read, PAGE_EVENTS_MAX).await?;
            for event in &page {
                history.take(event)?;
            }
            if page.len() < PAGE_EVENTS_MAX {
                return Ok(history);
            }
        }
    }

    fn unread(stream_id: &Arc<str>) -> History {
        History {
            stream_id: Arc::clone(stream_id),
            before: Folded::default(),
            folded: 0,
            recorded: BTreeMap::new(),
            read: 0,
            workspace_path: String::new(),
        }
    }

    fn fold(&mut self, page: &[Arc<RecordedEvent>]) -> Result<(), Unreadable> {
        if page.is_empty() {
            return Err(Unreadable::Event("its stream ends before it".to_owned()));
        }
        for event in page {
            let folded = self.before.fold(&event.event_type, event.data.get());
            folded.map_err(|error| Unreadable::Event(format!("{error:?}")))?;
            self.folded += 1;
        }
        Ok(())
    }

    fn take(&mut self, event: &RecordedEvent) -> Result<(), Unreadable> {
        if is::<SkeletonGenerated>(event) {
            self.workspace_path = read::<SkeletonGenerated>(event)?.skeleton.workspace_path;
        }
        for file in files(event)? {
            let path = format!("{}/{}", self.workspace_path, file.path);
            self.recorded.entry(path).or_default().push(file.sha256);
        }
        self.read += 1;
        Ok(())
    }

    /// Where the fact's files lie.
    fn workspace_of(&self, fact: &RecordedEvent) -> Result<String, Unreadable> {
        if is::<SkeletonGenerated>(fact) {
            return Ok(read::<SkeletonGenerated>(fact)?.skeleton.workspace_path);
        }
        let skeleton = self.before.aggregate().skeleton();
        let there = skeleton.map(|skeleton| skeleton.workspace_path.clone());
        there.map_err(|refused| Unreadable::Event(refused.says.into_owned()))
    }

    /// Whether nothing was recorded for the file since.
    pub(super) fn is_newest(&self, content: &Content) -> bool {
        self.recorded.get(&content.path).and_then(|hashes| hashes.last()) == Some(&content.sha256)
    }

    /// Whether this was ever recorded for the file: then nobody but the writer wrote it.
    pub(super) fn knows(&self, path: &str, found: &Sha256) -> bool {
        self.recorded.get(path).is_some_and(|hashes| hashes.iter().any(|hash| hash == found.as_str()))
    }

    /// What the fact's files are to hold: computed again where it was computed, else as it was sent. All of it is
    /// kept as blobs from here on. Blocks for the disk.
    pub(super) fn contents(&self, fact: &RecordedEvent, blobs: &Blobs) -> Result<Vec<Content>, Unreadable> {
        let computed = self.computed(fact)?.into_iter().map(|File { text, .. }| text.into_bytes());
        let computed: BTreeMap<_, _> =
            computed.map(|bytes| (Sha256::of(&bytes).to_string(), bytes)).collect();
        let workspace_path = self.workspace_of(fact)?;
        let content = |GeneratedFile { path, sha256, .. }| {
            let bytes = match computed.get(&sha256) {
                Some(bytes) => blobs.put(bytes).map(|_| bytes.clone())?,
                None => kept(&sha256, blobs)?.ok_or_else(|| Unreadable::Lost(path.clone()))?,
            };
            Ok(Content { path: format!("{workspace_path}/{path}"), sha256, bytes })
        };
        files(fact)?.into_iter().map(content).collect()
    }

    /// The files that the templates give for this fact, by the plan as it was.
    fn computed(&self, fact: &RecordedEvent) -> Result<Vec<File>, Unreadable> {
        let generation = self.before.aggregate();
        let computed = if is::<SkeletonGenerated>(fact) {
            generation.skeleton_files(&read::<SkeletonGenerated>(fact)?.skeleton)
        } else if is::<DeskGenerated>(fact) {
            let DeskGenerated { desk_id, template, .. } = read(fact)?;
            generation.planned(&desk_id).and_then(|desk| generation.desk_files(desk, &template))
        } else {
            Ok(Vec::new())
        };
        // Templates that are gone give nothing; what was written before is kept as a blob.
        Ok(computed.unwrap_or_default())
    }
}

fn kept(sha256: &str, blobs: &Blobs) -> Result<Option<Vec<u8>>, Unreadable> {
    let name = Sha256::try_from(sha256.to_owned()).map_err(|error| Unreadable::Event(error.to_string()))?;
    Ok(blobs.get(&name)?)
}

/// The files that an event records.
fn files(event: &RecordedEvent) -> Result<Vec<GeneratedFile>, Unreadable> {
    Ok(if is::<SkeletonGenerated>(event) {
        read::<SkeletonGenerated>(event)?.files
    } else if is::<DeskGenerated>(event) {
        read::<DeskGenerated>(event)?.files
    } else if is::<ModuleGenerated>(event) {
        let ModuleGenerated { module, file, .. } = read(event)?;
        vec![file.at(&module.file_path)]
    } else if is::<TestGenerated>(event) {
        let TestGenerated { test, file, .. } = read(event)?;
        vec![file.at(&test.file_path)]
    } else {
        Vec::new()
    })
}

fn is<E: Event<Generation>>(event: &RecordedEvent) -> bool {
    &*event.event_type == E::TYPE
}

fn read<E: DeserializeOwned>(event: &RecordedEvent) -> Result<E, Unreadable> {
    Ok(serde_json::from_str(event.data.get())?)
}
