//! The connection as the terminal shows it: who is at the other end, and how fresh what we hold is.

use super::message::{Down, LinkEvent};
use hecate_proto::health::Health;

/// How the connection is, and what has come over it.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// The state.
    pub state: LinkState,
    /// Whether the daemon answered last and serves.
    pub up: bool,
    /// Where the daemon listens.
    pub socket: Option<String>,
    /// Its node.
    pub node_id: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The last global position seen; the stream resumes after it.
    pub last_position: Option<u64>,
    /// Facts that arrived live in this session.
    pub facts_seen: u64,
    /// Facts that arrived a second time and were left out.
    pub facts_repeated: u64,
    /// Frames that could not be read and were left out.
    pub frames_unreadable: u64,
}

/// How the connection is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// Nothing tried yet.
    #[default]
    Connecting,
    /// Nobody answers, and nothing was ever shown.
    Unreachable(String),
    /// The daemon is there and not ready.
    NotReady(String),
    /// Facts flow.
    Live,
    /// What is shown was true at that time.
    Stale {
        /// Wall-clock time for people.
        since: String,
        /// Why.
        reason: String,
    },
    /// Somebody is there and says no.
    Refused(String),
}

impl Link {
    /// Folds an event in; true when the daemon at the other end is another one than before.
    pub fn apply(&mut self, event: &LinkEvent) -> bool {
        self.up = matches!(event, LinkEvent::Up { .. } | LinkEvent::Following);
        match event {
            LinkEvent::Up { socket, health } => self.meet(socket, health),
            LinkEvent::NotReady(health) => {
                self.state = LinkState::NotReady(health.status.clone());
                self.version = Some(health.version.clone());
                false
            }
            LinkEvent::Following => {
                self.state = LinkState::Live;
                false
            }
            LinkEvent::Down { at, why, reason } => {
                self.lose(at, *why, reason);
                false
            }
        }
    }

    fn meet(&mut self, socket: &str, health: &Health) -> bool {
        let known = self.node_id.replace(health.node_id.clone());
        let another = known.is_some_and(|known| known != health.node_id);
        if another {
            self.last_position = None;
        }
        self.socket = Some(socket.to_owned());
        self.version = Some(health.version.clone());
        another
    }

    fn lose(&mut self, at: &str, why: Down, reason: &str) {
        let since = match &self.state {
            LinkState::Stale { since, .. } => since.clone(),
            _ => at.to_owned(),
        };
        let reason = reason.to_owned();
        self.state = match why {
            Down::Refused => LinkState::Refused(reason),
            _ if self.last_position.is_some() => LinkState::Stale { since, reason },
            _ => LinkState::Unreachable(reason),
        };
    }

    /// Takes note of a fact at `position`; false when it was seen before.
    pub fn accept_fact(&mut self, position: u64) -> bool {
        if self.last_position.is_some_and(|last| position <= last) {
            self.facts_repeated += 1;
            return false;
        }
        self.last_position = Some(position);
        self.facts_seen += 1;
        true
    }
}
