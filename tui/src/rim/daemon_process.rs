//! `hecate up` and `hecate down`: a daemon of one's own in the background, and its end.

use super::{
    client::{self, CallError, Found},
    exit::Exit,
    print, socket, state_folder,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom},
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{runtime, time};

/// The daemon's program.
const PROGRAM: &str = "hecate-daemon";
/// How long a daemon may take to be ready.
const READY_MS: u64 = 10_000;
/// How often it is asked meanwhile.
const ASK_EVERY_MS: u64 = 25;
/// How long a daemon may take to end: its own deadline and a second.
const END_MS: u64 = 6_000;
/// How the daemon ends when another one has its place, and how long that one may take to answer.
const ALREADY_RUNNING: i32 = 75;
const OTHER_ANSWERS_MS: u64 = 3_000;
/// How long another `up` or `down` may take before ours gives up.
const CLAIM_MS: u64 = 30_000;
/// How much of the log's end is shown when the daemon does not come up.
const LOG_TAIL_BYTES: u64 = 2_048;

/// What `up` remembers of the daemon that it started.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Started {
    pid: u32,
    program: PathBuf,
    socket: PathBuf,
}

/// Why there is no daemon.
#[derive(Debug, thiserror::Error)]
enum UpError {
    #[error("{PROGRAM} was found neither beside hecate nor in PATH")]
    NoProgram,
    #[error("{}: {error}", .path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("the daemon ended at once, {status}; its log ends so:\n{tail}")]
    Ended { status: String, tail: String },
    #[error("daemon {pid} is not ready after {READY_MS} ms; look at {}", .log.display())]
    NotReady { pid: u32, log: PathBuf },
    #[error("daemon {pid} answers at {} and is still {status} after {READY_MS} ms", .socket.display())]
    Unready { pid: u32, socket: PathBuf, status: String },
    #[error("{0}")]
    Silent(CallError),
    #[error("another `hecate up` or `down` is at work for {CLAIM_MS} ms; it holds {}", .0.display())]
    Claimed(PathBuf),
    #[error("the network cannot be used: {0}")]
    Runtime(io::Error),
}

/// Makes sure that a daemon answers and is ready.
pub fn up(explicit: Option<&Path>, candidates: &[PathBuf]) -> Exit {
    match on_the_network(found_or_started(explicit, candidates)) {
        Ok(Found { socket, health }) => {
            let (status, node, version) = (&health.status, &health.node_id, &health.version);
            print::line(&format!(
                "daemon {version} is {status} at {}, node {node}, pid {}",
                socket.display(),
                health.pid
            ));
            Exit::Done
        }
        Err(error) => {
            print::trouble(&format!("hecate: {error}"));
            Exit::Unreachable
        }
    }
}

fn on_the_network<T>(work: impl Future<Output = Result<T, UpError>>) -> Result<T, UpError> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(UpError::Runtime)?.block_on(work)
}

/// One `up` or `down` at a time: between looking and starting, and between remembering and stopping, nobody
/// else may act. The lock ends with the file, also when its holder is killed.
async fn claim(state: &Path) -> Result<File, UpError> {
    let path = state.join("up.lock");
    let at = |error| UpError::File { path: path.clone(), error };
    let file = state_folder::open(&path).map_err(at)?;
    let limit = time::Instant::now() + Duration::from_millis(CLAIM_MS);
    let mut turn = time::interval(Duration::from_millis(ASK_EVERY_MS));
    loop {
        turn.tick().await;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if time::Instant::now() < limit => {}
            Err(TryLockError::WouldBlock) => return Err(UpError::Claimed(path)),
            Err(TryLockError::Error(error)) => return Err(at(error)),
        }
    }
}

async fn found_or_started(explicit: Option<&Path>, candidates: &[PathBuf]) -> Result<Found, UpError> {
    if let Some(found) = answering(candidates).await? {
        return Ok(found);
    }
    let state = state_folder()?;
    let _claim = claim(&state).await?;
    // Whoever held the claim before may have started one.
    match answering(candidates).await? {
        Some(found) => Ok(found),
        None => started(&state, explicit, candidates).await,
    }
}

