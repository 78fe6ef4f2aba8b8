//! The daemon's life: read what it is to be, claim what it needs, boot the tree, serve, stop in order.

use crate::arguments::{Arguments, BlobChore, Chore, StoreChore};
use crate::blob_chores;
use crate::boot::{ClaimedData, Log, SEE_VERIFY};
use crate::chores;
use crate::config::{self, Config};
use crate::exit::{Exit, Failure};
use crate::hecate_api::{ClaimError, Edge};
use crate::house::{Folders, House};
use crate::logging;
use crate::store_chores;
use crate::tree_chores;
use hecate_desk::{Node, SystemClock};
use hecate_event_store::{OpenError, Supervised};
use hecate_supervision::{Ended, Kinds, Plan, Tree, note_panics};
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The tree that is used where nobody names another.
pub(crate) const EMBEDDED: &str = include_str!("../../supervision.toml");
/// However slow a child stops, the process is gone after 5 s.
pub(crate) const STOP_MAX: Duration = Duration::from_millis(4_500);

/// Runs what the command line asks for.
pub(crate) fn run(arguments: Arguments) -> Exit {
    let started = Instant::now();
    let environment = std::env::vars_os()
        .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
        // An empty variable is one that nobody set.
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let (mut config, faults) = config::read(&arguments.flags, &environment);
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    let done = match arguments.chore {
        None => with_plan(&config, faults, |plan| serve(&config, plan, started)),
        Some(Chore::Tree { how, .. }) if how.schema => tree_chores::show_schema(),
        Some(Chore::Tree { how, file }) => {
            config.supervision = file.or(config.supervision);
            let name = supervision_name(&config);
            with_plan(&config, faults, |plan| tree_chores::show(plan, &name, &how))
        }
        // What follows needs no tree, and must not fail because of one.
        Some(_) if !faults.is_empty() => Err(faulty(&faults)),
        Some(Chore::Verify) => store_chores::verify_store(&config.data_dir),
        Some(Chore::Backup { to }) => store_chores::back_up(&config.data_dir, &to),
        Some(Chore::Restore { from }) => store_chores::restore_store(&config.data_dir, &from),
        Some(Chore::Blobs { chore: BlobChore::Collect }) => blob_chores::collect_blobs(&config.data_dir),
        Some(Chore::Store { chore: StoreChore::Probe { seconds } }) => {
            store_chores::probe_disk(&config.data_dir, seconds)
        }
        Some(Chore::Health { ready, .. }) => {
            chores::probe(&config.socket, if ready { "/ready" } else { "/health" })
        }
    };
    done.unwrap_or_else(|failure| {
        complain(&failure.says);
        failure.exit
    })
}

/// Goes on with a checked tree, or says everything that is wrong with it and with the settings at once.
fn with_plan(
    config: &Config,
    faults: Vec<String>,
    work: impl FnOnce(&Plan) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    match read_plan(config) {
        Ok(plan) if faults.is_empty() => work(&plan),
        Ok(_) => Err(faulty(&faults)),
        Err(more) => Err(faulty(&[faults, more].concat())),
    }
}

fn faulty(faults: &[String]) -> Failure {
    Failure::new(Exit::Configuration, faults.join("\nhecate-daemon: "))
}

/// Before logging is set up, and where a person started the program: a plain line on stderr.
pub(crate) fn complain(says: impl Display) {
    // Where nobody reads, there is nobody to tell that either.
    let _ = writeln!(io::stderr(), "hecate-daemon: {says}");
}

/// How the file of the tree is called where something is said about it.
fn supervision_name(config: &Config) -> String {
    config.supervision.as_ref().map_or_else(|| "supervision.toml".into(), |file| file.display().to_string())
}

