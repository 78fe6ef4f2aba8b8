//! The daemon alone: boot, memory, commands at one and at 64 clients, and how soon a command is visible.

use crate::book::{Book, Measure, Rate};
use crate::daemon::load::{self, Kind};
use crate::daemon::{Boot, Daemon};
use std::path::Path;
use std::time::Duration;

/// Starts of a daemon on an empty folder.
const BOOTS: usize = 15;
/// Commands whose visibility is measured.
const VISIBLE_TIMES: usize = 1_000;
const BOOTING: &str = "the daemon boots on empty stores";
const MEMORY: &str = "the daemon's memory (VmRSS)";
const COMMANDS: &str = "commands over the socket";
const SPAWN_TO_READY: &str = "spawn to ready";
const LOGGED: &str = "as it logs it";

pub(crate) fn run(book: &mut Book, program: &Path, folder: &Path, seconds: Duration) {
    for boot in 0..BOOTS {
        let Boot { spawned_to_ready, logged } =
            Daemon::start(program, &folder.join(format!("boot{boot}"))).stop();
        book.note(BOOTING, SPAWN_TO_READY, Measure::Seconds, boot, spawned_to_ready.as_secs_f64());
        if let Some(logged) = logged {
            book.note(BOOTING, LOGGED, Measure::Seconds, boot, logged.as_secs_f64());
        }
    }
    let idle = Daemon::start(program, &folder.join("idle"));
    std::thread::park_timeout(Duration::from_secs(2));
    book.note(MEMORY, "idle after 2 s", Measure::Megabytes, 0, idle.resident_mb());
    drop(idle);
    for (kind, verb) in [(Kind::Births, "setup_venture"), (Kind::Refinements, "refine_vision")] {
        for clients in [1, 64] {
            let who = format!("{verb}, {clients} at once");
            let daemon = Daemon::start(program, &folder.join(format!("{verb}{clients}")));
            book.rate(COMMANDS, &who, 0, load::commands(&daemon.socket, kind, clients, seconds), false);
            book.note(MEMORY, &format!("after {who}"), Measure::Megabytes, 0, daemon.resident_mb());
        }
    }
    let daemon = Daemon::start(program, &folder.join("visible"));
    let each = load::ack_to_visible(&daemon.socket, VISIBLE_TIMES);
    let rate = Rate { took: each.iter().sum(), each, cpu: Duration::ZERO };
    book.rate(COMMANDS, "ack to visible", 0, rate, false);
}
