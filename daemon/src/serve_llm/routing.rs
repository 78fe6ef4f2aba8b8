//! Which provider serves a model: a value that is made anew when something changes and only read in between,
//! so that no chat waits for anybody.

use super::error::LlmError;
use super::provider::Provider;
use hecate_proto::llm::{Model, ProviderStatus};
use std::collections::HashMap;
use std::sync::Arc;

/// What one provider offers, as last seen.
#[derive(Clone)]
pub(super) struct Offer {
    pub(super) name: Arc<str>,
    pub(super) local: bool,
    pub(super) status: ProviderStatus,
    /// Why it cannot be asked, where it cannot. None before anybody tried.
    pub(super) provider: Option<Result<Arc<dyn Provider>, LlmError>>,
    /// None before it was first reached.
    pub(super) models: Option<Vec<Model>>,
}

/// Where a chat goes.
#[derive(Clone)]
pub(super) struct Route {
    pub(super) provider_name: Arc<str>,
    pub(super) provider: Arc<dyn Provider>,
    /// As the provider names it.
    pub(super) model: String,
}

/// Why a chat goes nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoRoute {
    /// Nobody offers the model.
    Unknown {
        /// Names that are like it, the likest first.
        near: Vec<String>,
        /// Providers that were not reached, and may offer it.
        unreached: Vec<String>,
    },
    /// Its provider cannot be asked.
    Closed { provider: Arc<str>, error: LlmError },
}

impl Offer {
    /// True when it can be asked.
    fn is_open(&self) -> bool {
        matches!(self.provider, Some(Ok(_)))
    }
}

/// The whole table. Providers are in the order of their priority.
#[derive(Default)]
pub(super) struct Routing {
    offers: Vec<Offer>,
    /// The offer that serves a bare name.
    by_name: HashMap<String, usize>,
    /// `provider/model`, and the model's length at its end.
    by_full_name: HashMap<String, (usize, usize)>,
}

/// What Ollama takes a name without a tag for.
const IMPLICIT_TAG: &str = ":latest";
/// Names that a refusal suggests.
const NEAR_MAX: usize = 3;

impl Routing {
    pub(super) fn new(mut offers: Vec<Offer>) -> Routing {
        let (mut by_name, mut by_full_name) = (HashMap::new(), HashMap::new());
        for (at, offer) in offers.iter().enumerate() {
            for model in offer.models.iter().flatten() {
                let serving = by_name.entry(model.name.clone()).or_insert(at);
                if offer.is_open() && !offers[*serving].is_open() {
                    *serving = at;
                }
                by_full_name.insert(format!("{}/{}", offer.name, model.name), (at, model.name.len()));
            }
        }
        let names: Vec<Arc<str>> = offers.iter().map(|offer| Arc::clone(&offer.name)).collect();
        for (at, offer) in offers.iter_mut().enumerate() {
            for model in offer.models.iter_mut().flatten() {
                let served = by_name.get(&model.name).copied().filter(|served| *served != at);
                model.shadowed_by = served.and_then(|served| names.get(served)).map(ToString::to_string);
            }
        }
        Routing { offers, by_name, by_full_name }
    }

    pub(super) fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// The provider of a model by any of its names.
    pub(super) fn find(&self, asked: &str) -> Result<Route, NoRoute> {
        let found = self.exact(asked).or_else(|| self.exact(&format!("{asked}{IMPLICIT_TAG}")));
        found.or_else(|| self.unlisted(asked)).unwrap_or_else(|| Err(self.unknown(asked)))
    }

    fn exact(&self, asked: &str) -> Option<Result<Route, NoRoute>> {
        if let Some((at, length)) = self.by_full_name.get(asked) {
            return self.route(*at, &asked[asked.len() - length..]);
        }
        self.route(*self.by_name.get(asked)?, asked)
    }

    /// A provider that was named and has not said what it offers is asked itself.
    fn unlisted(&self, asked: &str) -> Option<Result<Route, NoRoute>> {
        let (name, model) = asked.split_once('/')?;
        let unsaid = |offer: &Offer| offer.models.is_none() || !offer.is_open();
        let at = self.offers.iter().position(|offer| *offer.name == *name && unsaid(offer))?;
        self.route(at, model)
    }

    fn route(&self, at: usize, model: &str) -> Option<Result<Route, NoRoute>> {
        let offer = self.offers.get(at)?;
        let provider_name = Arc::clone(&offer.name);
        Some(match offer.provider.as_ref()? {
            Ok(provider) => {
                Ok(Route { provider_name, provider: Arc::clone(provider), model: model.to_owned() })
            }
            Err(error) => Err(NoRoute::Closed { provider: provider_name, error: error.clone() }),
        })
    }

