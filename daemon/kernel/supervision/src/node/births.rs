//! Who is being born into a place: known from the first moment, so that nobody comes after before it is gone.

use super::{Node, Occupant};
use tokio::sync::watch;

/// Closed when nothing is left of somebody.
pub(super) type Gone = watch::Receiver<()>;

/// Somebody who is in a place, or is being born into it.
#[derive(Clone)]
pub(super) struct Presence {
    /// Once it has come to life.
    pub(super) occupant: Option<Occupant>,
    /// Closed when nothing of it is left.
    pub(super) gone: Gone,
}

impl Node {
    /// A birth begins. Until what this returns is dropped, something of it may be left.
    pub(crate) fn expect(&self) -> watch::Sender<()> {
        let (present, gone) = watch::channel(());
        let arriving = &mut self.live().arriving;
        arriving.retain(Presence::is_left);
        arriving.push(Presence { occupant: None, gone });
        present
    }

    /// This one has come to life and is about to take the place.
    pub(crate) fn expect_occupant(&self, occupant: &Occupant) {
        let mut live = self.live();
        let arrival = live.arriving.iter_mut().find(|other| other.gone.same_channel(&occupant.gone));
        if let Some(arrival) = arrival {
            arrival.occupant = Some(occupant.clone());
        }
    }

    /// This one takes the place no more.
    pub(crate) fn expect_no_more(&self, occupant: &Occupant) {
        self.live().arriving.retain(|other| !other.gone.same_channel(&occupant.gone));
    }

    /// Who runs here, and who is about to.
    pub(super) fn everyone_here(&self) -> Vec<Presence> {
        let live = self.live();
        let arriving = live.arriving.iter().filter(|arrival| arrival.is_left()).cloned();
        live.occupant.iter().map(Presence::from).chain(arriving).collect()
    }
}

impl Presence {
    fn is_left(&self) -> bool {
        self.gone.has_changed().is_ok()
    }
}

impl From<&Occupant> for Presence {
    fn from(occupant: &Occupant) -> Self {
        Self { occupant: Some(occupant.clone()), gone: occupant.gone.clone() }
    }
}
