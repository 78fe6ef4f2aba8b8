//! The thread that keeps what a person types: drafts, prompts, the last model. It takes the newest of each
//! whenever it is ready, so a slow disk never holds a key up, and it sleeps while there is nothing to keep.

use super::{inbox::Sender, journal::Journal, prompt_files, state_folder};
use crate::core::{
    Message,
    chat::{Kept, PROMPTS_MAX},
};
use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

/// How long nothing must be typed before the journal is forced to the disk.
const IDLE_MS: u64 = 500;
/// How long after a failure what could not be kept is tried again, if nothing comes before.
const RETRY_MS: u64 = 3_000;
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

/// What is written and not on disk yet.
#[derive(Debug, Default)]
struct Unkept {
    draft: Option<String>,
    prompts: Vec<String>,
    model: Option<String>,
}

impl Unkept {
    fn is_anything(&self) -> bool {
        self.draft.is_some() || !self.prompts.is_empty() || self.model.is_some()
    }

    /// What came later counts; of prompts, all that a history holds.
    fn add(&mut self, later: Unkept) {
        self.draft = later.draft.or(self.draft.take());
        self.model = later.model.or(self.model.take());
        self.prompts.extend(later.prompts);
        self.prompts.drain(..self.prompts.len().saturating_sub(PROMPTS_MAX));
    }
}

/// What waits to be kept or read.
#[derive(Debug, Default)]
struct Waiting {
    unkept: Unkept,
    read_prompt_files: bool,
    ended: bool,
}

