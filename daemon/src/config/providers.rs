//! Providers of models: those that the file names, in its order, then those that the environment shows. A named
//! one wins over one of the environment that is called the same.

use super::Environment;
use super::fault::{Fault, Said};
use super::file::{Family, Form, SaidTable};
use crate::serve_llm::{KeySource, ProviderSettings, SettingError, Speaks, given};
use std::path::PathBuf;

/// `[providers.NAME]`.
pub(super) const FAMILY: Family = Family {
    key: "providers",
    head: "[providers.NAME]",
    fields: &[("type", Form::Text), ("url", Form::Text), ("key_file", Form::Text), ("key_env", Form::Text)],
};

pub(super) fn check(
    said: &[SaidTable],
    environment: &Environment,
    faults: &mut Vec<Fault>,
) -> Vec<ProviderSettings> {
    let named = said.iter().map(|provider| Some(settings(provider, environment)));
    let shown = [("ollama", ollama as FromEnvironment), ("openai", openai)].into_iter();
    let shown = shown.filter(|(name, _)| said.iter().all(|provider| provider.name.text != *name));
    let checked = named.chain(shown.map(|(_, read)| read(environment).transpose())).flatten();
    let (mut providers, mut wrong) = (Vec::new(), Vec::new());
    checked.for_each(|checked| match checked {
        Ok(settings) => providers.push(settings),
        Err(fault) => wrong.push(fault),
    });
    faults.extend(wrong);
    providers
}

/// A provider that the environment shows, unless it shows none.
type FromEnvironment = fn(&Environment) -> Result<Option<ProviderSettings>, Fault>;

/// There is always one: Ollama needs no setting.
fn ollama(environment: &Environment) -> Result<Option<ProviderSettings>, Fault> {
    let said = Said::by("OLLAMA_HOST", environment);
    let url = said.as_ref().map(|said| said.text.as_str());
    let made = ProviderSettings::new("ollama", Speaks::Ollama, url, KeySource::None);
    let at = said.clone().unwrap_or_else(|| Said::variable("OLLAMA_HOST", String::new()));
    made.map(Some).map_err(|error| fault(error, &at, &at))
}

/// With a key, or with an address of one's own, which may do without.
fn openai(environment: &Environment) -> Result<Option<ProviderSettings>, Fault> {
    let url = Said::by("OPENAI_BASE_URL", environment);
    let file = Said::by("OPENAI_API_KEY_FILE", environment);
    let key = match (environment.get("OPENAI_API_KEY"), file) {
        (Some(_), Some(file)) => {
            return Err(file.fault("a key has one source", "OPENAI_API_KEY or OPENAI_API_KEY_FILE, not both"));
        }
        (Some(key), None) => given(key),
        (None, Some(file)) => KeySource::File(PathBuf::from(file.text)),
        (None, None) if url.is_none() => return Ok(None),
        (None, None) => KeySource::None,
    };
    let made =
        ProviderSettings::new("openai", Speaks::OpenAi, url.as_ref().map(|said| said.text.as_str()), key);
    let at = url.clone().unwrap_or_else(|| Said::variable("OPENAI_BASE_URL", String::new()));
    made.map(Some).map_err(|error| fault(error, &at, &at))
}

fn settings(provider: &SaidTable, environment: &Environment) -> Result<ProviderSettings, Fault> {
    let SaidTable { name, fields } = provider;
    let said = |field: &str| fields.get(field);
    let Some(kind) = said("type") else {
        return Err(name.fault("a provider needs a `type`", "one of ollama, openai"));
    };
    let unknown = || kind.fault(format!("`type` cannot be \"{}\"", kind.text), "one of ollama, openai");
    let speaks = Speaks::named(&kind.text).ok_or_else(unknown)?;
    let key = match (said("key_file"), said("key_env")) {
        (Some(file), Some(_)) => {
            return Err(file.fault("a key has one source", "key_file or key_env, not both"));
        }
        (Some(file), None) => KeySource::File(PathBuf::from(&file.text)),
        (None, Some(variable)) => match environment.get(&variable.text) {
            Some(key) => given(key),
            None => KeySource::Unset(variable.text.clone()),
        },
        (None, None) => KeySource::None,
    };
    let url = said("url");
    let made = ProviderSettings::new(&name.text, speaks, url.map(|said| said.text.as_str()), key);
    made.map_err(|error| fault(error, name, url.unwrap_or(name)))
}

