//! The control path: one actor a provider looks at it and makes the routing table anew, one registry has them
//! look from time to time. No provider waits for another, and whoever asks meanwhile shares a look. No chat passes through either. What they know lies outside them, so that a killed one loses nothing.

use super::dialect::ListedModel;
use super::error::LlmError;
use super::provider::{self, Provider};
use super::routing::{Offer, Routing};
use super::settings::ProviderSettings;
use arc_swap::ArcSwap;
use futures_util::future::join_all;
use hecate_desk::Clock;
use hecate_proto::llm::{Model, ProviderStatus};
use hecate_proto::time::rfc3339;
use hecate_supervision::{Actor, ExitReason, Kinds, Me, Message, Pool, Reply};
use serde_json::{Value, json};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// Between two looks at a provider that is well, or does not take its key.
const LOOK_EVERY: Duration = Duration::from_secs(300);
/// Between two looks at one that does not answer, and between two thoughts about whom to look at.
const TRY_EVERY: Duration = Duration::from_secs(15);
/// How long one look is waited for: its own time limits, and those of one that runs already.
const LOOK_MAX: Duration = Duration::from_secs(25);
/// How long an asker waits for looks at all of them.
const REFRESH_MAX: Duration = Duration::from_secs(4);
/// A look that is not older is not repeated, however many ask for it.
const FRESH: Duration = Duration::from_secs(2);

/// One provider: how it is set up, and what was last seen of it.
pub(super) struct Slot {
    pub(super) settings: ProviderSettings,
    state: Mutex<Seen>,
    clock: Arc<dyn Clock>,
}

/// What was last seen of a provider.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) status: ProviderStatus,
    pub(super) error: Option<String>,
    pub(super) latency: Option<Duration>,
    pub(super) checked_at_us: Option<i64>,
    pub(super) last_ok_at_us: Option<i64>,
    pub(super) models: Option<Vec<Model>>,
    provider: Option<Result<Arc<dyn Provider>, LlmError>>,
    /// True when it has answered the last look, well or not.
    reached: bool,
    /// When the last look was over.
    looked: Option<Instant>,
    /// When the last look began that read its key anew.
    read_anew: Option<Instant>,
}

impl Slot {
    fn new(settings: ProviderSettings, clock: Arc<dyn Clock>) -> Slot {
        let seen = Seen {
            status: ProviderStatus::Unknown,
            error: None,
            latency: None,
            checked_at_us: None,
            last_ok_at_us: None,
            models: None,
            provider: None,
            reached: false,
            looked: None,
            read_anew: None,
        };
        Slot { settings, state: Mutex::new(seen), clock }
    }

