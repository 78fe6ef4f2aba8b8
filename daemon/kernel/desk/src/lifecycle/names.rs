//! Every name that the lifecycle of one process goes by, spelt out from one word.

use crate::refusal::Refusal;

/// The names of desks, events and refusals of one process. Made by [`lifecycle_names!`](crate::lifecycle_names).
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "each field is named after the desk, event or refusal that it names")]
pub struct Names {
    pub initiate: &'static str,
    pub bury: &'static str,
    pub start: DeskName,
    pub pause: DeskName,
    pub resume: DeskName,
    pub complete: DeskName,
    pub reopen: DeskName,
    pub archive: DeskName,

    pub initiated: &'static str,
    pub rebriefed: &'static str,
    pub started: &'static str,
    pub paused: &'static str,
    pub resumed: &'static str,
    pub completed: &'static str,
    pub reopened: &'static str,
    pub archived: &'static str,

    pub is_not_initiated: Refusal,
    pub is_archived: Refusal,
    /// The listener that archives it when its division is dismissed.
    pub on_dismissed: &'static str,
}

/// A public desk: its name, and what it does in one sentence.
#[derive(Clone, Copy, Debug)]
pub struct DeskName {
    /// A verb and a noun.
    pub name: &'static str,
    /// One sentence.
    pub says: &'static str,
}

/// A desk of the lifecycle that is open in other states than this one.
pub(super) const NOT_PENDING: Refusal = Refusal::new(409, "not_pending", "That was started already.");
pub(super) const NOT_ACTIVE: Refusal = Refusal::new(409, "not_active", "Nothing is at work there now.");
pub(super) const NOT_PAUSED: Refusal = Refusal::new(409, "not_paused", "That is not paused.");
pub(super) const NOT_COMPLETED: Refusal = Refusal::new(409, "not_completed", "That is not completed.");

/// The [`Names`] of a process whose dossiers are called by this word: `lifecycle_names!("design")`.
#[macro_export]
macro_rules! lifecycle_names {
    ($noun:literal) => {
        $crate::lifecycle::Names {
            initiate: concat!("initiate_", $noun),
            bury: concat!("bury_", $noun),
            start: $crate::lifecycle_names!(desk "start", "Start", $noun),
            pause: $crate::lifecycle_names!(desk "pause", "Pause", $noun),
            resume: $crate::lifecycle_names!(desk "resume", "Resume", $noun),
            complete: $crate::lifecycle_names!(desk "complete", "Complete", $noun),
            reopen: $crate::lifecycle_names!(desk "reopen", "Reopen", $noun),
            archive: $crate::lifecycle_names!(desk "archive", "Archive", $noun),
            initiated: concat!($noun, "_initiated_v1"),
            rebriefed: concat!($noun, "_rebriefed_v1"),
            started: concat!($noun, "_started_v1"),
            paused: concat!($noun, "_paused_v1"),
            resumed: concat!($noun, "_resumed_v1"),
            completed: concat!($noun, "_completed_v1"),
            reopened: concat!($noun, "_reopened_v1"),
            archived: concat!($noun, "_archived_v1"),
            is_not_initiated: $crate::Refusal::new(
                404,
                concat!($noun, "_not_initiated"),
                concat!("Nothing was handed over yet that a ", $noun, " could begin with."),
            ),
            is_archived: $crate::Refusal::new(
                409,
                concat!($noun, "_archived"),
                concat!("The ", $noun, " is archived."),
            ),
            on_dismissed: concat!("on_division_dismissed_archive_", $noun),
        }
    };
    (desk $verb:literal, $says:literal, $noun:literal) => {
        $crate::lifecycle::DeskName { name: concat!($verb, "_", $noun), says: concat!($says, " the ", $noun) }
    };
}
