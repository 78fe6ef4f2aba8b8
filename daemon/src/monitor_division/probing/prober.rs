//! One prober: it asks its endpoint when that is due, counts what it sees, and reports what is news. What it knows
//! lies outside of it, so that a killed one loses nothing.

use super::desk::Desks;
use super::duties::Duty;
use super::endpoint::{Asker, Found};
use super::level::{Level, Sample, Samples};
use super::rhythm::Rhythm;
use crate::monitor_division::check::Seen;
use hecate_supervision::{Actor, ExitReason, Me, Unheard};
use serde_json::json;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// What a prober is made of. The duty ends with whoever assigned it.
#[derive(Clone)]
pub(super) struct Post {
    pub(super) duty: watch::Receiver<Arc<Duty>>,
    pub(super) memory: Arc<Memory>,
    pub(super) asker: Arc<Asker>,
    pub(super) desks: Arc<Desks>,
}

/// What is known of a check beside the log.
pub(super) struct Memory {
    seen: Mutex<Seen>,
    /// Those of all checks of its division.
    samples: Arc<Mutex<Samples>>,
}

impl Memory {
    pub(super) fn new(seen: Seen, samples: Arc<Mutex<Samples>>) -> Memory {
        Memory { seen: Mutex::new(seen), samples }
    }

    /// One sample more, which these levels judge; answers how many times in a row that was seen.
    fn keep(&self, sample: Sample, levels: &[Level]) -> Seen {
        held(&self.samples).push(sample, levels);
        let mut seen = held(&self.seen);
        *seen = seen.then(sample.health);
        *seen
    }

    fn breach(&self, level: &Level, now_us: i64) -> Option<f64> {
        held(&self.samples).breach(level, now_us)
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) struct Prober {
    check_id: String,
    memory: Arc<Memory>,
    due: watch::Receiver<Option<Instant>>,
}

impl Actor for Prober {
    type Msg = Unheard;
    type Args = Post;

    async fn init(post: Post, me: &Me<Unheard>) -> Result<Self, ExitReason> {
        let (told, due) = watch::channel(None);
        // Not the duty: a post is free as soon as nobody keeps it.
        let (check_id, memory) = (post.duty.borrow().check.check_id.clone(), Arc::clone(&post.memory));
        me.works_beside();
        me.attach(post.keep(told));
        Ok(Prober { check_id, memory, due })
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }

    fn debug_state(&self) -> Option<serde_json::Value> {
        let (seen, due) = (*held(&self.memory.seen), *self.due.borrow());
        let wait = due.map(|due| due.saturating_duration_since(Instant::now()));
        Some(json!({
            "check_id": self.check_id,
            "phase": if due.is_some() { "waiting" } else { "asking" },
            "health": seen.health,
            "consecutive": seen.consecutive,
            "due_in_ms": wait.map(|wait| wait.as_millis() as u64),
        }))
    }
}

impl Post {
    /// Probes whenever that is due, until the duty ends; tells when that is next, and nothing while it asks.
    async fn keep(mut self, due: watch::Sender<Option<Instant>>) -> Result<(), ExitReason> {
        let began = Instant::now();
        let mut duty = Arc::clone(&self.duty.borrow_and_update());
        let mut rhythm = begin(&duty, Duration::ZERO);
        loop {
            due.send_replace(Some(began + rhythm.due()));
            tokio::select! {
                changed = self.duty.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    let before = std::mem::replace(&mut duty, Arc::clone(&self.duty.borrow_and_update()));
                    if before.check != duty.check {
                        rhythm = begin(&duty, began.elapsed());
                    }
                }
                () = sleep_until(began + rhythm.due()) => {
                    due.send_replace(None);
                    self.probe(&duty).await;
                    rhythm = rhythm.next(began.elapsed());
                }
            }
        }
    }

    async fn probe(&self, duty: &Duty) {
        let asked = Instant::now();
        let Found { health, details } = self.asker.ask(&duty.check).await;
        if self.duty.has_changed().is_err() {
            // It ended meanwhile: nobody wants to know.
            return;
        }
        let latency_ms = u32::try_from(asked.elapsed().as_millis()).unwrap_or(u32::MAX);
        let sample = Sample { at_us: self.desks.now_us(), health, latency_ms };
        let seen = self.memory.keep(sample, &duty.levels);
        // The log may have moved on while the endpoint was asked.
        let kept = self.duty.borrow().kept;
        if seen.news(kept, duty.check.unhealthy_after).is_some() {
            self.desks.record(duty, seen, latency_ms, details).await;
        }
        for level in &duty.levels {
            if let Some(measured) = self.memory.breach(level, sample.at_us) {
                self.desks.raise(duty, &level.threshold, measured).await;
            }
        }
    }
}

fn begin(duty: &Duty, now: Duration) -> Rhythm {
    Rhythm::begin(&duty.check.check_id, Duration::from_millis(duty.check.interval_ms.into()), now)
}
