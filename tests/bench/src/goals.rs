//! What the design promises, in the words of its tables.

use crate::book::Measure::{
    self, Best, BytesPerActor, BytesPerEvent, CpuPerEvent, P50, P99, PerSecond, Seconds, Times,
};
use crate::contestant::{DISK, POSTGRES, RAW_LOG, STORE, UMADB};
use crate::part::actors::{
    BOOT, CALLS, CASTS, CASTS_BOUNDED, END, HECATE, KAMEO, MEMORY, OTP, RACTOR, RESTART, RESTART_ALL, STARTS,
    STOP, TO_10, TO_100, TO_1000, TOKIO,
};
use crate::part::circle::{LIVE_LAG, REBUILD_ALL};
use crate::part::{
    CATCH_UP, CATCH_UP_20, DAEMON, EIGHT_WRITERS, ONE_WRITER, REBUILD, RECOVERY, SIXTY_FOUR_TASKS,
    SIXTY_FOUR_WRITERS, SIZE, SOCKET, STORE_AND_RECEIPTS, TOGETHER, UMADB_EMBEDDED,
};
use Bound::{AtLeast, AtMost, Shown};

pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// Worth a look, promised by nobody.
    Shown,
}

pub(crate) struct Goal {
    pub(crate) case: &'static str,
    pub(crate) measure: Measure,
    pub(crate) ours: &'static str,
    /// A ratio within a round; without a peer the figure itself.
    pub(crate) against: Option<&'static str>,
    pub(crate) bound: Bound,
}

const fn ratio(case: &'static str, measure: Measure, against: &'static str, bound: Bound) -> Goal {
    Goal { case, measure, ours: STORE, against: Some(against), bound }
}

const fn against(
    case: &'static str,
    measure: Measure,
    ours: &'static str,
    peer: &'static str,
    bound: Bound,
) -> Goal {
    Goal { case, measure, ours, against: Some(peer), bound }
}

const fn figure(case: &'static str, measure: Measure, ours: &'static str, bound: Bound) -> Goal {
    Goal { case, measure, ours, against: None, bound }
}

/// The kernel of actors beside another one.
const fn actors(case: &'static str, measure: Measure, peer: &'static str, bound: Bound) -> Goal {
    against(case, measure, HECATE, peer, bound)
}

