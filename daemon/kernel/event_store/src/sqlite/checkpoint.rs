//! Moves what the log holds into the database file, on a thread and a connection of its own, so
//! that the writer flushes nothing but the log and the log is written over and over in place.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};

use super::ledger::fatal_reason;
use super::open;
use super::queue::Queue;
use super::turn::Turns;

/// One page in the log: the page and its header.
const FRAME_BYTES: u64 = 4_096 + 24;
/// Frames that the first segment of SQLite's index of the log has room for. A log of this length needs no
/// second segment, so that no commit fails for want of index space after its frames are on the disk.
const FRAMES_MAX: u64 = 4_062;
/// The log's own header.
const HEADER_BYTES: u64 = 32;
/// How long the log is made in advance: just under 16 MiB.
pub(super) const WAL_BYTES: u64 = HEADER_BYTES + FRAMES_MAX * FRAME_BYTES;
/// How often a full disk is tried again.
const FULL_RETRY_MS: u64 = 200;
/// How long the writer may have to stand still until the readers have left the log.
const READERS_WAIT_MS: u64 = 200;

/// What the writer and the checkpointer tell each other.
pub(super) struct WalGauge {
    /// Pages that the log holds since it was last begun anew.
    pages: AtomicU32,
    /// Pages that fit into the space that was grown in advance.
    pages_max: u32,
    /// The database file cannot grow: the log must not outgrow its space either.
    disk_full: AtomicBool,
    /// Who may hold the write lock.
    pub(super) turns: Turns,
}

pub(super) struct Checkpointer {
    wal: Arc<WalGauge>,
    nudge: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    seen_pages: u32,
    due_pages: u32,
}

impl WalGauge {
    pub(super) fn new(wal_bytes: u64) -> Self {
        let pages_max = u32::try_from(wal_bytes / FRAME_BYTES).unwrap_or(u32::MAX).max(64);
        Self {
            pages: AtomicU32::new(0),
            pages_max,
            disk_full: AtomicBool::new(false),
            turns: Turns::default(),
        }
    }

    /// Told by SQLite after each commit.
    pub(super) fn committed(&self, pages: u32) {
        self.pages.store(pages, Ordering::Relaxed);
    }

    /// Whether another commit would need space that the disk does not have.
    pub(super) fn is_stuck(&self) -> bool {
        self.disk_full.load(Ordering::Relaxed) && self.pages.load(Ordering::Relaxed) >= self.pages_max
    }

    fn is_half_full(&self) -> bool {
        self.pages.load(Ordering::Relaxed) >= self.pages_max / 2
    }
}

impl Checkpointer {
    /// Starts the thread. It ends with this value, or when the disk fails: then it closes `queue`.
    pub(super) fn start(path: &Path, wal: Arc<WalGauge>, queue: Arc<Queue>) -> std::io::Result<Self> {
        let conn = open::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(std::io::Error::other)?;
        conn.busy_timeout(Duration::from_millis(READERS_WAIT_MS)).map_err(std::io::Error::other)?;
        let (nudge, nudged) = sync_channel(1);
        let due_pages = wal.pages_max / 4;
        let shared = wal.clone();
        let thread = std::thread::Builder::new()
            .name("event-store-checkpoint".to_owned())
            .spawn(move || run(&conn, &shared, &nudged, &queue))?;
        Ok(Self { wal, nudge: Some(nudge), thread: Some(thread), seen_pages: 0, due_pages })
    }

    /// Called by the writer after each commit: asks for a checkpoint per quarter of the log.
    pub(super) fn after_commit(&mut self) {
        let pages = self.wal.pages.load(Ordering::Relaxed);
        let step = self.wal.pages_max / 4;
        if pages < self.seen_pages {
            self.due_pages = step;
        }
        self.seen_pages = pages;
        if pages >= self.due_pages {
            self.due_pages = pages.saturating_add(step);
            self.ask();
        }
    }

    /// Asks for a checkpoint now, for instance because the log could not grow.
    pub(super) fn ask(&self) {
        if let Some(nudge) = &self.nudge {
            // A full channel means that one is asked for already.
            let _ = nudge.try_send(());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.nudge = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the event store's checkpoint thread had panicked");
        }
    }
}

fn run(conn: &Connection, wal: &WalGauge, nudged: &Receiver<()>, queue: &Queue) {
    while wait(wal, nudged) {
        match checkpoint(conn, wal) {
            Ok(()) => wal.disk_full.store(false, Ordering::Relaxed),
            Err(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    tracing::debug!(%error, "a checkpoint waits for its turn");
                }
                Some(ErrorCode::DiskFull) => {
                    if !wal.disk_full.swap(true, Ordering::Relaxed) {
                        tracing::warn!(%error, "no space to checkpoint the event store");
                    }
                }
                _ => return queue.close(fatal_reason(&error)),
            },
        }
    }
}

/// Waits for a nudge, or for the next try on a full disk; false when the writer is gone.
fn wait(wal: &WalGauge, nudged: &Receiver<()>) -> bool {
    if !wal.disk_full.load(Ordering::Relaxed) {
        return nudged.recv().is_ok();
    }
    let again = nudged.recv_timeout(Duration::from_millis(FULL_RETRY_MS));
    !matches!(again, Err(RecvTimeoutError::Disconnected))
}

/// Copies most of the log while the writer goes on. A writer that never pauses stays ahead of that
/// for ever, so a log that is half full gets one short stop, after which it begins anew.
fn checkpoint(conn: &Connection, wal: &WalGauge) -> rusqlite::Result<()> {
    conn.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE)?;
    if wal.is_half_full() {
        let _turn = wal.turns.restart();
        conn.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::RESTART)?;
    }
    Ok(())
}
