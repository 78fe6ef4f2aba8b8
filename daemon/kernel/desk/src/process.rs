//! A whole process with its types rubbed off: what the composition root lists and the edge asks.

use crate::{
    aggregate::{Aggregate, ProcessSpec},
    aggregate_actor::{AggregateActor, AggregateArgs, AggregateMsg, Ask, Denied, WhenEarly},
    answer::Told,
    caller::{Caller, Node},
    catalogue,
    code::Code,
    content,
    desk::{DeskEntry, DeskSpec},
    event::Emits,
    policy::{AutoStart, Policy},
    reaction::{self, Hears, React},
    receipt::{self, Keyed},
    refusal::{Refusal, Refused},
    schema::Rules,
    subject::Subject,
};
use hecate_blobs::Blobs;
use hecate_event_store::{BoxFuture, CurrentStore, Progress, RecordedEvent, UpcastEntry};
use hecate_proto::catalogue::DeskSheet;
use hecate_supervision::{Addr, CallError, Kinds, Pool, StartError};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use ulid::Ulid;
use uuid::Uuid;

/// A command that takes longer is answered with `timeout`.
const ASK_MAX: Duration = Duration::from_secs(10);
/// How long a request waits for a hand-off that was recorded before it came.
const HANDED_OVER_MAX: Duration = Duration::from_secs(2);
/// How often a request follows an aggregate that ended just before it came.
const TRIES_MAX: u32 = 8;

/// One process as `main.rs` lists it.
pub struct ProcessEntry {
    /// Name, noun, paths.
    pub spec: ProcessSpec,
    /// What it hears, in the order of its listeners.
    pub hears: fn() -> Vec<Hears>,
    /// What operators may say of when it starts by itself.
    pub auto_start_may: &'static [AutoStart],
    /// Opens it on a store.
    pub open: fn(Wiring) -> Arc<dyn Process>,
    /// Lets it decide without one.
    #[cfg(any(test, feature = "kit"))]
    pub judge: crate::kit::Judge,
}

/// What a process leans on.
#[derive(Clone)]
pub struct Wiring {
    /// The event store, found anew after each restart.
    pub store: CurrentStore,
    /// This node.
    pub node: Node,
    /// The program that runs, for snapshots.
    pub code: Code,
    /// How far the process's listener has come.
    pub heard: Progress,
    /// What operators say of the process.
    pub policy: Policy,
    /// Where content is kept that is sent with requests.
    pub blobs: Blobs,
}

/// One public or internal desk, ready to be asked.
pub struct Door {
    /// What the desk says of itself.
    pub spec: DeskSpec,
    /// Its routes from the root: the path of its sheet, then its aliases. Empty for internal desks.
    pub paths: Vec<String>,
    /// Its line in the catalogue.
    pub sheet: DeskSheet,
    /// How many requests one body may hold, as an array.
    pub at_once_max: usize,
    rules: Rules,
}

/// One request for one desk.
pub struct Asked {
    /// Index into [`Process::doors`].
    pub door: usize,
    /// The ids that the path named, by parameter.
    pub path_ids: Map<String, Value>,
    /// The body: an object, or an array of them where the desk takes several at once.
    pub body: Value,
    /// Who asks.
    pub caller: Caller,
}

/// A process, whatever it keeps.
pub trait Process: Send + Sync + 'static {
    /// Name, noun, paths.
    fn spec(&self) -> ProcessSpec;

    /// Its desks, in order.
    fn doors(&self) -> &[Door];

    /// Every event type that it records, and who hears of it.
    fn event_types(&self) -> Vec<(&'static str, Emits)>;

    /// How events of older versions become those that it records today.
    fn upcasts(&self) -> &'static [UpcastEntry];

    /// What it hears, in the order of its listeners.
    fn hears(&self) -> &[Hears];

    /// What one of its listeners does because of a fact, by its index in [`Process::hears`]. However often it is
    /// asked, the effect happens once.
    fn react<'a>(&'a self, listener: usize, fact: &'a RecordedEvent) -> BoxFuture<'a, React>;

    /// Decides that a fact shall have no effect by this listener, whenever it is heard again.
    fn forgo<'a>(
        &'a self,
        listener: usize,
        fact: &'a RecordedEvent,
        why: &'a str,
    ) -> BoxFuture<'a, Result<(), Refused>>;

    /// Adds its pool of aggregates to the kinds that `supervision.toml` can place.
    fn register(&self, kinds: &mut Kinds);

    /// Asks a desk; answers when its events are on disk.
    fn ask(&self, asked: Asked) -> BoxFuture<'_, Result<Told, Refused>>;
}

