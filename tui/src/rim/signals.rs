//! Signals as messages: an end that is asked for is an orderly one.

use super::inbox::Sender;
use crate::core::Message;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that we hear.
pub(super) struct Signals {
    end: [Signal; 4],
    suspend: Signal,
    resume: Signal,
}

impl Signals {
    /// Begins to hear them.
    pub(super) fn listen() -> io::Result<Self> {
        let kinds =
            [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt(), SignalKind::quit()];
        let [terminate, hangup, interrupt, quit] = kinds.map(signal);
        Ok(Self {
            end: [terminate?, hangup?, interrupt?, quit?],
            suspend: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            resume: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    /// Passes them on until nobody hears.
    pub(super) async fn pass_on(mut self, messages: Sender) {
        let [terminate, hangup, interrupt, quit] = &mut self.end;
        loop {
            let message = tokio::select! {
                _ = terminate.recv() => Message::Terminate,
                _ = hangup.recv() => Message::Terminate,
                _ = interrupt.recv() => Message::Terminate,
                _ = quit.recv() => Message::Terminate,
                _ = self.suspend.recv() => Message::Suspend,
                _ = self.resume.recv() => Message::Resumed,
            };
            if messages.send(message).is_err() {
                return;
            }
        }
    }
}
