//! The actor around one aggregate: one request at a time, decided on the state that the log gives.
//!
//! It keeps nothing that the log does not have. A crash costs only the fold, which the next request does
//! again; so does idling, after which the actor ends.

use crate::{
    aggregate::Aggregate,
    answer::{Outcome, Told},
    caller::{Caller, Node, tag_of},
    code::Code,
    content::Unkept,
    decision::Decision,
    desk::DeskEntry,
    folded::Folded,
    loaded::{LoadError, Loaded, load},
    moment::Moment,
    receipt::{self, Keyed, Note},
    refusal::{Refusal, Refused},
};
use hecate_event_store::{
    Append, AppendError, Appended, EventStore, Expected, Metadata, NewEvent, ReadError,
};
use hecate_proto::answer::EventRef;
use hecate_supervision::{Actor, ExitReason, Me, Message, Reply};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

/// How often a decision is made again when somebody else appended in between.
const TRIES_MAX: u32 = 10;
/// An actor that nobody asked for so long ends; the log keeps what it knew.
const IDLE_MAX: Duration = Duration::from_secs(300);

/// One request for one desk of this aggregate.
pub(crate) struct Ask<A: Aggregate> {
    pub(crate) desk: &'static DeskEntry<A>,
    pub(crate) keyed: Keyed,
    pub(crate) caller: Caller,
    pub(crate) command_id: Uuid,
    /// What is sent with it, to be kept once it is granted.
    pub(crate) sent: Option<Unkept>,
    /// What is answered in place of a refusal that a hand-off may end.
    pub(crate) when_early: WhenEarly,
}

/// What is answered in place of a refusal that a hand-off may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenEarly {
    /// That it may be early: a hand-off may be on its way.
    Say,
    /// The refusal.
    Refuse,
    /// That nobody knows yet: a hand-off may still be on its way.
    AskAgain,
}

/// Why a request was not granted.
pub(crate) enum Denied {
    Refused(Refused),
    /// The request may have come early; whoever asked waits for what is on its way.
    Early,
}

pub(crate) enum AggregateMsg<A: Aggregate> {
    Ask(Box<Ask<A>>, Reply<Result<Told, Denied>>),
    LookForIdleness,
}

impl<A: Aggregate> Message for AggregateMsg<A> {
    fn variant(&self) -> &'static str {
        match self {
            AggregateMsg::Ask(ask, _) => ask.desk.spec.name,
            AggregateMsg::LookForIdleness => "look_for_idleness",
        }
    }
}

pub(crate) struct AggregateArgs {
    pub(crate) stream_id: Arc<str>,
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) node: Node,
    pub(crate) code: Code,
}

pub(crate) struct AggregateActor<A: Aggregate> {
    args: AggregateArgs,
    loaded: Option<Loaded<A>>,
    asked_at: Instant,
}

/// Why a request ends without its events on disk.
enum Halt {
    Refused(Refused),
    /// It is refused now, and may be granted once what is on its way has come.
    Early,
    /// The same key was answered before, on another stream.
    Replayed(Told),
    /// The actor cannot go on: the log does not fit the code.
    Crash(ExitReason),
}

impl From<Refused> for Halt {
    fn from(refused: Refused) -> Self {
        Halt::Refused(refused)
    }
}

impl From<LoadError> for Halt {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Read(error) => error.into(),
            LoadError::Unfoldable { .. } => Halt::Crash(ExitReason::error(error)),
        }
    }
}

impl From<ReadError> for Halt {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable { reason } => {
                Halt::Refused(Refusal::STORE_UNAVAILABLE.about("reason", reason.to_string()))
            }
            ReadError::Damaged { .. } => Halt::Crash(ExitReason::error(error)),
        }
    }
}

impl<A: Aggregate> Actor for AggregateActor<A> {
    type Msg = AggregateMsg<A>;
    type Args = AggregateArgs;

    async fn init(args: AggregateArgs, me: &Me<Self::Msg>) -> Result<Self, ExitReason> {
        let addr = me.addr().clone();
        me.attach(async move {
            loop {
                tokio::time::sleep(IDLE_MAX).await;
                // A full mailbox is not idle.
                let _ = addr.cast(AggregateMsg::LookForIdleness);
            }
        });
        Ok(AggregateActor { args, loaded: None, asked_at: Instant::now() })
    }

