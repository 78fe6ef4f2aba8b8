//! Status flags, one layout for every aggregate, and the masks over them that say when a desk is open.

use hecate_proto::catalogue::AllowedIn;
use serde::{Deserialize, Serialize};

/// The status flags of an aggregate; zero before its first event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status(pub u32);

impl Status {
    /// Before the first event.
    pub const UNBORN: Status = Status(0);
    /// Born: the stream has its first event.
    pub const INITIATED: Status = Status(1);
    /// Put away for good; every other bit is kept.
    pub const ARCHIVED: Status = Status(2);
    /// At work, set only while active.
    pub const ACTIVE: Status = Status(4);
    /// On the shelf.
    pub const PAUSED: Status = Status(8);
    /// Done.
    pub const COMPLETED: Status = Status(16);

    /// Both sets of flags.
    pub const fn and(self, other: Status) -> Status {
        Status(self.0 | other.0)
    }

    /// These flags but for those.
    pub const fn without(self, flags: Status) -> Status {
        Status(self.0 & !flags.0)
    }

    /// True when every flag of `flags` is set.
    pub const fn has(self, flags: Status) -> bool {
        self.0 & flags.0 == flags.0
    }

    const fn touches(self, flags: Status) -> bool {
        self.0 & flags.0 != 0
    }
}

/// The states in which a desk is open: all of these flags, none of those, and one of these where there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateMask {
    unborn: bool,
    born: bool,
    all_of: Status,
    none_of: Status,
    any_of: Status,
}

impl StateMask {
    /// Open before the first event only: the desk gives birth.
    pub const UNBORN: StateMask = StateMask { unborn: true, born: false, ..StateMask::ALWAYS };
    /// Open from birth until archived.
    pub const LIVE: StateMask =
        StateMask { unborn: false, ..StateMask::ALWAYS }.with(Status::INITIATED).without(Status::ARCHIVED);
    /// Open while at work.
    pub const ACTIVE: StateMask = StateMask::LIVE.with(Status::ACTIVE);
    /// Open from the start of work until archived.
    pub const BEGUN: StateMask =
        StateMask::LIVE.with_one_of(Status::ACTIVE.and(Status::PAUSED).and(Status::COMPLETED));

    /// Open always, before the first event too: for what is there without anybody's giving birth to it.
    pub const ALWAYS: StateMask =
        StateMask { unborn: true, born: true, all_of: Status(0), none_of: Status(0), any_of: Status(0) };

    /// The same, but closed once any of these flags is set.
    pub const fn without(self, flags: Status) -> StateMask {
        StateMask { none_of: self.none_of.and(flags), ..self }
    }

    /// The same, but closed until all of these flags are set.
    pub const fn with(self, flags: Status) -> StateMask {
        StateMask { all_of: self.all_of.and(flags), ..self }
    }

    /// The same, but closed until one of these flags is set.
    pub const fn with_one_of(self, flags: Status) -> StateMask {
        StateMask { any_of: self.any_of.and(flags), ..self }
    }

    /// True when a desk with this mask is open in this state.
    pub const fn allows(self, status: Status) -> bool {
        if status.0 == 0 {
            return self.unborn;
        }
        let one = self.any_of.0 == 0 || status.touches(self.any_of);
        self.born && one && status.has(self.all_of) && !status.touches(self.none_of)
    }

    /// True when the desk may give birth.
    pub const fn births(self) -> bool {
        self.unborn
    }

    /// The mask as the catalogue shows it.
    pub const fn sheet(self) -> AllowedIn {
        let StateMask { unborn, all_of, none_of, any_of, .. } = self;
        AllowedIn { before_birth: unborn, all_of: all_of.0, none_of: none_of.0, any_of: any_of.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_opens_and_closes_with_the_flags() {
        let mask = StateMask::LIVE.with(Status::ACTIVE).without(Status(64));
        let open = Status::INITIATED.and(Status::ACTIVE);
        assert!(mask.allows(open));
        for closed in [Status::UNBORN, Status::INITIATED, open.and(Status::ARCHIVED), open.and(Status(64))] {
            assert!(!mask.allows(closed), "{closed:?}");
        }
        let begun = StateMask::LIVE.with_one_of(Status::ACTIVE.and(Status::PAUSED));
        assert!(begun.allows(open) && !begun.allows(Status::INITIATED));
        assert!(StateMask::UNBORN.allows(Status::UNBORN) && !StateMask::UNBORN.allows(open));
        assert!(StateMask::ALWAYS.allows(Status::UNBORN) && StateMask::ALWAYS.allows(open));
    }
}
