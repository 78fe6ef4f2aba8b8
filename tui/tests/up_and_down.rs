//! `hecate up` and `hecate down` with a real program in the daemon's place: this one. Copied beside `hecate`
//! under the daemon's name and started with `--socket`, it listens; started without, it tests.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "tui/fake_daemon.rs"]
#[expect(dead_code, reason = "these tests need only some of it")]
mod fake_daemon;
#[path = "tui/pty.rs"]
#[expect(dead_code, reason = "these tests need only some of it")]
mod pty;
#[path = "tui/sample.rs"]
#[expect(dead_code, reason = "these tests need only some of it")]
mod sample;

use fake_daemon::FakeDaemon;
use pty::{Pty, binary};
use rustix::process::Pid;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Output},
    thread,
};
use tempfile::TempDir;

/// Tells the stand-in how to behave.
const BEHAVIOUR: &str = "STAND_IN_BEHAVIOUR";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--socket") {
        return be_the_daemon(Path::new(&args[at + 1]));
    }
    if args.iter().any(|arg| arg == "--list") {
        return ExitCode::SUCCESS;
    }
    let tests: [(&str, fn()); 13] = [
        ("up_starts_a_daemon_and_down_stops_it", up_starts_a_daemon_and_down_stops_it),
        ("up_attaches_to_the_daemon_that_answers", up_attaches_to_the_daemon_that_answers),
        ("up_attaches_on_a_terminal", up_attaches_on_a_terminal),
        ("up_waits_until_the_daemon_that_answers_is_ready", up_waits_until_the_daemon_that_answers_is_ready),
        ("up_starts_a_daemon_in_place_of_one_that_went", up_starts_a_daemon_in_place_of_one_that_went),
        ("ups_and_downs_at_once_agree_on_one_daemon", ups_and_downs_at_once_agree_on_one_daemon),
        ("up_attaches_to_a_daemon_that_took_the_place", up_attaches_to_a_daemon_that_took_the_place),
        ("up_says_that_a_daemon_hangs", up_says_that_a_daemon_hangs),
        ("up_says_why_a_daemon_ended_at_once", up_says_why_a_daemon_ended_at_once),
        ("up_says_that_there_is_no_program", up_says_that_there_is_no_program),
        ("up_takes_no_program_from_an_empty_path", up_takes_no_program_from_an_empty_path),
        ("down_passes_over_what_is_gone", down_passes_over_what_is_gone),
        ("down_never_signals_another_program", down_never_signals_another_program),
    ];
    for (name, test) in tests {
        test();
        eprintln!("test {name} ... ok");
    }
    ExitCode::SUCCESS
}

fn be_the_daemon(socket: &Path) -> ExitCode {
    if std::env::var(BEHAVIOUR).is_ok_and(|it| it == "ends") {
        eprintln!("the configuration is wrong");
        return ExitCode::from(78);
    }
    if std::env::var(BEHAVIOUR).is_ok_and(|it| it == "is second") {
        fs::write(socket.with_extension("second"), "").unwrap();
        return ExitCode::from(75);
    }
    let _daemon = FakeDaemon::start(socket.parent().unwrap());
    loop {
        std::thread::park();
    }
}

/// A folder in which `hecate` and the stand-in lie side by side.
struct House(TempDir);