/// Rubs the aggregate off a process.
pub const fn process<A: Aggregate>() -> ProcessEntry {
    ProcessEntry {
        spec: A::PROCESS,
        hears: reaction::hears::<A>,
        auto_start_may: A::AUTO_START_MAY,
        open: |wiring| {
            let hears = reaction::hears::<A>();
            Arc::new(Desks::<A> { doors: doors::<A>(), hears, pool: Pool::new(), wiring })
        },
        #[cfg(any(test, feature = "kit"))]
        judge: crate::kit::judge::<A>,
    }
}

fn doors<A: Aggregate>() -> Vec<Door> {
    let door = |desk: &DeskEntry<A>| {
        let rules = catalogue::rules(desk);
        let routes = [desk.spec.path].into_iter().chain(desk.spec.aliases.iter().copied());
        let paths = routes.filter(|path| !path.is_empty());
        Door {
            spec: desk.spec,
            paths: paths.map(|path| catalogue::full_path(A::PROCESS.base, path)).collect(),
            sheet: catalogue::sheet(desk, rules.schema()),
            rules,
            at_once_max: desk.at_once_max,
        }
    };
    A::DESKS.iter().map(door).collect()
}

struct Desks<A: Aggregate> {
    doors: Vec<Door>,
    hears: Vec<Hears>,
    pool: Pool<AggregateActor<A>>,
    wiring: Wiring,
}

impl<A: Aggregate> Process for Desks<A> {
    fn spec(&self) -> ProcessSpec {
        A::PROCESS
    }

    fn doors(&self) -> &[Door] {
        &self.doors
    }

    fn event_types(&self) -> Vec<(&'static str, Emits)> {
        let mut types: Vec<_> = Vec::new();
        for event in A::DESKS.iter().flat_map(|desk| desk.records) {
            if !types.iter().any(|(known, _)| *known == event.event_type) {
                types.push((event.event_type, event.emits));
            }
        }
        types
    }

    fn upcasts(&self) -> &'static [UpcastEntry] {
        A::UPCASTS
    }

    fn hears(&self) -> &[Hears] {
        &self.hears
    }

    fn react<'a>(&'a self, listener: usize, fact: &'a RecordedEvent) -> BoxFuture<'a, React> {
        Box::pin(reaction::react(self, &A::LISTENERS[listener], &self.wiring, fact))
    }

    fn forgo<'a>(
        &'a self,
        listener: usize,
        fact: &'a RecordedEvent,
        why: &'a str,
    ) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(async move {
            let store = self.wiring.store.get().ok_or(Refusal::STARTING)?;
            reaction::forgo(&*store, &self.wiring.node, A::LISTENERS[listener].name, fact, why).await
        })
    }

    fn register(&self, kinds: &mut Kinds) {
        kinds.pool(format!("{}.aggregates", A::PROCESS.name), &self.pool);
    }

    fn ask(&self, asked: Asked) -> BoxFuture<'_, Result<Told, Refused>> {
        Box::pin(self.ask_typed(asked))
    }
}

impl<A: Aggregate> Desks<A> {
    async fn ask_typed(&self, mut asked: Asked) -> Result<Told, Refused> {
        let desk = &A::DESKS[asked.door];
        let door = &self.doors[asked.door];
        door.rules.check_body(&asked.body, door.at_once_max)?;
        let mut sent = None;
        if let Some(body) = asked.body.as_object_mut().filter(|_| desk.takes_content) {
            sent = content::settle(body, &self.wiring.blobs).await?;
        }
        let keyed = keyed::<A>(desk, &asked)?;
        let stream_id: Arc<str> = keyed.subject.stream_id().into();
        let behind = self.hand_offs_on_their_way(&asked.caller);
        let mut when_early = if behind.is_some() { WhenEarly::Say } else { WhenEarly::Refuse };
        let command_id = Uuid::now_v7();
        for _ in 0..TRIES_MAX {
            let addr = self.aggregate(&stream_id).await?;
            let (keyed, caller, sent) = (keyed.clone(), asked.caller.clone(), sent.clone());
            let ask = Ask { desk, keyed, caller, command_id, sent, when_early };
            match addr.call(|reply| AggregateMsg::Ask(Box::new(ask), reply), ASK_MAX).await {
                Ok(Ok(told)) => return Ok(told),
                Ok(Err(Denied::Refused(refused))) => return Err(refused),
                Ok(Err(Denied::Early)) => when_early = self.wait_for_hand_offs(behind).await,
                // It ended before it saw the request: its successor is asked.
                Err(CallError::Gone) => tokio::task::yield_now().await,
                Err(error) => return Err(refuse_call(error)),
            }
        }
        Err(Refusal::STARTING.into())
    }

