//! A provider's key. It leaves its type in one place, the header of a request, and what a provider says is
//! searched for it before anybody else sees it.

use super::error::LlmError;
use super::redaction::redacted;
use reqwest::header::HeaderValue;
use rustix::fs::OFlags;
use secrecy::{ExposeSecret, SecretString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

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

/// The largest file that is taken for a key.
const FILE_BYTES_MAX: u64 = 16 * 1024;
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
                let unread = |error: io::Error| refuse(format!("key file {}: {error}", path.display()));
                file_text(path).map_err(unread)?
            }
        };
        let bare = SecretString::from(text.expose_secret().trim());
        if bare.expose_secret().is_empty() {
            return Err(refuse("its key is empty".to_owned()));
        }
        Key(Some(bare)).checked()
    }
}

/// What a file says. Whatever else stands in its place is not waited for, and no more is read than a key needs.
fn file_text(path: &Path) -> io::Result<SecretString> {
    let file = File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = String::new();
    let read = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text);
    let text = SecretString::from(text);
    match read? as u64 {
        bytes if bytes > FILE_BYTES_MAX => {
            Err(io::Error::other(format!("it is larger than {FILE_BYTES_MAX} bytes")))
        }
        _ => Ok(text),
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
                redacted(text, key.expose_secret(), REDACTED)
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
        let huge = "x".repeat(20_000);
        for useless in [" \n", "two\nlines", huge.as_str()] {
            std::fs::write(&path, useless).unwrap();
            assert!(refused(&source), "{useless:?}");
        }
    }

    #[test]
    fn what_is_no_file_is_neither_waited_for_nor_read() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for place in [pipe, PathBuf::from("/dev/zero"), folder.path().to_owned()] {
            let (told, read) = std::sync::mpsc::channel();
            let source = KeySource::File(place.clone());
            std::thread::spawn(move || told.send(source.read().map(drop)));
            let read = read.recv_timeout(std::time::Duration::from_secs(20)).expect("it is not waited for");
            assert!(
                matches!(&read, Err(LlmError::NotConfigured(says)) if says.contains("no file")),
                "{read:?}"
            );
        }
    }
}