impl House {
    fn new() -> Self {
        let house = Self(tempfile::tempdir().unwrap());
        fs::copy(binary(), house.path("hecate")).unwrap();
        fs::copy(std::env::current_exe().unwrap(), house.path("hecate-daemon")).unwrap();
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn env(&self) -> [(&'static str, PathBuf); 3] {
        let state = self.path("state");
        [("HECATE_SOCKET", self.path("daemon.sock")), ("XDG_STATE_HOME", state), ("PATH", self.path("empty"))]
    }

    fn hecate(&self, args: &[&str], behaviour: &str) -> (i32, String, String) {
        let Output { status, stdout, stderr } = Command::new(self.path("hecate"))
            .args(args)
            .envs(self.env())
            .env(BEHAVIOUR, behaviour)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    fn memory(&self) -> PathBuf {
        let mut files = fs::read_dir(self.path("state/hecate")).unwrap().map(|it| it.unwrap().path());
        files.find(|file| file.extension().is_some_and(|it| it == "json")).unwrap()
    }
}

fn pid_in(status: &str) -> u32 {
    status.trim().rsplit(' ').next().unwrap().parse().unwrap()
}

fn is_alive(pid: u32) -> bool {
    // A process that nobody has collected yet is no daemon any more.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn up_starts_a_daemon_and_down_stops_it() {
    let house = House::new();
    let (code, out, err) = house.hecate(&["up"], "");
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("daemon 0.1.0 is ready at "), "{out}");
    let pid = pid_in(&out);
    assert!(is_alive(pid));
    let group = rustix::process::getpgid(Pid::from_raw(pid as i32)).unwrap();
    assert_eq!(group.as_raw_nonzero().get() as u32, pid, "the daemon shares our terminal's signals");
    let (code, out, err) = house.hecate(&["down"], "");
    assert_eq!((code, out, err), (0, format!("daemon {pid} has ended\n"), String::new()));
    assert!(!is_alive(pid));
    let (code, out, err) = house.hecate(&["down"], "");
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("nothing to stop"), "{err}");
}

fn up_attaches_to_the_daemon_that_answers() {
    let house = House::new();
    let _daemon = FakeDaemon::start(house.0.path());
    let (code, out, _) = house.hecate(&["up"], "ends");
    assert_eq!((code, pid_in(&out)), (0, std::process::id()));
    let (code, _, err) = house.hecate(&["down"], "");
    assert_eq!(code, 1, "a daemon that up did not start is not stopped: {err}");
}

/// Runs `up` while a daemon answers that is not ready, and `then` once `up` has asked it more than once.
fn up_beside_a_daemon_that_is_not_ready(
    house: &House,
    then: impl FnOnce(&FakeDaemon),
) -> (i32, String, String) {
    let daemon = FakeDaemon::start(house.0.path());
    daemon.change(|state| state.starting = true);
    thread::scope(|scope| {
        let up = scope.spawn(|| house.hecate(&["up"], ""));
        daemon.wait_for("a second question for its health", |state| state.asked.len() > 1);
        then(&daemon);
        up.join().unwrap()
    })
}

fn up_waits_until_the_daemon_that_answers_is_ready() {
    let house = House::new();
    let (code, out, err) = up_beside_a_daemon_that_is_not_ready(&house, |daemon| {
        daemon.change(|state| state.starting = false);
    });
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("daemon 0.1.0 is ready at "), "{out}");
    assert_eq!(pid_in(&out), std::process::id());
}

fn up_starts_a_daemon_in_place_of_one_that_went() {
    let house = House::new();
    let (code, out, err) = up_beside_a_daemon_that_is_not_ready(&house, |daemon| {
        fs::remove_file(&daemon.socket).unwrap();
    });
    assert_eq!((code, err.as_str()), (0, ""));
    assert_ne!(pid_in(&out), std::process::id());
    let (code, ..) = house.hecate(&["down"], "");
    assert_eq!(code, 0);
}

fn up_attaches_on_a_terminal() {
    let house = House::new();
    let env = house.env().map(|(name, path)| (name, path.to_str().unwrap().to_owned()));
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut pty = Pty::start(house.path("hecate").to_str().unwrap(), &["up"], &env);
    pty.wait_for_text("● live");
    pty.press("q");
    assert_eq!(pty.end(), (0, true));
    let (code, out, _) = house.hecate(&["down"], "");
    assert!(code == 0 && out.contains("has ended"), "the daemon outlives the terminal: {out}");
}

fn ups_and_downs_at_once_agree_on_one_daemon() {
    let house = House::new();
    let thrice = |verb| {
        thread::scope(|scope| {
            let runs = [(); 3].map(|()| scope.spawn(|| house.hecate(&[verb], "")));
            runs.map(|run| run.join().unwrap())
        })
    };
    let ups = thrice("up");
    let pid = pid_in(&ups[0].1);
    for (code, out, err) in &ups {
        assert_eq!((*code, pid_in(out), err.as_str()), (0, pid, ""));
    }
    let downs = thrice("down");
    let stopped = downs.iter().filter(|(code, out, _)| (*code, out.contains("has ended")) == (0, true));
    assert_eq!(stopped.count(), 1, "{downs:?}");
    for (_, _, err) in downs.iter().filter(|(code, ..)| *code != 0) {
        assert!(err.contains("nothing to stop") && !err.contains("os error"), "{err}");
    }
    assert!(!is_alive(pid));
}

