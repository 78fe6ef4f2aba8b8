//! `hecate debug …`: what can be seen of a running daemon, and done to it. Known without the daemon's catalogue,
//! because it is for the days on which not much answers.

use clap::{Args, Subcommand};
use hecate_proto::route;
use serde_json::{Map, Value, json};
use std::{fs, io, path::PathBuf};

/// `hecate debug …`
#[derive(Debug, Args)]
pub struct Debug {
    /// What to look at, or what to do.
    #[command(subcommand)]
    pub look: Look,
    /// Print the daemon's answer as it is; of a stream, one line of JSON for each event.
    #[arg(long, global = true)]
    pub json: bool,
}

/// What to look at, or what to do.
#[derive(Debug, Subcommand)]
pub enum Look {
    /// Draw the supervision tree, or the part of it below PATH.
    Tree {
        /// For example /hecate/apps.
        path: Option<String>,
        /// So many levels below it.
        #[arg(long, value_name = "LEVELS")]
        depth: Option<u64>,
        /// As it was at this time of the last ten minutes, RFC 3339.
        #[arg(long, value_name = "TIME", conflicts_with = "watch")]
        at: Option<String>,
        /// That of another node, which `cluster` names.
        #[arg(long, value_name = "NAME", conflicts_with = "at")]
        node: Option<String>,
        /// Draw it again every second.
        #[arg(long)]
        watch: bool,
    },
    /// List the actors that lead by one measure.
    Top {
        /// depth, busy, messages, restarts or latency.
        #[arg(long, default_value = "busy")]
        by: String,
        /// 1s, 10s or 60s.
        #[arg(long, default_value = "10s")]
        window: String,
        /// So many actors.
        #[arg(short, long, default_value_t = 20)]
        n: u64,
        /// List them again every second.
        #[arg(long)]
        watch: bool,
    },
    /// Show one actor in detail.
    Actor {
        /// Its path, or its id.
        #[arg(value_name = "PATH")]
        actor: String,
    },
    /// List the last crashes, with what led to them.
    Crashes {
        /// Only those behind this number, or since this time.
        #[arg(long, value_name = "SEQ|TIME")]
        since: Option<String>,
    },
    /// List who may never answer.
    Deadlocks {
        /// What too long in a handler is.
        #[arg(long, value_name = "MS")]
        older_than_ms: Option<u64>,
    },
    /// Follow what happens in the tree.
    Events {
        /// Begin behind this event; else with the next one.
        #[arg(long, value_name = "ID")]
        after: Option<u64>,
    },
    /// Follow what one actor handles and sends.
    Trace(Trace),
    /// List who hears and who tells which facts.
    Groups {
        /// Only this one.
        group: Option<String>,
    },
    /// Show the runtime under the actors, and the process.
    Runtime,
    /// List the other nodes: who is linked, who is away and why.
    Cluster,
    /// Show the event store and how its writer is doing.
    Store,
    /// List how each read model is drawn.
    ReadModels,
    /// List what each process hears, how far, and what waits for an operator.
    Listeners,
    /// Show what it would take for the tree to follow another supervision.toml; nothing is changed.
    Plan(Reload),
    /// Let the tree follow it, as `plan` has shown it.
    Apply {
        #[command(flatten)]
        reload: Reload,
        /// That of the plan that was shown.
        #[arg(long, value_name = "HEX")]
        fingerprint: String,
    },
    /// Let a worker handle nothing for a while.
    Suspend {
        #[command(flatten)]
        target: Target,
        /// For so long, at most 60,000; then it goes on by itself.
        #[arg(long)]
        ms: Option<u64>,
    },
    /// End a suspension.
    Resume(Target),
    /// Kill an actor; its supervisor takes it for a crash.
    Kill(Target),
    /// End an actor by its shutdown policy and start it again.
    Restart(Target),
    /// Let a worker end once it has handled what is queued.
    Drain(Target),
}

/// Whom to act on.
#[derive(Debug, Args)]
pub struct Target {
    /// Its path, which confirms that you mean it; or its id.
    #[arg(value_name = "PATH")]
    pub actor: String,
    /// Its path, where an id names it.
    #[arg(long, value_name = "PATH")]
    pub confirm: Option<String>,
}

/// Which tree to follow.
#[derive(Debug, Args)]
pub struct Reload {
    /// The other file; else the one that the daemon was started with, as it is now.
    pub file: Option<PathBuf>,
    /// Restart children for what would otherwise wait for their next start.
    #[arg(long)]
    pub restart: bool,
}

/// `hecate debug trace …`
#[derive(Debug, Args)]
pub struct Trace {
    /// Its path, or its id.
    #[arg(value_name = "PATH")]
    pub actor: String,
    /// in, out or both.
    #[arg(long)]
    pub events: Option<String>,
    /// For so long, at most 60,000.
    #[arg(long)]
    pub ms: Option<u64>,
    /// So many lines, at most 10,000.
    #[arg(long)]
    pub max: Option<u64>,
    /// So many lines a second, at most 1,000; what is faster is counted and left out.
    #[arg(long)]
    pub rate: Option<u64>,
}

impl Trace {
    /// What the daemon is asked with.
    pub(super) fn body(&self) -> Value {
        let Trace { events, ms, max, rate, .. } = self;
        said([("events", json!(events)), ("ms", json!(ms)), ("max", json!(max)), ("rate", json!(rate))])
    }
}

impl Reload {
    /// What the daemon is asked with; the file is read here, by whoever asks.
    pub(super) fn body(&self, fingerprint: Option<&str>) -> io::Result<Value> {
        let text = self.file.as_ref().map(fs::read_to_string).transpose()?;
        let name = self.file.as_ref().map(|file| file.display().to_string());
        let restart = self.restart.then_some(true);
        Ok(said([
            ("supervision", json!(text)),
            ("name", json!(name)),
            ("restart", json!(restart)),
            ("fingerprint", json!(fingerprint)),
        ]))
    }
}

/// What was said of these, as an object.
pub(super) fn said<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let said = fields.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(said.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

impl Look {
    /// What is done to whom, by which route and with which body; none where it is only looked.
    pub(super) fn act(&self) -> Option<(&Target, &'static str, Value)> {
        let (target, route, body) = match self {
            Look::Suspend { target, ms } => (target, route::DEBUG_SUSPEND, said([("ms", json!(ms))])),
            Look::Resume(target) => (target, route::DEBUG_RESUME, json!({})),
            Look::Kill(target) => (target, route::DEBUG_KILL, json!({})),
            Look::Restart(target) => (target, route::DEBUG_RESTART, json!({})),
            Look::Drain(target) => (target, route::DEBUG_DRAIN, json!({})),
            _ => return None,
        };
        Some((target, route, body))
    }
}
