//! The side of a listener that others hold: how far it is, what came of the facts, and what operators decide
//! about those that were given up. It outlives every crash of the listener's actor.

use super::{
    actor::{Decision, Order, Word},
    damage::remedy,
    file::{POSITION_MAX, Pen, read_page},
    outcome::{Outcome, OutcomeFilter, OutcomePage},
    reacts::Reacts,
};
use hecate_disk::DatabaseSize;
use hecate_event_store::Progress;
use hecate_proto::time::rfc3339;
use hecate_supervision::Name;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long an operator waits for what is decided. A reaction that takes longer is carried out all the same.
const DECIDED_MAX: Duration = Duration::from_secs(15);

/// A handle on one process's listener; clones share it.
#[derive(Clone)]
pub struct Hearing(Arc<Shared>);

struct Shared {
    reacts: Arc<dyn Reacts>,
    progress: Progress,
    path: PathBuf,
    gauges: Mutex<HearingGauges>,
    /// Finds the actor of the moment.
    name: Name<Word>,
    /// Where the pen lies while nobody writes the file.
    pen: Arc<tokio::sync::Mutex<()>>,
}

/// How a listener is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HearingGauges {
    /// Everything up to this position is settled; none before the first start.
    pub cursor: Option<u64>,
    /// Facts that were given up and wait for an operator.
    pub dead: u64,
    /// The fact that somebody reacts to at this moment.
    pub at_hand: Option<AtHand>,
    /// The fact that is tried again, while everything behind it waits.
    pub retrying: Option<Retrying>,
    /// What it waits for before it hears anything more, for people: its file cannot be opened or written.
    pub waiting: Option<String>,
    /// Asks that were granted, since the program began.
    pub dispatched_total: u64,
    /// Facts that did not concern their listener, since the program began.
    pub skipped_total: u64,
    /// Asks that were refused, since the program began.
    pub refused_total: u64,
}

/// A fact that somebody reacts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtHand {
    /// Its position.
    pub position: u64,
    /// Who reacts.
    pub listener: &'static str,
}

/// A fact that is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retrying {
    /// Its position.
    pub position: u64,
    /// Who tries.
    pub listener: String,
    /// Since when, microseconds since the epoch.
    pub since_us: i64,
    /// How often it failed.
    pub attempts: u32,
    /// What is wrong, for people.
    pub why: String,
}

/// Why an operator's decision was not carried out, or a page not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HearingError {
    /// No fact at this position was given up, by this listener.
    #[error("there is no such dead letter")]
    NoDeadLetter,
    /// Several listeners gave this fact up.
    #[error("several listeners gave this fact up: {}", listeners.join(", "))]
    SeveralListeners {
        /// Their names.
        listeners: Vec<String>,
    },
    /// Nobody of this name hears the fact any more; it can only be dismissed.
    #[error("{listener} does not hear this fact any more")]
    HeardNoMore {
        /// Who heard it.
        listener: String,
    },
    /// The listener is down or busy, its file or the log cannot be read, or the process did not record a
    /// dismissal; the decision may yet be carried out.
    #[error("the listener does not answer: {why}")]
    NoAnswer {
        /// What is known about it.
        why: String,
    },
}

impl HearingGauges {
    /// What it is at.
    fn phase(&self) -> &'static str {
        match self {
            HearingGauges { waiting: Some(_), .. } => "waiting",
            HearingGauges { cursor: None, .. } => "opening",
            HearingGauges { retrying: Some(_), .. } => "retrying",
            HearingGauges { at_hand: Some(_), .. } => "reacting",
            _ => "following",
        }
    }
}

impl Hearing {
    /// A handle on the listener that lets `reacts` react, shows how far it is in `progress` and keeps
    /// `{process}.sqlite` in `folder`. Starts and opens nothing.
    pub fn new(reacts: Arc<dyn Reacts>, progress: Progress, folder: &Path) -> Hearing {
        Hearing(Arc::new(Shared {
            path: folder.join(format!("{}.sqlite", reacts.process())),
            reacts,
            progress,
            gauges: Mutex::default(),
            name: Name::new(),
            pen: Arc::default(),
        }))
    }

