//! How far a follower of the log has come, for whoever looks or waits: kept outside its actor, so that a
//! crash loses nothing, and one that stopped in silence shows here: the log goes on and this does not.

use tokio::sync::watch;

/// How far a follower has come; clones share it. It outlives a crash of the follower's actor.
#[derive(Clone, Debug)]
pub struct Progress(watch::Sender<Option<u64>>);

impl Default for Progress {
    fn default() -> Self {
        Progress(watch::Sender::new(None))
    }
}

impl Progress {
    /// The last position that was done with or passed over; none before the follower's first start.
    pub fn position(&self) -> Option<u64> {
        *self.0.borrow()
    }

    /// Waits until everything up to this position was done with.
    pub async fn reached(&self, position: u64) {
        let mut progress = self.0.subscribe();
        // The sender lives in `self`, so the wait ends only when the position is reached.
        let _ = progress.wait_for(|reached| reached.is_some_and(|reached| reached >= position)).await;
    }

    /// Tells how far the follower has come; less than before where it goes over a part again.
    pub fn set(&self, position: u64) {
        self.0.send_replace(Some(position));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Waker};

    #[test]
    fn who_waits_for_a_position_goes_on_there_and_not_before() {
        let progress = Progress::default();
        assert_eq!(progress.position(), None);
        let mut wait = Box::pin(progress.reached(3));
        let mut is_over = || wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        assert!(!is_over());
        progress.clone().set(2);
        assert!(!is_over());
        progress.clone().set(4);
        assert!(is_over());
        assert_eq!(progress.position(), Some(4));
    }
}