    /// True when every provider was looked at.
    pub(super) fn is_settled(&self) -> bool {
        self.offers.iter().all(|offer| offer.status != ProviderStatus::Unknown)
    }

    /// Where a chat goes that names no model: the first healthy local one, else the first healthy one, else the
    /// first. With `local` only the first of these.
    pub(super) fn default_route(&self, local: bool) -> Result<Route, NoRoute> {
        let healthy = |offer: &Offer| offer.status == ProviderStatus::Healthy;
        let first = |wanted: &dyn Fn(&Offer) -> bool| {
            self.offers.iter().enumerate().filter(|(_, offer)| wanted(offer)).find_map(|(at, offer)| {
                let model = offer.models.iter().flatten().find(|model| chats(model))?;
                self.route(at, &model.name)?.ok()
            })
        };
        let found = first(&|offer| offer.local && healthy(offer));
        let found =
            if local { found } else { found.or_else(|| first(&healthy)).or_else(|| first(&|_| true)) };
        found.ok_or_else(|| self.unknown(""))
    }

    fn unknown(&self, asked: &str) -> NoRoute {
        let asked = asked.to_lowercase();
        let names =
            self.offers.iter().flat_map(|offer| offer.models.iter().flatten()).map(|model| &model.name);
        let mut near: Vec<(usize, &String)> = names.map(|name| (distance(&asked, name), name)).collect();
        near.sort();
        near.dedup();
        let unreached = self.offers.iter().filter(|offer| offer.status != ProviderStatus::Healthy);
        NoRoute::Unknown {
            near: near.into_iter().take(NEAR_MAX).map(|(_, name)| name.clone()).collect(),
            unreached: unreached.map(|offer| offer.name.to_string()).collect(),
        }
    }
}

/// False for a model that is known to do something else.
fn chats(model: &Model) -> bool {
    model.capabilities.is_empty() || model.capabilities.iter().any(|can| can == "completion")
}

/// How unlike two names are: the changes of single letters between them, none where one holds the other.
fn distance(asked: &str, name: &str) -> usize {
    let name = name.to_lowercase();
    if !asked.is_empty() && (name.contains(asked) || asked.contains(&name)) {
        return 0;
    }
    let name: Vec<char> = name.chars().collect();
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (at, letter) in asked.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (nth, other) in name.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[nth + 1];
            row[nth + 1] = replaced.min(diagonal + 1).min(row[nth] + 1);
        }
    }
    row[name.len()]
}

#[cfg(test)]
mod tests {
    use super::super::dialect::ListedModel;
    use super::super::error::LlmError;
    use super::super::message::Call;
    use super::super::provider::Deltas;
    use super::*;
    use futures_util::future::BoxFuture;

    struct Mute;

    impl Provider for Mute {
        fn models(&self) -> BoxFuture<'_, Result<Vec<ListedModel>, LlmError>> {
            Box::pin(async { Ok(Vec::new()) })
        }

