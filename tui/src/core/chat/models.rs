//! Which models there are, and which one is asked.

use hecate_proto::llm::{Model, ProviderHealth, ProviderStatus};
use std::collections::BTreeMap;

/// The models that the daemon offers.
#[derive(Clone, Debug, Default)]
pub struct Models {
    /// In the daemon's order.
    pub list: Vec<Model>,
    /// How their providers are.
    pub providers: BTreeMap<String, ProviderHealth>,
    /// The one that was chosen here.
    chosen: Option<String>,
    /// The one that was asked last, in this terminal or one before.
    pub last_used: Option<String>,
}

/// The name that always means this model.
pub fn id(model: &Model) -> String {
    format!("{}/{}", model.provider, model.name)
}

/// Whether it may answer: one that says what it can and does not name this, such as an embedding model,
/// does not.
fn can_chat(model: &Model) -> bool {
    let says = |what: &str| model.capabilities.iter().any(|it| it == what);
    model.capabilities.is_empty() || says("completion") || says("chat")
}

impl Models {
    /// The model to ask: the chosen one, else the one asked last, else the first healthy local one, else the
    /// first, of those that can chat. None leaves the choice to the daemon.
    pub fn current(&self) -> Option<String> {
        let offered = |id: &&String| self.list.is_empty() || self.find(id).is_some_and(can_chat);
        let known = self.chosen.as_ref().or(self.last_used.as_ref().filter(offered)).cloned();
        known.or_else(|| {
            let able = || self.list.iter().filter(|it| can_chat(it));
            able().find(|it| it.local && self.is_healthy(it)).or_else(|| able().next()).map(id)
        })
    }

    /// The model to ask, if the daemon offers it.
    pub fn current_offered(&self) -> Option<String> {
        self.current().filter(|id| self.find(id).is_some())
    }

    fn is_healthy(&self, model: &Model) -> bool {
        self.status(model) == Some(ProviderStatus::Healthy)
    }

    /// How the model's provider is.
    pub fn status(&self, model: &Model) -> Option<ProviderStatus> {
        self.providers.get(&model.provider).map(|it| it.status)
    }

    /// The model that a name means, with or without its provider.
    pub fn find(&self, name: &str) -> Option<&Model> {
        let by_id = self.list.iter().find(|it| id(it) == name);
        by_id.or_else(|| self.list.iter().find(|it| it.name == name && it.shadowed_by.is_none()))
    }

    /// Chooses a model by its name; false when there is none. Nobody knows that while the list is empty.
    pub fn choose(&mut self, name: &str) -> bool {
        let chosen = self.find(name).map(id).or_else(|| self.list.is_empty().then(|| name.to_owned()));
        let known = chosen.is_some();
        self.chosen = chosen.or(self.chosen.take());
        known
    }

    /// The next model that can chat, round and round.
    pub fn cycle(&mut self, forwards: bool) -> Option<String> {
        let current = self.current();
        let able: Vec<&Model> = self.list.iter().filter(|it| can_chat(it)).collect();
        let at = able.iter().position(|it| Some(id(it)) == current);
        let count = able.len();
        let next = at.map_or(0, |at| (at + if forwards { 1 } else { count - 1 }) % count.max(1));
        self.chosen = Some(id(able.get(next)?));
        self.chosen.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn models() -> Models {
        let model = |provider: &str, name: &str, local: bool| {
            serde_json::from_value(json!({"name": name, "provider": provider, "local": local}))
                .expect("a model")
        };
        let health = |status: &str| serde_json::from_value(json!({"status": status})).expect("a health");
        Models {
            list: vec![
                model("cloud", "big", false),
                model("sick", "small", true),
                model("ollama", "tea", true),
            ],
            providers: [("cloud", "healthy"), ("sick", "unhealthy"), ("ollama", "healthy")]
                .map(|(name, status)| (name.to_owned(), health(status)))
                .into(),
            ..Models::default()
        }
    }

    #[test]
    fn the_default_is_the_last_used_else_a_healthy_local_one_else_the_first() {
        let current = |models: &Models| models.current().unwrap_or_default();
        let mut models = models();
        assert_eq!(current(&models), "ollama/tea");
        models.last_used = Some("gone/model".to_owned());
        assert_eq!(current(&models), "ollama/tea");
        models.last_used = Some("sick/small".to_owned());
        assert_eq!(current(&models), "sick/small");
        models.last_used = None;
        models.providers.clear();
        assert_eq!(current(&models), "cloud/big");
        assert_eq!(Models::default().current(), None);
    }

    #[test]
    fn a_model_that_cannot_chat_is_asked_only_by_its_name() {
        let mut models = models();
        models.list[2].capabilities = vec!["embedding".to_owned()];
        models.list[0].capabilities = vec!["completion".to_owned(), "tools".to_owned()];
        models.last_used = Some("ollama/tea".to_owned());
        assert_eq!(models.current().as_deref(), Some("cloud/big"));
        assert_eq!(models.cycle(true).as_deref(), Some("sick/small"));
        assert_eq!(models.cycle(true).as_deref(), Some("cloud/big"));
        assert!(models.choose("tea"));
        assert_eq!(models.current().as_deref(), Some("ollama/tea"));
        models.list.retain(|it| it.name == "tea");
        let mut models = Models { list: models.list, ..Models::default() };
        assert_eq!((models.current(), models.cycle(true)), (None, None), "the daemon may know better");
    }

    #[test]
    fn models_are_chosen_by_name_and_in_turn() {
        let mut models = models();
        assert!(models.choose("small") && !models.choose("none"));
        assert_eq!(models.current().as_deref(), Some("sick/small"));
        assert_eq!(models.cycle(true).as_deref(), Some("ollama/tea"));
        assert_eq!(models.cycle(true).as_deref(), Some("cloud/big"));
        assert_eq!(models.cycle(false).as_deref(), Some("ollama/tea"));
        assert_eq!(Models::default().cycle(true), None);
        assert!(Models::default().choose("anything"));
    }
}
