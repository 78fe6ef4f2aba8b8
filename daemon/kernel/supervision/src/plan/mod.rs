//! The tree as `supervision.toml` declares it, checked whole.

mod assemble;
mod check;
mod read;
mod schema;
mod source;
mod stopping;
mod table;
mod tables;
mod terms;
mod words;
pub(crate) mod written;

use crate::Kinds;
use crate::instruments::Instruments;
use crate::mailbox::MailboxSpec;
use crate::node::Node;
use crate::supervise::backoff::Backoff;
use crate::supervise::child::{Flags, PoolFlags};
use hecate_proto::tree::TreeNode;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub use source::{ConfigError, Severity, place_of};
pub use stopping::Patience;
pub use terms::parse_duration;

/// Whom a failing child takes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Nobody.
    OneForOne,
    /// Those started after it.
    RestForOne,
    /// All its siblings.
    OneForAll,
}

impl Strategy {
    /// As written in `supervision.toml`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OneForOne => "one_for_one",
            Self::RestForOne => "rest_for_one",
            Self::OneForAll => "one_for_all",
        }
    }
}

/// When a supervisor ends because its significant children are done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoShutdown {
    /// Not for that.
    #[default]
    Never,
    /// When the first of them is.
    AnySignificant,
    /// When the last of them is.
    AllSignificant,
}

impl AutoShutdown {
    /// As written in `supervision.toml`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::AnySignificant => "any_significant",
            Self::AllSignificant => "all_significant",
        }
    }
}

/// When a child that ended is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Always.
    Permanent,
    /// After an abnormal end.
    Transient,
    /// Never; it is forgotten.
    Temporary,
}

impl Restart {
    /// As written in `supervision.toml`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Transient => "transient",
            Self::Temporary => "temporary",
        }
    }
}

/// How a child is ended by its supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// At once, without `terminate`.
    BrutalKill,
    /// After the message at hand, dropping what is queued; killed when that takes longer.
    Within(Duration),
    /// As `Within`, without a limit of its own.
    Infinity,
    /// After everything that is queued; killed when that takes longer.
    Drain(Duration),
}

impl Shutdown {
    /// How long the child may take before it is killed.
    pub(crate) const fn limit(self) -> Option<Duration> {
        match self {
            Self::BrutalKill => Some(Duration::ZERO),
            Self::Within(limit) | Self::Drain(limit) => Some(limit),
            Self::Infinity => None,
        }
    }
}

/// A checked tree, ready to boot.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) root: Arc<ChildSpec>,
    pub(crate) warnings: Arc<[ConfigError]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChildSpec {
    pub(crate) path: Arc<str>,
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) significant: bool,
    pub(crate) backoff: Option<Backoff>,
    pub(crate) role: Role,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Supervisor(SupervisorSpec),
    Worker(Arc<WorkerSpec>),
    Pool(PoolSpec),
}

impl Role {
    /// The kind compiled in that it is made of; a supervisor is made of none.
    pub(crate) fn kind(&self) -> Option<&str> {
        match self {
            Self::Supervisor(_) => None,
            Self::Worker(spec) => Some(&spec.kind),
            Self::Pool(spec) => Some(&spec.child.kind),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SupervisorSpec {
    pub(crate) flags: Flags,
    /// In start order.
    pub(crate) children: Vec<Arc<ChildSpec>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WorkerSpec {
    pub(crate) kind: String,
    pub(crate) mailbox: MailboxSpec,
    pub(crate) start_timeout: Duration,
    /// Process groups that it joins when it starts.
    pub(crate) groups: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PoolSpec {
    pub(crate) flags: PoolFlags,
    /// What every child is.
    pub(crate) child: Arc<WorkerSpec>,
}

impl Plan {
    /// Reads and checks the whole file.
    ///
    /// # Errors
    /// Every fault of the file at once, in file order.
    pub fn parse(text: &str, file_name: &str, kinds: &Kinds) -> Result<Self, Vec<ConfigError>> {
        read::read(text, file_name, kinds)
    }

    /// What is perhaps not as it was meant, in file order.
    pub fn warnings(&self) -> &[ConfigError] {
        &self.warnings
    }

    /// The tree as it would stand before its first start: for checks and drawings without a daemon.
    pub fn outline(&self) -> TreeNode {
        Node::plant(&self.root, &Instruments::new()).snapshot(&HashMap::new())
    }
}