async fn started(state: &Path, explicit: Option<&Path>, candidates: &[PathBuf]) -> Result<Found, UpError> {
    let log = state.join("daemon.log");
    let program = program().ok_or(UpError::NoProgram)?;
    let mut child = start(&program, explicit, &log)?;
    let pid = child.id();
    let limit = Duration::from_millis(READY_MS);
    let late = |_| Err(UpError::NotReady { pid, log: log.clone() });
    // Until it says where it listens, `down` shall find it all the same.
    let anywhere = candidates.last().cloned().unwrap_or_default();
    let ours = Started { pid, program, socket: anywhere };
    remember(state, &ours)?;
    let first = time::timeout(limit, until(&mut child, candidates, &log, |_| true)).await;
    let first = first.unwrap_or_else(late).inspect_err(|error| {
        if matches!(error, UpError::Ended { .. }) {
            forget(&memory(state, &ours.socket));
        }
    })?;
    if first.health.pid != pid {
        // A daemon that somebody else started in this very moment is theirs to stop.
        stop(&ours);
        forget(&memory(state, &ours.socket));
        return answering(candidates).await.map(|found| found.unwrap_or(first));
    }
    if first.socket != ours.socket {
        forget(&memory(state, &ours.socket));
        remember(state, &Started { socket: first.socket, ..ours })?;
    }
    time::timeout(limit, until(&mut child, candidates, &log, |found| found.health.ready))
        .await
        .unwrap_or_else(late)
}

/// The daemon that answers, once it is ready; `None` when nobody answers, or one that was stopping is gone.
async fn answering(candidates: &[PathBuf]) -> Result<Option<Found>, UpError> {
    let limit = time::Instant::now() + Duration::from_millis(READY_MS);
    let mut turn = time::interval(Duration::from_millis(ASK_EVERY_MS));
    loop {
        turn.tick().await;
        let Found { socket, health } = match client::find(candidates).await {
            Ok(found) => found,
            // A daemon that hangs still has its place: another one could not take it.
            Err(errors) => {
                let silent = errors.into_iter().find(|it| matches!(it, CallError::Silent(_)));
                return silent.map_or(Ok(None), |error| Err(UpError::Silent(error)));
            }
        };
        if health.ready {
            return Ok(Some(Found { socket, health }));
        }
        if time::Instant::now() >= limit {
            return Err(UpError::Unready { pid: health.pid, socket, status: health.status });
        }
    }
}

/// Beside ourselves, then in PATH, where an empty folder would mean whatever folder we are in.
fn program() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.join(PROGRAM)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| !folder.as_os_str().is_empty());
    let in_path = folders.map(|folder| folder.join(PROGRAM));
    beside.into_iter().chain(in_path).find(|file| file.is_file()).and_then(|file| file.canonicalize().ok())
}

/// Where terminals keep what outlives them, else a folder for things that need not live long; made when missing.
fn state_folder() -> Result<PathBuf, UpError> {
    let folder = state_folder::state(socket::env_path).unwrap_or_else(|| std::env::temp_dir().join("hecate"));
    state_folder::make(&folder).map_err(|error| UpError::File { path: folder.clone(), error })?;
    Ok(folder)
}

fn start(program: &Path, explicit: Option<&Path>, log: &Path) -> Result<Child, UpError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| UpError::File { path, error }
    };
    let out = state_folder::open(log).map_err(at(log))?;
    let err = out.try_clone().map_err(at(log))?;
    let mut command = Command::new(program);
    if let Some(socket) = explicit {
        command.arg("--socket").arg(socket);
    }
    // A process group of its own: Ctrl+C and the end of this terminal are not the daemon's.
    command.stdin(Stdio::null()).stdout(out).stderr(err).process_group(0).spawn().map_err(at(program))
}

/// Asks until a daemon answers as `wanted`, or the child has ended. One that ended because another has its
/// place leaves that one a moment to answer.
async fn until(
    child: &mut Child,
    candidates: &[PathBuf],
    log: &Path,
    wanted: impl Fn(&Found) -> bool,
) -> Result<Found, UpError> {
    let mut turn = time::interval(Duration::from_millis(ASK_EVERY_MS));
    let mut ended_at = None;
    loop {
        turn.tick().await;
        match client::find(candidates).await {
            Ok(found) if wanted(&found) => return Ok(found),
            Ok(_) | Err(_) => {}
        }
        let Ok(Some(status)) = child.try_wait() else {
            continue;
        };
        let ended = ended_at.get_or_insert_with(time::Instant::now).elapsed();
        let waits = status.code() == Some(ALREADY_RUNNING) && ended < Duration::from_millis(OTHER_ANSWERS_MS);
        if !waits {
            return Err(UpError::Ended { status: status.to_string(), tail: tail(log) });
        }
    }
}

