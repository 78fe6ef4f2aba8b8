//! Where in the file a fault lies.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Whether the file can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It cannot.
    Fault,
    /// It can, but is perhaps not what was meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault => Ok(()),
            Self::Warning => f.write_str("warning: "),
        }
    }
}

/// One fault of `supervision.toml`, or a warning about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {severity}{message} ({hint})")]
pub struct ConfigError {
    /// Whether the file can be used all the same.
    pub severity: Severity,
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

/// The file's name and what was found in it, by the place in its text.
pub(crate) struct Source {
    file: Arc<str>,
    found: Vec<(usize, Severity, String, String)>,
}

impl Source {
    pub(crate) fn new(file: &str) -> Self {
        Self { file: file.into(), found: Vec::new() }
    }

    pub(crate) fn fault(&mut self, at: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.found.push((at.start, Severity::Fault, message.into(), hint.into()));
    }

    pub(crate) fn warn(&mut self, at: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.found.push((at.start, Severity::Warning, message.into(), hint.into()));
    }

    /// The faults and the warnings, each in the order of the file. What is wrong at one place is said once, however
    /// often it was met there.
    pub(crate) fn sort_out(mut self, text: &str) -> (Vec<ConfigError>, Vec<ConfigError>) {
        self.found.sort_by_key(|(offset, ..)| *offset);
        let mut said = BTreeSet::new();
        self.found.retain(|(offset, _, message, _)| said.insert((*offset, message.clone())));
        let starts = text.match_indices('\n').map(|(newline, _)| newline + 1);
        let line_starts: Vec<usize> = std::iter::once(0).chain(starts).collect();
        let placed = self.found.into_iter().map(|(offset, severity, message, hint)| {
            let line = line_starts.partition_point(|start| *start <= offset);
            let before = text.get(line_starts[line - 1]..offset).unwrap_or_default();
            let column = before.chars().count() + 1;
            ConfigError { severity, file: Arc::clone(&self.file), line, column, message, hint }
        });
        placed.partition(|found| found.severity == Severity::Fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_said_once_and_another_at_the_same_place_too() {
        let mut source = Source::new("x");
        for message in ["too deep", "no value", "too deep"] {
            source.fault(4..5, message, "mend it");
        }
        source.fault(6..7, "too deep", "mend it");
        let (faults, _) = source.sort_out("x = [[[[");
        let said: Vec<_> = faults.iter().map(|it| (it.column, it.message.as_str())).collect();
        assert_eq!(said, [(5, "too deep"), (5, "no value"), (7, "too deep")]);
    }
}