    async fn handle(&mut self, msg: Self::Msg, _: &Me<Self::Msg>) -> Result<(), ExitReason> {
        match msg {
            AggregateMsg::LookForIdleness if self.asked_at.elapsed() < IDLE_MAX => Ok(()),
            AggregateMsg::LookForIdleness => {
                self.keep_snapshot_if(Loaded::was_slow);
                Err(ExitReason::Normal)
            }
            AggregateMsg::Ask(ask, reply) => {
                self.asked_at = Instant::now();
                let span = self.span(&ask);
                self.answer(&ask, reply).instrument(span).await
            }
        }
    }

    fn debug_state(&self) -> Option<Value> {
        Some(json!({
            "process": A::PROCESS.name,
            "stream_id": &*self.args.stream_id,
            // Nothing where the next request reads the log first.
            "loaded": self.loaded.as_ref().map(Loaded::shown),
            "asked_ms_ago": self.asked_at.elapsed().as_millis() as u64,
        }))
    }
}

impl<A: Aggregate> AggregateActor<A> {
    fn span(&self, ask: &Ask<A>) -> tracing::Span {
        tracing::info_span!(
            "desk",
            process = A::PROCESS.name,
            desk = ask.desk.spec.name,
            stream_id = %self.args.stream_id,
            correlation_id = %ask.caller.correlation_id,
        )
    }

    async fn answer(&mut self, ask: &Ask<A>, reply: Reply<Result<Told, Denied>>) -> Result<(), ExitReason> {
        match self.run(ask).await {
            Ok(told) | Err(Halt::Replayed(told)) => reply.send(Ok(told)),
            Err(Halt::Refused(refused)) => {
                tracing::debug!(code = %refused.code, "refused");
                reply.send(Err(Denied::Refused(refused)));
            }
            Err(Halt::Early) => reply.send(Err(Denied::Early)),
            Err(Halt::Crash(reason)) => return Err(reason),
        }
        self.keep_snapshot_if(Loaded::is_far_from_snapshot);
        // Nobody keeps an actor for a stream that does not exist.
        let unborn = self.loaded.as_ref().is_some_and(|loaded| loaded.folded.version().is_none());
        if unborn { Err(ExitReason::Normal) } else { Ok(()) }
    }

    /// Keeps the state where that is worth it, beside whoever asks next. A snapshot that is not kept costs
    /// the next load, and nothing else.
    fn keep_snapshot_if(&mut self, worth_it: fn(&Loaded<A>) -> bool) {
        let Some(loaded) = self.loaded.as_mut().filter(|loaded| worth_it(loaded)) else { return };
        let Some(snapshot) = self.args.code.hash().and_then(|code| loaded.snapshot(code)) else { return };
        let (store, stream_id) = (Arc::clone(&self.args.store), Arc::clone(&self.args.stream_id));
        let keep = async move {
            if let Err(error) = store.keep_snapshot(stream_id, snapshot).await {
                tracing::debug!(%error, "a snapshot was not kept");
            }
        };
        tokio::spawn(keep.in_current_span());
    }

    async fn run(&mut self, ask: &Ask<A>) -> Result<Told, Halt> {
        if let Some(first) = self.first_result(ask).await? {
            return Ok(first);
        }
        for tried in 1..TRIES_MAX {
            match self.try_once(ask).await {
                Err(Halt::Refused(refused))
                    if refused.is(Refusal::WRONG_EXPECTED_VERSION)
                        && ask.caller.expected_version.is_none() =>
                {
                    tokio::time::sleep(jitter(tried)).await;
                }
                done => return done,
            }
        }
        self.try_once(ask).await
    }

    /// The answer that the same key was given before.
    async fn first_result(&self, ask: &Ask<A>) -> Result<Option<Told>, Halt> {
        let Some(key) = &ask.keyed.receipt_key else { return Ok(None) };
        let kept = self.args.store.receipt(key, self.args.node.clock.now_us()).await?;
        let replayed = kept.map(|kept| receipt::replay(kept, ask.keyed.body_hash, ask.caller.correlation_id));
        Ok(replayed.transpose()?)
    }

