//! `GET /debug/groups`: who hears and who tells which facts.

use super::super::{answer::Answer, connection::Asking, edge::Edge};
use super::look::{look, shown};
use axum::extract::Request;
use hecate_desk::Refusal;
use hecate_facts::GroupShown;
use hecate_proto::debug_answers::{GroupList, GroupState, Present};
use std::sync::Arc;

const NO_SUCH_GROUP: Refusal =
    Refusal::new(404, "group_not_found", "Nobody hears this group, and nobody tells it.");

/// Every group, or `?group=` alone.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    let wanted = look(&edge, &asking, &request, &["group"])?;
    let tree = edge.tree()?.snapshot();
    let all = edge.parts.groups.show(&tree).into_iter().map(state);
    let groups: Vec<_> = match wanted.text("group") {
        None => all.collect(),
        Some(name) => {
            let one = all.into_iter().find(|group| group.group == name);
            vec![one.ok_or_else(|| NO_SUCH_GROUP.about("group", name))?]
        }
    };
    shown(&edge, GroupList { groups })
}

fn state(group: GroupShown) -> GroupState {
    let present = |present: hecate_facts::Present| Present { actor_id: present.actor_id, path: present.path };
    GroupState {
        group: group.group,
        members: group.members.into_iter().map(present).collect(),
        publishers: group.publishers.into_iter().map(present).collect(),
        deliveries: group.deliveries,
        missed: group.missed,
    }
}
