//! The draft on disk: an append-only journal of changes, so that a keystroke costs a few bytes and a kill at
//! any moment leaves everything that was written before it.

use super::state_folder;
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Drafts that terminals may write at the same time, each in a journal of its own.
const SLOTS_MAX: usize = 16;
/// A journal that grows beyond this, and beyond twice its draft, is written anew.
const JOURNAL_BYTES_MAX: u64 = 1024 * 1024;

/// One change: so many bytes at a place are replaced.
#[derive(Debug, Serialize, Deserialize)]
struct Change {
    at: usize,
    cut: usize,
    put: String,
}

/// The journal of one terminal's draft.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    bytes: u64,
    draft: String,
    /// What is on disk may be anything since a write failed: the next one begins anew.
    is_torn: bool,
    /// Held as long as the journal is ours; the kernel lets go of it however we end.
    _lock: File,
}

impl Journal {
    /// Opens the first journal that no other terminal writes, and reads the draft that it holds.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        for slot in 0..SLOTS_MAX {
            let lock = state_folder::open(&folder.join(format!("draft-{slot}.lock")))?;
            match lock.try_lock() {
                Ok(()) => return Self::read(folder.join(format!("draft-{slot}.journal")), lock),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::other(format!("{SLOTS_MAX} terminals write drafts already")))
    }

    fn read(path: PathBuf, lock: File) -> io::Result<Self> {
        let file = state_folder::open(&path)?;
        let draft = replay(&std::fs::read(&path)?);
        let mut journal = Self { path, file, bytes: 0, draft: String::new(), is_torn: false, _lock: lock };
        // What was torn by a kill is left behind, else it would hide what follows it.
        journal.rewrite(&draft)?;
        Ok(journal)
    }

    /// The draft as it is on disk.
    pub(super) fn draft(&self) -> &str {
        &self.draft
    }

    /// Keeps the draft: appends what changed since the last one.
    pub(super) fn write(&mut self, draft: &str) -> io::Result<()> {
        let too_long = self.bytes > JOURNAL_BYTES_MAX.max(2 * draft.len() as u64);
        let anew = std::mem::replace(&mut self.is_torn, true) || draft.is_empty() || too_long;
        if anew {
            self.rewrite(draft)?
        } else {
            self.append(draft)?
        }
        self.is_torn = false;
        Ok(())
    }

    fn append(&mut self, draft: &str) -> io::Result<()> {
        let line = line(&change(&self.draft, draft))?;
        self.file.write_all(&line)?;
        self.bytes += line.len() as u64;
        draft.clone_into(&mut self.draft);
        Ok(())
    }

    /// Sees to it that even a loss of power leaves the draft.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn rewrite(&mut self, draft: &str) -> io::Result<()> {
        let lines = if draft.is_empty() { Vec::new() } else { line(&change("", draft))? };
        state_folder::replace(&self.path, &lines)?;
        self.file = state_folder::open(&self.path)?;
        self.bytes = lines.len() as u64;
        draft.clone_into(&mut self.draft);
        Ok(())
    }
}

fn line(change: &Change) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(change)?;
    line.push(b'\n');
    Ok(line)
}

/// The smallest replacement that makes one text of another.
fn change(before: &str, after: &str) -> Change {
    let same = |pairs: &mut dyn Iterator<Item = (char, char)>| {
        pairs.take_while(|(one, two)| one == two).map(|(one, _)| one.len_utf8()).sum::<usize>()
    };
    let at = same(&mut before.chars().zip(after.chars()));
    let (before, after) = (&before[at..], &after[at..]);
    let kept = same(&mut before.chars().rev().zip(after.chars().rev()));
    Change { at, cut: before.len() - kept, put: after[..after.len() - kept].to_owned() }
}

/// The draft that the changes make, up to the first that is torn or does not fit.
fn replay(journal: &[u8]) -> String {
    let mut draft = String::new();
    for line in journal.split_inclusive(|byte| *byte == b'\n') {
        let Some(Change { at, cut, put }) =
            line.strip_suffix(b"\n").and_then(|it| serde_json::from_slice(it).ok())
        else {
            break;
        };
        if at.checked_add(cut).and_then(|end| draft.get(at..end)).is_none() {
            break;
        }
        draft.replace_range(at..at + cut, &put);
    }
    draft
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt;

    proptest! {
        #[test]
        fn a_journal_cut_at_any_byte_holds_a_draft_that_was_written(
            drafts in proptest::collection::vec("[aé日\n\"]{0,12}", 1..12),
            cut: prop::sample::Index,
        ) {
            let mut bytes = Vec::new();
            let mut before = String::new();
            for draft in &drafts {
                bytes.extend(line(&change(&before, draft)).expect("a line"));
                before.clone_from(draft);
            }
            prop_assert_eq!(replay(&bytes), before);
            let torn = replay(&bytes[..cut.index(bytes.len() + 1)]);
            prop_assert!(torn.is_empty() || drafts.contains(&torn), "{:?} is none of {:?}", torn, drafts);
        }
    }

    #[test]
    fn a_draft_comes_back_and_two_terminals_do_not_share_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut first = Journal::open(folder.path()).expect("a journal");
        first.write("half a thou").expect("room");
        first.write("half a thought").expect("room");
        let second = Journal::open(folder.path()).expect("a journal");
        assert_eq!((first.draft(), second.draft()), ("half a thought", ""));
        drop(first);
        let again = Journal::open(folder.path()).expect("a journal");
        assert_eq!(again.draft(), "half a thought");
        let mode = std::fs::metadata(&again.path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_write_that_failed_half_way_hides_nothing_that_follows_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut journal = Journal::open(folder.path()).expect("a journal");
        journal.write("one").expect("room");
        // A disk that fills up takes a part of a line.
        let mut file =
            std::mem::replace(&mut journal.file, state_folder::open(Path::new("/dev/full")).expect("it"));
        file.write_all(b"{\"at\":3,\"cu").expect("room");
        assert!(journal.write("one two").is_err());
        journal.write("one two three").expect("room");
        journal.write("one two three four").expect("room");
        drop(journal);
        assert_eq!(Journal::open(folder.path()).expect("a journal").draft(), "one two three four");
    }

    #[test]
    fn a_journal_does_not_grow_without_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut journal = Journal::open(folder.path()).expect("a journal");
        let page = "x".repeat(100_000);
        for turn in 0..40 {
            journal.write(if turn % 2 == 0 { &page } else { "y" }).expect("room");
        }
        let bytes = std::fs::metadata(&journal.path).expect("a file").len();
        assert!(bytes < JOURNAL_BYTES_MAX + 200_000, "{bytes}");
        journal.write("").expect("room");
        assert_eq!(std::fs::metadata(&journal.path).expect("a file").len(), 0);
    }
}
