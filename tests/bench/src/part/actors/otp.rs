//! Real OTP: a script of our own on the installed `erl`, asked line by line. Its log is off, as that of the libraries
//! in process is; everything else is as it comes.

use super::{Contestant, PooledTimes, WINDOWS};
use crate::machine;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

const SCRIPT: &str = include_str!("actors.erl");

pub(super) struct Otp {
    folder: PathBuf,
    erl: Erl,
}

/// A running virtual machine.
struct Erl {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Otp {
    /// None where it is not installed.
    pub(super) fn start(folder: &Path) -> Option<Otp> {
        let source = folder.join("actors.erl");
        std::fs::write(&source, SCRIPT).unwrap();
        let Ok(compiled) = Command::new("erlc").arg("-o").arg(folder).arg(&source).status() else {
            eprintln!("{} is left out: erl is not installed (apt-get install erlang-base)", super::OTP);
            return None;
        };
        assert!(compiled.success(), "actors.erl does not compile");
        Some(Otp { folder: folder.into(), erl: Erl::start(folder) })
    }
}

impl Erl {
    fn start(folder: &Path) -> Erl {
        let mut command = Command::new("erl");
        command.args(["-noshell", "-s", "actors", "main"]).current_dir(folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (questions, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Erl { child, questions, answers: BufReader::new(answers) }
    }

    /// Answers in nanoseconds.
    fn ask(&mut self, task: &str, numbers: &[usize]) -> Vec<Duration> {
        let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
        writeln!(self.questions, "{task} {}", numbers.join(" ")).unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "erl ended in the middle of {task}");
        line.split_ascii_whitespace().map(|nanos| Duration::from_nanos(nanos.parse().unwrap())).collect()
    }
}

impl Drop for Erl {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Contestant for Otp {
    fn name(&self) -> &'static str {
        super::OTP
    }

    /// No mailbox of OTP has a bound.
    fn casts(&mut self, bounded: bool, messages: usize) -> Vec<Duration> {
        if bounded { Vec::new() } else { self.erl.ask("casts", &[WINDOWS, messages]) }
    }

    fn calls(&mut self, count: usize) -> Vec<Duration> {
        self.erl.ask("calls", &[count])
    }

    fn broadcasts(&mut self, members: usize, facts: usize) -> Vec<Duration> {
        self.erl.ask("broadcasts", &[WINDOWS, members, facts])
    }

    fn restarts(&mut self, children: usize, count: usize) -> Vec<Duration> {
        self.erl.ask("restarts", &[children, count])
    }

    fn pool(&mut self, children: usize, window: usize) -> PooledTimes {
        let mut starts = self.erl.ask("pool", &[children, window]);
        let stop = starts.pop().unwrap();
        PooledTimes { starts, stop }
    }

    fn bytes_per_actor(&mut self, children: usize) -> f64 {
        let mut fresh = Erl::start(&self.folder);
        let process = fresh.child.id().to_string();
        fresh.ask("hold", &[1]);
        let before = machine::resident_bytes(&process);
        fresh.ask("hold", &[children]);
        (machine::resident_bytes(&process) - before) / children as f64
    }
}
