//! What the design promises, in the words of its tables.

use crate::book::Measure::{self, BytesPerEvent, CpuPerEvent, P50, P99, PerSecond, Seconds, Times};
use crate::contestant::{DISK, POSTGRES, RAW_LOG, STORE, UMADB};
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
];
