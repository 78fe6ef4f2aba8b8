//! The command line of `hecate-daemon`: no argument runs the daemon, a verb does a chore.

use crate::exit::Exit;
use clap::{Parser, Subcommand};
use hecate_supervision::parse_duration;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Keeps ventures for whoever attaches to its socket.
#[derive(Debug, Parser)]
#[command(name = "hecate-daemon", version, about, after_long_help = SETTINGS_AND_EXITS, after_help = "`--help` lists settings and exit codes.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) flags: Flags,
    #[command(subcommand)]
    pub(crate) chore: Option<Chore>,
}

const SETTINGS_AND_EXITS: &str = "\
Settings come from the flags, then the environment, then the configuration file (--config, HECATE_CONFIG, \
/etc/hecate/hecate.toml, $XDG_CONFIG_HOME/hecate/hecate.toml):

  HECATE_SOCKET       socket        the Unix socket
  HECATE_DATA_DIR     data_dir      all state
  HECATE_SUPERVISION  supervision   a supervision.toml instead of the embedded one
  HECATE_LOG          log           a tracing filter, `info` unless said otherwise
  HECATE_LOG_FORMAT   log_format    json or text; text on a terminal
  HECATE_REALM        realm         whose members hear this node's facts
  HECATE_WORKSPACE_ROOT  workspace_root  where generated code is written; `workspaces` in the data folder
  HECATE_CLUSTER_VIEW_LISTEN, HECATE_CLUSTER_VIEW_PEERS
                      cluster_view  other nodes to look at: an address, and hecate://ID@HOST:PORT, ...
  HECATE_OPERATORS    operators     who may look into the daemon: uid:N, gid:N
  HECATE_UNSAFE_DEBUG unsafe_debug  true lets operators act on the event store too

Exit codes: 0 clean, 1 a probe or check said no, 64 usage, 70 the root supervisor gave up, 74 damaged store, \
75 another daemon is running, 78 configuration or a store of a newer format.";

/// Flags, which win over the environment and the file.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Flags {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The Unix socket.
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
    /// All state: events, read models, identity.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// A supervision.toml instead of the embedded one.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) supervision: Option<PathBuf>,
    /// Lets operators suspend, kill and restart the event store too: for experiments, never for data that matters.
    #[arg(long, global = true)]
    pub(crate) unsafe_debug: bool,
}

/// What the program can do instead of running the daemon.
#[derive(Debug, Subcommand)]
pub(crate) enum Chore {
    /// Checks or draws the supervision tree, offline.
    Tree {
        #[command(flatten)]
        how: TreeChore,
        /// A supervision.toml instead of the one that the settings name.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Asks the running daemon how it is, for probes.
    Health {
        /// Succeeds as soon as the daemon answers.
        #[arg(long, conflicts_with = "ready")]
        live: bool,
        /// Succeeds when commands and queries are served.
        #[arg(long)]
        ready: bool,
    },
    /// Looks at the whole event store and every blob, and names what is damaged, by stream and position.
    Verify,
    /// Copies the event store to a new file, and the blobs to FILE.blobs, also while the daemon runs; verifies the copy.
    Backup {
        /// The new file.
        #[arg(value_name = "FILE")]
        to: PathBuf,
    },
    /// Puts a backup in the place of the event store, and its blobs beside those that are there; keeps the old store.
    Restore {
        /// The backup.
        #[arg(value_name = "FILE")]
        from: PathBuf,
    },
    /// Looks after the contents that are kept beside the event store.
    Blobs {
        #[command(subcommand)]
        chore: BlobChore,
    },
    /// Looks at what the event store stands on.
    Store {
        #[command(subcommand)]
        chore: StoreChore,
    },
}

/// What is to be seen of the tree; drawn as text where nothing is said.
#[derive(Debug, clap::Args)]
pub(crate) struct TreeChore {
    /// Only says whether the file is right.
    #[arg(long, conflicts_with_all = ["dot", "schema"])]
    pub(crate) check: bool,
    /// Also checks that the tree stops within this time, such as 30s: what the chart gives a pod to end.
    #[arg(long, requires = "check", value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
    pub(crate) grace: Option<Duration>,
    /// Draws it for Graphviz.
    #[arg(long)]
    pub(crate) dot: bool,
    /// Prints the JSON Schema of the file.
    #[arg(long, conflicts_with_all = ["dot", "file"])]
    pub(crate) schema: bool,
}

fn time(written: &str) -> Result<Duration, &'static str> {
    parse_duration(written).ok_or("write it as 100ms, 30s or 2m")
}

/// What can be done about the contents beside the event store.
#[derive(Debug, Subcommand)]
pub(crate) enum BlobChore {
    /// Removes what no event names; the daemon must not run.
    Collect,
}

/// What can be asked about the ground of the event store.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreChore {
    /// Measures how long one flush to the disk takes in the data folder.
    Probe {
        /// How long to measure.
        #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
        seconds: u64,
    },
}

/// Reads the command line. A wrong one is answered with usage and exit 64.
pub(crate) fn read() -> Result<Arguments, ExitCode> {
    Arguments::try_parse().map_err(|error| {
        // Help and version go to stdout, mistakes to stderr; nobody can be told if that fails.
        let _ = error.print();
        if error.use_stderr() { Exit::Usage.into() } else { Exit::Clean.into() }
    })
}
