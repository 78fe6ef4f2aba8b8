//! What `hecate-daemon` does with its store beside running: verify it, copy it, put a copy in its place, and
//! measure the disk below it.

use crate::blob_chores::{back_up_blobs, restore_blobs, verify_blobs};
use crate::boot::ClaimedData;
use crate::chores::say;
use crate::exit::{Exit, Failure};
use hecate_event_store::{CopyError, OpenError, Verified, backup, restore, verify};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What one commit writes at least.
const PROBE_BYTES: usize = 4096;
/// Space that the probe writes over and over, as the store does with its log.
const PROBE_FILE_BYTES: usize = 4 * 1024 * 1024;
/// Below this, people wait for every command.
const SLOW_PER_SECOND: f64 = 100.0;
/// No disk flushes faster; something in between answers from memory.
const UNLIKELY_PER_SECOND: f64 = 50_000.0;

/// Names everything in the store, and beside it, that is not what was recorded, a line each.
pub(crate) fn verify_store(data_dir: &Path) -> Result<Exit, Failure> {
    let file = store_file(data_dir)?;
    let mut unheard = None;
    let told = verify(&file, &mut |finding| {
        unheard = unheard.take().or(say(&finding.to_string()).err());
    });
    let verified = told.map_err(|error| Failure::new(exit_of(&error), error))?;
    if let Some(failure) = unheard {
        return Err(failure);
    }
    let findings = verified.findings + verify_blobs(data_dir)?;
    if findings > 0 {
        let says = format!("{}: {findings} findings", file.display());
        return Err(Failure::new(Exit::DamagedStore, says));
    }
    say(&format!("{} is whole: {}", file.display(), describe(&verified)))?;
    Ok(Exit::Clean)
}

/// Copies the store to a new file, also while the daemon runs.
pub(crate) fn back_up(data_dir: &Path, to: &Path) -> Result<Exit, Failure> {
    let copied = backup(&store_file(data_dir)?, to).map_err(refuse)?;
    say(&format!("{} holds {}", to.display(), describe(&copied)))?;
    back_up_blobs(data_dir, to)?;
    Ok(Exit::Clean)
}

/// Puts a backup in the store's place; the daemon must not run.
pub(crate) fn restore_store(data_dir: &Path, from: &Path) -> Result<Exit, Failure> {
    let data = ClaimedData::claim(data_dir)?;
    // Blobs first: no event is there before what it names.
    restore_blobs(&data, from)?;
    let restored = restore(from, &data.store_file()).map_err(refuse)?;
    say(&format!("{} holds {}", data.store_file().display(), describe(&restored.store)))?;
    if let Some(kept) = restored.kept {
        say(&format!("what was there is kept as {}", kept.display()))?;
    }
    Ok(Exit::Clean)
}

/// Measures what one flush costs where the store lies.
pub(crate) fn probe_disk(data_dir: &Path, seconds: u64) -> Result<Exit, Failure> {
    let fail =
        |error: io::Error| Failure::new(Exit::Configuration, format!("{}: {error}", data_dir.display()));
    let mut flushes = flush_for(data_dir, Duration::from_secs(seconds)).map_err(fail)?;
    flushes.sort_unstable();
    let at = |hundredths: usize| flushes[(flushes.len() * hundredths / 100).min(flushes.len() - 1)];
    let rate = flushes.len() as f64 / flushes.iter().sum::<Duration>().as_secs_f64();
    let ms = |took: Duration| took.as_secs_f64() * 1_000.0;
    say(&format!(
        "{}: {rate:.0} flushes of {PROBE_BYTES} bytes a second; p50 {:.2} ms, p99 {:.2} ms, slowest {:.2} ms",
        data_dir.display(),
        ms(at(50)),
        ms(at(99)),
        ms(at(100)),
    ))?;
    say(judge(rate))?;
    Ok(Exit::Clean)
}

/// What a rate of flushes means for whoever works with the store.
fn judge(per_second: f64) -> &'static str {
    if per_second < SLOW_PER_SECOND {
        "This is slow: a command waits for at least one flush. Put the data folder on another disk."
    } else if per_second > UNLIKELY_PER_SECOND {
        "No disk is that fast: a memory file system, or a cache that a power cut empties. What is acknowledged \
         here may not survive one."
    } else {
        "This is fast enough: commands that come together share one flush."
    }
}

/// Flushes until the time is over; at least once. The file goes away with the probe.
fn flush_for(folder: &Path, duration: Duration) -> io::Result<Vec<Duration>> {
    let path = folder.join(".probe");
    let file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&path)?;
    let flushes = flush_file(&file, duration);
    std::fs::remove_file(&path)?;
    flushes
}

fn flush_file(file: &File, duration: Duration) -> io::Result<Vec<Duration>> {
    file.write_all_at(&vec![0; PROBE_FILE_BYTES], 0)?;
    file.sync_all()?;
    let (page, mut flushes, began) = (vec![1; PROBE_BYTES], Vec::new(), Instant::now());
    while flushes.is_empty() || began.elapsed() < duration {
        let offset = flushes.len() * PROBE_BYTES % PROBE_FILE_BYTES;
        let from = Instant::now();
        file.write_all_at(&page, offset as u64)?;
        file.sync_data()?;
        flushes.push(from.elapsed());
    }
    Ok(flushes)
}

fn describe(store: &Verified) -> String {
    format!(
        "store {}, {} events in {} streams, {} bytes",
        store.store, store.head, store.streams, store.bytes
    )
}

/// The store, if it is there.
pub(crate) fn store_file(data_dir: &Path) -> Result<PathBuf, Failure> {
    let file = crate::boot::store_file(data_dir);
    // A note of a store that is gone is damage, and is told as that.
    if file.exists() || file.with_extension("sqlite.id").exists() {
        return Ok(file);
    }
    Err(Failure::new(Exit::Configuration, format!("there is no event store at {}", file.display())))
}

fn refuse(error: CopyError) -> Failure {
    let exit = match &error {
        CopyError::Exists(_) => Exit::Refused,
        CopyError::NotWhole(_) => Exit::DamagedStore,
        CopyError::Open(error) => exit_of(error),
    };
    Failure::new(exit, error)
}

/// Each way in which a store does not open has its own exit code.
pub(crate) fn exit_of(error: &OpenError) -> Exit {
    match error {
        OpenError::OtherFormat { .. } => Exit::Configuration,
        OpenError::Damaged { .. } | OpenError::Io { .. } => Exit::DamagedStore,
        OpenError::Locked { .. } => Exit::AlreadyRunning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_flushes_at_least_once_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!flush_for(folder.path(), Duration::ZERO).unwrap().is_empty());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_rate_is_judged() {
        assert!(judge(20.0).contains("slow"));
        assert!(judge(5_000.0).contains("fast enough"));
        assert!(judge(400_000.0).contains("power cut"));
    }
}