fn up_attaches_to_a_daemon_that_took_the_place() {
    let house = House::new();
    thread::scope(|scope| {
        let up = scope.spawn(|| house.hecate(&["up"], "is second"));
        let until = std::time::Instant::now() + fake_daemon::DEADLINE;
        while !house.path("daemon.second").exists() {
            assert!(std::time::Instant::now() < until, "no second daemon was started");
            thread::yield_now();
        }
        let _daemon = FakeDaemon::start(house.0.path());
        let (code, out, err) = up.join().unwrap();
        assert_eq!((code, err.as_str()), (0, ""));
        assert_eq!(pid_in(&out), std::process::id());
    });
    assert_eq!(house.hecate(&["down"], "").0, 1, "another's daemon was remembered as ours");
}

fn up_says_that_a_daemon_hangs() {
    let house = House::new();
    let _mute = std::os::unix::net::UnixListener::bind(house.path("daemon.sock")).unwrap();
    let (code, out, err) = house.hecate(&["up"], "");
    assert_eq!((code, out.as_str()), (69, ""));
    assert!(err.contains("accepts but does not answer within 2 s"), "{err}");
}

fn up_says_why_a_daemon_ended_at_once() {
    let house = House::new();
    let (code, out, err) = house.hecate(&["up"], "ends");
    assert_eq!((code, out.as_str()), (69, ""));
    assert!(err.contains("exit status: 78") && err.contains("the configuration is wrong"), "{err}");
}

fn up_says_that_there_is_no_program() {
    let house = House::new();
    fs::remove_file(house.path("hecate-daemon")).unwrap();
    let (code, _, err) = house.hecate(&["up"], "");
    assert_eq!(code, 69);
    assert!(err.contains("neither beside hecate nor in PATH"), "{err}");
}

fn up_takes_no_program_from_an_empty_path() {
    let house = House::new();
    let elsewhere = house.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::rename(house.path("hecate-daemon"), elsewhere.join("hecate-daemon")).unwrap();
    let up = Command::new(house.path("hecate"))
        .arg("up")
        .current_dir(&elsewhere)
        .envs(house.env())
        .env("PATH", "")
        .env(BEHAVIOUR, "ends")
        .output()
        .unwrap();
    let err = String::from_utf8(up.stderr).unwrap();
    assert!(err.contains("neither beside hecate nor in PATH"), "{err}");
}

fn down_passes_over_what_is_gone() {
    let house = House::new();
    let (first, second) = (house.path("run/hecate/daemon.sock"), house.path("home/.hecate/daemon.sock"));
    fs::create_dir_all(first.parent().unwrap()).unwrap();
    fs::create_dir_all(second.parent().unwrap()).unwrap();
    let hecate = |verb: &str, socket: &Path| {
        let out = Command::new(house.path("hecate"))
            .arg(verb)
            .envs(house.env())
            .env("HECATE_SOCKET", socket)
            .env("XDG_RUNTIME_DIR", house.path("run"))
            .env("HOME", house.path("home"))
            .output()
            .unwrap();
        (out.status.code().unwrap(), String::from_utf8(out.stdout).unwrap())
    };
    let (_, out) = hecate("up", &first);
    rustix::process::kill_process(Pid::from_raw(pid_in(&out) as i32).unwrap(), rustix::process::Signal::KILL)
        .unwrap();
    let (_, out) = hecate("up", &second);
    let running = pid_in(&out);
    let anywhere = Path::new("");
    assert_eq!(hecate("down", anywhere), (0, format!("daemon {running} has ended\n")));
    assert!(!is_alive(running));
    assert_eq!(hecate("down", anywhere).0, 1, "what is gone was not forgotten");
}

fn down_never_signals_another_program() {
    let house = House::new();
    let (_, out, _) = house.hecate(&["up"], "");
    let (code, ..) = house.hecate(&["down"], "");
    assert_eq!(code, 0);
    house.hecate(&["up"], "");
    let memory = house.memory();
    let reused = fs::read_to_string(&memory).unwrap();
    let (_, stopped, _) = house.hecate(&["down"], "");
    assert!(stopped.contains("has ended"), "{stopped}");
    // The process id now belongs to us.
    let mut started: serde_json::Value = serde_json::from_str(&reused).unwrap();
    started["pid"] = serde_json::json!(std::process::id());
    fs::write(&memory, started.to_string()).unwrap();
    let (code, out_again, _) = house.hecate(&["down"], "");
    assert_eq!((code, out_again), (0, format!("daemon {} had ended already\n", std::process::id())));
    assert!(!is_alive(pid_in(&out)));
}
