//! How soon a command is seen by a query, while the daemon records a thousand events a second: from the answer of the
//! command to the answer of a query that asks for its position.

use super::commands::on_their_way;
use super::{Extent, LIVE_LAG};
use crate::book::{Book, Rate};
use crate::daemon::Daemon;
use crate::daemon::connection::Connection;
use crate::part::DAEMON;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

const PER_SECOND: u32 = 1_000;
/// Clients that together give so many commands; each waits for its next turn, not for the one before.
const CLIENTS: u32 = 16;

pub(super) fn run(book: &mut Book, program: &Path, folder: &Path, extent: &Extent) {
    for round in 0..extent.rounds {
        let daemon = Daemon::start(program, &folder.join(format!("{round}")));
        let numbers = AtomicU64::new(0);
        let mut crowds = on_their_way(&daemon, &numbers);
        crowds.truncate(CLIENTS as usize);
        let (daemon, numbers) = (&daemon, &numbers);
        let rates = std::thread::scope(|scope| {
            let clients = crowds.iter_mut().map(|crowd| {
                scope.spawn(move || {
                    let mut connection = Connection::open(&daemon.socket);
                    paced(extent.turn, |each| {
                        let (position, venture_id) = crowd.step(&mut connection, numbers);
                        each.extend(position.map(|position| seen(&mut connection, &venture_id, position)));
                    })
                })
            });
            let clients: Vec<_> = clients.collect();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        book.rate(LIVE_LAG, DAEMON, round, Rate::of_all(rates), false);
    }
}

/// One client's share of the commands, at even times.
fn paced(turn: Duration, mut command: impl FnMut(&mut Vec<Duration>)) -> Rate {
    let (began, pause, mut each) =
        (Instant::now(), Duration::from_secs(1) * CLIENTS / PER_SECOND, Vec::new());
    let mut due = began;
    while began.elapsed() < turn {
        command(&mut each);
        due += pause;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Rate { took: began.elapsed(), each, cpu: Duration::ZERO }
}

/// The guide draws every event of every process, so it is the last to see one.
fn seen(connection: &mut Connection, venture_id: &str, position: u64) -> Duration {
    let from = Instant::now();
    let header = format!("hecate-min-position: {position}\r\n");
    let (status, body) = connection.get(&format!("/api/ventures/{venture_id}/status"), &header);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    from.elapsed()
}
