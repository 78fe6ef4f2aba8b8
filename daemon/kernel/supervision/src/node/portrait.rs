//! The tree as a value, for whoever looks.

use super::{Node, Occupant, Status};
use crate::clock;
use hecate_proto::tree as proto;
use ractor::ActorId;
use std::collections::HashMap;

impl Node {
    /// How full the window of a supervisor is.
    pub(crate) fn intensity(&self) -> Option<proto::Intensity> {
        let live = self.live();
        let (_, max, period_ms) = live.declared.rules?;
        Some(intensity(&live.window_ms, max, period_ms))
    }

    /// This place and all below it, with the groups that each actor has joined.
    pub(crate) fn snapshot(&self, groups: &HashMap<ActorId, Vec<String>>) -> proto::TreeNode {
        let mut shown = self.portrait(groups);
        self.each_below(&mut |child| shown.children.push(child.snapshot(groups)));
        shown
    }

    /// This place without what is below it.
    pub(crate) fn portrait(&self, groups: &HashMap<ActorId, Vec<String>>) -> proto::TreeNode {
        let live = self.live();
        let occupant = live.occupant.as_ref();
        let (gauge, actor_id) = (occupant.and_then(Occupant::gauge), occupant.map(|occupant| occupant.id));
        let rules = live.declared.rules;
        proto::TreeNode {
            path: self.path.to_string(),
            kind: self.kind.name.to_string(),
            id: actor_id.map(|id| id.to_string()),
            generation: live.generation,
            status: live.status.unwrap_or(Status::Stopped).as_str().into(),
            restart: live.declared.restart.as_str().into(),
            strategy: rules.map(|(strategy, ..)| strategy.into()),
            intensity: rules.map(|(_, max, period_ms)| intensity(&live.window_ms, max, period_ms)),
            mailbox: gauge.map(|gauge| gauge.mailbox()),
            messages: gauge.map(|gauge| gauge.messages()),
            restarts: proto::Restarts {
                total: live.generation.saturating_sub(1),
                last: live.last_exit.as_deref().cloned(),
            },
            groups: actor_id.and_then(|id| groups.get(&id).cloned()).unwrap_or_default(),
            children: Vec::new(),
        }
    }
}

fn intensity(window_ms: &[u64], max: u32, period_ms: u64) -> proto::Intensity {
    let horizon_ms = clock::exact_now_ms().saturating_sub(period_ms);
    let used = window_ms.iter().filter(|at_ms| **at_ms >= horizon_ms).count();
    proto::Intensity { used: used as u32, max, period_ms }
}
