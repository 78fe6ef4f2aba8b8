//! Commands as health checks. Each runs in a process group of its own, which ends with the check: what a command has
//! started does not outlive it, unless it left the group.

use super::endpoint::{Found, late};
use crate::monitor_division::CheckSpec;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::io;
use std::process::{ExitStatus, Stdio};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// Commands at once.
const COMMANDS_MAX: usize = 16;
/// Where the programs of commands are looked for. They inherit nothing else of the daemon's environment, which
/// may hold keys.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Whoever runs commands.
pub(super) struct Commands {
    places: Semaphore,
}

impl Commands {
    pub(super) fn new() -> Commands {
        Commands { places: Semaphore::new(COMMANDS_MAX) }
    }

    /// Runs the command of this check once; it has ended well, or why it has not.
    pub(super) async fn ask(&self, check: &CheckSpec, by: Instant) -> Result<(), Found> {
        let place = timeout_at(by, self.places.acquire()).await;
        let _place = place.map_err(|_| Found::unknown("This node runs too many other commands."))?;
        let unrun =
            |error: io::Error| Found::unknown(format!("This node could not run the command: {error}."));
        let group = Group::start(&check.endpoint).map_err(unrun)?;
        let status = timeout_at(by, group.end()).await.map_err(|_| late(check))?.map_err(unrun)?;
        if status.success() {
            return Ok(());
        }
        Err(Found::unhealthy(format!("The command ended with {status}.")))
    }
}

/// A command and what it has started; all of it is killed when this is dropped.
struct Group {
    leader: Child,
    id: Pid,
}

impl Group {
    /// Words are split at white space; no shell reads them.
    fn start(line: &str) -> io::Result<Group> {
        let mut words = line.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).env_clear().env("PATH", PATH).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let leader = command.spawn()?;
        let id = leader.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        Ok(Group { leader, id: id.ok_or(io::ErrorKind::NotFound)? })
    }

    /// Waits for the leader, kills whatever it left running, and only then takes its status: until that is taken,
    /// no other group has this number.
    async fn end(mut self) -> io::Result<ExitStatus> {
        let mut children = signal(SignalKind::child())?;
        let looks = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(self.id), looks)?.is_none() {
            children.recv().await.ok_or(io::ErrorKind::UnexpectedEof)?;
        }
        self.kill();
        self.leader.wait().await
    }

    fn kill(&self) {
        if let Err(error) = kill_process_group(self.id, Signal::KILL) {
            tracing::warn!(group = self.id.as_raw_nonzero().get(), %error, "a command was not killed");
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // One without a leader has ended.
        if self.leader.id().is_some() {
            self.kill();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor_division::{CheckType, Health};
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn check(endpoint: String) -> CheckSpec {
        CheckSpec { check_type: CheckType::Command, endpoint, ..CheckSpec::default() }
    }

    /// A command that starts another one, writes down who that is, and goes on with `then`.
    fn starts_another(folder: &Path, then: &str) -> CheckSpec {
        let (script, other) = (folder.join("script"), folder.join("other"));
        let lines = format!("sleep 600 &\necho $! > {0}.new\nmv {0}.new {0}\n{then}\n", other.display());
        fs::write(&script, lines).unwrap();
        check(format!("sh {}", script.display()))
    }

    async fn until<T>(what: &str, mut seen: impl FnMut() -> Option<T>) -> T {
        let look = async {
            loop {
                if let Some(seen) = seen() {
                    return seen;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("not {what}"))
    }

    async fn other(folder: &Path) -> String {
        until("started", || fs::read_to_string(folder.join("other")).ok()).await.trim().to_owned()
    }

    /// Gone, or dead and not yet buried.
    async fn is_dead(process: &str) {
        until("dead", || match fs::read_to_string(format!("/proc/{process}/stat")) {
            Ok(stat) => stat.rsplit(") ").next()?.starts_with(['Z', 'X']).then_some(()),
            Err(_) => Some(()),
        })
        .await;
    }

    fn soon() -> Instant {
        Instant::now() + PATIENCE
    }

    #[tokio::test]
    async fn what_a_command_has_started_does_not_outlive_it_whether_it_is_late_or_ends_well() {
        let (folder, commands) = (tempfile::tempdir().unwrap(), Commands::new());
        let late = starts_another(folder.path(), "wait");
        let other_of_late = tokio::select! {
            ended = commands.ask(&late, soon()) => panic!("it does not end: {ended:?}"),
            other = other(folder.path()) => other,
        };
        is_dead(&other_of_late).await;
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(commands.ask(&starts_another(folder.path(), "exit 0"), soon()).await, Ok(()));
        is_dead(&other(folder.path()).await).await;
    }

    #[tokio::test]
    async fn a_few_commands_run_at_once_and_who_finds_no_place_knows_nothing() {
        let commands = Commands { places: Semaphore::new(1) };
        let folder = tempfile::tempdir().unwrap();
        let slow = starts_another(folder.path(), "wait");
        let asks_meanwhile = async {
            other(folder.path()).await;
            commands.ask(&check("true".to_owned()), Instant::now() + Duration::from_millis(50)).await
        };
        let told = tokio::select! {
            ended = commands.ask(&slow, soon()) => panic!("it does not end: {ended:?}"),
            told = asks_meanwhile => told.unwrap_err(),
        };
        assert_eq!(told.health, Health::Unknown);
        assert_eq!(commands.ask(&check("true".to_owned()), soon()).await, Ok(()), "the place is free again");
    }
}
