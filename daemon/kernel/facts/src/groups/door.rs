//! How a member takes a fact: into its bounded mailbox, in its own words.

use super::Fact;
use hecate_supervision::{Addr, Message};

/// A member's mailbox, whatever else it understands.
pub(super) trait Door: Send + Sync {
    fn tell(&self, fact: Fact) -> Told;
}

pub(super) enum Told {
    Yes,
    Full,
    /// It has ended, and is about to be taken out.
    Gone,
}

pub(super) struct Wrapped<M: Message> {
    pub(super) addr: Addr<M>,
    pub(super) wrap: fn(Fact) -> M,
}

impl<M: Message> Door for Wrapped<M> {
    fn tell(&self, fact: Fact) -> Told {
        match self.addr.cast((self.wrap)(fact)) {
            Ok(()) => Told::Yes,
            Err(error) if error.is_gone() => Told::Gone,
            Err(_) => Told::Full,
        }
    }
}
