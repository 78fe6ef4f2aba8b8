//! How a provider is set up, and the rules that keep its key off the open network.

use super::key::KeySource;
use super::{ollama, openai};
use reqwest::Url;
use secrecy::SecretString;
use std::net::IpAddr;

/// One provider.
#[derive(Clone, Debug)]
pub(crate) struct ProviderSettings {
    /// What `provider/model` begins with.
    pub(crate) name: String,
    pub(crate) speaks: Speaks,
    /// Ends with a slash.
    pub(crate) base: Url,
    pub(crate) key: KeySource,
}

/// The dialects that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    Ollama,
    OpenAi,
}

/// A setting that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingError {
    #[error("this is no address: {0}")]
    NotAUrl(String),
    #[error("an address may not hold a user or a password")]
    HoldsSecret,
    #[error("a key would cross the network in the clear")]
    InTheClear,
    #[error("a provider's name has 1 to 32 small letters, digits, dashes or underscores")]
    Name,
}

/// Bytes of a provider's name.
const NAME_BYTES_MAX: usize = 32;

impl Speaks {
    /// By its name in the configuration.
    pub(crate) fn named(name: &str) -> Option<Speaks> {
        [Speaks::Ollama, Speaks::OpenAi].into_iter().find(|dialect| dialect.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Speaks::Ollama => ollama::NAME,
            Speaks::OpenAi => openai::NAME,
        }
    }
}

impl ProviderSettings {
    /// Checks everything that can be checked without reading a file.
    pub(crate) fn new(
        name: &str,
        speaks: Speaks,
        url: Option<&str>,
        key: KeySource,
    ) -> Result<ProviderSettings, SettingError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(fits) {
            return Err(SettingError::Name);
        }
        let base = base(speaks, url)?;
        if !base.username().is_empty() || base.password().is_some() || base.query().is_some() {
            return Err(SettingError::HoldsSecret);
        }
        let settings = ProviderSettings { name: name.to_owned(), speaks, base, key };
        if settings.key.is_some() && settings.base.scheme() != "https" && !settings.is_local() {
            return Err(SettingError::InTheClear);
        }
        Ok(settings)
    }

    /// True when it runs on this machine.
    pub(crate) fn is_local(&self) -> bool {
        let host = self.base.host_str().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// A key that the environment said.
pub(crate) fn given(key: &str) -> KeySource {
    KeySource::Given(SecretString::from(key))
}

fn base(speaks: Speaks, url: Option<&str>) -> Result<Url, SettingError> {
    let parsed = match (speaks, url) {
        (Speaks::Ollama, url) => ollama::base_url(url.unwrap_or_default()),
        (Speaks::OpenAi, None) => Url::parse(openai::BASE_URL).map_err(|error| error.to_string()),
        (Speaks::OpenAi, Some(url)) => {
            let slash = if url.ends_with('/') { "" } else { "/" };
            Url::parse(&format!("{url}{slash}")).map_err(|error| error.to_string())
        }
    };
    let url = parsed.map_err(SettingError::NotAUrl)?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(SettingError::NotAUrl(format!("the scheme `{}` is not http or https", url.scheme())));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn openai(url: &str, key: KeySource) -> Result<ProviderSettings, SettingError> {
        ProviderSettings::new("mine", Speaks::OpenAi, Some(url), key)
    }

    #[test]
    fn a_key_travels_encrypted_or_not_beyond_this_machine() {
        for url in
            ["https://example.com/v1", "http://127.0.0.1:8080/v1", "http://localhost/v1/", "http://[::1]:1"]
        {
            assert!(openai(url, given("key")).is_ok(), "{url}");
        }
        for url in ["http://example.com/v1", "http://10.0.0.1/v1", "http://localhost.example.com"] {
            assert_eq!(openai(url, given("key")).err(), Some(SettingError::InTheClear), "{url}");
            assert!(openai(url, KeySource::None).is_ok(), "{url}");
        }
    }

    #[test]
    fn what_is_no_address_or_name_is_refused() {
        for url in ["", "example.com", "ftp://example.com", "file:///etc/passwd"] {
            assert!(matches!(openai(url, KeySource::None), Err(SettingError::NotAUrl(_))), "{url}");
        }
        for url in ["http://user:secret@localhost/", "http://localhost/?key=secret"] {
            assert_eq!(openai(url, KeySource::None).err(), Some(SettingError::HoldsSecret), "{url}");
        }
        for name in ["", "Big", "a/b", "a b", &"x".repeat(33)] {
            let made = ProviderSettings::new(name, Speaks::Ollama, None, KeySource::None);
            assert_eq!(made.err(), Some(SettingError::Name), "{name}");
        }
    }

    #[test]
    fn paths_below_a_base_keep_it() {
        let settings = openai("http://localhost:1/deep/v1", KeySource::None).unwrap();
        assert_eq!(settings.base.join("models").unwrap().as_str(), "http://localhost:1/deep/v1/models");
    }
}