    /// The process.
    pub fn process(&self) -> &'static str {
        self.0.reacts.process()
    }

    /// Every event type that it hears, each with the listeners of that type.
    pub fn hears(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let types = self.0.reacts.hears();
        types.into_iter().map(|event_type| (event_type, self.0.reacts.listeners(event_type))).collect()
    }

    /// How far it is.
    pub fn progress(&self) -> &Progress {
        &self.0.progress
    }

    /// How it is doing.
    pub fn gauges(&self) -> HearingGauges {
        HearingGauges { cursor: self.0.progress.position(), ..self.shown().clone() }
    }

    /// What the actor that hears shows of itself: no words of what went wrong, since anybody may have said them.
    pub(crate) fn debug_state(&self) -> Value {
        let (gauges, size) = (self.gauges(), DatabaseSize::of(&self.0.path));
        let at_hand = |at: AtHand| json!({"position": at.position, "listener": at.listener});
        let retrying = |it: Retrying| {
            json!({"position": it.position, "listener": it.listener, "attempts": it.attempts,
                "since": rfc3339(it.since_us)})
        };
        json!({
            "process": self.process(),
            "phase": gauges.phase(),
            "cursor": gauges.cursor,
            "at_hand": gauges.at_hand.map(at_hand),
            "retrying": gauges.retrying.map(retrying),
            "dead": gauges.dead,
            "file": self.0.path.to_string_lossy(),
            "file_bytes": size.file_bytes,
            "wal_bytes": size.wal_bytes,
        })
    }

    /// What came of the facts, the newest first.
    ///
    /// # Errors
    /// [`HearingError::NoAnswer`].
    pub async fn outcomes(&self, filter: OutcomeFilter) -> Result<OutcomePage, HearingError> {
        let path = self.0.path.clone();
        let read = tokio::task::spawn_blocking(move || read_page(&path, &filter));
        let failed = |why: String| HearingError::NoAnswer { why };
        let read = read.await.map_err(|panicked| failed(panicked.to_string()))?;
        read.map_err(|error| {
            tracing::warn!(process = self.process(), %error, remedy = ?remedy(&error), "outcomes were not read");
            failed(error.to_string())
        })
    }

    /// Tries a dead letter once more, now, whatever is behind it; answers what came of it, perhaps a dead
    /// letter again. `listener` may be left out where only one gave the fact up.
    ///
    /// # Errors
    /// See [`HearingError`].
    pub async fn replay(&self, position: u64, listener: Option<&str>) -> Result<Outcome, HearingError> {
        self.decide(position, listener, Decision::Replay).await
    }

    /// Decides that a dead letter has no effect, and why; answers its row. The process records it in the log
    /// first, so that hearing the log again does not bring it back.
    ///
    /// # Errors
    /// See [`HearingError`].
    pub async fn dismiss(
        &self,
        position: u64,
        listener: Option<&str>,
        why: &str,
    ) -> Result<Outcome, HearingError> {
        self.decide(position, listener, Decision::Dismiss { why: why.to_owned() }).await
    }

    async fn decide(
        &self,
        position: u64,
        listener: Option<&str>,
        decision: Decision,
    ) -> Result<Outcome, HearingError> {
        if position > POSITION_MAX {
            return Err(HearingError::NoDeadLetter);
        }
        let listener = listener.map(str::to_owned);
        let order = |reply| Word::Ordered(Box::new(Order { position, listener, decision, reply }));
        let answer = self.0.name.call(order, DECIDED_MAX).await;
        answer.map_err(|error| HearingError::NoAnswer { why: error.to_string() })?
    }

    pub(crate) fn reacts(&self) -> &dyn Reacts {
        &*self.0.reacts
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    pub(crate) fn name(&self) -> Name<Word> {
        self.0.name.clone()
    }

    /// Waits until whoever wrote the file before is done.
    pub(crate) async fn take_pen(&self) -> Pen {
        Arc::clone(&self.0.pen).lock_owned().await
    }

    /// Shows that the listener waits, and why.
    pub(crate) fn waits(&self, why: String) {
        let mut shown = self.shown();
        if shown.waiting.as_ref() != Some(&why) {
            tracing::warn!(process = self.process(), why, "the listener waits");
        }
        shown.waiting = Some(why);
    }

    /// Shows that it waits no more.
    pub(crate) fn goes_on(&self) {
        self.shown().waiting = None;
    }

    pub(crate) fn shown(&self) -> MutexGuard<'_, HearingGauges> {
        self.0.gauges.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
