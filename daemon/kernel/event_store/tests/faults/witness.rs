//! Stands between a store and the recorder of its disk. It notes which call flushed each commit, since
//! nothing may be acknowledged before, and it can hold the writer at its next commit until others wait.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use hecate_disk::simulation::Recorder;
use hecate_disk::{Call, Fault, Watch};

/// What lies before the first frame of a log.
const LOG_HEADER_BYTES: u64 = 32;

pub(crate) struct Witness {
    pub(crate) recorder: Arc<Recorder>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    gate: Gate,
    /// Frames were written since the log was last flushed.
    frames_wait: bool,
    /// The calls that flushed frames.
    commits: Vec<u64>,
}

#[derive(Default, PartialEq, Clone, Copy)]
enum Gate {
    #[default]
    Open,
    /// The next write to the log waits.
    Shut,
    /// Somebody waits.
    Reached,
}

impl Witness {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { recorder: Recorder::new(), state: Mutex::default(), changed: Condvar::new() })
    }

    /// Takes the calls that flushed commits since this was last asked.
    pub(crate) fn take_commits(&self) -> Vec<u64> {
        std::mem::take(&mut self.state().commits)
    }

    pub(crate) fn shut_gate(&self) {
        self.state().gate = Gate::Shut;
    }

    pub(crate) fn somebody_waits(&self) -> bool {
        self.state().gate == Gate::Reached
    }

    pub(crate) fn open_gate(&self) {
        self.state().gate = Gate::Open;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn pass_gate(&self) {
        let mut state = self.state();
        state.frames_wait = true;
        if state.gate == Gate::Shut {
            state.gate = Gate::Reached;
        }
        drop(self.changed.wait_while(state, |state| state.gate == Gate::Reached).unwrap());
    }
}

impl Watch for Witness {
    fn before(&self, call: &Call<'_>) -> Result<(), Fault> {
        if let Call::Write { path, offset: LOG_HEADER_BYTES.., .. } = call
            && is_log(path)
        {
            self.pass_gate();
        }
        self.recorder.before(call)
    }

    fn synced(&self, path: &Path, _: Duration) {
        let mut state = self.state();
        if is_log(path) && std::mem::take(&mut state.frames_wait) {
            let call = self.recorder.calls();
            state.commits.push(call);
        }
    }
}

fn is_log(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"-wal")
}
