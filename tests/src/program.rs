//! One run of one program, bounded in time, in an environment that holds nothing of the tester's own.

use crate::patience::DEADLINE;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How a program ended and what it said.
#[derive(Debug)]
pub struct Ended {
    /// None where a signal ended it.
    pub code: Option<i32>,
    /// All of it.
    pub stdout: String,
    /// All of it.
    pub stderr: String,
}

/// A program about to run in a folder of its own.
pub struct Program {
    command: Command,
    folder: PathBuf,
}

impl Program {
    /// `path`, with `home` as its HOME and nothing else in its environment.
    pub fn new(path: &Path, home: &Path) -> Program {
        let mut command = Command::new(path);
        command.env_clear().env("HOME", home).env("TZ", "UTC").current_dir(home).stdin(Stdio::null());
        Program { command, folder: home.to_owned() }
    }

    /// More arguments.
    #[must_use]
    pub fn args<A: AsRef<std::ffi::OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Program {
        self.command.args(args);
        self
    }

    /// One variable more.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Program {
        self.command.env(name, value);
        self
    }

    /// The command itself, for whoever keeps the process.
    pub fn into_command(self) -> Command {
        self.command
    }

    /// Runs it to its end. A program that does not end is killed, and the test fails.
    pub fn run(mut self) -> Ended {
        let place = tempfile::tempdir_in(&self.folder).unwrap();
        let [out, err] = ["stdout", "stderr"].map(|name| place.path().join(name));
        let create = |path: &Path| File::create(path).unwrap();
        let child = self.command.stdout(create(&out)).stderr(create(&err)).spawn().unwrap();
        let mut process = Process(child);
        let status = process.wait(DEADLINE);
        let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let ended = |code| Ended { code, stdout: read(&out), stderr: read(&err) };
        let Some(status) = status else { panic!("{:?} did not end: {:?}", self.command, ended(None)) };
        ended(status.code())
    }
}

/// A process that ends with its owner.
pub struct Process(pub Child);

impl Process {
    /// Its id.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Asks it to do something; it may have ended already.
    pub fn signal(&self, signal: Signal) {
        // Gone is as good as told: whoever sends a signal waits for the end next.
        let _ = kill_process(Pid::from_child(&self.0), signal);
    }

    /// Waits for its end; nothing where that does not come in time.
    pub fn wait(&mut self, at_most: Duration) -> Option<ExitStatus> {
        if let Some(status) = self.0.try_wait().unwrap() {
            return Some(status);
        }
        let end = pidfd_open(Pid::from_child(&self.0), PidfdFlags::empty()).unwrap();
        let limit = Timespec::try_from(at_most).unwrap();
        // The handle turns readable when the process ends.
        let ended = poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&limit)).unwrap_or(0);
        if ended == 0 { None } else { Some(self.0.wait().unwrap()) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended before; either way it is gone after this.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
