//! Who said a setting, and what is wrong with it.

use super::Environment;
use std::fmt;

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Flag(&'static str),
    Variable(&'static str),
    /// File, line, column; both from 1.
    File(String, usize, usize),
}

/// A setting as it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// One thing wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    origin: Origin,
    message: String,
    hint: String,
}

impl Said {
    /// What a variable says; none where it is not set.
    pub(super) fn by(variable: &'static str, environment: &Environment) -> Option<Said> {
        environment.get(variable).map(|text| Said::variable(variable, text.clone()))
    }

    pub(super) fn variable(variable: &'static str, text: String) -> Said {
        Said { text, origin: Origin::Variable(variable) }
    }

    pub(super) fn fault(&self, message: impl Into<String>, hint: impl Into<String>) -> Fault {
        Fault::at(self.origin.clone(), message, hint)
    }
}

impl Fault {
    pub(super) fn at(origin: Origin, message: impl Into<String>, hint: impl Into<String>) -> Fault {
        Fault { origin, message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) | Origin::Variable(name) => f.write_str(name),
            Origin::File(file, line, column) => write!(f, "{file}:{line}:{column}"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.origin, self.message, self.hint)
    }
}
