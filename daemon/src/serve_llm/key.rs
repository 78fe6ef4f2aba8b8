//! A provider's key. It leaves its type in one place, the header of a request, and what a provider says is
//! searched for it before anybody else sees it.

use super::error::LlmError;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use std::io;
use std::path::PathBuf;

/// Where a key comes from.
#[derive(Clone, Debug, Default)]
pub(crate) enum KeySource {
    /// There is none.
    #[default]
    None,
    /// The environment said it.
    Given(SecretString),
    /// A file, read again at every reload.
    File(PathBuf),
    /// A variable that is not set.
    Unset(String),
}

/// A key, or none.
#[derive(Clone, Debug, Default)]
pub(super) struct Key(Option<SecretString>);

/// Keys shorter than this are not searched for: they would match by chance.
const SEARCHED_BYTES_MIN: usize = 6;
const REDACTED: &str = "[key]";

impl KeySource {
    pub(super) fn is_some(&self) -> bool {
        !matches!(self, KeySource::None)
    }

    /// Reads the key now; blocks where it is in a file.
    pub(super) fn read(&self) -> Result<Key, LlmError> {
        let refuse = |says: String| LlmError::NotConfigured(says);
        let text = match self {
            KeySource::None => return Ok(Key(None)),
            KeySource::Unset(variable) => return Err(refuse(format!("the variable {variable} is not set"))),
            KeySource::Given(key) => key.clone(),
            KeySource::File(path) => {
                let read = std::fs::read_to_string(path).map(SecretString::from);
                let unread = |error: io::Error| refuse(format!("key file {}: {error}", path.display()));
                read.map_err(unread)?
            }
        };
        let bare = SecretString::from(text.expose_secret().trim());
        if bare.expose_secret().is_empty() {
            return Err(refuse("its key is empty".to_owned()));
        }
        Key(Some(bare)).checked()
    }
}

impl Key {
    fn checked(self) -> Result<Key, LlmError> {
        match self.header() {
            Ok(_) => Ok(self),
            Err(()) => Err(LlmError::NotConfigured("its key holds what no header can".to_owned())),
        }
    }

    /// The header that carries it.
    fn header(&self) -> Result<Option<HeaderValue>, ()> {
        let Some(key) = &self.0 else { return Ok(None) };
        let bearer = SecretString::from(format!("Bearer {}", key.expose_secret()));
        let mut value = HeaderValue::from_str(bearer.expose_secret()).map_err(drop)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// The value of `Authorization`; none without a key.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        // It was tried when the key was read.
        self.header().ok().flatten()
    }

    /// The text without the key, should somebody have repeated it.
    pub(super) fn redact(&self, text: &str) -> String {
        match &self.0 {
            Some(key) if key.expose_secret().len() >= SEARCHED_BYTES_MIN => {
                text.replace(key.expose_secret(), REDACTED)
            }
            _ => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "sk-canary-0123456789";

    #[test]
    fn a_key_shows_itself_to_nobody_but_its_provider() {
        let source = KeySource::Given(SecretString::from(format!(" {CANARY}\n")));
        let key = source.read().unwrap();
        let header = key.authorization().unwrap();
        assert_eq!(header.to_str().unwrap(), format!("Bearer {CANARY}"));
        for shown in [format!("{source:?}"), format!("{key:?}"), format!("{header:?}")] {
            assert!(!shown.contains("canary"), "{shown}");
        }
        assert_eq!(key.redact(&format!("no such key: {CANARY}!")), "no such key: [key]!");
    }

    #[test]
    fn a_key_in_a_file_is_read_anew_and_a_useless_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let source = KeySource::File(path.clone());
        let refused = |source: &KeySource| matches!(source.read(), Err(LlmError::NotConfigured(_)));
        assert!(refused(&source));
        for key in ["first", "second"] {
            std::fs::write(&path, format!("{key}\n")).unwrap();
            let header = source.read().unwrap().authorization().unwrap();
            assert_eq!(header.to_str().unwrap(), format!("Bearer {key}"));
        }
        for useless in [" \n", "two\nlines"] {
            std::fs::write(&path, useless).unwrap();
            assert!(refused(&source), "{useless:?}");
        }
    }
}
