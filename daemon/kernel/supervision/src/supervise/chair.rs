//! One place under a supervisor, and who sits there.

use super::launch::Launch;
use crate::alarm::Alarm;
use crate::node::{Node, Occupant};
use crate::plan::ChildSpec;
use ractor::ActorId;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Who belongs there and how to start it.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) spec: Arc<ChildSpec>,
    pub(crate) node: Arc<Node>,
    pub(crate) launch: Arc<dyn Launch>,
}

/// A seat and who sits there.
pub(crate) struct Chair {
    pub(crate) seat: Seat,
    pub(crate) occupant: Option<Occupant>,
    /// Who sits there or sat there last: the core may hear of an end later than the chair.
    pub(crate) actor: Option<ActorId>,
    /// Gives up the start under way.
    pub(crate) give_up: Option<oneshot::Sender<()>>,
    /// Kills the child when its time is over, or tries it again.
    pub(crate) alarm: Option<Alarm>,
    /// The crash record in which its supervisor's decision is still to be filed.
    pub(crate) crash: Option<u64>,
}

impl Chair {
    pub(crate) fn new(seat: Seat) -> Self {
        Self { seat, occupant: None, actor: None, give_up: None, alarm: None, crash: None }
    }
}
