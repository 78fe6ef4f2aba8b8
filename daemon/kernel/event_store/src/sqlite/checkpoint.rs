//! Moves what the log holds into the database file, on a thread and a connection of its own, so
//! that the writer flushes nothing but the log and the log is written over and over in place.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, MAIN_DB};

use super::cause::{Cause, cause};
use super::ledger::fatal_reason;
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

/// Where checkpoints are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Checkpoints {
    /// On a thread beside the writer, which goes on meanwhile.
    #[default]
    Beside,
    /// On the writer's thread, between two batches: every call to the disk comes in the same order in every
    /// run, as a simulation needs it.
    Between,
}

/// Asks for checkpoints at the right moment; the work is a [`Worker`]'s.
pub(super) struct Checkpointer {
    wal: Arc<WalGauge>,
    place: Place,
    seen_pages: u32,
    due_pages: u32,
}

enum Place {
    Beside { nudge: SyncSender<()>, thread: JoinHandle<Worker> },
    Between(Worker),
}

/// Moves the log's content, on a connection of its own.
struct Worker {
    conn: Connection,
    wal: Arc<WalGauge>,
    queue: Arc<Queue>,
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
    /// Starts. It ends with [`Checkpointer::end`], or when the disk fails: then it closes `queue`.
    pub(super) fn start(
        conn: Connection,
        wal: Arc<WalGauge>,
        queue: Arc<Queue>,
        place: Checkpoints,
    ) -> std::io::Result<Self> {
        conn.busy_timeout(Duration::from_millis(READERS_WAIT_MS)).map_err(std::io::Error::other)?;
        let due_pages = wal.pages_max / 4;
        let worker = Worker { conn, wal: wal.clone(), queue };
        let place = match place {
            Checkpoints::Between => Place::Between(worker),
            Checkpoints::Beside => {
                let (nudge, nudged) = sync_channel(1);
                let thread = std::thread::Builder::new().name("event-store-checkpoint".to_owned());
                Place::Beside { nudge, thread: thread.spawn(move || worker.live(&nudged))? }
            }
        };
        Ok(Self { wal, place, seen_pages: 0, due_pages })
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
        match &self.place {
            Place::Between(worker) => worker.step(),
            // A full channel means that one is asked for already.
            Place::Beside { nudge, .. } => drop(nudge.try_send(())),
        }
    }

    /// Ends. After an orderly close the whole log is moved into the file: answers whether nothing is left
    /// in it. No writer may be there any more.
    pub(super) fn end(self, orderly: bool) -> bool {
        let worker = match self.place {
            Place::Between(worker) => worker,
            Place::Beside { nudge, thread } => {
                drop(nudge);
                let Ok(worker) = thread.join() else {
                    tracing::error!("the event store's checkpoint thread had panicked");
                    return false;
                };
                worker
            }
        };
        orderly && worker.empty()
    }
}

impl Worker {
    fn live(self, nudged: &Receiver<()>) -> Self {
        while self.wait(nudged) {
            self.step();
        }
        self
    }

    /// Waits for a nudge, or for the next try on a full disk; false when the writer is gone.
    fn wait(&self, nudged: &Receiver<()>) -> bool {
        if !self.wal.disk_full.load(Ordering::Relaxed) {
            return nudged.recv().is_ok();
        }
        let again = nudged.recv_timeout(Duration::from_millis(FULL_RETRY_MS));
        !matches!(again, Err(RecvTimeoutError::Disconnected))
    }

    fn step(&self) {
        let Err(error) = self.checkpoint() else {
            return self.wal.disk_full.store(false, Ordering::Relaxed);
        };
        match cause(&error) {
            Cause::Locked => tracing::debug!(%error, "a checkpoint waits for its turn"),
            Cause::Full => {
                if !self.wal.disk_full.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "no space to checkpoint the event store");
                }
            }
            Cause::Io | Cause::Damage => self.queue.close(fatal_reason(&error)),
        }
    }

    /// Copies most of the log while the writer goes on. A writer that never pauses stays ahead of that
    /// for ever, so a log that is half full gets one short stop, after which it begins anew.
    fn checkpoint(&self) -> rusqlite::Result<()> {
        self.conn.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE)?;
        if self.wal.is_half_full() {
            let _turn = self.wal.turns.restart();
            self.conn.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::RESTART)?;
        }
        Ok(())
    }

    /// Moves everything; a reader in another process can be in the way.
    fn empty(self) -> bool {
        match self.conn.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::RESTART) {
            // -1: this connection knows of no log.
            Ok((logged, moved)) => logged >= 0 && logged == moved,
            Err(error) => {
                tracing::warn!(%error, "the log could not be moved into the event store's file");
                false
            }
        }
    }
}
