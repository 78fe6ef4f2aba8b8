//! Commands of every process through the socket, while a thousand divisions stand anywhere on their way.

use super::division::Walk;
use super::{COMMANDS, DIVISIONS, Extent};
use crate::book::{Book, Measure, Rate};
use crate::daemon::Daemon;
use crate::daemon::connection::Connection;
use crate::writers::at_once;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CLIENTS_MAX: usize = 64;

pub(super) fn run(book: &mut Book, program: &Path, folder: &Path, extent: &Extent) {
    for round in 0..extent.rounds {
        let daemon = Daemon::start(program, &folder.join(format!("{round}")));
        let numbers = AtomicU64::new(0);
        let mut crowds = on_their_way(&daemon, &numbers);
        for clients in [1, CLIENTS_MAX] {
            let cpu = daemon.cpu_time();
            let rate = turn(&daemon, &mut crowds[..clients], &numbers, extent.turn);
            let (who, commands) = (format!("daemon, {clients} at once"), rate.each.len() as f64);
            book.rate(COMMANDS, &who, round, rate, false);
            let cpu = (daemon.cpu_time() - cpu).as_secs_f64() * 1e6 / commands;
            book.note(COMMANDS, &who, Measure::CpuPerEvent, round, cpu);
        }
        book.note(COMMANDS, "daemon, memory", Measure::Megabytes, round, daemon.resident_mb());
    }
}

/// The divisions that one client walks, one command each in turn.
pub(super) struct Crowd(VecDeque<Walk>);

impl Crowd {
    /// The next command of the next division; one that has come around makes room for another. Answers the position
    /// of what was recorded, and whose venture it is.
    pub(super) fn step(&mut self, connection: &mut Connection, numbers: &AtomicU64) -> (Option<u64>, String) {
        let next = self.0.pop_front().filter(|walk| walk.left() > 0);
        let mut walk = next.unwrap_or_else(|| another(numbers));
        let position = walk.step(connection);
        let venture_id = walk.venture_id.clone();
        self.0.push_back(walk);
        (position, venture_id)
    }
}

fn another(numbers: &AtomicU64) -> Walk {
    Walk::new(numbers.fetch_add(1, Ordering::Relaxed))
}

/// A thousand divisions, each as far on its way as its number says.
pub(super) fn on_their_way(daemon: &Daemon, numbers: &AtomicU64) -> Vec<Crowd> {
    at_once(CLIENTS_MAX, |client| {
        let mut connection = Connection::open(&daemon.socket);
        let own = (client..DIVISIONS).step_by(CLIENTS_MAX).map(|nth| {
            let mut walk = another(numbers);
            for _ in 0..nth % walk.left() {
                walk.step(&mut connection);
            }
            walk
        });
        Crowd(own.collect())
    })
}

fn turn(daemon: &Daemon, crowds: &mut [Crowd], numbers: &AtomicU64, turn: Duration) -> Rate {
    let begin = &Barrier::new(crowds.len());
    let client = |crowd: &mut Crowd| {
        let mut connection = Connection::open(&daemon.socket);
        begin.wait();
        let (began, mut each) = (Instant::now(), Vec::new());
        while began.elapsed() < turn {
            let from = Instant::now();
            crowd.step(&mut connection, numbers);
            each.push(from.elapsed());
        }
        Rate { took: began.elapsed(), each, cpu: Duration::ZERO }
    };
    let rates = std::thread::scope(|scope| {
        let clients: Vec<_> = crowds.iter_mut().map(|crowd| scope.spawn(move || client(crowd))).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    Rate::of_all(rates)
}