    fn state(&self) -> MutexGuard<'_, Seen> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn seen(&self) -> Seen {
        self.state().clone()
    }

    /// The provider; opened where it is not yet, or where its key shall be read anew.
    fn provider(&self, anew: bool) -> Result<Arc<dyn Provider>, LlmError> {
        if let Some(Ok(known)) = self.state().provider.clone().filter(|_| !anew) {
            return Ok(known);
        }
        let opened = provider::open(&self.settings);
        self.state().provider = Some(opened.clone());
        opened
    }

    fn model(&self, listed: ListedModel) -> Model {
        Model {
            name: listed.name,
            provider: self.settings.name.clone(),
            local: self.settings.is_local(),
            shadowed_by: None,
            size: listed.size,
            context_length: listed.context_length,
            family: listed.family,
            parameter_size: listed.parameter_size,
            format: listed.format,
            quantization_level: listed.quantization_level,
            modified_at: listed.modified_at,
            digest: listed.digest,
            capabilities: listed.capabilities,
        }
    }

    /// Keeps what a look has shown. Models of a provider that fails stay known: it may come back.
    fn keep(&self, looked: Result<Vec<ListedModel>, LlmError>, took: Duration) {
        let now_us = self.clock.now_us();
        let name = &self.settings.name;
        let mut seen = self.state();
        let before = seen.status;
        seen.looked = Some(Instant::now());
        seen.reached = !matches!(
            looked,
            Err(LlmError::Unreachable(_) | LlmError::Timeout(_) | LlmError::NotConfigured(_))
        );
        (seen.checked_at_us, seen.latency) = (Some(now_us), Some(took));
        match looked {
            Ok(listed) => {
                let mut models: Vec<Model> = listed.into_iter().map(|listed| self.model(listed)).collect();
                models.sort_by(|a, b| a.name.cmp(&b.name));
                models.dedup_by(|a, b| a.name == b.name);
                (seen.status, seen.error) = (ProviderStatus::Healthy, None);
                (seen.last_ok_at_us, seen.models) = (Some(now_us), Some(models));
            }
            Err(error) => (seen.status, seen.error) = (status_of(&error), Some(error.to_string())),
        }
        if before != seen.status {
            let (status, error) = (seen.status, seen.error.as_deref());
            tracing::info!(provider = name, ?status, error, "a provider is seen otherwise than before");
        }
    }

    fn is_due(&self) -> bool {
        let seen = self.state();
        let every = match seen.status {
            ProviderStatus::Healthy | ProviderStatus::Unauthorized => LOOK_EVERY,
            _ => TRY_EVERY,
        };
        seen.looked.is_none_or(|looked| looked.elapsed() >= every)
    }

    /// True when it needs no look for someone who asked then.
    fn satisfies(&self, asked: Instant, anew: bool) -> bool {
        let seen = self.state();
        match anew {
            true => seen.read_anew.is_some_and(|began| began >= asked),
            false => seen.looked.is_some_and(|looked| looked >= asked || looked.elapsed() < FRESH),
        }
    }

    /// What operators see of it: neither its address nor what it said, since a key may stand in either.
    fn shown(&self) -> Value {
        let (settings, seen) = (&self.settings, self.state());
        json!({
            "name": settings.name,
            "kind": settings.speaks.name(),
            "local": settings.is_local(),
            "has_key": settings.key.is_some(),
            "status": seen.status,
            "models": seen.models.as_ref().map(Vec::len),
            "checked_at": seen.checked_at_us.map(rfc3339),
        })
    }

    fn offer(&self) -> Offer {
        let seen = self.seen();
        Offer {
            name: self.settings.name.as_str().into(),
            local: self.settings.is_local(),
            status: seen.status,
            provider: seen.provider,
            models: seen.models,
        }
    }
}

fn status_of(error: &LlmError) -> ProviderStatus {
    match error {
        LlmError::Unauthorized { .. } => ProviderStatus::Unauthorized,
        LlmError::RateLimited { .. } => ProviderStatus::RateLimited,
        LlmError::NotConfigured(_) => ProviderStatus::NotConfigured,
        _ => ProviderStatus::Unhealthy,
    }
}

/// What is known of all providers, and how to know more.
#[derive(Clone)]
pub(super) struct Registry {
    /// In the order of their priority.
    pub(super) slots: Arc<Vec<Arc<Slot>>>,
    routing: Arc<ArcSwap<Routing>>,
    /// Tells of every new table.
    published: watch::Sender<()>,
    /// Held by whoever makes a table, so that none replaces a newer one.
    publishing: Arc<Mutex<()>>,
    lookers: Pool<Looker>,
}

impl Registry {
    pub(super) fn new(providers: Vec<ProviderSettings>, clock: &Arc<dyn Clock>) -> Registry {
        let slot = |settings| Arc::new(Slot::new(settings, Arc::clone(clock)));
        Registry {
            slots: Arc::new(providers.into_iter().map(slot).collect()),
            routing: Arc::default(),
            published: watch::Sender::new(()),
            publishing: Arc::default(),
            lookers: Pool::new(),
        }
    }

    pub(super) fn register(&self, kinds: &mut Kinds) {
        let registry = self.clone();
        kinds.pool("llm.providers", &self.lookers);
        kinds.worker::<Keeper>("llm.registry", None, move || registry.clone());
    }

    /// The table of the moment.
    pub(super) fn routing(&self) -> Arc<Routing> {
        self.routing.load_full()
    }

    /// Has every provider looked at, unless that was just done; `anew` reads keys again and waits for every
    /// look. Answers the names of those that were not reached in time.
    pub(super) async fn refresh(&self, anew: bool) -> Vec<String> {
        let wait = if anew { LOOK_MAX } else { REFRESH_MAX };
        let looks = self.slots.iter().map(|slot| async move {
            let looked = timeout(wait, self.look(slot, anew)).await.unwrap_or(false);
            (slot, looked && slot.state().reached)
        });
        let looks = join_all(looks).await.into_iter();
        looks.filter(|(_, reached)| !reached).map(|(slot, _)| slot.settings.name.clone()).collect()
    }

