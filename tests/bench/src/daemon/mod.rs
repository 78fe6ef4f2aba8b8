//! The release daemon, built and started as anybody would.

pub(crate) mod connection;
pub(crate) mod load;

use crate::machine;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
    spawned_to_ready: Duration,
    pub(crate) socket: PathBuf,
}

/// How a boot went.
pub(crate) struct Boot {
    pub(crate) spawned_to_ready: Duration,
    /// From the start of `main` until the tree was up, as the daemon logs it.
    pub(crate) logged: Option<Duration>,
}

/// Builds it in release; answers where it lies.
pub(crate) fn build() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "-p", "hecate-daemon", "--bin", "hecate-daemon", "--target-dir"]);
    let built = cargo.arg(&target).current_dir(root).status().unwrap();
    assert!(built.success(), "the daemon does not build");
    target.join("release/hecate-daemon")
}

impl Daemon {
    /// Starts it on a folder and waits for its ready line.
    pub(crate) fn start(program: &Path, folder: &Path) -> Daemon {
        fs::create_dir_all(folder).unwrap();
        let (socket, log) = (folder.join("run/daemon.sock"), folder.join("log"));
        let mut command = Command::new(program);
        command.env_clear().env("HOME", folder).env("HECATE_LOG_FORMAT", "json");
        command.arg("--socket").arg(&socket).arg("--data-dir").arg(folder.join("data"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&log).unwrap());
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("hecate-daemon ready on "), "{line}{}", fs::read_to_string(&log).unwrap());
        Daemon { child, log, spawned_to_ready: began.elapsed(), socket }
    }

    /// Memory that is really there.
    pub(crate) fn resident_mb(&self) -> f64 {
        self.status_mb("VmRSS:")
    }

    fn status_mb(&self, field: &str) -> f64 {
        machine::status_bytes(&self.child.id().to_string(), field) / 1e6
    }

    /// The most memory that was there at any moment.
    pub(crate) fn most_resident_mb(&self) -> f64 {
        self.status_mb("VmHWM:")
    }

    /// User and system time so far.
    pub(crate) fn cpu_time(&self) -> Duration {
        machine::cpu_time_of(&self.child.id().to_string())
    }

    /// From its start until its tree was up, as it logged it.
    pub(crate) fn booted(&self) -> Option<Duration> {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let mut lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        lines.find_map(|line| line["booted_us"].as_u64()).map(Duration::from_micros)
    }

    /// Kills it.
    pub(crate) fn stop(self) -> Boot {
        Boot { spawned_to_ready: self.spawned_to_ready, logged: self.booted() }
    }

    /// Asks it to end in good order; answers how long that took.
    pub(crate) fn end(mut self) -> Duration {
        let began = Instant::now();
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "the daemon ended with {status}");
        began.elapsed()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // A store survives a kill, and that is not what is measured here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
