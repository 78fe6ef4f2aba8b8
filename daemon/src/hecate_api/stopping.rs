//! The news that the socket goes down, for everybody who waits on a client.

use tokio::sync::watch;

/// Tells the news. Dropped, it has told it.
pub(super) struct Stop(watch::Sender<bool>);

/// Hears the news.
#[derive(Clone)]
pub(super) struct Stopping(watch::Receiver<bool>);

pub(super) fn stopping() -> (Stop, Stopping) {
    let (stop, stopping) = watch::channel(false);
    (Stop(stop), Stopping(stopping))
}

impl Stop {
    pub(super) fn tell(&self) {
        self.0.send_replace(true);
    }
}

impl Stopping {
    /// Resolves once the socket goes down.
    pub(super) async fn begun(&mut self) {
        // An error says that the sender is gone, and the socket with it.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}
