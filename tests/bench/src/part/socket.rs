//! Durable commands as a client of the daemon sees them, beside the peers over their own sockets.

use super::{DAEMON, SOCKET};
use crate::book::Book;
use crate::contestant::{Contestant, POSTGRES, UMADB};
use crate::daemon::Daemon;
use crate::daemon::load::{self, Kind};
use crate::writers;
use std::path::Path;
use std::time::Duration;

const CLIENTS: usize = 64;

/// One turn each. The daemon begins anew in each round: an empty store and no actors yet. It is last in every
/// other round.
pub(crate) fn round(
    book: &mut Book,
    round: usize,
    program: &Path,
    folder: &Path,
    peers: &[Box<dyn Contestant>],
    seconds: Duration,
) {
    let command = |book: &mut Book| {
        let daemon = Daemon::start(program, &folder.join(format!("daemon{round}")));
        let rate = load::commands(&daemon.socket, Kind::Refinements, CLIENTS, seconds);
        book.rate(SOCKET, DAEMON, round, rate, false);
    };
    let first = round.is_multiple_of(2);
    if first {
        command(book);
    }
    for peer in peers.iter().filter(|peer| [POSTGRES, UMADB].contains(&peer.name())) {
        let rate = writers::threads(peer.as_ref(), CLIENTS, seconds);
        book.rate(SOCKET, peer.name(), round, rate, false);
    }
    if !first {
        command(book);
    }
}
