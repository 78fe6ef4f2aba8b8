//! A plan in action. Every supervisor takes its part in one transaction: it is told its new specs, starts who
//! is new, renews who is to be renewed, and only when all of that has worked gives up who is left out. Until
//! then everything can be taken back, and a supervisor that dies in between begins as it did before.

use super::diff::{Running, kept};
use super::{Blueprint, ReloadError, ReloadPlan};
use crate::AdminError;
use crate::node::{Node, Superior};
use crate::plan::{ChildSpec, Role, SupervisorSpec};
use crate::supervise::admin::{Answer, Ask, Request, Standing};
use crate::supervise::chair::Seat;
use crate::supervise::revise::{Revised, Revision};
use crate::tree::launch_of;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hecate_proto::debug::DebugEventKind;
use hecate_proto::reload::AppliedReload;
use std::sync::{Arc, PoisonError};

impl Blueprint {
    pub(super) async fn apply(&self, plan: ReloadPlan) -> Result<AppliedReload, ReloadError> {
        let _one_at_a_time = self.applying.lock().await;
        // Of what is wished for, and of whom it still has to be brought to.
        if self.plan(&plan.to, plan.restarts).shown.fingerprint != plan.shown.fingerprint {
            return Err(ReloadError::Stale);
        }
        let mut supervisors = Vec::new();
        let renewing = plan.restarts.then_some(&plan.running);
        self.follow(&plan.from, &plan.to, renewing, &mut supervisors).await?;
        let fingerprint = plan.shown.fingerprint;
        tracing::info!(fingerprint, ?supervisors, "another supervision tree was applied");
        let detail = format!("{fingerprint}: {}", supervisors.join(", "));
        self.root.tell(DebugEventKind::PlanApplied, None, Some(detail));
        Ok(AppliedReload { fingerprint, supervisors })
    }

    /// A supervisor and then those below it that are kept. Who runs otherwise than it is to is renewed.
    fn follow<'s>(
        &'s self,
        old: &'s ChildSpec,
        new: &'s ChildSpec,
        renewing: Option<&'s Running>,
        applied: &'s mut Vec<String>,
    ) -> BoxFuture<'s, Result<(), ReloadError>> {
        async move {
            let (Role::Supervisor(old_own), Role::Supervisor(new_own)) = (&old.role, &new.role) else {
                return Ok(());
            };
            let level = Level::between(old_own, new_own, renewing);
            if level.changes() {
                if let Err(why) = self.transact(&old.path, &level).await {
                    tracing::error!(supervisor = &*old.path, %why, "a supervision tree was not applied");
                    let (supervisor, applied) = (old.path.to_string(), std::mem::take(applied));
                    return Err(ReloadError::RolledBack { supervisor, why, applied });
                }
                self.note(&old.path, &level.new);
                applied.push(old.path.to_string());
            }
            for (old, new) in kept(old_own, new_own) {
                self.follow(old, new, renewing, applied).await?;
            }
            Ok(())
        }
        .boxed()
    }

    /// What stands is what was applied.
    fn note(&self, path: &str, own: &SupervisorSpec) {
        let mut spec = self.spec.lock().unwrap_or_else(PoisonError::into_inner);
        *spec = with_supervisor(&spec, path, own);
    }

    async fn transact(&self, path: &str, level: &Level) -> Result<(), AdminError> {
        let place = self.root.find(path).ok_or_else(|| AdminError::NoSupervisor(path.into()))?;
        let occupant = place.occupant().ok_or(AdminError::NotRunning)?;
        let desk = Desk(occupant.superior.ok_or(AdminError::NotRunning)?);
        desk.ask(Ask::Revise(self.revision(&place, &level.new, &level.old))).await?;
        let mut renewed = Vec::new();
        if let Err(why) = desk.bring_up(level, &mut renewed).await {
            desk.take_down(&level.added).await;
            self.restore(&desk, &place, level, &renewed).await;
            return Err(why);
        }
        desk.ask(Ask::Commit).await?;
        desk.take_down(&level.removed).await;
        for child in &level.new.children {
            let below = place.find(&child.path).and_then(|node| node.occupant());
            if let (Role::Pool(spec), Some(pool)) = (&child.role, below.and_then(|pool| pool.superior)) {
                pool.take_limits(spec);
            }
        }
        Ok(())
    }

    /// Whoever was renewed runs again as it ran before, and waits again for what it was told before.
    async fn restore(&self, desk: &Desk, place: &Arc<Node>, level: &Level, renewed: &[String]) {
        let revise = |own| desk.ask(Ask::Revise(self.revision(place, own, &level.old)));
        let mut restored = vec![revise(&level.ran).await.map(drop)];
        for id in renewed {
            restored.push(desk.renew(id).await);
        }
        restored.push(revise(&level.old).await.map(drop));
        for why in restored.into_iter().filter_map(Result::err) {
            tracing::error!(supervisor = &*place.path, %why, "not everybody runs again as before");
        }
    }

    /// The specs of a level for a supervisor that has the places of `known` already.
    fn revision(&self, place: &Arc<Node>, wished: &SupervisorSpec, known: &SupervisorSpec) -> Revision {
        let revised = |spec: &Arc<ChildSpec>| {
            let (spec, is_known) = (Arc::clone(spec), known.child(&spec.path).is_some());
            if is_known && matches!(spec.role, Role::Supervisor(_)) {
                return Revised::Kept(spec, None);
            }
            let node = place
                .find(&spec.path)
                .filter(|_| is_known)
                .unwrap_or_else(|| Node::plant(&spec, place.instruments()));
            let launch = launch_of(&spec, &node, &self.kinds);
            if is_known {
                Revised::Kept(spec, Some(launch))
            } else {
                Revised::New(Seat { spec, node, launch })
            }
        };
        Revision { flags: wished.flags.clone(), children: wished.children.iter().map(revised).collect() }
    }
}

