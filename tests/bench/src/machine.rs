//! What the figures depend on and nobody can change from here: the machine's load, the CPU that we take.

use std::fs;
use std::time::Duration;

/// The kernel counts CPU time in these.
const TICKS_PER_SECOND: u64 = 100;

/// Processes that ran or waited for the disk, over 1, 5 and 15 minutes.
pub(crate) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// User and system time of this process so far.
pub(crate) fn cpu_time() -> Duration {
    cpu_time_of("self")
}

/// The same of a process, by its id.
pub(crate) fn cpu_time_of(process: &str) -> Duration {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name in brackets may contain spaces; what follows it does not.
    let fields = text.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().skip(11).take(2);
    let ticks: u64 = fields.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}

/// Memory of a process that is really there.
pub(crate) fn resident_bytes(process: &str) -> f64 {
    status_bytes(process, "VmRSS:")
}

/// A field of a process's status that is told in KiB.
pub(crate) fn status_bytes(process: &str, field: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap_or(f64::NAN);
    kib * 1_024.0
}

/// Cores, kernel, load, and whether SQLite flushes as it does in the daemon.
pub(crate) fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores, Linux {}, load average {}", kernel.trim(), load_average())
}

/// SQLite's compile flags come from `.cargo/config.toml`, which cargo looks for from the current folder upwards.
/// Without them the store would call fsync where the daemon calls fdatasync.
pub(crate) fn check_sqlite_flags() {
    let flags = option_env!("LIBSQLITE3_FLAGS").unwrap_or_default();
    assert!(
        flags.contains("HAVE_FDATASYNC=1"),
        "built without the flags of .cargo/config.toml: run cargo inside the repository"
    );
}
