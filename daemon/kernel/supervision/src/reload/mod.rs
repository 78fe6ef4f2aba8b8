//! Another `supervision.toml` for a tree that runs: first shown as a plan, then applied as it was shown. OTP
//! calls it a code change of its supervisors; as there, whoever runs is not touched.

mod apply;
mod diff;

use crate::kinds::{Kind, Kinds};
use crate::node::Node;
use crate::plan::{ChildSpec, ConfigError, Plan, Role};
use crate::{AdminError, Tree};
use diff::{Running, diff};
use hecate_proto::reload as proto;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of a fingerprint, of which people compare the first few.
const FINGERPRINT_BYTES: usize = 16;

/// Why the running tree is not that of the other file. What was applied before stays applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReloadError {
    /// The tree was grown from values, not read from a file.
    #[error("this tree was not read from a file")]
    NoFile,
    /// The plan has refusals.
    #[error("the plan has {0} refusals")]
    Refused(usize),
    /// The tree is not the one any more that the plan was made for.
    #[error("the tree has changed since the plan was made")]
    Stale,
    /// A supervisor did not take its part; it is as it was.
    #[error("{supervisor} is as it was: {why}")]
    RolledBack {
        /// Path of the supervisor.
        supervisor: String,
        /// What it said, or the child that did not start.
        why: AdminError,
        /// Those that had taken theirs before, from the root down.
        applied: Vec<String>,
    },
}

/// A plan, made by [`Tree::plan_reload`] and good for one [`Tree::apply`].
#[derive(Clone, Debug)]
pub struct ReloadPlan {
    shown: proto::ReloadPlan,
    from: Arc<ChildSpec>,
    to: Arc<ChildSpec>,
    running: Running,
    restarts: bool,
}

impl ReloadPlan {
    /// What it would do, for showing.
    pub fn shown(&self) -> &proto::ReloadPlan {
        &self.shown
    }
}

/// What a running tree was read from, kept up with what is applied.
pub(crate) struct Blueprint {
    root: Arc<Node>,
    kinds: Kinds,
    spec: Mutex<Arc<ChildSpec>>,
    /// One at a time.
    applying: tokio::sync::Mutex<()>,
}

impl Blueprint {
    pub(crate) fn new(root: &Arc<Node>, kinds: &Kinds, plan: &Plan) -> Arc<Self> {
        let (root, kinds, spec) = (Arc::clone(root), kinds.clone(), Mutex::new(Arc::clone(&plan.root)));
        Arc::new(Self { root, kinds, spec, applying: tokio::sync::Mutex::default() })
    }

    fn spec(&self) -> Arc<ChildSpec> {
        Arc::clone(&self.spec.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn running(&self) -> Running {
        let mut running = Running::default();
        self.root.each_place(&mut |node| {
            let worker = node.occupant().and_then(|occupant| occupant.worker);
            running.0.extend(worker.map(|worker| (Arc::clone(&node.path), worker.spec)));
        });
        running
    }

    fn plan(&self, to: &Arc<ChildSpec>, restarts: bool) -> ReloadPlan {
        let (from, running) = (self.spec(), self.running());
        let mut difference = diff(&from, to, &running, restarts);
        difference.refusals.extend(strangers(to, &self.kinds));
        let (operations, refusals) = (difference.operations, difference.refusals);
        let fingerprint = fingerprint(&from, to, &operations);
        let shown = proto::ReloadPlan { fingerprint, operations, refusals };
        ReloadPlan { shown, from, to: Arc::clone(to), running, restarts }
    }
}

/// A plan that was checked against other kinds than those of the tree.
fn strangers(to: &ChildSpec, kinds: &Kinds) -> Vec<proto::ReloadRefusal> {
    let mut strangers = Vec::new();
    to.walk(&mut |spec| {
        let Some(kind) = spec.role.kind() else { return };
        let known = matches!(
            (kinds.get(kind), &spec.role),
            (Some(Kind::Worker(_)), Role::Worker(_)) | (Some(Kind::Pool(_)), Role::Pool(_))
        );
        if !known {
            strangers.push(proto::ReloadRefusal {
                path: spec.path.to_string(),
                rule: proto::ReloadRule::Kind,
                message: format!("the kind {kind} is not compiled in"),
                hint: "read the file with the tree's own kinds".into(),
            });
        }
    });
    strangers
}

/// Of what would be done, and of what it is done to.
fn fingerprint(from: &ChildSpec, to: &ChildSpec, operations: &[proto::Operation]) -> String {
    let digest = Sha256::digest(format!("{from:?}\n{to:?}\n{operations:?}"));
    digest.iter().take(FINGERPRINT_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

impl Tree {
    /// Reads and checks a file against the kinds that this tree was booted with.
    ///
    /// # Errors
    /// Every fault of the file at once, in file order.
    pub fn read_plan(&self, text: &str, file_name: &str) -> Result<Plan, Vec<ConfigError>> {
        match &self.blueprint {
            Some(blueprint) => Plan::parse(text, file_name, &blueprint.kinds),
            None => Plan::parse(text, file_name, &Kinds::new()),
        }
    }

    /// What it would take for this tree to follow `plan`; changes nothing. With `restarts` children are
    /// started again for what would otherwise wait for their next start.
    ///
    /// # Errors
    /// `NoFile`.
    pub fn plan_reload(&self, plan: &Plan, restarts: bool) -> Result<ReloadPlan, ReloadError> {
        let blueprint = self.blueprint.as_ref().ok_or(ReloadError::NoFile)?;
        Ok(blueprint.plan(&plan.root, restarts))
    }

    /// Does what was shown, one supervisor after another. Each of them takes its part as a whole or is as
    /// it was; the first that does not ends it. It goes on to its end also when nobody waits for it.
    ///
    /// # Errors
    /// See [`ReloadError`].
    pub async fn apply(&self, plan: ReloadPlan) -> Result<proto::AppliedReload, ReloadError> {
        let blueprint = Arc::clone(self.blueprint.as_ref().ok_or(ReloadError::NoFile)?);
        if !plan.shown.refusals.is_empty() {
            return Err(ReloadError::Refused(plan.shown.refusals.len()));
        }
        let applying = tokio::spawn(async move { blueprint.apply(plan).await });
        match applying.await {
            Ok(applied) => applied,
            Err(ended) => std::panic::resume_unwind(ended.into_panic()),
        }
    }
}
