//! Probing: each check on duty has an actor that asks its endpoint and brings what it sees to the desks.
//!
//! Pure: what is on duty, when a probe is due, what is news, which service level is broken. At the rim: the roster
//! that follows the log, the probers that it sends out, and the endpoints that they ask.

mod command;
mod desk;
mod duties;
mod endpoint;
mod fault;
mod latencies;
mod level;
mod prober;
mod rhythm;
mod roster;

use super::Monitoring;
use hecate_desk::lifecycle::LongLived;
use hecate_desk::{Node, Process};
use hecate_event_store::CurrentStore;
use hecate_supervision::{Kinds, Pool};
use prober::Prober;
use roster::Roster;
use std::sync::Arc;

/// What probing leans on.
#[derive(Clone)]
pub(crate) struct Probing {
    process: Arc<dyn Process>,
    store: CurrentStore,
    node: Node,
    allow_commands: bool,
    probers: Pool<Prober>,
}

impl Probing {
    /// Probing for the process among all of these; it runs no commands.
    ///
    /// # Panics
    /// When the daemon leaves the process out.
    pub(crate) fn of(processes: &[Arc<dyn Process>], store: &CurrentStore, node: &Node) -> Probing {
        let monitors = |process: &&Arc<dyn Process>| process.spec().name == Monitoring::PROCESS.name;
        let process = processes.iter().find(monitors).expect("the process is listed");
        Probing {
            process: Arc::clone(process),
            store: store.clone(),
            node: node.clone(),
            allow_commands: false,
            probers: Pool::new(),
        }
    }

    /// The same, with checks that run commands where operators allow them.
    pub(crate) fn with_commands(self, allow_commands: bool) -> Probing {
        Probing { allow_commands, ..self }
    }

    /// Adds the kinds `monitor_division.probers` and `monitor_division.roster`.
    pub(crate) fn register(&self, kinds: &mut Kinds) {
        let probing = self.clone();
        kinds.pool("monitor_division.probers", &self.probers);
        kinds.worker::<Roster>("monitor_division.roster", None, move || probing.clone());
    }
}
