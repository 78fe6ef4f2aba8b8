//! Who is at the other end of the socket, as the kernel says it. Nothing is decided by the pid, which means
//! nothing across pid namespaces: it only helps whoever reads the audit.

use hecate_desk::{Refusal, Refused};
use std::io;
use tokio::net::UnixStream;
use uuid::Uuid;

/// A uid, a primary gid and a process, from `SO_PEERCRED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// None where the kernel does not say it.
    pub(super) pid: Option<i32>,
}

/// Who, beside root and the daemon's own user, may look into the running daemon.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operators {
    /// Users.
    pub(crate) uids: Vec<u32>,
    /// Primary groups.
    pub(crate) gids: Vec<u32>,
}

/// What the audit says beside who it was.
pub(super) struct AuditLine<'l> {
    pub(super) says: &'l str,
    pub(super) operation: &'l str,
    /// What was looked at or acted on.
    pub(super) on: &'l str,
    /// Of what exactly was shown or asked to be done, where that has one.
    pub(super) fingerprint: Option<&'l str>,
    /// The code of the refusal, or how it went otherwise.
    pub(super) outcome: &'l str,
    /// How often it has happened, where not every time has a line.
    pub(super) times: Option<u64>,
    pub(super) trace_id: Uuid,
}

impl<'l> AuditLine<'l> {
    /// What a client has had done that concerns all.
    pub(super) fn changed(operation: &'l str, on: &'l str, outcome: &'l str, trace_id: Uuid) -> Self {
        let says = "a client changed the daemon";
        AuditLine { says, operation, on, fingerprint: None, outcome, times: None, trace_id }
    }
}

const FORBIDDEN: Refusal = Refusal::new(403, "forbidden", "This is for operators only.");

impl Peer {
    /// The client of one connection.
    pub(super) fn of(stream: &UnixStream) -> io::Result<Peer> {
        let cred = stream.peer_cred()?;
        Ok(Peer { uid: cred.uid(), gid: cred.gid(), pid: cred.pid() })
    }

    /// Refuses whoever may look but not change: beside root and the daemon's own user, everybody.
    pub(super) fn may_change(self, own_uid: u32) -> Result<(), Refused> {
        if self.uid == 0 || self.uid == own_uid {
            return Ok(());
        }
        Err(FORBIDDEN.about("hint", "Only root and the daemon's own user may change anything here."))
    }

    /// Writes a line into the audit.
    pub(super) fn audit(self, line: AuditLine<'_>) {
        let Peer { uid, gid, pid } = self;
        let AuditLine { says, operation, on, fingerprint, outcome, times, trace_id } = line;
        tracing::info!(
            target: "audit", uid, gid, pid, operation, on, fingerprint, outcome, times, %trace_id, "{says}"
        );
    }

    /// The actor of a request that names none.
    pub(super) fn actor(self, node_id: &str) -> String {
        format!("uid:{}@{node_id}", self.uid)
    }
}

impl Operators {
    /// Refuses whoever is no operator. `own_uid` is the daemon's.
    pub(super) fn admit(&self, peer: Peer, own_uid: u32) -> Result<(), Refused> {
        let known = self.uids.contains(&peer.uid) || self.gids.contains(&peer.gid);
        if known || peer.uid == 0 || peer.uid == own_uid {
            return Ok(());
        }
        Err(FORBIDDEN.about("hint", "Ask as root, as the daemon's own user, or as a configured operator."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_root_the_daemon_and_whoever_is_configured() {
        let operators = Operators { uids: vec![7], gids: vec![70] };
        let admits = |uid, gid| operators.admit(Peer { uid, gid, pid: None }, 500).is_ok();
        assert!(admits(0, 0) && admits(500, 1) && admits(7, 1) && admits(8, 70));
        assert!(!admits(8, 71) && !admits(70, 7));
    }

    #[test]
    fn to_look_is_not_to_change() {
        let may_change = |uid| Peer { uid, gid: 70, pid: None }.may_change(500).is_ok();
        assert!(may_change(0) && may_change(500) && !may_change(7));
    }

    #[test]
    fn a_peer_acts_under_its_uid_at_this_node() {
        assert_eq!(Peer { uid: 1000, gid: 1, pid: None }.actor("n1"), "uid:1000@n1");
    }
}
