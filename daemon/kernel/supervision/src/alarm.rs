//! Something that happens later, unless nobody waits for it any more.

use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Rings once; never when it is dropped before.
pub(crate) struct Alarm(AbortHandle);

impl Alarm {
    pub(crate) fn set(at: Instant, ring: impl FnOnce() + Send + 'static) -> Self {
        let waiting = tokio::spawn(async move {
            tokio::time::sleep_until(at).await;
            ring();
        });
        Self(waiting.abort_handle())
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.0.abort();
    }
}
