//! What a client of the real socket gets from a release daemon, beside what the disk alone can do.
//!
//! The figures belong to one machine and one moment: compare within a table, not between tables.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

mod connection;
mod daemon;
mod disk;
mod figures;
mod load;

use daemon::Daemon;
use figures::Table;
use std::path::PathBuf;
use std::time::Duration;

/// Starts of a daemon on an empty folder.
const BOOTS: usize = 15;

struct Arguments {
    folder: PathBuf,
    seconds: u64,
}

fn main() {
    let arguments = arguments();
    let program = daemon::build();
    let place = tempfile::tempdir_in(&arguments.folder).unwrap();
    let seconds = Duration::from_secs(arguments.seconds);
    let mut table = Table::default();

    let boots: Vec<_> = (0..BOOTS).map(|boot| Daemon::start(&program, &place.path().join(format!("boot{boot}")))).map(Daemon::stop).collect();
    table.durations("boot on empty stores, spawn to ready line", boots.iter().map(|boot| boot.spawned_to_ready).collect());
    table.durations("boot, as the daemon logs it (booted_us)", boots.iter().filter_map(|boot| boot.logged).collect());

    let daemon = Daemon::start(&program, &place.path().join("load"));
    std::thread::park_timeout(Duration::from_secs(2));
    table.line("memory idle after 2 s (VmRSS)", &format!("{:.1} MB", daemon.resident_mb()));
    table.rate("bare 4 KiB write + fdatasync", &disk::sync_loop(place.path(), seconds));
    for clients in [1, 64] {
        let name = format!("commands, {clients} client{}", if clients == 1 { "" } else { "s" });
        table.rate(&name, &load::commands(&daemon.socket, clients, seconds));
    }
    table.rate("bare 4 KiB write + fdatasync, again", &disk::sync_loop(place.path(), seconds));
    table.durations("acknowledged to visible, 1 client", load::ack_to_visible(&daemon.socket, 500));
    table.line("memory after the load (VmRSS)", &format!("{:.1} MB", daemon.resident_mb()));
    table.print();
}

fn arguments() -> Arguments {
    let mut read = Arguments { folder: std::env::temp_dir(), seconds: 5 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or_default();
        match word.as_str() {
            "--folder" => read.folder = value.into(),
            "--seconds" => read.seconds = value.parse().unwrap_or(read.seconds),
            other => panic!("unknown argument {other}; known are --folder FOLDER and --seconds N"),
        }
    }
    read
}
