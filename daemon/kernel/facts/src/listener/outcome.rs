//! What came of one fact at one listener: a row that operators look at.

use uuid::Uuid;

/// What came of one fact at one listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The fact's position in the log.
    pub position: u64,
    /// Who heard it.
    pub listener: String,
    /// The fact's id.
    pub event_id: Uuid,
    /// The fact's type.
    pub event_type: String,
    /// The fact's stream.
    pub stream_id: String,
    /// When the fact happened, microseconds since the epoch.
    pub event_at_us: i64,
    /// Where it stands.
    pub state: OutcomeState,
    /// The code of a refusal.
    pub code: Option<String>,
    /// Why it was passed over, refused, is tried again or is dead, for people.
    pub why: Option<String>,
    /// Why an operator dismissed it.
    pub dismissal: Option<String>,
    /// Position of the last event that was recorded for it.
    pub recorded: Option<u64>,
    /// How often the listener was asked, without the times when nobody could have answered.
    pub attempts: u32,
    /// When it was asked first, microseconds since the epoch.
    pub first_at_us: i64,
    /// When it was settled, microseconds since the epoch; none while it is tried again.
    pub settled_at_us: Option<i64>,
}

/// Where a fact stands at a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutcomeState {
    /// Its ask was granted.
    Dispatched,
    /// It did not concern the listener.
    Skipped,
    /// Its ask was refused, as can be expected.
    Refused,
    /// It is tried again; what comes behind it waits.
    Retrying,
    /// It was given up; an operator decides.
    Dead,
    /// An operator decided that it has no effect.
    Dismissed,
}

impl OutcomeState {
    /// Every state.
    pub const ALL: [OutcomeState; 6] =
        [Self::Dispatched, Self::Skipped, Self::Refused, Self::Retrying, Self::Dead, Self::Dismissed];

    /// As it is written in the file and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dispatched => "dispatched",
            Self::Skipped => "skipped",
            Self::Refused => "refused",
            Self::Retrying => "retrying",
            Self::Dead => "dead",
            Self::Dismissed => "dismissed",
        }
    }

    /// The state of this name.
    pub fn of(name: &str) -> Option<OutcomeState> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// Which outcomes an operator wants to see, the newest first.
#[derive(Clone, Debug)]
pub struct OutcomeFilter {
    /// Only these.
    pub state: Option<OutcomeState>,
    /// Only what comes behind this position and listener: the `next` of the page before.
    pub before: Option<(u64, String)>,
    /// Rows of one page, at least 1.
    pub limit: usize,
}

/// Some outcomes, and where the next ones begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomePage {
    /// The rows, the newest fact first.
    pub outcomes: Vec<Outcome>,
    /// The `before` of the next page; none on the last one.
    pub next: Option<(u64, String)>,
}
