//! What an operator may do to an actor: let it rest, end it, start it anew. Whether that is wise is decided by
//! who asks.

use super::{BESIDE, InterventionError};
use crate::mailbox::Gauge;
use crate::node::{Node, Occupant, Status};
use crate::plan::Restart;
use crate::{AdminError, ChildRef, Tree};
use hecate_proto::debug::DebugEventKind;
use ractor::ActorStatus;
use std::sync::Arc;
use std::time::Duration;

/// No suspension lasts longer.
const SUSPENSION_MAX: Duration = Duration::from_secs(60);

impl Tree {
    /// Lets a worker handle no message for so long, at most 60 s; then it goes on by itself. Its mailbox
    /// fills within its bound. Tasks that are attached to it go on; who lives by them is not suspended.
    ///
    /// # Errors
    /// `NotFound`, `NotAWorker`, `NotRunning`, `Ending`, `WorksBeside`, `SuspensionLength`.
    pub fn suspend(&self, which: &str, span: Duration) -> Result<(), InterventionError> {
        if !(Duration::from_millis(1)..=SUSPENSION_MAX).contains(&span) {
            return Err(InterventionError::SuspensionLength { max_ms: SUSPENSION_MAX.as_millis() as u64 });
        }
        let (node, occupant, gauge) = self.worker(which)?;
        if gauge.meter().is(BESIDE) {
            return Err(InterventionError::WorksBeside);
        }
        let (resting, rested) = (Arc::clone(&node), Arc::clone(&gauge));
        let alarm = tokio::spawn(async move {
            tokio::time::sleep(span).await;
            go_on(&resting, &rested, "by itself");
        });
        gauge.meter().suspend(span, alarm.abort_handle());
        node.turn_status(Status::Running, Status::Suspended);
        let detail = format!("for {} ms", span.as_millis());
        node.tell(DebugEventKind::Suspended, Some(occupant.id), Some(detail));
        Ok(())
    }

    /// Ends a suspension.
    ///
    /// # Errors
    /// `NotFound`, `NotAWorker`, `NotRunning`, `Ending`, `NotSuspended`.
    pub fn resume(&self, which: &str) -> Result<(), InterventionError> {
        let (node, _, gauge) = self.worker(which)?;
        if go_on(&node, &gauge, "as asked") { Ok(()) } else { Err(InterventionError::NotSuspended) }
    }

    /// Kills an actor, a supervisor with all below it. Its supervisor takes it for a crash.
    ///
    /// # Errors
    /// `NotFound`, `IsRoot`, `NotRunning`.
    pub fn kill(&self, which: &str) -> Result<(), InterventionError> {
        let node = self.below_root(which)?;
        let occupant = node.occupant().ok_or(InterventionError::NotRunning)?;
        if node.kill_all_of(&occupant) { Ok(()) } else { Err(InterventionError::NotRunning) }
    }

    /// Lets a worker take no more messages and end once it has handled what is queued. What follows is
    /// up to its supervisor, as with any end in good order: a permanent child is started again, which counts.
    ///
    /// # Errors
    /// `NotFound`, `NotAWorker`, `NotRunning`, `Ending`.
    pub fn drain(&self, which: &str) -> Result<(), InterventionError> {
        let (node, occupant, _) = self.worker(which)?;
        node.set_ending(&occupant, Status::Draining);
        occupant.drain();
        Ok(())
    }

    /// Ends a child by its shutdown policy and starts it again, as OTP's `terminate_child` and
    /// `restart_child` do: it counts for nothing. Good also for a child that is down.
    ///
    /// # Errors
    /// `NotFound`, `IsRoot`, `PoolChild`, `Temporary`, `Grouped`, `Refused`.
    pub async fn restart(&self, which: &str) -> Result<(), InterventionError> {
        let node = self.below_root(which)?;
        if node.is_member() {
            return Err(InterventionError::PoolChild);
        }
        if node.restart() == Restart::Temporary {
            return Err(InterventionError::Temporary);
        }
        let (supervisor, id) = node.path.rsplit_once('/').ok_or(InterventionError::NotFound)?;
        if self.others_stand_on(&node)? {
            return Err(InterventionError::Grouped);
        }
        // Both are asked at once and answered in this order: who gives up waiting for an end that takes its
        // time does not leave the child down.
        let ended = self.terminate_child(supervisor, ChildRef::from(id));
        let (ended, restarted) = tokio::join!(ended, self.restart_child(supervisor, id));
        ended?;
        match restarted {
            // There was one place left where two were asked for; the first is free again.
            Err(AdminError::Busy) => self.restart_child(supervisor, id).await?,
            restarted => restarted?,
        };
        Ok(())
    }

    /// Whether a crash of it would renew others too: by the strategy of its supervisor, or of one further up, where
    /// the first crash takes the supervisor down.
    fn others_stand_on(&self, node: &Arc<Node>) -> Result<bool, InterventionError> {
        let (supervisor, _) = node.path.rsplit_once('/').ok_or(InterventionError::NotFound)?;
        let parent = self.root.find(supervisor).ok_or(InterventionError::NotFound)?;
        let falls_with_it = parent.forgives_nothing() && !Arc::ptr_eq(&parent, &self.root);
        Ok(parent.takes_others_along(node) || falls_with_it && self.others_stand_on(&parent)?)
    }

    /// The place of a path, or of the actor of an id (`0.17`).
    pub(super) fn place(&self, which: &str) -> Option<Arc<Node>> {
        match which.strip_prefix("0.") {
            Some(pid) => self.root.find_actor(pid.parse().ok()?),
            None => self.root.find(which),
        }
    }

    fn below_root(&self, which: &str) -> Result<Arc<Node>, InterventionError> {
        let node = self.place(which).ok_or(InterventionError::NotFound)?;
        if Arc::ptr_eq(&node, &self.root) { Err(InterventionError::IsRoot) } else { Ok(node) }
    }

    /// A worker that runs and does not end yet.
    fn worker(&self, which: &str) -> Result<(Arc<Node>, Occupant, Arc<Gauge>), InterventionError> {
        let node = self.place(which).ok_or(InterventionError::NotFound)?;
        if node.supervises() {
            return Err(InterventionError::NotAWorker(node.path.to_string()));
        }
        let occupant = node.occupant().ok_or(InterventionError::NotRunning)?;
        if occupant.cell.get_status() >= ActorStatus::Draining {
            return Err(InterventionError::Ending);
        }
        let gauge = occupant.gauge().cloned().ok_or(InterventionError::NotRunning)?;
        Ok((node, occupant, gauge))
    }
}

/// Ends a suspension; false when there was none. The place may have been taken by a successor meanwhile.
fn go_on(node: &Node, gauge: &Arc<Gauge>, how: &str) -> bool {
    if !gauge.meter().resume() {
        return false;
    }
    let occupant = node.occupant();
    let still_there = occupant.as_ref().and_then(Occupant::gauge).is_some_and(|it| Arc::ptr_eq(it, gauge));
    if still_there && node.turn_status(Status::Suspended, Status::Running) {
        let actor = occupant.map(|occupant| occupant.id);
        node.tell(DebugEventKind::Resumed, actor, Some(how.into()));
    }
    true
}
