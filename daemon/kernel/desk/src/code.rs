//! Which program this is. A snapshot is trusted by the very program that made it and by no other.

use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The executable file of this process, even where another file has taken its name since.
const OWN_PROGRAM: &str = "/proc/self/exe";
const PIECE_BYTES: usize = 64 * 1024;

/// SHA-256 of an executable file.
pub type CodeHash = [u8; 32];

/// The running program, by its hash. Clones share it.
#[derive(Clone, Default)]
pub struct Code(Arc<Known>);

#[derive(Default)]
struct Known {
    /// Empty until computed; then nothing where the file cannot be read.
    hash: OnceLock<Option<CodeHash>>,
    asked: AtomicBool,
}

impl Code {
    /// The program that runs. Nothing is computed before somebody asks.
    pub fn running() -> Code {
        Code::default()
    }

    /// A program of this hash, for tests.
    pub fn fixed(hash: CodeHash) -> Code {
        Code(Arc::new(Known { hash: OnceLock::from(Some(hash)), asked: AtomicBool::new(true) }))
    }

    /// The hash, if it is known. The first question has it computed on a blocking thread, so that nobody
    /// waits: whoever gets nothing does without, and asks again later.
    pub(crate) fn hash(&self) -> Option<CodeHash> {
        if let Some(known) = self.0.hash.get() {
            return *known;
        }
        if !self.0.asked.swap(true, Ordering::Relaxed) {
            let known = Arc::clone(&self.0);
            tokio::task::spawn_blocking(move || known.hash.set(read()));
        }
        None
    }
}

fn read() -> Option<CodeHash> {
    let hashed = hash_file(OWN_PROGRAM);
    let told = |error: &io::Error| tracing::warn!(%error, "no snapshots: {OWN_PROGRAM} cannot be read");
    hashed.inspect_err(told).ok()
}

fn hash_file(path: &str) -> io::Result<CodeHash> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(bytes) => hash.update(&piece[..bytes]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn the_running_program_is_hashed_once_and_off_the_callers_path() {
        let code = Code::running();
        assert_eq!(code.hash(), None, "the first question only begins");
        let known = async {
            loop {
                if let Some(hash) = code.hash() {
                    return hash;
                }
                tokio::task::yield_now().await;
            }
        };
        let hash = tokio::time::timeout(Duration::from_secs(60), known).await.unwrap();
        assert_eq!(hash, hash_file(OWN_PROGRAM).unwrap());
        assert_eq!(code.clone().hash(), Some(hash), "clones share it");
    }
}
