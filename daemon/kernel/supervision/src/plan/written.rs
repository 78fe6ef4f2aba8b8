//! Values as `supervision.toml` writes them, for showing what would change.

use super::Shutdown;
use crate::supervise::backoff::Backoff;
use std::fmt;
use std::time::Duration;

/// `"5s"`, in the largest unit that says it exactly.
pub(crate) fn duration(duration: Duration) -> String {
    match duration.as_millis() {
        ms if ms > 0 && ms % 60_000 == 0 => format!("\"{}m\"", ms / 60_000),
        ms if ms % 1_000 == 0 => format!("\"{}s\"", ms / 1_000),
        ms => format!("\"{ms}ms\""),
    }
}

impl fmt::Display for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrutalKill => f.write_str("\"brutal_kill\""),
            Self::Infinity => f.write_str("\"infinity\""),
            Self::Within(limit) => f.write_str(&duration(*limit)),
            Self::Drain(limit) => write!(f, "{{ drain = {} }}", duration(*limit)),
        }
    }
}

pub(crate) fn backoff(backoff: Option<Backoff>) -> String {
    let Some(Backoff { min, max, jitter_permille }) = backoff else { return "none".into() };
    let jitter = f64::from(jitter_permille) / 1_000.0;
    format!("{{ min = {}, max = {}, jitter = {jitter} }}", duration(min), duration(max))
}

#[cfg(test)]
mod tests {
    use super::{backoff, duration};
    use crate::plan::{Shutdown, parse_duration};
    use crate::supervise::backoff::Backoff;
    use std::time::Duration;

    #[test]
    fn a_duration_is_read_as_it_was_written() {
        for (ms, written) in [(0, "0s"), (1, "1ms"), (1_500, "1500ms"), (60_000, "1m"), (61_000, "61s")] {
            assert_eq!(duration(Duration::from_millis(ms)), format!("\"{written}\""));
            assert_eq!(parse_duration(written), Some(Duration::from_millis(ms)));
        }
    }

    #[test]
    fn policies_and_waits_read_as_in_the_file() {
        let second = Duration::from_secs(1);
        assert_eq!(Shutdown::Drain(second).to_string(), "{ drain = \"1s\" }");
        assert_eq!(Shutdown::Infinity.to_string(), "\"infinity\"");
        let waits = Backoff { min: second, max: second, jitter_permille: 250 };
        assert_eq!(backoff(Some(waits)), "{ min = \"1s\", max = \"1s\", jitter = 0.25 }");
    }
}
