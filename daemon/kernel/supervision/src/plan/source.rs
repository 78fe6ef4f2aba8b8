//! Where in the file a fault lies.

use std::ops::Range;
use std::sync::Arc;

/// One fault of `supervision.toml`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message} ({hint})")]
pub struct ConfigError {
    /// The file as it was named.
    pub file: Arc<str>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// The text with its name; collects faults.
pub(crate) struct Source<'t> {
    pub(crate) text: &'t str,
    file: Arc<str>,
    faults: Vec<ConfigError>,
}

impl<'t> Source<'t> {
    pub(crate) fn new(text: &'t str, file: &str) -> Self {
        Self { text, file: file.into(), faults: Vec::new() }
    }

    pub(crate) fn fault(&mut self, at: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        let (line, column) = self.position(at.start);
        let (message, hint) = (message.into(), hint.into());
        self.faults.push(ConfigError { file: Arc::clone(&self.file), line, column, message, hint });
    }

    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    pub(crate) fn into_faults(mut self) -> Vec<ConfigError> {
        self.faults.sort_by_key(|fault| (fault.line, fault.column));
        self.faults
    }
}
