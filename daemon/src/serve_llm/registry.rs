//! The control path: one actor a provider looks at it, one registry makes the routing table from what they saw.
//! No chat passes through either. What they know lies outside them, so that a killed one loses nothing.

use super::dialect::ListedModel;
use super::error::LlmError;
use super::provider::{self, Provider};
use super::routing::{Offer, Routing};
use super::settings::ProviderSettings;
use arc_swap::ArcSwap;
use futures_util::future::join_all;
use hecate_desk::Clock;
use hecate_proto::llm::{Model, ProviderStatus};
use hecate_supervision::{Actor, ExitReason, Kinds, Me, Message, Name, Pool, Reply};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// Between two looks at a provider that is well, or does not take its key.
const LOOK_EVERY: Duration = Duration::from_secs(300);
/// Between two looks at one that does not answer, and between two thoughts about whom to look at.
const TRY_EVERY: Duration = Duration::from_secs(15);
/// How long the registry waits for one look.
const LOOK_MAX: Duration = Duration::from_secs(10);
/// How long an asker waits for all of them.
pub(super) const REFRESH_MAX: Duration = Duration::from_secs(4);
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
    provider: Option<Arc<dyn Provider>>,
    looked: Option<Instant>,
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
            looked: None,
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
        let known = self.state().provider.clone().filter(|_| !anew);
        let opened = known.map_or_else(|| provider::open(&self.settings), Ok);
        self.state().provider = opened.as_ref().ok().cloned();
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

    fn is_fresh(&self) -> bool {
        self.state().looked.is_some_and(|looked| looked.elapsed() < FRESH)
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
    keeper: Name<Ask>,
    lookers: Pool<Looker>,
}

impl Registry {
    pub(super) fn new(providers: Vec<ProviderSettings>, clock: &Arc<dyn Clock>) -> Registry {
        let slot = |settings| Arc::new(Slot::new(settings, Arc::clone(clock)));
        Registry {
            slots: Arc::new(providers.into_iter().map(slot).collect()),
            routing: Arc::default(),
            published: watch::Sender::new(()),
            keeper: Name::new(),
            lookers: Pool::new(),
        }
    }

    pub(super) fn register(&self, kinds: &mut Kinds) {
        let registry = self.clone();
        kinds.pool("llm.providers", &self.lookers);
        kinds.worker::<Keeper>("llm.registry", Some(self.keeper.clone()), move || registry.clone());
    }

    /// The table of the moment.
    pub(super) fn routing(&self) -> Arc<Routing> {
        self.routing.load_full()
    }

    /// Has every provider looked at, unless that was just done; `anew` reads keys again. Answers whether all
    /// looks were over in time.
    pub(super) async fn refresh(&self, anew: bool) -> bool {
        self.keeper.call(|reply| Ask::Refresh { anew, reply }, REFRESH_MAX).await.is_ok()
    }

    /// What `find` finds, in the table of the moment or in the first that a refresh brings and that has it.
    pub(super) async fn find<T, E>(&self, find: impl Fn(&Routing) -> Result<T, E>) -> Result<T, E> {
        if let Ok(found) = find(&self.routing()) {
            return Ok(found);
        }
        let mut published = self.published.subscribe();
        let mut refreshed = pin!(self.refresh(false));
        loop {
            tokio::select! {
                _ = &mut refreshed => return find(&self.routing()),
                _ = published.changed() => {}
            }
            if let Ok(found) = find(&self.routing()) {
                return Ok(found);
            }
        }
    }

    async fn look(&self, slot: &Arc<Slot>, anew: bool) {
        let name = slot.settings.name.clone();
        let looked = async {
            let looker = self.lookers.start_child(name, Arc::clone(slot)).await;
            let looker = looker.map_err(|error| error.to_string())?;
            looker.call(|reply| Look { anew, reply }, LOOK_MAX).await.map_err(|error| error.to_string())
        };
        if let Err(error) = looked.await {
            tracing::warn!(provider = slot.settings.name, error, "a provider could not be looked at");
        }
    }

    async fn look_at(&self, wanted: impl Fn(&Slot) -> bool, anew: bool) {
        let slots = self.slots.iter().filter(|slot| wanted(slot));
        // Whoever answers at once is not held up by one that does not.
        join_all(slots.map(|slot| async move {
            self.look(slot, anew).await;
            self.publish();
        }))
        .await;
    }

    fn publish(&self) {
        let offers = self.slots.iter().map(|slot| slot.offer());
        self.routing.store(Arc::new(Routing::new(offers.collect())));
        self.published.send_replace(());
    }
}

/// Looks at one provider.
pub(super) struct Looker(Arc<Slot>);

/// Look now.
pub(super) struct Look {
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
    type Args = Arc<Slot>;

    async fn init(slot: Arc<Slot>, _: &Me<Look>) -> Result<Self, ExitReason> {
        Ok(Looker(slot))
    }

    async fn handle(&mut self, Look { anew, reply }: Look, _: &Me<Look>) -> Result<(), ExitReason> {
        let (slot, began) = (Arc::clone(&self.0), Instant::now());
        // Its key may be in a file.
        let opened = tokio::task::spawn_blocking(move || slot.provider(anew)).await;
        let looked = match opened.map_err(ExitReason::error)? {
            Ok(provider) => provider.models().await,
            Err(error) => Err(error),
        };
        self.0.keep(looked, began.elapsed());
        reply.send(());
        Ok(())
    }
}

/// Keeps the routing table.
pub(super) struct Keeper(Registry);

pub(super) enum Ask {
    /// Look at whoever is due.
    Tick,
    Refresh {
        anew: bool,
        reply: Reply<()>,
    },
}

impl Message for Ask {
    fn variant(&self) -> &'static str {
        match self {
            Ask::Tick => "Tick",
            Ask::Refresh { .. } => "Refresh",
        }
    }
}

impl Actor for Keeper {
    type Msg = Ask;
    type Args = Registry;

    async fn init(registry: Registry, me: &Me<Ask>) -> Result<Self, ExitReason> {
        let addr = me.addr().clone();
        me.attach(async move {
            loop {
                // A full mailbox looks soon enough without it.
                let _ = addr.cast(Ask::Tick);
                sleep(TRY_EVERY).await;
            }
        });
        Ok(Keeper(registry))
    }

    async fn handle(&mut self, ask: Ask, _: &Me<Ask>) -> Result<(), ExitReason> {
        match ask {
            Ask::Tick => self.0.look_at(Slot::is_due, false).await,
            Ask::Refresh { anew, reply } => {
                let looks = self.0.look_at(|slot| anew || !slot.is_fresh(), anew);
                if timeout(LOOK_MAX, looks).await.is_err() {
                    tracing::warn!("some provider took too long to be looked at");
                }
                reply.send(());
            }
        }
        Ok(())
    }
}
