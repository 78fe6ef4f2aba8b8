//! The roster: it follows the log and knows which checks are on duty, sees to it that each has a prober, and ends
//! the duty of those that are no longer.

use super::Probing;
use super::desk::Desks;
use super::duties::{Duties, Duty};
use super::endpoint::Asker;
use super::level::Samples;
use super::prober::{Memory, Post};
use crate::monitor_division::{HealthCheckRegistered, Monitoring};
use hecate_desk::Event;
use hecate_event_store::{EventStore, Filter, PAGE_EVENTS_MAX, ReadError, RecordedEvent, Subscription};
use hecate_supervision::{Actor, ExitReason, Me, Unheard};
use serde::{Deserialize, Serialize};
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

pub(super) struct Roster(watch::Receiver<Standing>);

/// How far the roster is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Standing {
    /// False while it reads what was recorded before.
    is_restored: bool,
    /// Everything up to here is known.
    position: u64,
    /// Monitorings with a check on duty.
    divisions: usize,
    on_duty: usize,
    /// Those that nobody probes.
    unheld: usize,
}

impl Actor for Roster {
    type Msg = Unheard;
    type Args = Probing;

    async fn init(probing: Probing, me: &Me<Unheard>) -> Result<Self, ExitReason> {
        let asker = Arc::new(Asker::new(probing.allow_commands));
        let (told, standing) = watch::channel(Standing::default());
        me.works_beside();
        // Beside the actor, which starts at once: a log that takes long to read keeps nobody else waiting.
        me.attach(async move {
            let store = probing.store.opened().await;
            let desks = Arc::new(Desks { process: Arc::clone(&probing.process), node: probing.node.clone() });
            let (duties, divisions) = (Duties::default(), BTreeMap::new());
            Book { probing, asker, desks, duties, divisions, crowd: Crowd::default(), told }.keep(store).await
        });
        Ok(Roster(standing))
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }

