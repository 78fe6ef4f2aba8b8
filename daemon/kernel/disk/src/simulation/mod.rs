//! A disk whose power can be cut, afterwards, at any of its calls. A scenario runs once, on real files; then
//! the files that it would have left behind are made for every point and every [`Model`], and opened again.

mod content;
mod faults;
mod image;
mod model;
mod seed;
mod tape;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use faults::Faults;
pub use faults::{After, Condition};
pub use model::Model;
use seed::Seed;
use tape::Tape;

use crate::watch::{Call, Fault, Watch};

/// A [`Watch`] that records every call with its bytes, and can make calls fail.
///
/// Calls count from 1, the failed ones included; those were not made and leave nothing behind. The files
/// that a folder holds when the first call meets it count as flushed, except `*.lock` and `*-shm`; a
/// recorder may so be put over the survivors of another one. All files must lie in or below the folder
/// of the first call. A folder that was made under the watch is gone, with all that lies in it, where its name was
/// not flushed; one that nothing lies in is not among the survivors.
#[derive(Default)]
pub struct Recorder {
    tape: Mutex<Tape>,
    faults: Mutex<Faults>,
}

impl Recorder {
    /// Nothing recorded, nothing fails. Give it to [`Disk::watched`](crate::Disk::watched).
    pub fn new() -> Arc<Recorder> {
        Arc::default()
    }

    /// Fails the `nth_call` from the beginning of the record, and perhaps all that follow.
    pub fn fail_at(&self, nth_call: u64, fault: Fault, then: After) {
        held(&self.faults).at(nth_call, fault, then);
    }

    /// Fails the calls for which `f` names a fault, for example only the flushes of a log. It is asked about
    /// each call that no other rule failed.
    pub fn fail_when(&self, f: Condition) {
        held(&self.faults).when(f);
    }

    /// Forgets all that was to fail.
    pub fn heal(&self) {
        held(&self.faults).none();
    }

    /// Calls recorded so far: the place to put an acknowledgement mark. What was acknowledged at mark `m`
    /// must be among the survivors at every `at > m`.
    pub fn calls(&self) -> u64 {
        held(&self.tape).calls()
    }

    /// What this call was, in a line; for messages of tests.
    pub fn describe(&self, nth_call: u64) -> String {
        held(&self.tape).describe(nth_call)
    }

    /// Makes in `folder`, which must be empty or missing, the files that survive when the power goes just
    /// before call `at`: the calls from 1 to `at - 1` were issued, so `calls() + 1` cuts behind the last.
    /// The same arguments make the same files.
    ///
    /// Points in rising order cost one step each; any other one at most 256, from the nearest of the
    /// images that are kept. Images share their bytes, and zeros are written as holes.
    pub fn survivors(&self, at: u64, model: Model, seed: u64, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        if fs::read_dir(folder)?.next().is_some() {
            let said = format!("{} is not empty", folder.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, said));
        }
        let mut tape = held(&self.tape);
        let files = model.survivors(tape.image(at), &mut Seed::new(seed, at));
        for (path, content) in files {
            let path = folder.join(tape.relative(&path)?);
            fs::create_dir_all(crate::beside::folder_of(&path))?;
            content.save(&path)?;
        }
        Ok(())
    }
}

impl Watch for Recorder {
    fn before(&self, call: &Call<'_>) -> Result<(), Fault> {
        let mut tape = held(&self.tape);
        let fault = held(&self.faults).of(tape.calls() + 1, call);
        if let Err(error) = tape.record(call, fault.is_some()) {
            tracing::error!(%error, ?call, "a call could not be recorded");
            return Err(Fault::Io);
        }
        fault.map_or(Ok(()), Err)
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
