//! The daemon's way to models: every chat of this node goes through here to whichever provider serves it.
//!
//! Pure: messages, dialects, framings, routing. At the rim: HTTP to the providers, two kinds of actors that
//! keep the routing table, and the routes that the edge carries. A chat passes no mailbox.

mod chat;
mod delta;
mod dialect;
mod error;
mod key;
mod message;
mod ollama;
mod openai;
mod provider;
mod redaction;
mod registry;
mod routes;
mod routing;
mod settings;
mod stream;
#[cfg(test)]
mod tests;
mod thoughts;
mod upstream;

pub(crate) use key::KeySource;
pub(crate) use settings::{ProviderSettings, SettingError, Speaks, given};

use crate::hecate_api::{Reply, RouteAsked, Routes};
use error::model_not_found;
use hecate_desk::schema::{self, Rules};
use hecate_desk::{Clock, Refusal, Refused};
use hecate_proto::llm::ChatRequest;
use hecate_supervision::Kinds;
use message::Call;
use registry::Registry;
use routing::{NoRoute, Route, Routing};
use serde_json::Value;
use std::sync::{Arc, OnceLock};

/// All that the rest of the house knows of models.
#[derive(Clone)]
pub(crate) struct Llm(Registry);

impl Llm {
    /// The providers in the order of their priority; asks none of them yet.
    pub(crate) fn new(providers: Vec<ProviderSettings>, clock: &Arc<dyn Clock>) -> Llm {
        Llm(Registry::new(providers, clock))
    }

    /// Adds the kinds `llm.providers` and `llm.registry`.
    pub(crate) fn register(&self, kinds: &mut Kinds) {
        self.0.register(kinds);
    }

    /// What the edge serves.
    pub(crate) fn routes(&self) -> Routes {
        routes::of(self)
    }

    fn registry(&self) -> &Registry {
        &self.0
    }

    /// Answers a chat.
    async fn chat(self, asked: RouteAsked) -> Result<Reply, Refused> {
        let request = read(asked.body)?;
        let streams = request.stream;
        let mut call = Call::read(request)?;
        let route = self.route(&call.model).await?;
        (call.provider, call.model) = (route.provider_name.to_string(), route.model.clone());
        tracing::debug!(
            provider = %route.provider_name, model = call.model, correlation_id = %asked.client.correlation_id,
            "a chat is routed"
        );
        if streams {
            return chat::streamed(&route, &call, asked.client).await.map(Reply::Events);
        }
        let answer = chat::whole(&route, &call, asked.client).await?;
        routes::json(&answer)
    }

    /// Who serves this model, or the default one. Where nobody does, every provider is looked at once more
    /// before that is said.
    async fn route(&self, model: &str) -> Result<Route, Refused> {
        let find = |routing: &Routing, last: bool| match model {
            // A local model may still come: nobody shall pay for a chat that did not ask for it.
            "" => routing.default_route(!last && !routing.is_settled()),
            model => routing.find(model),
        };
        let found = self.registry().find(find).await;
        found.map_err(|no_route| match no_route {
            NoRoute::Unknown { near, unreached } if unreached.is_empty() => model_not_found(model, near),
            NoRoute::Unknown { near, unreached } => {
                model_not_found(model, near).about("unreached", unreached)
            }
            NoRoute::Closed { provider, error } => error.refused(&provider),
        })
    }
}

/// The rules of a chat's body, as the document shows them.
fn chat_rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| Rules::of(schema::of::<ChatRequest>()))
}

fn read(body: serde_json::Map<String, Value>) -> Result<ChatRequest, Refused> {
    let body = Value::Object(body);
    chat_rules().check(&body)?;
    serde_json::from_value(body).map_err(|error| Refusal::VALIDATION.about("hint", error.to_string()))
}
