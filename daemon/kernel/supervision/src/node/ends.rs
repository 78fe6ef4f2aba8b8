//! How those end whom nobody asks any more: with all that is below them, and never a successor.

use super::births::{Gone, Presence};
use super::{Node, Occupant, Status};
use crate::{ExitReason, GaveUp};
use futures_util::future::join_all;
use hecate_proto::debug::DebugEventKind;
use ractor::ActorId;
use std::sync::Arc;
use std::time::Duration;

/// How long killed actors may take to reach their next await.
const KILL_GRACE: Duration = Duration::from_millis(250);

impl Node {
    /// Everything below this place, top down, the last started first.
    fn below(&self) -> Vec<Arc<Node>> {
        let mut below = Vec::new();
        self.each_below(&mut |child| below.push(Arc::clone(child)));
        let with_descendants = |child: Arc<Node>| {
            let below = child.below();
            std::iter::once(child).chain(below)
        };
        below.into_iter().rev().flat_map(with_descendants).collect()
    }

    /// Its supervisor gives up: that child cannot be kept alive.
    pub(crate) fn give_up(&self, supervisor: ActorId, child: String, reason: ExitReason) {
        let path = self.path.to_string();
        tracing::error!(path, child, %reason, "gave up");
        self.tell(DebugEventKind::GaveUp, Some(supervisor), Some(format!("{child}: {reason}")));
        self.instruments.count_give_up();
        self.change(|live| live.gave_up = Some(Box::new(GaveUp { path, child, reason })));
        self.leave();
    }

    /// Its supervisor begins to end, for whatever reason.
    pub(crate) fn leave(&self) {
        if !self.is_leaving() {
            self.set_status(Status::Stopping);
            self.instruments.note_leaving();
        }
    }

    /// Whether its supervisor has begun to end and is not gone yet.
    pub(crate) fn is_leaving(&self) -> bool {
        self.live().status == Some(Status::Stopping)
    }

    /// Kills this place and all below, supervisors first so that they restart nothing.
    pub(crate) fn kill_all(&self) -> Vec<Gone> {
        let below = self.below();
        kill(
            self.everyone_here()
                .into_iter()
                .chain(below.iter().flat_map(|node| node.everyone_here()))
                .collect(),
        )
    }

    /// As [`Node::kill_all`], as long as this one is here; a successor is not meant. Whether it was here.
    /// Nobody can take the place while it is held.
    pub(crate) fn kill_all_of(&self, occupant: &Occupant) -> bool {
        let live = self.live();
        let is_here = live.holds(Some(occupant));
        if is_here {
            let below = self.below();
            let below = below.iter().flat_map(|node| node.everyone_here());
            kill(std::iter::once(Presence::from(occupant)).chain(below).collect());
        }
        is_here
    }

    /// After an orderly end nothing is left below; after a kill this waits for it. What a successor has
    /// below it already is not `who`'s any more.
    pub(crate) async fn clear_below(&self, who: &Occupant) {
        if self.everyone_here().iter().any(|other| !other.gone.same_channel(&who.gone)) {
            return;
        }
        let orphans: Vec<_> = self.below().iter().flat_map(|node| node.everyone_here()).collect();
        if !orphans.is_empty() {
            await_gone(kill(orphans)).await;
        }
    }
}

/// Who is still being born is given up with its supervisor.
fn kill(present: Vec<Presence>) -> Vec<Gone> {
    let kill = |Presence { occupant, gone }| {
        if let Some(occupant) = occupant {
            occupant.cell.kill();
        }
        gone
    };
    present.into_iter().map(kill).collect()
}

/// Waits for killed actors; only one that blocks its thread does not end.
pub(crate) async fn await_gone(killed: Vec<Gone>) {
    let all = join_all(killed.into_iter().map(wait_gone));
    if tokio::time::timeout(KILL_GRACE, all).await.is_err() {
        tracing::error!("some actors do not end though killed: they block a thread");
    }
}

async fn wait_gone(mut gone: Gone) {
    while gone.changed().await.is_ok() {}
}
