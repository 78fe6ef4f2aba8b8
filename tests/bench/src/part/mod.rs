//! The parts of the benchmark, and the names under which their figures stand.

pub(crate) mod actors;
pub(crate) mod appends;
pub(crate) mod archive;
pub(crate) mod boot;
pub(crate) mod circle;
pub(crate) mod rebuild;
pub(crate) mod socket;

pub(crate) const ONE_WRITER: &str = "durable appends, 1 writer";
pub(crate) const EIGHT_WRITERS: &str = "durable appends, 8 writers";
pub(crate) const SIXTY_FOUR_WRITERS: &str = "durable appends, 64 writers";
pub(crate) const SIXTY_FOUR_TASKS: &str = "durable appends, 64 tasks on one thread";
pub(crate) const CATCH_UP: &str = "catch-up, one subscriber";
pub(crate) const CATCH_UP_20: &str = "catch-up, 20 subscribers at once";
pub(crate) const REBUILD: &str = "rebuild of a read model";
pub(crate) const RECOVERY: &str = "recovery after kill -9";
pub(crate) const SIZE: &str = "on the disk";
pub(crate) const SOCKET: &str = "durable commands, 64 clients";

/// Who stands in the tables beside the contestants of the appends.
pub(crate) const DAEMON: &str = "daemon";
pub(crate) const UMADB_EMBEDDED: &str = "UmaDB embedded";
pub(crate) const STORE_AND_RECEIPTS: &str = "store, receipts";
/// The time of 20 subscribers as a multiple of the time of one.
pub(crate) const TOGETHER: &str = "20 subscribers / one";
