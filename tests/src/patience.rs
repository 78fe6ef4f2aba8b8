//! Waiting with an end: for an event where there is one, in short steps where there is none.

use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up. Generous, because machines are slow and shared;
/// nothing is measured by it.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Between two looks at something that announces itself to nobody.
const STEP: Duration = Duration::from_millis(5);

/// Looks again and again until there is something to see.
///
/// # Panics
/// After [`DEADLINE`], with the name of what never came.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < end, "never happened: {what}");
        a_moment();
    }
}

/// Lets others go on for a few milliseconds.
pub fn a_moment() {
    thread::park_timeout(STEP);
}
