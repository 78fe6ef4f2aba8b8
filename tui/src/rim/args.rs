//! The command line that is known before any daemon has spoken. Nouns and verbs are the daemon's own.

use super::{ask::Question, verbs::debug::args::Debug};
use clap::{Parser, Subcommand};
use std::{ffi::OsString, path::PathBuf};

const EXAMPLES: &str = "\
Nouns and verbs come from the daemon that answers; `hecate NOUN --help` lists a noun's verbs.

Examples:
  hecate up                                    start a daemon and attach to it
  hecate                                       attach to the daemon that answers
  hecate venture setup --name \"Greenhouse\"     set a venture up
  hecate venture list --json                   every venture, as the daemon answers
  hecate venture --help                        what can be done with ventures
  hecate ask \"What does this do?\" < main.rs    ask a model about a file
  hecate doctor                                which sockets were tried, and what is wrong
  hecate doctor --path                         the socket that answers, for scripts
  hecate debug tree                            who supervises whom, and how each is
  hecate debug trace /hecate/edge/api          what an actor handles, live
  hecate down                                  stop what `hecate up` started

Exit status: 0 done, 1 refused (code on stderr), 2 usage, 69 daemon not reachable.";

/// The terminal of Hecate. Without a command it attaches to the daemon.
#[derive(Debug, Parser)]
#[command(name = "hecate", version, after_help = EXAMPLES)]
pub struct Args {
    /// The daemon's Unix socket; else HECATE_SOCKET, else the first well-known one that answers.
    #[arg(long, global = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Draw with ASCII only.
    #[arg(long)]
    pub ascii: bool,
    /// What to do; nothing attaches.
    #[command(subcommand)]
    pub command: Option<Verb>,
}

/// What `hecate` does without the daemon's catalogue.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Start a daemon unless one answers, and attach to it.
    Up,
    /// Stop the daemon that `hecate up` started.
    Down,
    /// Say which sockets were tried and what is wrong.
    Doctor {
        /// Answer as JSON.
        #[arg(long)]
        json: bool,
        /// Print the path of the socket that answers and nothing else, for scripts.
        #[arg(long, conflicts_with = "json")]
        path: bool,
    },
    /// Ask a model; what comes on stdin follows the question, and the answer streams to stdout.
    Ask(Question),
    /// Look into the running daemon: its actors, crashes, events and figures; or act on an actor.
    Debug(Debug),
    /// Print the version.
    Version,
    /// A noun of the daemon's catalogue, a verb and its flags: `venture setup --name …`.
    #[command(external_subcommand)]
    Noun(Vec<OsString>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }
}