    async fn try_once(&mut self, ask: &Ask<A>) -> Result<Told, Halt> {
        let at_us = self.args.node.clock.now_us();
        let folded = &self.load().await?.folded;
        let Keyed { subject, fresh, .. } = &ask.keyed;
        let moment = Moment::new(at_us, ask.caller.actor.clone(), subject.clone(), *fresh);
        let decided = folded.decide(ask.desk, ask.keyed.body.clone(), &moment);
        let is_early = |refused: &Refused| folded.may_be_early(ask.desk, refused);
        match ask.when_early {
            WhenEarly::Refuse => {}
            _ if !decided.as_ref().is_err_and(is_early) => {}
            WhenEarly::Say => return Err(Halt::Early),
            WhenEarly::AskAgain => return Err(Halt::Refused(Refusal::LISTENER_LAGGING.into())),
        }
        check_expected(ask, folded.version())?;
        match decided {
            Ok(decision) => {
                keep(ask).await?;
                self.record(ask, decision, at_us).await
            }
            Err(refused) => self.keep_refusal(ask, refused, at_us).await,
        }
    }

    /// The fold at the end of the stream.
    async fn load(&mut self) -> Result<&mut Loaded<A>, Halt> {
        if self.loaded.is_none() {
            let AggregateArgs { stream_id, store, code, .. } = &self.args;
            self.loaded = Some(load(&**store, stream_id, code).await?);
        }
        Ok(self.loaded.get_or_insert_default())
    }

    /// Appends what was decided. The fold runs ahead of the log for a moment and is dropped if the log says no.
    async fn record(&mut self, ask: &Ask<A>, decision: Decision<A>, at_us: i64) -> Result<Told, Halt> {
        let mut loaded = self.loaded.take().unwrap_or_default();
        let before = loaded.folded.version();
        for event in &decision.events {
            loaded.folded.fold(event.event_type, event.data.get()).map_err(|why| {
                Halt::Crash(ExitReason::error(format!("{} does not fold: {why:?}", event.event_type)))
            })?;
        }
        let born = before.is_none() && !decision.events.is_empty();
        let outcome = Outcome::of(&loaded.folded, &decision.events, born, loaded.position);
        let events = self.events(ask, &loaded.folded, decision, at_us);
        let note = Note::Told(outcome.clone());
        if events.is_empty() && ask.keyed.receipt_key.is_none() {
            self.loaded = Some(loaded);
            return Ok(outcome.told(Vec::new(), None, ask.caller.correlation_id));
        }
        let expected = before.map_or(Expected::NoStream, Expected::Version);
        let appended = self.append(ask, expected, events, &note, at_us).await?;
        loaded.position = appended.last_position.unwrap_or(loaded.position);
        self.loaded = Some(loaded);
        Ok(told(outcome, &appended, ask.caller.correlation_id))
    }

    /// A refusal under a key is kept as well: a repetition gets the first result, whatever happened since. But a
    /// listener that asks what breaks a rule has a bug, and may ask again when it is mended.
    async fn keep_refusal(&self, ask: &Ask<A>, refused: Refused, at_us: i64) -> Result<Told, Halt> {
        let is_a_bug = ask.caller.because.is_some() && !refused.is_an_answer();
        if ask.keyed.receipt_key.is_some() && !is_a_bug {
            let note = Note::Refused(refused.clone());
            self.append(ask, Expected::Any, Vec::new(), &note, at_us).await?;
        }
        Err(refused.into())
    }

    async fn append(
        &self,
        ask: &Ask<A>,
        expected: Expected,
        events: Vec<NewEvent>,
        note: &Note,
        at_us: i64,
    ) -> Result<Appended, Halt> {
        let receipt = ask
            .keyed
            .receipt_key
            .clone()
            .map(|key| receipt::keep(key, ask.keyed.body_hash, note, at_us, &ask.caller));
        let append = Append { stream_id: Arc::clone(&self.args.stream_id), expected, events, receipt };
        self.args.store.append(append).await.map_err(|error| refuse_append(error, ask))
    }