pub(crate) const GOALS: &[Goal] = &[
    ratio(ONE_WRITER, PerSecond, DISK, AtLeast(0.85)),
    ratio(ONE_WRITER, P50, DISK, AtMost(1.3)),
    ratio(ONE_WRITER, P99, DISK, AtMost(2.0)),
    ratio(ONE_WRITER, PerSecond, RAW_LOG, Shown),
    ratio(ONE_WRITER, PerSecond, POSTGRES, Shown),
    ratio(ONE_WRITER, PerSecond, UMADB, Shown),
    ratio(EIGHT_WRITERS, PerSecond, RAW_LOG, AtLeast(0.5)),
    ratio(EIGHT_WRITERS, PerSecond, POSTGRES, Shown),
    ratio(EIGHT_WRITERS, PerSecond, UMADB, Shown),
    ratio(SIXTY_FOUR_WRITERS, PerSecond, RAW_LOG, AtLeast(0.6)),
    ratio(SIXTY_FOUR_WRITERS, PerSecond, POSTGRES, AtLeast(5.0)),
    ratio(SIXTY_FOUR_WRITERS, PerSecond, UMADB, AtLeast(8.0)),
    ratio(SIXTY_FOUR_WRITERS, P50, DISK, AtMost(2.5)),
    ratio(SIXTY_FOUR_WRITERS, P99, DISK, AtMost(3.0)),
    ratio(SIXTY_FOUR_TASKS, PerSecond, RAW_LOG, Shown),
    figure(SIXTY_FOUR_TASKS, CpuPerEvent, STORE, AtMost(15.0)),
    against(SOCKET, PerSecond, DAEMON, POSTGRES, AtLeast(1.5)),
    against(SOCKET, PerSecond, DAEMON, UMADB, AtLeast(2.0)),
    figure(CATCH_UP, PerSecond, STORE, AtLeast(1e6)),
    ratio(CATCH_UP, PerSecond, UMADB_EMBEDDED, AtLeast(2.5)),
    ratio(CATCH_UP, PerSecond, UMADB, Shown),
    ratio(CATCH_UP, PerSecond, POSTGRES, Shown),
    ratio(CATCH_UP, PerSecond, RAW_LOG, Shown),
    figure(CATCH_UP_20, Times, TOGETHER, AtMost(1.5)),
    figure(REBUILD, Seconds, DAEMON, AtMost(3.0)),
    figure(LIVE_LAG, P99, DAEMON, AtMost(10.0)),
    figure(REBUILD_ALL, Seconds, DAEMON, AtMost(15.0)),
    figure(RECOVERY, Seconds, STORE, AtMost(0.1)),
    ratio(RECOVERY, Seconds, POSTGRES, Shown),
    ratio(RECOVERY, Seconds, UMADB, Shown),
    figure(SIZE, BytesPerEvent, STORE, AtMost(640.0)),
    figure(SIZE, BytesPerEvent, STORE_AND_RECEIPTS, Shown),
    ratio(SIZE, BytesPerEvent, POSTGRES, Shown),
    ratio(SIZE, BytesPerEvent, UMADB, Shown),
    figure(CASTS, Best, HECATE, AtLeast(2e6)),
    actors(CASTS, Best, OTP, AtLeast(1.5)),
    actors(CASTS, Best, TOKIO, AtLeast(0.3)),
    actors(CASTS, Best, RACTOR, Shown),
    actors(CASTS, Best, KAMEO, Shown),
    actors(CASTS, PerSecond, OTP, Shown),
    actors(CASTS_BOUNDED, Best, TOKIO, Shown),
    actors(CASTS_BOUNDED, Best, KAMEO, Shown),
    actors(CALLS, P50, OTP, AtMost(0.3)),
    actors(CALLS, P50, TOKIO, AtMost(3.0)),
    actors(CALLS, P50, RACTOR, Shown),
    actors(CALLS, P50, KAMEO, Shown),
    actors(CALLS, P99, OTP, AtMost(1.0)),
    actors(TO_10, Best, OTP, AtLeast(1.5)),
    actors(TO_10, Best, TOKIO, Shown),
    actors(TO_10, Best, RACTOR, Shown),
    actors(TO_10, Best, KAMEO, Shown),
    actors(TO_100, Best, OTP, AtLeast(1.5)),
    actors(TO_100, Best, TOKIO, Shown),
    actors(TO_100, Best, RACTOR, Shown),
    actors(TO_100, Best, KAMEO, Shown),
    actors(TO_1000, Best, OTP, AtLeast(2.5)),
    actors(TO_1000, Best, TOKIO, Shown),
    actors(TO_1000, Best, RACTOR, Shown),
    actors(TO_1000, Best, KAMEO, Shown),
    figure(RESTART, P50, HECATE, AtMost(0.005)),
    figure(RESTART, P99, HECATE, AtMost(0.05)),
    actors(RESTART, P50, OTP, AtMost(0.25)),
    actors(RESTART, P50, TOKIO, Shown),
    actors(RESTART, P50, RACTOR, Shown),
    actors(RESTART, P50, KAMEO, Shown),
    figure(RESTART_ALL, P50, HECATE, AtMost(2.0)),
    actors(RESTART_ALL, P50, OTP, Shown),
    actors(RESTART_ALL, P50, KAMEO, Shown),
    actors(STARTS, Best, OTP, AtLeast(1.0)),
    actors(STARTS, Best, TOKIO, Shown),
    actors(STARTS, Best, RACTOR, Shown),
    actors(STARTS, Best, KAMEO, Shown),
    figure(MEMORY, BytesPerActor, HECATE, AtMost(4_096.0)),
    actors(MEMORY, BytesPerActor, OTP, AtMost(1.7)),
    actors(MEMORY, BytesPerActor, RACTOR, Shown),
    actors(MEMORY, BytesPerActor, KAMEO, Shown),
    figure(STOP, Seconds, HECATE, AtMost(0.15)),
    actors(STOP, Seconds, OTP, Shown),
    actors(STOP, Seconds, RACTOR, Shown),
    actors(STOP, Seconds, KAMEO, Shown),
    figure(BOOT, Seconds, DAEMON, AtMost(0.05)),
    figure(END, Seconds, DAEMON, AtMost(1.0)),
];
