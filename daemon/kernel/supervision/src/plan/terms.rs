//! What single values of `supervision.toml` may be.

use super::Shutdown;
use super::source::Source;
use super::table::{Given, Term, Value, wrong_type};
use super::tables::DrainTable;
use super::words::{Word, nearest};
use serde_json::{Value as Json, json};
use std::time::Duration;

const DURATION_EXAMPLES: &str = "\"100ms\", \"5s\" or \"2m\"";
const DURATION_PATTERN: &str = "[0-9]+(ms|s|m)";
const DAY_MS: u64 = 86_400_000;
const SHUTDOWN_HINT: &str = "\"brutal_kill\", \"infinity\", a duration such as \"5s\", or { drain = \"5s\" }";

impl Term for String {
    fn read(source: &mut Source, key: &str, value: &Value<'_>) -> Option<Self> {
        text(source, key, value).map(str::to_owned)
    }

    fn schema() -> Json {
        json!({ "type": "string" })
    }
}

impl Term for bool {
    fn read(source: &mut Source, key: &str, value: &Value<'_>) -> Option<Self> {
        let found = value.get_ref().as_bool();
        if found.is_none() {
            wrong_type(source, key, value, "true or false");
        }
        found
    }

    fn schema() -> Json {
        json!({ "type": "boolean" })
    }
}

impl<W: Word> Term for W {
    fn read(source: &mut Source, key: &str, value: &Value<'_>) -> Option<Self> {
        let found = text(source, key, value)?;
        let meaning = W::ALL.iter().copied().find(|choice| choice.as_word() == found);
        if meaning.is_none() {
            let meant = nearest(found, W::words());
            let meant = meant.map(|meant| format!("did you mean \"{meant}\"? ")).unwrap_or_default();
            let hint = format!("{meant}one of {}", W::words().join(", "));
            source.fault(value.span(), format!("`{key}` cannot be \"{found}\""), hint);
        }
        meaning
    }

    fn schema() -> Json {
        json!({ "enum": W::words() })
    }
}

impl<T: Term> Term for Vec<Given<T>> {
    fn read(source: &mut Source, key: &str, value: &Value<'_>) -> Option<Self> {
        let Some(items) = value.get_ref().as_array() else {
            wrong_type(source, key, value, &T::listed(key));
            return None;
        };
        let read = |item: &Value<'_>| Some(Given { value: T::read(source, key, item)?, at: item.span() });
        Some(items.iter().filter_map(read).collect())
    }

    fn schema() -> Json {
        json!({ "type": "array", "items": T::schema() })
    }
}

/// A whole number from `MIN` to `MAX`.
pub(super) struct Whole<const MIN: u64, const MAX: u64>(pub(super) u64);

impl<const MIN: u64, const MAX: u64> Term for Whole<MIN, MAX> {
    fn read(source: &mut Source, key: &str, value: &Value<'_>) -> Option<Self> {
        let Some(number) = value.get_ref().as_integer() else {
            wrong_type(source, key, value, "a whole number");
            return None;
        };
        let parsed = u64::from_str_radix(number.as_str(), number.radix()).ok();
        let fits = parsed.filter(|number| (MIN..=MAX).contains(number));
        if fits.is_none() {
            let message = format!("`{key}` is out of range: {}", number.as_str());
            source.fault(value.span(), message, format!("from {MIN} to {MAX}"));
        }
        fits.map(Self)
    }

    fn schema() -> Json {
        json!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }

    fn example() -> String {
        MIN.to_string()
    }
}

/// A part of one, kept in thousandths.
pub(super) struct Part(pub(super) u16);

impl Term for Part {
    fn read(source: &mut Source, key: &str, value: &Value<'_>) -> Option<Self> {
        let written = match value.get_ref() {
            toml::de::DeValue::Float(number) => number.as_str(),
            toml::de::DeValue::Integer(number) => number.as_str(),
            _ => {
                wrong_type(source, key, value, "a number such as 0.2");
                return None;
            }
        };
        let fits = written.parse::<f64>().ok().filter(|part| (0.0..=1.0).contains(part));
        if fits.is_none() {
            source.fault(value.span(), format!("`{key}` is out of range: {written}"), "from 0.0 to 1.0");
        }
        fits.map(|part| Self((part * 1_000.0).round() as u16))
    }

    fn schema() -> Json {
        json!({ "type": "number", "minimum": 0, "maximum": 1 })
    }
}

/// A time that may be none at all, as a limit of patience.
impl Term for Duration {
    fn read(source: &mut Source, key: &str, value: &Value<'_>) -> Option<Self> {
        let written = text(source, key, value)?;
        let duration = parse_duration(written);
        if duration.is_none() {
            let message = format!("`{key}` is no duration: \"{written}\"");
            source.fault(value.span(), message, format!("write it as {DURATION_EXAMPLES}, at most a day"));
        }
        duration
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": format!("^{DURATION_PATTERN}$") })
    }

    fn example() -> String {
        "\"5s\"".into()
    }
}

/// A time that makes no sense when it is none.
pub(super) struct Span(pub(super) Duration);

impl Term for Span {
    fn read(source: &mut Source, key: &str, value: &Value<'_>) -> Option<Self> {
        let duration = Duration::read(source, key, value)?;
        if duration.is_zero() {
            source.fault(value.span(), format!("`{key}` is no time at all"), "from \"1ms\" on");
        }
        (!duration.is_zero()).then_some(Self(duration))
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^0*[1-9][0-9]*(ms|s|m)$" })
    }

    fn example() -> String {
        Duration::example()
    }
}

impl Term for Shutdown {
    fn read(source: &mut Source, key: &str, value: &Value<'_>) -> Option<Self> {
        if value.get_ref().is_table() {
            return DrainTable::read(source, key, value)?.drain.map(|limit| Self::Drain(limit.value));
        }
        let written = value.get_ref().as_str();
        let policy = match written {
            Some("brutal_kill") => Some(Self::BrutalKill),
            Some("infinity") => Some(Self::Infinity),
            Some(written) => parse_duration(written).map(Self::Within),
            None => None,
        };
        if policy.is_none() {
            let found =
                written.map_or_else(|| value.get_ref().type_str().into(), |text| format!("\"{text}\""));
            source.fault(value.span(), format!("`{key}` is no shutdown policy: {found}"), SHUTDOWN_HINT);
        }
        policy
    }

    fn schema() -> Json {
        let word = format!("^(brutal_kill|infinity|{DURATION_PATTERN})$");
        json!({ "anyOf": [{ "type": "string", "pattern": word }, DrainTable::schema()] })
    }
}

/// The only end of a drain that takes too long.
#[derive(Clone, Copy)]
pub(super) struct Kill;

impl Word for Kill {
    const ALL: &'static [Self] = &[Self];

    fn as_word(self) -> &'static str {
        "kill"
    }
}

fn text<'v>(source: &mut Source, key: &str, value: &'v Value<'_>) -> Option<&'v str> {
    let text = value.get_ref().as_str();
    if text.is_none() {
        wrong_type(source, key, value, "a string");
    }
    text
}

/// A duration as the file writes it: a whole number of `ms`, `s` or `m`, at most a day.
pub fn parse_duration(written: &str) -> Option<Duration> {
    let digits = written.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit_ms = match &written[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return None,
    };
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let ms = digits.parse::<u64>().ok().filter(|_| is_plain)?.checked_mul(unit_ms)?;
    (ms <= DAY_MS).then(|| Duration::from_millis(ms))
}