    /// What `find` finds, in the table of the moment or in the first that a refresh brings and that has it. It
    /// is told when no better table will come.
    pub(super) async fn find<T, E>(&self, find: impl Fn(&Routing, bool) -> Result<T, E>) -> Result<T, E> {
        if let Ok(found) = find(&self.routing(), false) {
            return Ok(found);
        }
        let mut published = self.published.subscribe();
        let mut refreshed = pin!(self.refresh(false));
        loop {
            tokio::select! {
                _ = &mut refreshed => return find(&self.routing(), true),
                _ = published.changed() => {}
            }
            if let Ok(found) = find(&self.routing(), false) {
                return Ok(found);
            }
        }
    }

    /// Has one provider looked at; answers whether it was.
    async fn look(&self, slot: &Arc<Slot>, anew: bool) -> bool {
        let asked = Instant::now();
        if slot.satisfies(asked, anew) {
            return true;
        }
        let name = slot.settings.name.clone();
        let looked = async {
            let looker = self.lookers.start_child(name, (Arc::clone(slot), self.clone())).await;
            let looker = looker.map_err(|error| error.to_string())?;
            looker
                .call(|reply| Look { asked, anew, reply }, LOOK_MAX)
                .await
                .map_err(|error| error.to_string())
        };
        let looked = looked.await;
        if let Err(error) = &looked {
            tracing::warn!(provider = slot.settings.name, error, "a provider could not be looked at");
        }
        looked.is_ok()
    }

    /// Looks at one provider whenever that is due, for ever.
    async fn watch(&self, slot: &Arc<Slot>) {
        loop {
            if slot.is_due() {
                self.look(slot, false).await;
            }
            sleep(TRY_EVERY).await;
        }
    }

    fn publish(&self) {
        let _turn = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let offers = self.slots.iter().map(|slot| slot.offer());
        self.routing.store(Arc::new(Routing::new(offers.collect())));
        self.published.send_replace(());
    }
}

/// Looks at one provider.
pub(super) struct Looker {
    slot: Arc<Slot>,
    registry: Registry,
}

/// Look, unless somebody else had it look since this was asked.
pub(super) struct Look {
    asked: Instant,
    anew: bool,
    reply: Reply<()>,
}

impl Message for Look {
    fn variant(&self) -> &'static str {
        "Look"
    }
}

impl Actor for Looker {
    type Msg = Look;
    type Args = (Arc<Slot>, Registry);

    async fn init((slot, registry): (Arc<Slot>, Registry), _: &Me<Look>) -> Result<Self, ExitReason> {
        Ok(Looker { slot, registry })
    }

    async fn handle(&mut self, look: Look, _: &Me<Look>) -> Result<(), ExitReason> {
        let Look { asked, anew, reply } = look;
        if self.slot.satisfies(asked, anew) {
            reply.send(());
            return Ok(());
        }
        let (slot, began) = (Arc::clone(&self.slot), Instant::now());
        // Its key may be in a file.
        let opened = tokio::task::spawn_blocking(move || slot.provider(anew)).await;
        let looked = match opened.map_err(ExitReason::error)? {
            Ok(provider) => provider.models().await,
            Err(error) => Err(error),
        };
        self.slot.keep(looked, began.elapsed());
        if anew {
            self.slot.state().read_anew = Some(began);
        }
        self.registry.publish();
        reply.send(());
        Ok(())
    }

    fn debug_state(&self) -> Option<Value> {
        Some(self.slot.shown())
    }
}

/// Has every provider looked at from time to time.
pub(super) struct Keeper(Registry);

/// It is told nothing.
pub(super) enum Never {}

impl Message for Never {
    fn variant(&self) -> &'static str {
        match *self {}
    }
}

impl Actor for Keeper {
    type Msg = Never;
    type Args = Registry;

    async fn init(registry: Registry, me: &Me<Never>) -> Result<Self, ExitReason> {
        let keeper = Keeper(registry.clone());
        me.works_beside();
        me.attach(async move {
            join_all(registry.slots.iter().map(|slot| registry.watch(slot))).await;
            // Without providers there is nothing to do, which is no reason to end.
            std::future::pending().await
        });
        Ok(keeper)
    }

    async fn handle(&mut self, never: Never, _: &Me<Never>) -> Result<(), ExitReason> {
        match never {}
    }

    fn debug_state(&self) -> Option<Value> {
        let providers = self.0.slots.iter().map(|slot| slot.shown());
        Some(json!({"providers": providers.collect::<Vec<_>>()}))
    }
}
