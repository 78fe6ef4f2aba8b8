//! How the daemon's program ends. Kubernetes, systemd and `hecate up` read these numbers.

use std::process::ExitCode;

/// An exit and its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or stopped in order.
    Clean = 0,
    /// A check said no.
    Refused = 1,
    /// The command line is wrong.
    Usage = 64,
    /// The root supervisor gave up, or the tree did not come up.
    GaveUp = 70,
    /// The store is damaged.
    DamagedStore = 74,
    /// Another daemon answers on the socket, or holds the data.
    AlreadyRunning = 75,
    /// The configuration is wrong, or the store is of a newer format.
    Configuration = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why the program ends before its work begins: a code and what to tell people.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) says: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, says: impl std::fmt::Display) -> Failure {
        Failure { exit, says: says.to_string() }
    }
}
