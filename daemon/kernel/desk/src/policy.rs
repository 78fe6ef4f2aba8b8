//! What operators let a process do by itself. By default the human stays at the desk.

use std::collections::BTreeSet;

/// When what was handed over is started at once, in the same append, instead of by a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoStart {
    /// A person starts it.
    #[default]
    Never,
    /// It starts when it is handed over.
    Always,
    /// It starts where what is handed over says that it is grave.
    OnSeverity,
}

impl AutoStart {
    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            AutoStart::Never => "never",
            AutoStart::Always => "always",
            AutoStart::OnSeverity => "on_severity",
        }
    }

    /// Whether a hand-off of this severity starts; critical and high are grave.
    pub fn at(self, severity: &str) -> bool {
        match self {
            AutoStart::Never => false,
            AutoStart::Always => true,
            AutoStart::OnSeverity => matches!(severity, "critical" | "high"),
        }
    }
}

/// What operators say of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// None: as the process itself has it.
    pub auto_start: Option<AutoStart>,
    /// Listeners, by name, that let every fact pass.
    pub skips: BTreeSet<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_grave_starts_where_severity_decides() {
        for (severity, starts) in [("critical", true), ("high", true), ("medium", false), ("low", false)] {
            assert_eq!(AutoStart::OnSeverity.at(severity), starts, "{severity}");
            assert!(AutoStart::Always.at(severity) && !AutoStart::Never.at(severity));
        }
    }
}
