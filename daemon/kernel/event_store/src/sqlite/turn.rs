//! Whose turn it is to hold SQLite's write lock. SQLite's own waiting polls with growing pauses, and a
//! busy writer frees the lock for microseconds only: the checkpointer would starve and the log grow
//! for ever. Here the one who asks to begin the log anew is next, after the batch that is under way.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub(super) struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    writing: bool,
    restarting: bool,
}

/// A turn; it ends when this is dropped, also by a panic.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    over: fn(&mut State),
}

impl Turns {
    /// Waits until nobody begins the log anew.
    pub(super) fn write(&self) -> Turn<'_> {
        let mut state = self.wait_while(self.state(), |state| state.restarting);
        state.writing = true;
        Turn { turns: self, over: |state| state.writing = false }
    }

    /// Lets no further batch begin, then waits for the one under way.
    pub(super) fn restart(&self) -> Turn<'_> {
        let mut state = self.state();
        state.restarting = true;
        drop(self.wait_while(state, |state| state.writing));
        Turn { turns: self, over: |state| state.restarting = false }
    }

    fn wait_while<'a>(
        &self,
        state: MutexGuard<'a, State>,
        busy: fn(&mut State) -> bool,
    ) -> MutexGuard<'a, State> {
        self.changed.wait_while(state, busy).unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        (self.over)(&mut self.turns.state());
        self.turns.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use super::Turns;

    #[test]
    fn a_writer_that_never_pauses_still_gives_turns() {
        let (turns, done, inside) = (Turns::default(), AtomicBool::new(false), AtomicU32::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let _turn = turns.write();
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
                    inside.fetch_sub(1, Ordering::SeqCst);
                }
            });
            for _ in 0..1_000 {
                let _turn = turns.restart();
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
                inside.fetch_sub(1, Ordering::SeqCst);
            }
            done.store(true, Ordering::SeqCst);
        });
    }
}