impl Waiting {
    fn is_anything(&self) -> bool {
        self.unkept.is_anything() || self.read_prompt_files || self.ended
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
    pub(super) fn begin(folders: Folders, messages: Sender) -> io::Result<Self> {
        let shared = Shared::default();
        let thread = {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name("keep".to_owned()).spawn(move || run(&folders, &shared, &messages))?
        };
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(super) fn draft(&self, draft: String) {
        self.change(|waiting| waiting.unkept.draft = Some(draft));
    }

    pub(super) fn prompt(&self, prompt: String) {
        self.change(|waiting| waiting.unkept.prompts.push(prompt));
    }

    pub(super) fn model(&self, model: String) {
        self.change(|waiting| waiting.unkept.model = Some(model));
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

fn run(folders: &Folders, shared: &Shared, messages: &Sender) {
    // The model's thread may be gone already; then this one ends soon.
    let tell = |message: Message| drop(messages.send(message));
    let (mut store, kept) = Store::open(folders.state.as_deref());
    tell(Message::Kept(kept));
    tell(Message::Prompts(prompt_files::read(folders.config.as_deref())));
    let mut told = None;
    loop {
        let waiting = next(shared, store.patience());
        let ended = waiting.ended;
        if waiting.read_prompt_files {
            tell(Message::Prompts(prompt_files::read(folders.config.as_deref())));
        }
        let trouble = store.keep(waiting).err().map(|error| error.to_string());
        // It is tried again and again, and told once.
        if let Some(why) = trouble.as_ref().filter(|_| trouble != told) {
            tell(Message::KeepingFailed(format!("what you write cannot be kept: {why}")));
        }
        told = trouble;
        if ended {
            return;
        }
    }
}

/// What waits; nothing, when that takes longer than our patience.
fn next(shared: &Shared, patience: Option<Duration>) -> Waiting {
    let mut waiting = lock(&shared.0);
    while !waiting.is_anything() {
        let Some(patience) = patience else {
            waiting = shared.1.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let (woken, timeout) =
            shared.1.wait_timeout(waiting, patience).unwrap_or_else(PoisonError::into_inner);
        waiting = woken;
        if timeout.timed_out() {
            break;
        }
    }
    std::mem::take(&mut waiting)
}

/// The files.
#[derive(Default)]
struct Store {
    folder: Option<PathBuf>,
    journal: Option<Journal>,
    unsynced: bool,
    /// What could not be kept yet.
    unkept: Unkept,
}

impl Store {
    fn open(folder: Option<&Path>) -> (Self, Kept) {
        let mut store = Self { folder: folder.map(Path::to_owned), ..Self::default() };
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

    /// How long to wait for something new before there is something to do without it.
    fn patience(&self) -> Option<Duration> {
        let retry = self.unkept.is_anything().then_some(RETRY_MS);
        self.unsynced.then_some(IDLE_MS).or(retry).map(Duration::from_millis)
    }

    /// Keeps what it can, each part whatever becomes of the others, and holds on to the rest. Prompts come
    /// first: the draft that makes room for them must not be gone before they are kept.
    fn keep(&mut self, waiting: Waiting) -> io::Result<()> {
        let idle = waiting.unkept.draft.is_none();
        self.unkept.add(waiting.unkept);
        let prompts = self.keep_prompts();
        let draft = self.keep_draft();
        let model = self.keep_model();
        let synced = if idle || waiting.ended { self.sync() } else { Ok(()) };
        prompts.and(draft).and(model).and(synced)
    }

    fn keep_prompts(&mut self) -> io::Result<()> {
        let Some(folder) = &self.folder else {
            self.unkept.prompts.clear();
            return Ok(());
        };
        while let Some(prompt) = self.unkept.prompts.first() {
            append(folder, prompt)?;
            self.unkept.prompts.remove(0);
        }
        Ok(())
    }

    fn keep_draft(&mut self) -> io::Result<()> {
        if let (Some(draft), Some(journal)) = (&self.unkept.draft, &mut self.journal) {
            journal.write(draft)?;
            self.unsynced = true;
        }
        self.unkept.draft = None;
        Ok(())
    }

    fn keep_model(&mut self) -> io::Result<()> {
        if let (Some(model), Some(folder)) = (&self.unkept.model, &self.folder) {
            state_folder::replace(&folder.join("model"), model.as_bytes())?;
        }
        self.unkept.model = None;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let unsynced = std::mem::take(&mut self.unsynced);
        self.journal.iter().filter(|_| unsynced).try_for_each(Journal::sync)
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

    fn waiting(draft: &str, prompt: &str, model: &str) -> Waiting {
        let text = |text: &str| Some(text.to_owned());
        let unkept = Unkept { draft: text(draft), prompts: vec![prompt.to_owned()], model: text(model) };
        Waiting { unkept, ..Waiting::default() }
    }

    #[test]
    fn what_cannot_be_kept_takes_nothing_along_and_is_tried_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut store, _) = Store::open(Some(folder.path()));
        let model = || std::fs::read_to_string(folder.path().join("model")).unwrap_or_default();
        // A folder in a file's place stands for whatever hinders a write.
        let blocks = ["prompts.lock".to_owned(), format!("draft-0.{}.new", std::process::id())];
        let blocks = blocks.map(|name| folder.path().join(name));

        std::fs::create_dir(&blocks[0]).expect("a folder");
        store.keep(waiting("", "one", "tea")).expect_err("prompts are hindered");
        assert_eq!(
            (store.unkept.prompts.len(), store.unkept.draft.is_none(), model()),
            (1, true, "tea".to_owned())
        );
        assert!(store.patience().is_some());
        std::fs::remove_dir(&blocks[0]).expect("a folder");

        std::fs::create_dir(&blocks[1]).expect("a folder");
        store.keep(waiting("", "two", "oolong")).expect_err("the draft is hindered");
        assert_eq!(history(folder.path()).expect("a history"), ["one", "two"]);
        assert_eq!((store.unkept.draft.as_deref(), model()), (Some(""), "oolong".to_owned()));
        std::fs::remove_dir(&blocks[1]).expect("a folder");

        store.keep(Waiting::default()).expect("nothing hinders");
        assert!(!store.unkept.is_anything());
        assert_eq!(history(folder.path()).expect("a history"), ["one", "two"]);
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