/// Checks the tree against the kinds compiled in, before anything is claimed.
fn read_plan(config: &Config) -> Result<Plan, Vec<String>> {
    let name = supervision_name(config);
    let text = match &config.supervision {
        None => EMBEDDED.to_owned(),
        Some(file) => std::fs::read_to_string(file).map_err(|error| vec![format!("{name}: {error}")])?,
    };
    Plan::parse(&text, &name, &kinds_on_paper(config))
        .map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

/// The kinds of a house that nobody moves into.
fn kinds_on_paper(config: &Config) -> Kinds {
    let house = House::furnish(node("unnamed".to_owned(), config), &Folders::default(), &config.policies)
        .with_models(&config.providers);
    let never = |path: &PathBuf| OpenError::Locked { path: path.clone() };
    let path = config.data_dir.clone();
    let store = Supervised::new(house.store.clone(), None, move || Err(never(&path)));
    house.kinds(store, &house.edge(config, &Arc::default(), Instant::now()))
}

fn node(node_id: String, config: &Config) -> Node {
    Node { node_id: node_id.into(), realm: config.realm.as_str().into(), clock: Arc::new(SystemClock) }
}

fn serve(config: &Config, plan: &Plan, started: Instant) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::new(Exit::GaveUp, error))?;
    // Before anything that takes time: who changes the file and says so ends nobody who only begins.
    let hangup = runtime.block_on(async { listen(SignalKind::hangup()) })?;
    logging::start(&config.log, config.log_format);
    note_panics();
    warn_of(config, plan);
    let data = ClaimedData::claim(&config.data_dir)?;
    let (identity, tree) = (data.identity()?, Arc::default());
    let house = House::furnish(
        node(identity.node_id().to_string(), config),
        &data.folders(config.workspace_root.as_deref()),
        &config.policies,
    )
    .with_models(&config.providers)
    .with_commands(config.allow_commands)
    .with_cluster_view(identity, config.cluster_view.clone(), &tree);
    let edge = house.edge(config, &tree, started);
    edge.claim_socket().map_err(refuse_claim)?;
    let served = runtime.block_on(async {
        let log = data.log(house.upcasters())?;
        let again = log.clone();
        let store = Supervised::new(house.store.clone(), Some(log.open().await?), move || again.reopen());
        let kinds = house.kinds(store, &edge);
        // Until here whoever wants it to end ends it at once.
        let mut signals = Signals::listen(hangup)?;
        let booted = tokio::select! {
            booted = Tree::boot(plan, &kinds) => booted.map_err(|error| Failure::new(Exit::GaveUp, error))?,
            () = signals.stop() => return Ok(Exit::Clean),
        };
        let tree = tree.get_or_init(|| booted);
        live(tree, &house, &log, &edge, config, &mut signals, started).await
    });
    edge.release_socket();
    // Threads that still block (a stuck disk) must not hold the exit up.
    runtime.shutdown_timeout(Duration::from_millis(200));
    served
}

/// Whoever wrote a tree is told what it may not have been meant to be; the embedded one is meant as it is.
fn warn_of(config: &Config, plan: &Plan) {
    if config.supervision.is_some() {
        plan.warnings()
            .iter()
            .for_each(|warning| tracing::warn!(%warning, "the supervision tree is doubtful"));
    }
}

fn refuse_claim(error: ClaimError) -> Failure {
    let exit = match error {
        ClaimError::Answered { .. } => Exit::AlreadyRunning,
        ClaimError::NotASocket { .. } | ClaimError::Io { .. } => Exit::Configuration,
    };
    Failure::new(exit, error)
}

/// From booted to stopped.
async fn live(
    tree: &Tree,
    house: &House,
    log: &Log,
    edge: &Edge,
    config: &Config,
    signals: &mut Signals,
    started: Instant,
) -> Result<Exit, Failure> {
    let booted = started.elapsed();
    let announced_for_good = async {
        announce(house, config, started, booted).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        biased;
        // Before the tree gives up over it.
        found = house.store.damaged() => {
            stop(tree, edge, signals).await?;
            let damaged = || Failure::new(Exit::DamagedStore, format!("{found}{SEE_VERIFY}"));
            return Err(log.refused().unwrap_or_else(damaged));
        }
        ended = tree.ended(STOP_MAX) => return outlived(ended),
        () = announced_for_good => {}
        () = plan_until_stopped(edge, signals) => {}
    }
    stop(tree, edge, signals).await
}

