//! The figures of `/metrics`: by kind of actor and by path of supervisor, so that their number is bounded.

use hecate_proto::debug::{Dropped, ReasonClass};

/// All figures at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// By kind, in the order of their names. A pool's children are one kind.
    pub kinds: Vec<KindStats>,
    /// By path, in tree order.
    pub supervisors: Vec<SupervisorStats>,
    /// How often a supervisor gave up since the tree was booted.
    pub give_ups: u64,
    /// Actors in a cycle of waiting, or in a handler for more than two seconds.
    pub deadlock_suspects: u64,
}

/// The figures of one kind of actor. Counters never go down.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KindStats {
    /// Name of the kind; a pool's children bear the pool's.
    pub kind: String,
    /// Actors that run now.
    pub alive: u64,
    /// The fullest mailbox now.
    pub mailbox_depth_max: u64,
    /// Messages handled.
    pub messages_in: u64,
    /// Messages sent from handlers.
    pub messages_out: u64,
    /// Messages lost, by why.
    pub dropped: Dropped,
    /// Time in the handler.
    pub handle: Histogram,
    /// Time in the mailbox.
    pub queue: Histogram,
    /// Restarts, by why the one before ended; those that never happened are left out.
    pub restarts: Vec<(ReasonClass, u64)>,
}

/// The figures of one supervisor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SupervisorStats {
    /// Its path.
    pub path: String,
    /// Restarts in its window now.
    pub restarts_used: u32,
    /// Restarts that its window forgives.
    pub restarts_max: u32,
}

/// A histogram as OpenMetrics has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Upper bounds in ns, ascending, and how many took at most that long: cumulative. Who took longer than
    /// the last bound is in `count` alone. The bounds are always the same.
    pub buckets: Vec<(u64, u64)>,
    /// How many in all.
    pub count: u64,
    /// Sum of the times, ns.
    pub sum_ns: u64,
}
