//! A real daemon on a socket and a data folder of its own: started, killed, started again.

use crate::http::Client;
use crate::patience::DEADLINE;
use crate::program::{Process, Program};
use crate::{binaries, sse};
use hecate_proto::route;
use rustix::process::Signal;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How much of a daemon's log a failing test shows.
const LOG_TAIL_BYTES: usize = 6_000;

/// Where a daemon lives; it outlives the daemon's processes.
#[derive(Clone, Debug)]
pub struct Place {
    /// HOME of the daemon.
    pub home: PathBuf,
    /// The program.
    pub program: PathBuf,
    /// `HECATE_LOG`.
    pub log_filter: &'static str,
    /// A `supervision.toml` instead of the embedded one.
    pub supervision: Option<PathBuf>,
    /// What else is in its environment.
    pub environment: Vec<(&'static str, String)>,
}

/// A running daemon.
pub struct Daemon {
    place: Place,
    process: Process,
}

impl Place {
    /// A place for the daemon of this workspace.
    pub fn new(folder: &Path) -> Place {
        Place {
            home: folder.to_owned(),
            program: binaries::daemon(),
            log_filter: "info",
            supervision: None,
            environment: Vec::new(),
        }
    }

    /// The socket; its folder is the daemon's to make.
    pub fn socket(&self) -> PathBuf {
        self.home.join("run/daemon.sock")
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// Where generated code is written: beside the data, where the environment says so.
    pub fn workspaces(&self) -> PathBuf {
        let elsewhere = self.environment.iter().find(|(name, _)| *name == "HECATE_WORKSPACE_ROOT");
        elsewhere.map_or_else(|| self.data().join("workspaces"), |(_, root)| root.into())
    }

    /// Where every process of this place appends its log.
    pub fn log_file(&self) -> PathBuf {
        self.home.join("daemon.log")
    }

    /// All that was logged.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log_file()).unwrap_or_default()).into_owned()
    }

    /// The end of the log, for people who look at a failed test.
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let start =
            (log.len().saturating_sub(LOG_TAIL_BYTES)..log.len()).find(|at| log.is_char_boundary(*at));
        log[start.unwrap_or(log.len())..].to_owned()
    }

    /// The program with the flags of this place.
    pub fn program(&self) -> Program {
        let program = Program::new(&self.program, &self.home);
        let program = program.env("HECATE_LOG", self.log_filter).env("HECATE_LOG_FORMAT", "text");
        let program =
            self.environment.iter().fold(program, |program, (name, value)| program.env(name, value));
        let program = program.arg_pair("--socket", &self.socket()).arg_pair("--data-dir", &self.data());
        match &self.supervision {
            Some(file) => program.arg_pair("--supervision", file),
            None => program,
        }
    }

    /// Starts a daemon here and waits until it says that it is ready.
    pub fn start(&self) -> Daemon {
        let log = OpenOptions::new().create(true).append(true).open(self.log_file()).unwrap();
        let mut daemon = self.spawn(log);
        let stdout = daemon.process.0.stdout.take().unwrap();
        let line = first_line(stdout, DEADLINE);
        let wanted = format!("hecate-daemon ready on {}", self.socket().display());
        assert_eq!(
            line.as_deref(),
            Some(wanted.as_str()),
            "not ready; its log ends so:\n{}",
            self.log_tail()
        );
        daemon
    }

    fn spawn(&self, log: File) -> Daemon {
        let mut command = self.program().into_command();
        let child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        Daemon { place: self.clone(), process: Process(child) }
    }
}

impl Program {
    fn arg_pair(self, flag: &str, path: &Path) -> Program {
        self.args([flag.as_ref(), path.as_os_str()])
    }
}

/// The first line, or nothing where the program ends or stays silent.
fn first_line(stdout: ChildStdout, at_most: Duration) -> Option<String> {
    let (tell, told) = mpsc::channel();
    // The reader stays until the program ends, so that the program never writes into a closed pipe.
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // Nobody listens after the first line.
            let _ = tell.send(line);
        }
    });
    told.recv_timeout(at_most).ok()
}

impl Daemon {
    /// Starts the daemon of this workspace in a folder that may hold the data of an earlier one.
    pub fn start(folder: &Path) -> Daemon {
        Place::new(folder).start()
    }

    /// Where it lives.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// A client of its socket.
    pub fn client(&self) -> Client {
        Client::new(&self.place.socket())
    }

    /// Follows the facts after a position.
    pub fn facts_after(&self, position: u64) -> sse::Frames {
        let request =
            crate::http::Request::get(route::FACTS_STREAM).header("last-event-id", position.to_string());
        sse::Frames::open(&self.place.socket(), &request).unwrap()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Takes its process away at once, as `kill -9` does, and waits until it is gone.
    pub fn kill(mut self) -> Place {
        self.process.signal(Signal::KILL);
        self.process.wait(DEADLINE).expect("nothing survives SIGKILL");
        self.place.clone()
    }

    /// Kills it and starts it again on the same folder.
    #[must_use]
    pub fn kill_and_restart(self) -> Daemon {
        self.kill().start()
    }

    /// Asks it to end in order.
    pub fn terminate(self) -> (Option<i32>, Duration) {
        self.end_with(Signal::TERM)
    }

    /// Sends it a signal that asks for the end; answers its exit code and how long that took.
    pub fn end_with(mut self, signal: Signal) -> (Option<i32>, Duration) {
        let asked = Instant::now();
        self.process.signal(signal);
        let status = self.process.wait(DEADLINE);
        let status = status.unwrap_or_else(|| panic!("it does not end:\n{}", self.place.log_tail()));
        (status.code(), asked.elapsed())
    }

    /// Waits until it ends by itself; answers its exit code.
    pub fn end(mut self) -> Option<i32> {
        let status = self.process.wait(DEADLINE);
        status.unwrap_or_else(|| panic!("it does not end:\n{}", self.place.log_tail())).code()
    }

    /// True while its process runs.
    pub fn is_running(&mut self) -> bool {
        self.process.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the daemon's log ends so:\n{}", self.place.log_tail());
        }
    }
}