/// Until somebody asks it to stop, it tells whoever asks what a changed file of the tree would do.
async fn plan_until_stopped(edge: &Edge, signals: &mut Signals) {
    while matches!(signals.next().await, Asked::ForPlan) {
        tokio::select! {
            () = edge.log_plan() => {}
            // A file that does not let itself be read is in nobody's way.
            () = signals.stop() => return,
        }
    }
}

/// The tree has ended by itself. One that is written to end when its work is done has done it.
fn outlived(ended: Ended) -> Result<Exit, Failure> {
    match ended {
        Ended::AutoShutdown { .. } => {
            tracing::info!(%ended, "done");
            return Ok(Exit::Clean);
        }
        Ended::GaveUp(_) => tracing::error!(%ended, "the root supervisor gave up"),
        Ended::Killed { .. } => tracing::error!(%ended, "the root supervisor was killed"),
    }
    Err(Failure::new(Exit::GaveUp, ended))
}

/// One line on stdout for whoever started the daemon, once it serves. That nobody listens is no fault.
async fn announce(house: &House, config: &Config, started: Instant, booted: Duration) {
    let head = house.store.opened().await.head();
    for model in &house.models {
        model.drawn_up_to(head).await;
    }
    let (booted_us, ready_us) = (booted.as_micros() as u64, started.elapsed().as_micros() as u64);
    tracing::info!(node_id = %house.node.node_id, booted_us, ready_us, head, "ready");
    if let Err(failure) = chores::say(&format!("hecate-daemon ready on {}", config.socket.display())) {
        tracing::warn!(says = failure.says, "nobody reads stdout");
    }
}

/// Down in reverse order; a second signal ends it at once.
async fn stop(tree: &Tree, edge: &Edge, signals: &mut Signals) -> Result<Exit, Failure> {
    tracing::info!("stopping");
    edge.begin_stop();
    tokio::select! {
        in_time = tree.stop(STOP_MAX) => tracing::info!(in_time, "stopped"),
        () = signals.stop() => tracing::warn!("a second signal: gone without a drain"),
    }
    Ok(Exit::Clean)
}

/// What a signal asks for.
enum Asked {
    ToStop,
    ForPlan,
}

/// The signals of people and machines. A hangup is a terminal that closes and ends what it began; where there is
/// none it comes from somebody who has changed the file of the tree and asks what that would do.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    at_terminal: bool,
}

fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::new(Exit::GaveUp, error))
}

impl Signals {
    fn listen(hangup: Signal) -> Result<Signals, Failure> {
        Ok(Signals {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hangup,
            at_terminal: io::stdout().is_terminal(),
        })
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::ToStop,
            _ = self.interrupt.recv() => Asked::ToStop,
            _ = self.hangup.recv() => if self.at_terminal { Asked::ToStop } else { Asked::ForPlan },
        }
    }

    /// The next one that asks the daemon to stop, while it has no plans.
    async fn stop(&mut self) {
        while !matches!(self.next().await, Asked::ToStop) {
            tracing::warn!("no plan is made while another is, and while the tree begins or ends");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hecate_supervision::{ExitReason, GaveUp};

    #[test]
    fn a_tree_that_ends_by_itself_is_a_failure_unless_its_work_is_done() {
        let path = || "/r".to_owned();
        let gave_up = GaveUp { path: path(), child: "/r/a".into(), reason: ExitReason::Killed };
        assert_eq!(outlived(Ended::AutoShutdown { path: path() }).unwrap(), Exit::Clean);
        for ended in [Ended::Killed { path: path() }, Ended::GaveUp(gave_up)] {
            let says = ended.to_string();
            let failure = outlived(ended).unwrap_err();
            assert_eq!((failure.exit, failure.says), (Exit::GaveUp, says));
        }
    }
}