fn fault(error: SettingError, name: &Said, url: &Said) -> Fault {
    let (at, hint) = match error {
        SettingError::Name => (name, "for example [providers.local]"),
        SettingError::NotAUrl(_) => (url, "for example \"http://localhost:8080/v1\""),
        SettingError::HoldsSecret => (url, "say keys with key_file or key_env"),
        SettingError::InTheClear => (url, "use https, or a server on this machine"),
    };
    at.fault(error.to_string(), hint)
}

#[cfg(test)]
mod tests {
    use super::super::{Environment, read};
    use super::*;
    use crate::arguments::Flags;

    /// Names, dialects and addresses, and what is wrong.
    fn checked(file: &str, said: &[(&str, &str)]) -> (Vec<(String, &'static str, String)>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hecate.toml");
        std::fs::write(&path, file).unwrap();
        let environment: Environment =
            said.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let (config, faults) = read(&Flags { config: Some(path), ..Flags::default() }, &environment);
        assert!(!format!("{config:?} {faults:?}").contains("canary"));
        let shown = |provider: &ProviderSettings| {
            (provider.name.clone(), provider.speaks.name(), provider.base.to_string())
        };
        (config.providers.iter().map(shown).collect(), faults.iter().map(Fault::to_string).collect())
    }

    #[test]
    fn the_environment_shows_providers_and_the_file_names_more() {
        let ollama = ("ollama".to_owned(), "ollama", "http://127.0.0.1:11434/".to_owned());
        assert_eq!(checked("", &[]), (vec![ollama.clone()], vec![]));
        let (providers, faults) = checked("", &[("OPENAI_API_KEY", "canary"), ("OLLAMA_HOST", "gpu:1")]);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(providers[0].2, "http://gpu:1/");
        assert_eq!(providers[1].2, "https://api.openai.com/v1/");
        let (providers, _) = checked("", &[("OPENAI_BASE_URL", "http://localhost:8080/v1")]);
        assert_eq!(providers[1].2, "http://localhost:8080/v1/");
        let file = "[providers.zeta]\ntype = \"openai\"\nurl = \"https://z.example/v1\"\nkey_env = \"Z\"\n\
                    [providers.alpha]\ntype = \"ollama\"\n[providers.openai]\ntype = \"openai\"\nkey_file = \"/k\"\n";
        let (providers, faults) = checked(file, &[("OPENAI_API_KEY", "canary"), ("Z", "canary")]);
        assert_eq!(faults, Vec::<String>::new());
        let names: Vec<_> = providers.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["zeta", "alpha", "openai", "ollama"]);
    }

    #[test]
    fn what_is_wrong_with_a_provider_is_said_with_its_place_and_without_its_key() {
        let file = "[providers.a]\nurl = \"http://x/\"\n\
                    [providers.b]\ntype = \"oracle\"\n\
                    [providers.c]\ntype = \"openai\"\nurl = \"http://far.example/v1\"\nkey_env = \"KEY\"\n\
                    [providers.d]\ntype = \"openai\"\nkey = \"canary\"\n\
                    [providers.E]\ntype = \"openai\"\n\
                    [providers.f]\ntype = \"openai\"\nkey_env = \"KEY\"\nkey_file = \"/k\"\n";
        let environment = [
            ("KEY", "canary"),
            ("OPENAI_API_KEY", "canary"),
            ("OPENAI_BASE_URL", "http://far.example"),
            ("OLLAMA_HOST", "localhost:http"),
        ];
        let none = checked("providers = 7\n", &[]).1;
        assert!(none[0].contains(":1:13: providers cannot be this integer"), "{none:?}");
        let text = checked(file, &environment).1.join("\n");
        for wanted in [
            ":1:12: a provider needs a `type`",
            ":4:8: `type` cannot be \"oracle\"",
            ":7:7: a key would cross the network in the clear",
            ":11:1: unknown key `key`",
            ":12:12: a provider's name",
            ":17:12: a key has one source",
            "OPENAI_BASE_URL: a key would cross",
            "OLLAMA_HOST: this is no address: its port is none",
        ] {
            assert!(text.contains(wanted), "{wanted} is missing in\n{text}");
        }
    }
}