/// One supervisor's part: its flags and its children's specs, without what is below those that are kept.
struct Level {
    old: SupervisorSpec,
    new: SupervisorSpec,
    /// As `old`, with those that are renewed as they run: what they were told may wait for their next start.
    ran: SupervisorSpec,
    /// Ids, in start order.
    added: Vec<String>,
    renewed: Vec<String>,
    removed: Vec<String>,
}

impl Level {
    fn between(old: &SupervisorSpec, new: &SupervisorSpec, renewing: Option<&Running>) -> Self {
        let at_this_level = |child: &Arc<ChildSpec>| match old.child(&child.path) {
            Some(before) if matches!(child.role, Role::Supervisor(_)) => {
                Arc::new(ChildSpec { role: before.role.clone(), ..ChildSpec::clone(child) })
            }
            _ => Arc::clone(child),
        };
        let ids = |own: &SupervisorSpec, other: &SupervisorSpec| {
            let alone = own.children.iter().filter(|child| other.child(&child.path).is_none());
            alone.map(|child| child.id().to_owned()).collect()
        };
        let is_renewed = |old: &_, new: &_| renewing.is_some_and(|running| running.can_renew(old, new));
        let renewed = kept(old, new).filter(|(old, new)| is_renewed(old, new));
        let as_it_runs = |child: &Arc<ChildSpec>| match (renewing, new.child(&child.path)) {
            (Some(running), Some(wished)) if is_renewed(child, wished) => Arc::new(running.as_it_runs(child)),
            _ => Arc::clone(child),
        };
        Self {
            added: ids(new, old),
            removed: ids(old, new),
            renewed: renewed.map(|(_, new)| new.id().to_owned()).collect(),
            new: SupervisorSpec {
                flags: new.flags.clone(),
                children: new.children.iter().map(at_this_level).collect(),
            },
            ran: SupervisorSpec {
                flags: old.flags.clone(),
                children: old.children.iter().map(as_it_runs).collect(),
            },
            old: old.clone(),
        }
    }

    fn changes(&self) -> bool {
        self.old != self.new || !self.renewed.is_empty()
    }
}

/// The tree with another level at `path`.
fn with_supervisor(spec: &Arc<ChildSpec>, path: &str, own: &SupervisorSpec) -> Arc<ChildSpec> {
    let leads_there =
        path.strip_prefix(&*spec.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let role = match &spec.role {
        _ if *spec.path == *path => Role::Supervisor(own.clone()),
        Role::Supervisor(here) if leads_there => Role::Supervisor(SupervisorSpec {
            children: here.children.iter().map(|child| with_supervisor(child, path, own)).collect(),
            flags: here.flags.clone(),
        }),
        _ => return Arc::clone(spec),
    };
    Arc::new(ChildSpec { role, ..ChildSpec::clone(spec) })
}

/// The same supervisor from the first question to the last: one that was started anew in between is another.
struct Desk(Arc<dyn Superior>);

impl Desk {
    /// Waits for as long as the starts and ends take that it asks for: a transaction that gave up waiting
    /// would leave half of it behind. Who asked for the reload need not wait for it.
    async fn ask(&self, ask: Ask) -> Result<Answer, AdminError> {
        let (request, answer) = Request::in_transaction(ask);
        self.0.ask(request);
        answer.await.unwrap_or(Err(AdminError::NotRunning))
    }

    /// Says in `renewed` whom it has touched.
    async fn bring_up(&self, level: &Level, renewed: &mut Vec<String>) -> Result<(), AdminError> {
        for id in &level.added {
            match self.ask(Ask::RestartChild(id.clone())).await {
                // A restart of its group was faster.
                Ok(_) | Err(AdminError::Running) => {}
                Err(why) => return Err(why),
            }
        }
        for id in self.those_that_run(&level.renewed).await? {
            renewed.push(id.clone());
            self.renew(&id).await?;
        }
        Ok(())
    }

    /// Who ended for good meanwhile is not started again.
    async fn those_that_run(&self, ids: &[String]) -> Result<Vec<String>, AdminError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let Answer::Children(children) = self.ask(Ask::WhichChildren).await? else { return Ok(Vec::new()) };
        let runs = |id: &String| {
            children.iter().any(|child| child.id == *id && matches!(child.standing, Standing::Running(_)))
        };
        Ok(ids.iter().filter(|id| runs(id)).cloned().collect())
    }

    async fn renew(&self, id: &str) -> Result<(), AdminError> {
        self.ask(Ask::TerminateChild(id.into())).await?;
        self.ask(Ask::RestartChild(id.into())).await.map(drop)
    }

    /// The last first. One that is gone already needs nothing; of a supervisor that is gone nothing is left.
    async fn take_down(&self, ids: &[String]) {
        for id in ids.iter().rev() {
            let _ = self.ask(Ask::TerminateChild(id.as_str().into())).await;
            let _ = self.ask(Ask::DeleteChild(id.clone())).await;
        }
    }
}
