//! Times: integer microseconds inside, RFC 3339 UTC outside. This is the one edge where they meet.

use jiff::Timestamp;
use serde_json::Value;

/// Microseconds since the epoch as RFC 3339 in UTC, with six decimals: `2026-08-22T10:00:00.000000Z`.
///
/// A value beyond the calendar prints as the nearest time that it has.
pub fn rfc3339(at_us: i64) -> String {
    let at =
        Timestamp::from_microsecond(at_us).unwrap_or(if at_us < 0 { Timestamp::MIN } else { Timestamp::MAX });
    format!("{at:.6}")
}

/// RFC 3339 as microseconds since the epoch; `None` for anything else.
pub fn micros(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}

/// Rewrites an event's own times, the integers in its fields that end in `_at`, as RFC 3339, in place.
///
/// Events keep microseconds; whatever leaves the daemon shows people's time. What lies deeper is the user's
/// own data and stays as it is.
pub fn show_times(event: &mut Value) {
    let Value::Object(fields) = event else { return };
    for (_, field) in fields.iter_mut().filter(|(key, _)| key.ends_with("_at")) {
        if let Some(at_us) = field.as_i64() {
            *field = Value::String(rfc3339(at_us));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_time_survives_the_edge_both_ways() {
        for at_us in [0, 1, 1_787_000_000_123_456, -1] {
            assert_eq!(micros(&rfc3339(at_us)), Some(at_us));
        }
        assert_eq!(micros("yesterday"), None);
        assert!(rfc3339(i64::MAX).starts_with("9999-"));
    }

    #[test]
    fn only_the_events_own_times_are_shown_as_times() {
        let mut data = json!({"setup_at": 0, "size": 7, "context_map": {"look_at": 1}, "said_at": "x"});
        show_times(&mut data);
        assert_eq!(
            data,
            json!({"setup_at": "1970-01-01T00:00:00.000000Z", "size": 7, "context_map": {"look_at": 1},
                   "said_at": "x"})
        );
    }
}
