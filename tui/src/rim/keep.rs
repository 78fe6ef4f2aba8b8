//! The thread that keeps what a person types: drafts, prompts, the last model. It takes the newest of each
//! whenever it is ready, so a slow disk never holds a key up, and it sleeps while there is nothing to keep.

use super::{journal::Journal, prompt_files, state_folder};
use crate::core::{
    Message,
    chat::{Kept, PROMPTS_MAX},
};
use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc::SyncSender},
    thread::{self, JoinHandle},
    time::Duration,
};

/// How long nothing must be typed before the journal is forced to the disk.
const IDLE_MS: u64 = 500;
/// A history that grows beyond this is written anew with its newest half.
const HISTORY_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The folders of a person, as far as there are any.
#[derive(Clone, Debug, Default)]
pub struct Folders {
    /// What outlives a terminal.
    pub state: Option<PathBuf>,
    /// What people write for it.
    pub config: Option<PathBuf>,
}

/// What waits to be kept or read.
#[derive(Debug, Default)]
struct Waiting {
    draft: Option<String>,
    prompts: Vec<String>,
    model: Option<String>,
    read_prompt_files: bool,
    ended: bool,
}

impl Waiting {
    fn is_anything(&self) -> bool {
        self.draft.is_some()
            || !self.prompts.is_empty()
            || self.model.is_some()
            || self.read_prompt_files
            || self.ended
    }
}

type Shared = Arc<(Mutex<Waiting>, Condvar)>;

/// The thread, seen from the model's.
#[derive(Debug)]
pub(super) struct Keeper {
    shared: Shared,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the thread; it tells what an earlier terminal left behind and what the prompt files say.
    pub(super) fn begin(folders: Folders, messages: SyncSender<Message>) -> io::Result<Self> {
        let shared = Shared::default();
        let thread = {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name("keep".to_owned()).spawn(move || run(&folders, &shared, &messages))?
        };
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(super) fn draft(&self, draft: String) {
        self.change(|waiting| waiting.draft = Some(draft));
    }

    pub(super) fn prompt(&self, prompt: String) {
        self.change(|waiting| waiting.prompts.push(prompt));
    }

    pub(super) fn model(&self, model: String) {
        self.change(|waiting| waiting.model = Some(model));
    }

    pub(super) fn read_prompt_files(&self) {
        self.change(|waiting| waiting.read_prompt_files = true);
    }

    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        change(&mut lock(&self.shared.0));
        self.shared.1.notify_one();
    }
}