    fn debug_state(&self) -> Option<serde_json::Value> {
        serde_json::to_value(&*self.0.borrow()).ok()
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
    told: watch::Sender<Standing>,
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
        let mut log = Subscription::new(store, 0, filter).beside(self.probing.store.convoy());
        self.restore(&mut log, head).await.map_err(ExitReason::error)?;
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                facts = log.next_step(PAGE_EVENTS) => self.follow(&facts.map_err(ExitReason::error)?),
                _ = look.tick() => {}
            }
            self.fill_posts().await;
            self.tell(true, log.caught_up_to());
        }
    }

    fn tell(&self, is_restored: bool, position: u64) {
        let (divisions, on_duty) = (self.divisions.len(), self.posts().count());
        let unheld = self.posts().filter(|(_, held)| held.duty.is_closed()).count();
        self.told.send_replace(Standing { is_restored, position, divisions, on_duty, unheld });
    }

    fn posts(&self) -> impl Iterator<Item = (&String, &Held)> {
        self.divisions.values().flat_map(|division| &division.posts)
    }

    /// Nobody is sent out before all is known that was recorded before.
    async fn restore(&mut self, log: &mut Subscription, head: u64) -> Result<(), ReadError> {
        while log.caught_up_to() < head {
            let facts = log.try_page(PAGE_EVENTS_MAX).await?;
            facts.iter().for_each(|fact| self.fold(fact));
            self.tell(false, log.caught_up_to());
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
        if &*fact.event_type == <HealthCheckRegistered as Event<Monitoring>>::TYPE {
            self.clear_post(fact);
        }
        if let Err(error) = self.duties.fold(&fact.stream_id, &fact.event_type, fact.data.get()) {
            tracing::error!(position = fact.position, error, "a monitoring does not fold: it is not probed");
        }
    }

    /// What is registered begins anew, whatever was known of a check that had its name before. The two may stand in
    /// one page, and then nobody has seen that it was off duty in between.
    fn clear_post(&mut self, registered: &RecordedEvent) {
        #[derive(Deserialize)]
        struct Registered {
            check_id: String,
        }
        let registered_in = self.divisions.get_mut(&registered.stream_id);
        // What cannot be read does not fold either, and is logged there.
        if let (Some(division), Ok(Registered { check_id })) =
            (registered_in, serde_json::from_str(registered.data.get()))
        {
            division.posts.remove(&check_id);
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
        let on_duty = self.posts().count();
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
        let unheld = self.posts().take(PROBERS_MAX).filter(|(_, held)| held.duty.is_closed());
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
mod tests {
    use super::*;
    use crate::house::{Folders, House};
    use crate::monitor_division::Health;
    use hecate_desk::{Node, SystemClock};
    use hecate_event_store::Metadata;
    use serde_json::{Value, json, value::RawValue};
    use uuid::Uuid;

    const STREAM: &str = "monitoring-d";
    const CHECK: &str = "check-d-shop";

    fn book() -> Book {
        let node = Node { node_id: "n".into(), realm: "r".into(), clock: Arc::new(SystemClock) };
        let house = House::furnish(node.clone(), &Folders::default(), &Default::default());
        let probing = Probing::of(&house.processes, &house.store, &node);
        let desks = Arc::new(Desks { process: Arc::clone(&probing.process), node });
        let asker = Arc::new(Asker::new(false));
        Book {
            probing,
            asker,
            desks,
            duties: Duties::default(),
            divisions: BTreeMap::new(),
            crowd: Crowd::default(),
            told: watch::Sender::default(),
        }
    }

    fn fact(event_type: &str, more: Value) -> Arc<RecordedEvent> {
        let mut data = json!({"venture_id": "v", "division_id": "d", "division_name": "orders", "cycle": 1});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let metadata = Metadata {
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            command_id: Uuid::nil(),
            actor: "uid:1@n".into(),
            node_id: "n".into(),
            realm: "r".into(),
            idempotency_key: None,
            conversation_id: None,
            visibility: None,
        };
        Arc::new(RecordedEvent {
            event_id: Uuid::nil(),
            event_type: event_type.into(),
            stream_id: STREAM.into(),
            version: 0,
            position: 1,
            at_us: 1,
            metadata,
            tags: Vec::new(),
            data: RawValue::from_string(data.to_string()).unwrap().into(),
        })
    }

    fn registered() -> Arc<RecordedEvent> {
        let check = json!({"check_id": CHECK, "check_name": "shop", "check_type": "tcp",
            "endpoint": "localhost:1", "interval_ms": 1_000, "timeout_ms": 1_000, "unhealthy_after": 3,
            "expected_status": 200, "registered_by": "x", "registered_at": 0});
        fact("health_check_registered_v1", check)
    }

    fn at_work() -> [Arc<RecordedEvent>; 2] {
        let release = json!({"release_id": "", "release_version": "", "target_env": "", "endpoints": [],
            "rollout": []});
        let born = json!({"handoff": release, "visibility": "realm", "initiated_by": "x",
            "source_event_id": Uuid::nil(), "initiated_at": 0});
        let started = json!({"started_by": "x", "started_at": 0});
        [fact("monitoring_initiated_v1", born), fact("monitoring_started_v1", started)]
    }

    fn post(book: &Book) -> &Held {
        &book.divisions[STREAM].posts[CHECK]
    }

    #[test]
    fn a_crowd_is_news_when_it_comes_and_when_it_is_gone() {
        let mut crowd = Crowd::default();
        let news =
            [0, PROBERS_MAX, PROBERS_MAX + 1, PROBERS_MAX + 2, PROBERS_MAX, 0].map(|now| crowd.is_now(now));
        assert_eq!(news, [None, None, Some(true), None, Some(false), None]);
    }

    #[test]
    fn a_check_that_is_registered_anew_is_a_new_post_however_soon_it_follows_the_old_one() {
        let mut book = book();
        book.follow(&at_work());
        book.follow(&[registered()]);
        let (memory, mut duty) = (Arc::clone(&post(&book).memory), post(&book).duty.subscribe());
        let recorded = json!({"check_id": CHECK, "check_name": "shop", "status": "unhealthy",
            "previous_status": "unknown", "unhealthy_after": 3, "consecutive": 2, "latency_ms": 0, "samples": 2, "recorded_at": 0});
        book.follow(&[fact("health_status_recorded_v1", recorded)]);
        assert!(Arc::ptr_eq(&memory, &post(&book).memory), "what is recorded of it leaves the post as it is");
        assert_eq!(duty.borrow_and_update().kept.health, Health::Unhealthy);
        let gone =
            json!({"check_id": CHECK, "check_name": "shop", "deregistered_by": "x", "deregistered_at": 0});
        book.follow(&[fact("health_check_deregistered_v1", gone), registered()]);
        assert!(!Arc::ptr_eq(&memory, &post(&book).memory));
        assert!(duty.has_changed().is_err(), "whoever held the old post is off duty");
    }
}
