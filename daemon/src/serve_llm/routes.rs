//! The routes below `/api/llm`, and their chapter of the OpenAPI document.

use super::registry::{Seen, Slot};
use super::{Llm, chat_rules};
use crate::hecate_api::{Method, Reply, Route, RouteAsked, Routes};
use futures_util::FutureExt;
use hecate_desk::{Refusal, Refused};
use hecate_proto::llm::{
    LlmHealth, Model, ModelsAnswer, Provider, ProviderHealth, ProviderStatus, ProvidersAnswer, ReloadAnswer,
};
use hecate_proto::{route, time};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

const DOCUMENT: &str = include_str!("openapi.json");
/// A conversation may hold pictures.
const CHAT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A reload has nothing to say.
const RELOAD_BYTES_MAX: usize = 1024;

/// Everything below `/api/llm`.
pub(super) fn of(llm: &Llm) -> Routes {
    let get = Method::Get;
    let chat = Method::Post { body_bytes_max: CHAT_BYTES_MAX };
    let reload = Method::Post { body_bytes_max: RELOAD_BYTES_MAX };
    let mut document: Map<String, Value> = serde_json::from_str(DOCUMENT).unwrap_or_default();
    let mut chapter = |name: &str| match document.remove(name) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let (paths, mut schemas) = (chapter("paths"), chapter("schemas"));
    schemas.insert("ChatRequest".to_owned(), chat_rules().schema().clone());
    Routes {
        routes: vec![
            served(llm, get, route::LLM_MODELS, |llm, _| async move { json(&models(&llm)) }),
            served(llm, get, route::LLM_HEALTH, |llm, _| async move {
                llm.registry().refresh(false).await;
                json(&health(&llm))
            }),
            served(llm, get, route::LLM_PROVIDERS, |llm, _| async move { json(&providers(&llm)) }),
            served(llm, reload, route::LLM_RELOAD, |llm, asked| async move {
                no_fields(&asked)?;
                asked.client.audit("reload", route::LLM_RELOAD);
                let unreached = llm.registry().refresh(true).await;
                json(&reloaded(&llm, unreached))
            }),
            served(llm, chat, route::LLM_CHAT, Llm::chat),
        ],
        tag: ("llm", "Models, and conversations with them."),
        paths,
        schemas,
    }
}

fn served<F, Fut>(llm: &Llm, method: Method, path: &'static str, serve: F) -> Route
where
    F: Fn(Llm, RouteAsked) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply, Refused>> + Send + 'static,
{
    let llm = llm.clone();
    Route { method, path, serve: Arc::new(move |asked| serve(llm.clone(), asked).boxed()) }
}

/// A success.
pub(super) fn json(answer: &impl Serialize) -> Result<Reply, Refused> {
    let bytes = serde_json::to_vec(answer).map_err(|error| {
        tracing::error!(%error, "an answer does not serialise");
        Refused::from(Refusal::INTERNAL)
    })?;
    Ok(Reply::Json(bytes.into()))
}

fn no_fields(asked: &RouteAsked) -> Result<(), Refused> {
    match asked.body.keys().next() {
        Some(field) => Err(Refusal::rule(field, hecate_desk::Rule::UnknownField, "Nothing is asked here.")),
        None => Ok(()),
    }
}

fn models(llm: &Llm) -> ModelsAnswer {
    let routing = llm.registry().routing();
    let models = routing.offers().iter().flat_map(|offer| offer.models.iter().flatten());
    ModelsAnswer { ok: true, models: models.cloned().collect::<Vec<Model>>() }
}

fn health(llm: &Llm) -> LlmHealth {
    let slots = llm.registry().slots.iter();
    let providers = slots.map(|slot| (slot.settings.name.clone(), provider_health(slot.seen())));
    let providers: std::collections::BTreeMap<_, _> = providers.collect();
    let any = providers.values().any(|provider| provider.status == ProviderStatus::Healthy);
    let status = if any { ProviderStatus::Healthy } else { ProviderStatus::Unhealthy };
    LlmHealth { ok: true, status, providers }
}

fn provider_health(seen: Seen) -> ProviderHealth {
    ProviderHealth {
        status: seen.status,
        models: seen.models.map(|models| models.len() as u64),
        latency_ms: seen.latency.map(|latency: Duration| latency.as_millis() as u64),
        checked_at: seen.checked_at_us.map(time::rfc3339),
        last_ok_at: seen.last_ok_at_us.map(time::rfc3339),
        error: seen.error,
    }
}

fn providers(llm: &Llm) -> ProvidersAnswer {
    ProvidersAnswer { ok: true, providers: llm.registry().slots.iter().map(|slot| provider(slot)).collect() }
}

fn provider(slot: &Slot) -> Provider {
    let settings = &slot.settings;
    Provider {
        name: settings.name.clone(),
        kind: settings.speaks.name().to_owned(),
        url: settings.base.to_string(),
        local: settings.is_local(),
        has_key: settings.key.is_some(),
        status: slot.seen().status,
    }
}

fn reloaded(llm: &Llm, unreached: Vec<String>) -> ReloadAnswer {
    let all = llm.registry().slots.iter();
    let reached = all.clone().filter(|slot| !unreached.contains(&slot.settings.name));
    let well = reached.filter(|slot| slot.seen().status == ProviderStatus::Healthy);
    let names =
        |slots: &mut dyn Iterator<Item = &Arc<Slot>>| slots.map(|slot| slot.settings.name.clone()).collect();
    ReloadAnswer {
        ok: true,
        providers_loaded: names(&mut well.into_iter()),
        providers: names(&mut all.into_iter()),
        unreached,
    }
}
