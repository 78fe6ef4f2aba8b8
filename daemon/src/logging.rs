//! Log lines on stderr: JSON for machines, text for people.

use crate::config::LogFormat;
use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging for the rest of the process's life.
pub(crate) fn start(filter: &str, format: LogFormat) {
    let terminal = std::io::stderr().is_terminal();
    let lines = fmt()
        .with_writer(std::io::stderr)
        .with_ansi(terminal)
        // A log that cannot be written (a full disk) is reported on that very log, and that would panic.
        .log_internal_errors(false)
        // Who reads fewer lines still reads the audit, unless the filter names it.
        .with_env_filter(EnvFilter::new(format!("audit=info,{filter}")));
    let text = format == LogFormat::Text || format == LogFormat::ByTerminal && terminal;
    let started = if text {
        lines.try_init()
    } else {
        lines.json().flatten_event(true).with_current_span(true).try_init()
    };
    if let Err(error) = started {
        tracing::debug!(%error, "logging was started before");
    }
}