        fn chat(&self, _: &Call) -> BoxFuture<'static, Result<Deltas, LlmError>> {
            Box::pin(async { Err::<Deltas, _>(LlmError::Truncated) })
        }
    }

    fn model(provider: &str, name: &str) -> Model {
        Model {
            name: name.to_owned(),
            provider: provider.to_owned(),
            local: false,
            shadowed_by: None,
            size: None,
            context_length: None,
            family: None,
            parameter_size: None,
            format: None,
            quantization_level: None,
            modified_at: None,
            digest: None,
            capabilities: Vec::new(),
        }
    }

    fn offer(name: &str, local: bool, status: ProviderStatus, models: Option<&[&str]>) -> Offer {
        Offer {
            name: name.into(),
            local,
            status,
            provider: Some(Ok(Arc::new(Mute))),
            models: models.map(|names| names.iter().map(|model_name| model(name, model_name)).collect()),
        }
    }

    fn table() -> Routing {
        use ProviderStatus::{Healthy, Unhealthy};
        Routing::new(vec![
            offer("cloud", false, Healthy, Some(&["gpt-9", "shared", "meta/llama"])),
            offer("ollama", true, Healthy, Some(&["qwen3:latest", "qwen3:8b", "shared"])),
            offer("lost", true, Unhealthy, None),
        ])
    }

    fn found(routing: &Routing, asked: &str) -> Option<(String, String)> {
        let route = routing.find(asked).ok()?;
        Some((route.provider_name.to_string(), route.model))
    }

    #[test]
    fn a_model_is_found_by_every_name_that_it_has() {
        let routing = table();
        for (asked, provider, model) in [
            ("gpt-9", "cloud", "gpt-9"),
            ("cloud/gpt-9", "cloud", "gpt-9"),
            ("meta/llama", "cloud", "meta/llama"),
            ("cloud/meta/llama", "cloud", "meta/llama"),
            ("qwen3", "ollama", "qwen3:latest"),
            ("ollama/qwen3", "ollama", "qwen3:latest"),
            ("qwen3:8b", "ollama", "qwen3:8b"),
            ("lost/anything", "lost", "anything"),
        ] {
            assert_eq!(found(&routing, asked), Some((provider.into(), model.into())), "{asked}");
        }
        for nobody in ["", "gpt", "cloud/qwen3", "lost", "/gpt-9"] {
            assert_eq!(found(&routing, nobody), None, "{nobody:?}");
        }
    }

    /// Defect 21 of the design's list: the winner depended on the order of a map.
    #[test]
    fn a_model_of_two_providers_is_served_by_the_first_and_said_to_be_shadowed() {
        let routing = table();
        assert_eq!(found(&routing, "shared"), Some(("cloud".into(), "shared".into())));
        assert_eq!(found(&routing, "ollama/shared"), Some(("ollama".into(), "shared".into())));
        let shadowed: Vec<_> = routing
            .offers()
            .iter()
            .flat_map(|offer| offer.models.iter().flatten())
            .filter_map(|model| {
                Some((model.provider.as_str(), model.name.as_str(), model.shadowed_by.as_deref()?))
            })
            .collect();
        assert_eq!(shadowed, [("ollama", "shared", "cloud")]);
    }

    #[test]
    fn a_model_that_nobody_offers_is_refused_with_those_that_are_like_it() {
        let unknown = |asked: &str| match table().find(asked) {
            Err(NoRoute::Unknown { near, unreached }) => (near, unreached),
            _ => panic!("{asked} is known"),
        };
        let (near, unreached) = unknown("qwen");
        assert_eq!(near[..2], ["qwen3:8b", "qwen3:latest"]);
        assert_eq!(unreached, ["lost"]);
        assert_eq!(unknown("gtp-9").0[0], "gpt-9");
    }

    #[test]
    fn without_a_name_the_first_healthy_local_model_answers_that_can_chat() {
        let chosen = |routing: &Routing| routing.default_route(false).ok().map(|route| route.model);
        assert_eq!(chosen(&table()).as_deref(), Some("qwen3:latest"));
        let mut offers = table().offers().to_vec();
        offers[1].models.as_mut().unwrap()[0].capabilities = vec!["embedding".to_owned()];
        assert_eq!(chosen(&Routing::new(offers.clone())).as_deref(), Some("qwen3:8b"));
        offers[1].status = ProviderStatus::Unhealthy;
        assert_eq!(chosen(&Routing::new(offers.clone())).as_deref(), Some("gpt-9"));
        offers[0].status = ProviderStatus::RateLimited;
        assert_eq!(chosen(&Routing::new(offers)).as_deref(), Some("gpt-9"));
        assert!(Routing::default().default_route(false).is_err());
    }

    #[test]
    fn before_everybody_was_looked_at_no_remote_model_is_the_default() {
        let mut offers = table().offers().to_vec();
        (offers[1].status, offers[1].models) = (ProviderStatus::Unknown, None);
        let early = Routing::new(offers);
        assert!(!early.is_settled() && table().is_settled());
        assert!(early.default_route(true).is_err());
        assert_eq!(early.default_route(false).unwrap().model, "gpt-9");
        assert_eq!(table().default_route(true).unwrap().model, "qwen3:latest");
    }

    #[test]
    fn a_provider_that_is_not_set_up_says_so_and_leaves_bare_names_to_the_next() {
        let mut offers = table().offers().to_vec();
        let error = LlmError::NotConfigured("no key".to_owned());
        offers[0].provider = Some(Err(error.clone()));
        let routing = Routing::new(offers);
        assert_eq!(found(&routing, "shared"), Some(("ollama".into(), "shared".into())));
        for asked in ["cloud/gpt-9", "cloud/unheard-of", "gpt-9"] {
            let closed = NoRoute::Closed { provider: "cloud".into(), error: error.clone() };
            assert_eq!(routing.find(asked).err(), Some(closed), "{asked}");
        }
        assert_eq!(routing.offers()[0].models.as_ref().unwrap()[1].shadowed_by.as_deref(), Some("ollama"));
    }

    #[test]
    fn unlikeness_counts_single_letters() {
        for (asked, name, unlike) in
            [("abc", "abc", 0), ("abd", "abc", 1), ("", "abc", 3), ("llama", "LLaMA3", 0)]
        {
            assert_eq!(distance(asked, name), unlike, "{asked} {name}");
        }
    }
}