    /// The log's head, if the process's listener has yet to reach it: what was recorded before this request came
    /// may be what it lacks. A listener itself must not wait for itself.
    fn hand_offs_on_their_way(&self, caller: &Caller) -> Option<u64> {
        if self.hears.is_empty() || caller.because.is_some() {
            return None;
        }
        let head = self.wiring.store.get()?.head();
        self.wiring.heard.position().is_none_or(|heard| heard < head).then_some(head)
    }

    /// Answers what is said after that where it still lacks something.
    async fn wait_for_hand_offs(&self, head: Option<u64>) -> WhenEarly {
        let reached = self.wiring.heard.reached(head.unwrap_or_default());
        match tokio::time::timeout(HANDED_OVER_MAX, reached).await {
            Ok(()) => WhenEarly::Refuse,
            Err(_) => {
                tracing::warn!(process = A::PROCESS.name, head, "the listener is too far behind to wait for");
                WhenEarly::AskAgain
            }
        }
    }

    async fn aggregate(&self, stream_id: &Arc<str>) -> Result<Addr<AggregateMsg<A>>, Refused> {
        if let Some(addr) = self.pool.whereis(stream_id) {
            return Ok(addr);
        }
        let store = self.wiring.store.get().ok_or(Refusal::STARTING)?;
        let Wiring { node, code, .. } = self.wiring.clone();
        let args = AggregateArgs { stream_id: Arc::clone(stream_id), store, node, code };
        self.pool.start_child(&**stream_id, args).await.map_err(refuse_start)
    }
}

fn keyed<A: Aggregate>(desk: &DeskEntry<A>, asked: &Asked) -> Result<Keyed, Refused> {
    let mut given = asked.body.as_object().cloned().unwrap_or_default();
    given.extend(asked.path_ids.clone());
    let fresh = Ulid::generate();
    let mint = desk.spec.allowed_in.births().then_some(fresh);
    let caller = &asked.caller;
    let key = |key: &String| match caller.because {
        None => receipt::receipt_key(A::PROCESS.name, desk.spec.name, &caller.actor, key),
        // Known by listener and fact alone, whatever the node and the desk are called when it is heard again.
        Some(_) => key.clone(),
    };
    Ok(Keyed {
        subject: Subject::fill(A::PROCESS.stream, &given, mint)?,
        body_hash: request_hash(asked),
        body: asked.body.clone(),
        receipt_key: caller.idempotency_key.as_ref().map(key),
        fresh,
    })
}

/// A listener's request is known by its fact: a later program that asks otherwise because of the same fact is
/// answered what became of it.
fn request_hash(asked: &Asked) -> [u8; 32] {
    match asked.caller.because {
        None => receipt::request_hash(&asked.path_ids, &asked.body),
        Some(_) => receipt::known_by_its_key(),
    }
}

fn refuse_call(error: CallError) -> Refused {
    match error {
        CallError::Full => Refusal::MAILBOX_FULL.about("retry_after_ms", 100),
        CallError::Gone => Refusal::STARTING.into(),
        CallError::Timeout => Refusal::TIMEOUT.into(),
        CallError::Dropped => Refusal::INTERNAL.into(),
    }
}

fn refuse_start(error: StartError) -> Refused {
    match error {
        StartError::MaxChildren { .. } | StartError::Busy => {
            Refusal::MAILBOX_FULL.about("retry_after_ms", 1_000)
        }
        StartError::NotRunning | StartError::Ignored => Refusal::STARTING.into(),
        StartError::Timeout(_) => Refusal::TIMEOUT.into(),
        StartError::Init(reason) => {
            tracing::warn!(%reason, "an aggregate did not start");
            Refusal::STARTING.into()
        }
    }
}
