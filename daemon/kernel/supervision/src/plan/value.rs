//! Typed reading of one table: every key is known, every value has its place in the file.

use super::source::Source;
use super::{Restart, Shutdown, Strategy};
use crate::mailbox::{MailboxSpec, OnFull};
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) type Value<'i> = Spanned<DeValue<'i>>;

const DURATION_HINT: &str = "write it as \"100ms\", \"5s\" or \"2m\"";
const SHUTDOWN_HINT: &str = "\"brutal_kill\", \"infinity\", a duration such as \"5s\", or { drain = \"5s\" }";

/// The words of the file and what they mean.
pub(super) const STRATEGIES: &[(&str, Strategy)] = &[
    ("one_for_one", Strategy::OneForOne),
    ("rest_for_one", Strategy::RestForOne),
    ("one_for_all", Strategy::OneForAll),
];
pub(super) const RESTARTS: &[(&str, Restart)] = &[
    ("permanent", Restart::Permanent),
    ("transient", Restart::Transient),
    ("temporary", Restart::Temporary),
];
const ON_FULL: &[(&str, OnFull)] =
    &[("wait", OnFull::Wait), ("refuse", OnFull::Refuse), ("shed_oldest", OnFull::ShedOldest)];

/// One table of the file.
pub(super) struct Fields<'v, 'i> {
    pub(super) at: Range<usize>,
    table: &'v DeTable<'i>,
}

impl<'v, 'i> Fields<'v, 'i> {
    /// Opens a table; faults every key that is not among `known`.
    pub(super) fn open(
        source: &mut Source<'_>,
        what: &str,
        value: &'v Value<'i>,
        known: &[&str],
    ) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            source.fault(value.span(), format!("{what} is not a table"), "write it as a table");
            return None;
        };
        check_keys(source, what, table, known);
        Some(Self { at: value.span(), table })
    }

    pub(super) fn of(table: &'v DeTable<'i>) -> Self {
        Self { at: 0..0, table }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'v Value<'i>> {
        self.table.get(key)
    }

    /// Where a key's value stands, or the table where the key is missing.
    pub(super) fn place(&self, key: &str) -> Range<usize> {
        self.get(key).map_or_else(|| self.at.clone(), Spanned::span)
    }

    pub(super) fn required_text(&self, source: &mut Source<'_>, key: &str) -> Option<String> {
        let Some(value) = self.get(key) else {
            source.fault(self.at.clone(), format!("`{key}` is missing"), format!("add {key} = \"…\""));
            return None;
        };
        text(source, key, value).map(str::to_owned)
    }

    pub(super) fn word<T: Copy>(&self, source: &mut Source<'_>, key: &str, words: &[(&str, T)]) -> Option<T> {
        let value = self.get(key)?;
        let found = text(source, key, value)?;
        let meaning = words.iter().find(|(word, _)| *word == found).map(|(_, meaning)| *meaning);
        if meaning.is_none() {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            let message = format!("`{key}` cannot be \"{found}\"");
            source.fault(value.span(), message, format!("one of {}", known.join(", ")));
        }
        meaning
    }

    pub(super) fn integer(&self, source: &mut Source<'_>, key: &str, range: Range<u64>) -> Option<u64> {
        let value = self.get(key)?;
        let Some(number) = value.get_ref().as_integer() else {
            wrong_type(source, key, value, "a whole number");
            return None;
        };
        let parsed = u64::from_str_radix(number.as_str(), number.radix()).ok();
        let fits = parsed.filter(|number| range.contains(number));
        if fits.is_none() {
            let message = format!("`{key}` is out of range: {}", number.as_str());
            source.fault(value.span(), message, format!("from {} to {}", range.start, range.end - 1));
        }
        fits
    }

    pub(super) fn duration(&self, source: &mut Source<'_>, key: &str) -> Option<Duration> {
        duration(source, key, self.get(key)?)
    }

    pub(super) fn shutdown(&self, source: &mut Source<'_>) -> Option<Shutdown> {
        let value = self.get("shutdown")?;
        if value.get_ref().is_table() {
            return drain(source, value);
        }
        match value.get_ref().as_str() {
            Some("brutal_kill") => Some(Shutdown::BrutalKill),
            Some("infinity") => Some(Shutdown::Infinity),
            Some(written) if parse_duration(written).is_some() => {
                parse_duration(written).map(Shutdown::Within)
            }
            _ => {
                source.fault(value.span(), "`shutdown` is no shutdown policy", SHUTDOWN_HINT);
                None
            }
        }
    }

    pub(super) fn mailbox(&self, source: &mut Source<'_>, default: MailboxSpec) -> MailboxSpec {
        let Some(value) = self.get("mailbox") else { return default };
        let Some(fields) = Fields::open(source, "mailbox", value, &["capacity", "on_full"]) else {
            return default;
        };
        let capacity = fields.integer(source, "capacity", 1..1_000_001);
        let on_full = fields.word(source, "on_full", ON_FULL);
        MailboxSpec {
            capacity: capacity.map_or(default.capacity, |capacity| capacity as usize),
            on_full: on_full.unwrap_or(default.on_full),
        }
    }
}

pub(super) fn check_keys(source: &mut Source<'_>, what: &str, table: &DeTable<'_>, known: &[&str]) {
    for key in table.keys() {
        let word: &str = key.get_ref();
        if !known.contains(&word) {
            let message = format!("unknown key `{word}` in {what}");
            source.fault(key.span(), message, format!("known are {}", known.join(", ")));
        }
    }
}

fn text<'v>(source: &mut Source<'_>, key: &str, value: &'v Value<'_>) -> Option<&'v str> {
    let text = value.get_ref().as_str();
    if text.is_none() {
        wrong_type(source, key, value, "a string");
    }
    text
}

fn wrong_type(source: &mut Source<'_>, key: &str, value: &Value<'_>, wanted: &str) {
    let found = value.get_ref().type_str();
    source.fault(value.span(), format!("`{key}` is of type {found}"), format!("write {wanted}"));
}

fn drain(source: &mut Source<'_>, value: &Value<'_>) -> Option<Shutdown> {
    let fields = Fields::open(source, "shutdown", value, &["drain", "then"])?;
    if fields.get("drain").is_none() {
        source.fault(value.span(), "`shutdown` is no shutdown policy", SHUTDOWN_HINT);
    }
    fields.word(source, "then", &[("kill", ())]);
    fields.duration(source, "drain").map(Shutdown::Drain)
}

fn duration(source: &mut Source<'_>, key: &str, value: &Value<'_>) -> Option<Duration> {
    let written = text(source, key, value)?;
    let duration = parse_duration(written);
    if duration.is_none() {
        source.fault(value.span(), format!("`{key}` is no duration: \"{written}\""), DURATION_HINT);
    }
    duration
}

/// A whole number of `ms`, `s` or `m`, at most a day.
fn parse_duration(written: &str) -> Option<Duration> {
    let digits = written.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit_ms = match &written[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return None,
    };
    let ms = digits.parse::<u64>().ok()?.checked_mul(unit_ms)?;
    (ms <= 86_400_000).then(|| Duration::from_millis(ms))
}