/// What waits is written before the terminal ends.
impl Drop for Keeper {
    fn drop(&mut self) {
        self.change(|waiting| waiting.ended = true);
        // A thread that panicked has ended the process by itself.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// Nothing is left half done in it by a panic.
fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(folders: &Folders, shared: &Shared, messages: &SyncSender<Message>) {
    // The model's thread may be gone already; then this one ends soon.
    let tell = |message: Message| drop(messages.send(message));
    let (mut store, kept) = Store::open(folders.state.as_deref());
    tell(Message::Kept(kept));
    tell(Message::Prompts(prompt_files::read(folders.config.as_deref())));
    loop {
        let waiting = next(shared, store.is_unsynced());
        let ended = waiting.ended;
        if waiting.read_prompt_files {
            tell(Message::Prompts(prompt_files::read(folders.config.as_deref())));
        }
        if let Err(error) = store.keep(waiting) {
            tell(Message::KeepingFailed(format!("what you write cannot be kept: {error}")));
        }
        if ended {
            return;
        }
    }
}

/// What waits; nothing, after a while, when there is something to force to the disk.
fn next(shared: &Shared, unsynced: bool) -> Waiting {
    let mut waiting = lock(&shared.0);
    while !waiting.is_anything() {
        if !unsynced {
            waiting = shared.1.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let idle = Duration::from_millis(IDLE_MS);
        let (woken, timeout) = shared.1.wait_timeout(waiting, idle).unwrap_or_else(PoisonError::into_inner);
        waiting = woken;
        if timeout.timed_out() {
            break;
        }
    }
    std::mem::take(&mut waiting)
}

/// The files.
struct Store {
    folder: Option<PathBuf>,
    journal: Option<Journal>,
    unsynced: bool,
}

impl Store {
    fn open(folder: Option<&Path>) -> (Self, Kept) {
        let mut store = Self { folder: folder.map(Path::to_owned), journal: None, unsynced: false };
        let Some(folder) = folder else {
            let why = "nothing that you write is kept: there is neither XDG_STATE_HOME nor HOME".to_owned();
            return (store, Kept { troubles: vec![why], ..Kept::default() });
        };
        let mut kept = Kept::default();
        let opened = state_folder::make(folder).and_then(|()| Journal::open(folder));
        match opened {
            Ok(journal) => {
                kept.draft = journal.draft().to_owned();
                store.journal = Some(journal);
            }
            Err(error) => {
                kept.troubles.push(format!("your draft is not kept in {}: {error}", folder.display()))
            }
        }
        match history(folder) {
            Ok(history) => kept.history = history,
            Err(error) => kept.troubles.push(format!("earlier prompts cannot be read: {error}")),
        }
        kept.model = std::fs::read_to_string(folder.join("model")).ok().filter(|name| !name.is_empty());
        (store, kept)
    }

    fn is_unsynced(&self) -> bool {
        self.unsynced
    }

    fn keep(&mut self, waiting: Waiting) -> io::Result<()> {
        let Waiting { draft, prompts, model, ended, .. } = waiting;
        let idle = draft.is_none();
        if let (Some(draft), Some(journal)) = (draft, &mut self.journal) {
            journal.write(draft)?;
            self.unsynced = true;
        }
        if let Some(folder) = &self.folder {
            prompts.iter().try_for_each(|prompt| append(folder, prompt))?;
            model.map_or(Ok(()), |model| state_folder::replace(&folder.join("model"), model.as_bytes()))?;
        }
        if let (true, Some(journal)) = (self.unsynced && (idle || ended), &self.journal) {
            self.unsynced = false;
            journal.sync()?;
        }
        Ok(())
    }
}

fn history_file(folder: &Path) -> PathBuf {
    folder.join("prompts.jsonl")
}

/// Prompts of before, oldest first. A line that a kill tore is none.
fn history(folder: &Path) -> io::Result<Vec<String>> {
    let bytes = match std::fs::read(history_file(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let lines = bytes.split(|byte| *byte == b'\n');
    let mut prompts: Vec<String> = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
    prompts.drain(..prompts.len().saturating_sub(PROMPTS_MAX));
    Ok(prompts)
}

/// Appends a prompt. Terminals take turns, so that none writes anew what another appends to.
fn append(folder: &Path, prompt: &str) -> io::Result<()> {
    let turn = state_folder::open(&folder.join("prompts.lock"))?;
    turn.lock()?;
    let path = history_file(folder);
    let mut file: File = state_folder::open(&path)?;
    if file.metadata()?.len() > HISTORY_BYTES_MAX {
        state_folder::replace(&path, &newest_half(history(folder)?)?)?;
        file = state_folder::open(&path)?;
    }
    // The newline comes first too: a line that was torn before must not take this one along.
    let line = format!("\n{}\n", serde_json::to_string(prompt)?);
    file.write_all(line.as_bytes())
}

fn newest_half(prompts: Vec<String>) -> io::Result<Vec<u8>> {
    let half = usize::try_from(HISTORY_BYTES_MAX / 2).unwrap_or(usize::MAX);
    let mut lines = Vec::new();
    let mut bytes = 0;
    for prompt in prompts.iter().rev() {
        let line = serde_json::to_string(prompt)? + "\n";
        bytes += line.len();
        if bytes > half {
            break;
        }
        lines.push(line);
    }
    Ok(lines.into_iter().rev().collect::<String>().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_come_back_in_order_and_a_torn_line_takes_none_along() {
        let folder = tempfile::tempdir().expect("a folder");
        append(folder.path(), "one\nline").expect("room");
        let mut file = state_folder::open(&history_file(folder.path())).expect("a file");
        file.write_all(b"\"torn").expect("room");
        append(folder.path(), "two").expect("room");
        assert_eq!(history(folder.path()).expect("a history"), ["one\nline", "two"]);
    }

    #[test]
    fn a_history_does_not_grow_without_end() {
        let folder = tempfile::tempdir().expect("a folder");
        for turn in 0..60 {
            append(folder.path(), &format!("{turn}{}", "x".repeat(100_000))).expect("room");
        }
        let bytes = std::fs::metadata(history_file(folder.path())).expect("a file").len();
        assert!(bytes < HISTORY_BYTES_MAX + 200_000, "{bytes}");
        let prompts = history(folder.path()).expect("a history");
        assert!(prompts.last().is_some_and(|prompt| prompt.starts_with("59")));
    }
}
