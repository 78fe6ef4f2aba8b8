//! The roster: it follows the log and knows which checks are on duty, sees to it that each has a prober, and ends
//! the duty of those that are no longer.

use super::Probing;
use super::desk::Desks;
use super::duties::{Duties, Duty};
use super::endpoint::Asker;
use super::level::Samples;
use super::prober::{Memory, Post};
use hecate_event_store::{EventStore, Filter, ReadError, RecordedEvent, Subscription};
use hecate_supervision::{Actor, ExitReason, Me, Unheard};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// Events of the log looked at in one go.
const PAGE_EVENTS: usize = 256;
/// How soon a prober that ended is missed.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Probers of one node.
const PROBERS_MAX: usize = 10_000;

pub(super) struct Roster;

impl Actor for Roster {
    type Msg = Unheard;
    type Args = Probing;

    async fn init(probing: Probing, me: &Me<Unheard>) -> Result<Self, ExitReason> {
        let asker = Arc::new(Asker::new(probing.allow_commands)?);
        // Beside the actor, which starts at once: a log that takes long to read keeps nobody else waiting.
        me.attach(async move {
            let store = probing.store.opened().await;
            let desks = Arc::new(Desks { process: Arc::clone(&probing.process), node: probing.node.clone() });
            let (duties, divisions) = (Duties::default(), BTreeMap::new());
            Book { probing, asker, desks, duties, divisions, crowd: Crowd::default() }.keep(store).await
        });
        Ok(Roster)
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }
}

/// Who is on duty.
struct Book {
    probing: Probing,
    asker: Arc<Asker>,
    desks: Arc<Desks>,
    duties: Duties,
    /// By stream; only those with a check on duty.
    divisions: BTreeMap<Arc<str>, Division>,
    crowd: Crowd,
}

/// Whether more checks are on duty than there may be probers.
#[derive(Default)]
struct Crowd(bool);

impl Crowd {
    /// So many are on duty. Answers whether they are too many, where that is news.
    fn is_now(&mut self, on_duty: usize) -> Option<bool> {
        let is_crowded = on_duty > PROBERS_MAX;
        let was_crowded = std::mem::replace(&mut self.0, is_crowded);
        (was_crowded != is_crowded).then_some(is_crowded)
    }
}

/// The checks of one division that are on duty.
#[derive(Default)]
struct Division {
    samples: Arc<Mutex<Samples>>,
    posts: BTreeMap<String, Held>,
}

/// A check on duty. Without a receiver nobody holds the post.
struct Held {
    duty: watch::Sender<Arc<Duty>>,
    memory: Arc<Memory>,
}

impl Book {
    /// Restores the duties from the whole log, then keeps them as the log moves on.
    async fn keep(mut self, store: Arc<dyn EventStore>) -> Result<(), ExitReason> {
        let types = self.probing.process.event_types().into_iter().map(|(event_type, _)| event_type);
        let (filter, head) = (Filter::types(types), store.head());
        let mut log = Subscription::new(store, 0, filter);
        self.restore(&mut log, head).await.map_err(ExitReason::error)?;
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                facts = log.next_step(PAGE_EVENTS) => self.follow(&facts.map_err(ExitReason::error)?),
                _ = look.tick() => {}
            }
            self.fill_posts().await;
        }
    }

    /// Nobody is sent out before all is known that was recorded before.
    async fn restore(&mut self, log: &mut Subscription, head: u64) -> Result<(), ReadError> {
        while log.caught_up_to() < head {
            let facts = log.try_page(PAGE_EVENTS).await?;
            facts.iter().for_each(|fact| self.fold(fact));
        }
        let streams: Vec<_> = self.duties.streams().cloned().collect();
        streams.iter().for_each(|stream_id| self.assign(stream_id));
        self.mind_the_crowd();
        Ok(())
    }

    fn follow(&mut self, facts: &[Arc<RecordedEvent>]) {
        facts.iter().for_each(|fact| self.fold(fact));
        let changed: BTreeSet<_> = facts.iter().map(|fact| &fact.stream_id).collect();
        changed.into_iter().for_each(|stream_id| self.assign(stream_id));
        self.mind_the_crowd();
    }

    fn fold(&mut self, fact: &RecordedEvent) {
        if let Err(error) = self.duties.fold(&fact.stream_id, &fact.event_type, fact.data.get()) {
            tracing::error!(position = fact.position, error, "a monitoring does not fold: it is not probed");
        }
    }

    /// Ends what is no longer on duty, tells of what changed, begins what is new.
    fn assign(&mut self, stream_id: &Arc<str>) {
        let duties = self.duties.of(stream_id);
        if duties.is_empty() {
            self.divisions.remove(stream_id);
            return;
        }
        let Division { samples, posts } = self.divisions.entry(Arc::clone(stream_id)).or_default();
        posts.retain(|check_id, _| duties.iter().any(|duty| duty.check.check_id == *check_id));
        for duty in duties.into_iter().map(Arc::new) {
            let held = posts.entry(duty.check.check_id.clone()).or_insert_with(|| Held {
                memory: Arc::new(Memory::new(duty.kept, Arc::clone(samples))),
                duty: watch::Sender::new(Arc::clone(&duty)),
            });
            held.duty.send_if_modified(|before| {
                let is_news = *before != duty;
                *before = duty;
                is_news
            });
        }
    }

    /// Says once that there are too many checks, and once that there are no longer.
    fn mind_the_crowd(&mut self) {
        let on_duty: usize = self.divisions.values().map(|division| division.posts.len()).sum();
        match self.crowd.is_now(on_duty) {
            Some(true) => {
                tracing::warn!(on_duty, PROBERS_MAX, "more checks are on duty than this node can probe");
            }
            Some(false) => tracing::info!(on_duty, PROBERS_MAX, "every check on duty is probed again"),
            None => {}
        }
    }

    /// Sends a prober to each post that nobody holds. One whose predecessor has yet to end is sent with the next
    /// look.
    async fn fill_posts(&self) {
        let posts = self.divisions.values().flat_map(|division| &division.posts);
        let unheld = posts.take(PROBERS_MAX).filter(|(_, held)| held.duty.is_closed());
        for (check_id, Held { duty, memory }) in unheld {
            let post = Post {
                duty: duty.subscribe(),
                memory: Arc::clone(memory),
                asker: Arc::clone(&self.asker),
                desks: Arc::clone(&self.desks),
            };
            if let Err(error) = self.probing.probers.start_child(check_id.as_str(), post).await {
                tracing::warn!(check_id, %error, "a prober did not start; tried again soon");
            }
        }
    }
}

#[cfg(test)]
#[test]
fn a_crowd_is_news_when_it_comes_and_when_it_is_gone() {
    let mut crowd = Crowd::default();
    let news =
        [0, PROBERS_MAX, PROBERS_MAX + 1, PROBERS_MAX + 2, PROBERS_MAX, 0].map(|now| crowd.is_now(now));
    assert_eq!(news, [None, None, Some(true), None, Some(false), None]);
}
