//! Which calls fail.

use crate::watch::{Call, Fault};

/// Whether a disk that failed once goes on failing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The next call is made again.
    Once,
    /// Every later call fails too.
    ForEver,
}

/// Asked about a call: whether and how it fails.
pub type Condition = Box<dyn FnMut(&Call<'_>) -> Option<Fault> + Send>;

/// What was asked for; the first that applies decides.
#[derive(Default)]
pub(super) struct Faults {
    at: Vec<(u64, Fault, After)>,
    when: Vec<Condition>,
}

impl Faults {
    pub(super) fn at(&mut self, nth_call: u64, fault: Fault, then: After) {
        self.at.push((nth_call, fault, then));
    }

    pub(super) fn when(&mut self, condition: Condition) {
        self.when.push(condition);
    }

    pub(super) fn none(&mut self) {
        *self = Faults::default();
    }

    pub(super) fn of(&mut self, nth_call: u64, call: &Call<'_>) -> Option<Fault> {
        let counted = self.at.iter().find(|(at, _, then)| match then {
            After::Once => nth_call == *at,
            After::ForEver => nth_call >= *at,
        });
        let counted = counted.map(|(_, fault, _)| *fault);
        counted.or_else(|| self.when.iter_mut().find_map(|condition| condition(call)))
    }
}