    fn events(&self, ask: &Ask<A>, folded: &Folded<A>, decision: Decision<A>, at_us: i64) -> Vec<NewEvent> {
        let because = ask.caller.because.as_ref();
        let visibility = || Arc::from(folded.aggregate().visibility());
        let metadata = Metadata {
            correlation_id: ask.caller.correlation_id,
            causation_id: because.map_or(ask.command_id, |because| because.event_id),
            command_id: ask.command_id,
            actor: ask.caller.actor.as_str().into(),
            node_id: Arc::clone(&self.args.node.node_id),
            realm: Arc::clone(&self.args.node.realm),
            idempotency_key: ask.caller.idempotency_key.clone(),
            conversation_id: None,
            visibility: because.and_then(|because| because.visibility.clone()).or_else(|| Some(visibility())),
        };
        let tags = tags::<A>(folded);
        let new = |event: crate::decision::Decided| NewEvent {
            event_id: Uuid::now_v7(),
            event_type: Arc::from(event.event_type),
            metadata: metadata.clone(),
            tags: tags_of(&event, &tags),
            data: event.data.into(),
            at_us,
        };
        decision.events.into_iter().map(new).collect()
    }
}

/// Up to 1 ms after the first try, up to 9 ms after the ninth: two that contend do not meet again.
fn jitter(tried: u32) -> Duration {
    let dice = u64::from(Uuid::new_v4().as_bytes()[0]);
    Duration::from_micros(u64::from(tried) * dice * 1_000 / 256)
}

/// The aggregate's tags, and those of what else the event names.
fn tags_of(event: &crate::decision::Decided, aggregate: &[String]) -> Vec<String> {
    let named = event.ids().filter_map(|(field, id)| tag_of(&field, &id));
    aggregate.iter().cloned().chain(named.filter(|tag| !aggregate.contains(tag))).collect()
}

fn tags<A: Aggregate>(folded: &Folded<A>) -> Vec<String> {
    let about = folded.aggregate().about();
    let things = about.iter().filter_map(|(field, id)| tag_of(field, id.as_str()?));
    things.chain([format!("process:{}", A::PROCESS.name)]).collect()
}

/// What an event names is kept before it is recorded; what nobody grants is not.
async fn keep<A: Aggregate>(ask: &Ask<A>) -> Result<(), Refused> {
    match &ask.sent {
        Some(sent) => sent.keep().await,
        None => Ok(()),
    }
}

fn check_expected<A: Aggregate>(ask: &Ask<A>, actual: Option<u64>) -> Result<(), Refused> {
    match ask.caller.expected_version {
        Some(expected) if actual != Some(expected) => Err(wrong_version(expected, actual)),
        _ => Ok(()),
    }
}

fn wrong_version(expected: u64, actual: Option<u64>) -> Refused {
    Refusal::WRONG_EXPECTED_VERSION
        .about("field", "If-Match")
        .about("expected", expected)
        .about("actual", actual)
        .about("hint", "Read it again, then decide again.")
}

fn told(outcome: Outcome, appended: &Appended, correlation_id: Uuid) -> Told {
    let event_ref = |event: &Arc<hecate_event_store::RecordedEvent>| EventRef {
        event_id: event.event_id,
        event_type: event.event_type.to_string(),
        version: event.version,
    };
    outcome.told(appended.events.iter().map(event_ref).collect(), appended.last_position, correlation_id)
}

fn refuse_append<A: Aggregate>(error: AppendError, ask: &Ask<A>) -> Halt {
    let refused = match error {
        AppendError::WrongExpectedVersion { actual, .. } => {
            wrong_version(ask.caller.expected_version.or(actual).unwrap_or_default(), actual)
        }
        AppendError::ReceiptExists(receipt) => {
            return receipt::replay(*receipt, ask.keyed.body_hash, ask.caller.correlation_id)
                .map_or_else(Halt::Refused, Halt::Replayed);
        }
        AppendError::Busy { retry_after_us } => {
            Refusal::MAILBOX_FULL.about("retry_after_ms", retry_after_us.div_ceil(1_000))
        }
        AppendError::TooLarge { bytes, bytes_max } => {
            Refusal::TOO_LARGE.about("bytes", bytes).about("bytes_max", bytes_max)
        }
        AppendError::Unavailable { reason } => Refusal::STORE_UNAVAILABLE.about("reason", reason.to_string()),
        AppendError::Unknown => Refusal::TIMEOUT.into(),
        AppendError::Invalid { .. } => return Halt::Crash(ExitReason::error(error)),
    };
    Halt::Refused(refused)
}
