//! How long to wait before the next try, without beating in step with other clients.

use std::{
    hash::{BuildHasher, RandomState},
    os::unix::fs::MetadataExt,
    path::PathBuf,
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// First and longest wait before the next try.
const BACKOFF_FIRST_MS: u64 = 50;
const BACKOFF_MAX_MS: u64 = 2_000;
/// While waiting, the socket file is looked at this often: a restarted daemon makes a new one.
const SOCKET_LOOK_MS: u64 = 100;

/// Waits that double from 50 ms to 2 s, each shortened at random, or cut short when a socket is made anew.
pub(super) struct Backoff {
    next_ms: u64,
}

impl Backoff {
    /// Begins with the shortest wait.
    pub(super) fn new() -> Self {
        Self { next_ms: BACKOFF_FIRST_MS }
    }

    /// Waits once.
    pub(super) async fn wait(&mut self, candidates: &[PathBuf]) {
        let longest_ms = self.next_ms;
        self.next_ms = (self.next_ms * 2).min(BACKOFF_MAX_MS);
        let shortened_ms = RandomState::new().hash_one(longest_ms) % (longest_ms / 2);
        let until = Instant::now() + Duration::from_millis(longest_ms - shortened_ms);
        let before = marks(candidates);
        while Instant::now() < until && marks(candidates) == before {
            sleep((until - Instant::now()).min(Duration::from_millis(SOCKET_LOOK_MS))).await;
        }
    }
}

/// What changes when a socket file is made anew.
fn marks(candidates: &[PathBuf]) -> Vec<Option<(u64, i64, i64)>> {
    let mark =
        |path: &PathBuf| path.metadata().ok().map(|file| (file.ino(), file.ctime(), file.ctime_nsec()));
    candidates.iter().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(future)
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        block_on(async {
            let mut backoff = Backoff::new();
            assert_eq!(backoff.next_ms, 50);
            backoff.wait(&[]).await;
            assert_eq!(backoff.next_ms, 100);
            backoff.next_ms = 1_500;
            drop(tokio::time::timeout(Duration::ZERO, backoff.wait(&[])).await);
            assert_eq!(backoff.next_ms, 2_000);
        });
    }

    #[test]
    fn a_socket_made_anew_ends_the_wait() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("daemon.sock");
        // An hour: the test ends in time only if the new file is seen.
        let mut backoff = Backoff { next_ms: 3_600_000 };
        block_on(async {
            let waiting = backoff.wait(std::slice::from_ref(&socket));
            let making = async {
                // Runs after the wait has taken its first look.
                std::fs::write(&socket, "").expect("a file");
            };
            tokio::join!(waiting, making);
        });
    }
}
