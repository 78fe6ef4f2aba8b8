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
use load::Kind;
use std::path::PathBuf;
use std::time::Duration;

/// Starts of a daemon on an empty folder.
const BOOTS: usize = 15;
/// Commands whose visibility is measured.
const VISIBLE_TIMES: usize = 1_000;

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

    let start = |name: &str| Daemon::start(&program, &place.path().join(name));

    let boots: Vec<_> = (0..BOOTS).map(|boot| start(&format!("boot{boot}")).stop()).collect();
    let spawned_to_ready = boots.iter().map(|boot| boot.spawned_to_ready).collect();
    table.durations("boot on empty stores, spawn to ready line", spawned_to_ready);
    table.durations("boot, as the daemon logs it", boots.iter().filter_map(|boot| boot.logged).collect());

    let idle = start("idle");
    std::thread::park_timeout(Duration::from_secs(2));
    table.line("memory idle after 2 s (VmRSS)", &format!("{:.1} MB", idle.resident_mb()));
    drop(idle);

    table.rate("bare 4 KiB write + fdatasync", &disk::sync_loop(place.path(), seconds));
    for (kind, verb) in [(Kind::Births, "setup_venture"), (Kind::Refinements, "refine_vision")] {
        for clients in [1, 64] {
            let daemon = start(&format!("{verb}{clients}"));
            let name = format!("{verb}, {clients} at once");
            table.rate(&name, &load::commands(&daemon.socket, kind, clients, seconds));
            table.line(&format!("{name}: memory after"), &format!("{:.1} MB", daemon.resident_mb()));
        }
    }
    let daemon = start("visible");
    table.durations(
        "acknowledged to visible, one client",
        load::ack_to_visible(&daemon.socket, VISIBLE_TIMES),
    );
    table.rate("bare 4 KiB write + fdatasync, again", &disk::sync_loop(place.path(), seconds));
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