fn tail(log: &Path) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => String::from_utf8_lossy(&bytes).trim_end().to_owned(),
        Err(error) => format!("{}: {error}", log.display()),
    }
}

/// One file a socket, so that daemons on several sockets do not hide one another.
fn memory(state: &Path, socket: &Path) -> PathBuf {
    let name = socket.to_string_lossy().replace('/', "%");
    state.join(format!("up{name}.json"))
}

fn remember(state: &Path, started: &Started) -> Result<(), UpError> {
    let path = memory(state, &started.socket);
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&path)?;
        serde_json::to_writer(&mut file, started)?;
        Ok(())
    };
    write().map_err(|error| UpError::File { path: path.clone(), error })
}

/// What became of an attempt to stop.
#[derive(Debug, PartialEq, Eq)]
enum Stopped {
    /// It ended.
    Ended(u32),
    /// It had ended before.
    Gone(u32),
    /// It still runs.
    StillRunning(u32),
    /// We may not.
    Denied(u32, String),
}

/// Stops what `up` started.
pub fn down(candidates: &[PathBuf]) -> Exit {
    let refuse = |says: String| {
        print::trouble(&format!("hecate: {says}"));
        Exit::Refused
    };
    let claimed = state_folder().and_then(|state| Ok((on_the_network(claim(&state))?, state)));
    let (_claim, state) = match claimed {
        Ok(claimed) => claimed,
        Err(error) => return refuse(error.to_string()),
    };
    let mut gone = None;
    for (path, started) in candidates.iter().filter_map(|socket| remembered(&state, socket)) {
        match stop(&started) {
            Stopped::Ended(pid) => {
                forget(&path);
                print::line(&format!("daemon {pid} has ended"));
                return Exit::Done;
            }
            // The daemon of the next place may run all the same.
            Stopped::Gone(pid) => {
                forget(&path);
                gone = Some(pid);
            }
            Stopped::StillRunning(pid) => {
                return refuse(format!("daemon {pid} still runs after {END_MS} ms"));
            }
            Stopped::Denied(pid, why) => return refuse(format!("daemon {pid} cannot be stopped: {why}")),
        }
    }
    let Some(pid) = gone else {
        return refuse("there is nothing to stop: `hecate up` started no daemon here".to_owned());
    };
    print::line(&format!("daemon {pid} had ended already"));
    Exit::Done
}

fn forget(memory: &Path) {
    match fs::remove_file(memory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            print::trouble(&format!("hecate: {}: {error}", memory.display()));
        }
        Ok(()) | Err(_) => {}
    }
}

fn remembered(state: &Path, socket: &Path) -> Option<(PathBuf, Started)> {
    let path = memory(state, socket);
    let started = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
    Some((path, started))
}

/// A process handle is taken before the check, so that a reused process id is never signalled.
fn stop(started: &Started) -> Stopped {
    let pid = started.pid;
    let Some(handle_of) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return Stopped::Gone(pid);
    };
    let Ok(handle) = pidfd_open(handle_of, PidfdFlags::empty()) else {
        return Stopped::Gone(pid);
    };
    if !is_still(started) {
        return Stopped::Gone(pid);
    }
    match pidfd_send_signal(&handle, Signal::TERM) {
        Ok(()) => {}
        Err(rustix::io::Errno::SRCH) => return Stopped::Gone(pid),
        Err(error) => return Stopped::Denied(pid, error.to_string()),
    }
    let limit = Timespec { tv_sec: i64::try_from(END_MS / 1_000).unwrap_or(i64::MAX), tv_nsec: 0 };
    // The handle turns readable when its process ends.
    match poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&limit)) {
        Ok(0) | Err(_) => Stopped::StillRunning(pid),
        Ok(_) => Stopped::Ended(pid),
    }
}

/// Whether the process is still the program that was started, also when its file was replaced since.
fn is_still(started: &Started) -> bool {
    let Ok(program) = fs::read_link(format!("/proc/{}/exe", started.pid)) else {
        return false;
    };
    let program = program.to_string_lossy();
    Path::new(program.strip_suffix(" (deleted)").unwrap_or(&program)) == started.program
}
