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

/// Line and column of the byte at `offset`, both from 1, the column in characters. An offset that lies
/// outside `text` or inside a character stands for the end.
pub fn place_of(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
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
        let (line, column) = place_of(self.text, at.start);
        let (message, hint) = (message.into(), hint.into());
        self.faults.push(ConfigError { file: Arc::clone(&self.file), line, column, message, hint });
    }

    pub(crate) fn into_faults(mut self) -> Vec<ConfigError> {
        self.faults.sort_by_key(|fault| (fault.line, fault.column));
        self.faults
    }
}
