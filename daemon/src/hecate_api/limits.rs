//! Every bound of the edge in one place, so that a test can tighten one and an operator can read them all.

use std::time::Duration;

/// File descriptors that the rest of the daemon needs: the store, the read models, their journals.
const FILES_RESERVED: usize = 256;

/// What one client, and all of them together, may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Connections open at once.
    pub(crate) connections_max: usize,
    /// Connections open at once by one uid.
    pub(crate) connections_per_uid_max: usize,
    /// Fact streams open at once.
    pub(crate) streams_max: usize,
    /// Fact streams open at once by one uid.
    pub(crate) streams_per_uid_max: usize,
    /// Request line and headers together.
    pub(crate) header_bytes_max: usize,
    /// From the first wait for a request to the end of its headers; an idle connection ends with it.
    pub(crate) header_read_max: Duration,
    /// One request body.
    pub(crate) body_bytes_max: usize,
    /// The longest pause inside a body.
    pub(crate) body_idle_max: Duration,
    /// The longest that a client may take no byte while there is something to write.
    pub(crate) write_idle_max: Duration,
    /// Attempts to act on the running daemon, in one second; and lines about looks at it that were refused.
    pub(crate) attempts_per_second_max: u32,
    /// Between two signs of life on a stream.
    pub(crate) heartbeat: Duration,
    /// How long requests in flight may take once the socket stops; shorter than the actor's own `shutdown`.
    pub(crate) drain_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 4_096,
            connections_per_uid_max: 2_048,
            streams_max: 256,
            streams_per_uid_max: 64,
            header_bytes_max: 16 * 1024,
            header_read_max: Duration::from_secs(10),
            body_bytes_max: 1024 * 1024,
            body_idle_max: Duration::from_secs(30),
            write_idle_max: Duration::from_secs(30),
            attempts_per_second_max: 200,
            heartbeat: Duration::from_secs(10),
            drain_max: Duration::from_millis(1_500),
        }
    }
}

impl Limits {
    /// No more connections than this process may open files.
    pub(super) fn within_open_files(self, open_files_max: Option<u64>) -> Self {
        let files = open_files_max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
        let connections_max = self.connections_max.min(files.saturating_sub(FILES_RESERVED).max(1));
        let connections_per_uid_max = self.connections_per_uid_max.min(connections_max);
        Self { connections_max, connections_per_uid_max, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_never_ask_for_more_files_than_there_are() {
        let bounded = |files| {
            let limits = Limits::default().within_open_files(files);
            (limits.connections_max, limits.connections_per_uid_max)
        };
        assert_eq!(bounded(None), (4_096, 2_048));
        assert_eq!(bounded(Some(1_048_576)), (4_096, 2_048));
        assert_eq!(bounded(Some(1_024)), (768, 768));
        assert_eq!(bounded(Some(10)), (1, 1));
    }
}
