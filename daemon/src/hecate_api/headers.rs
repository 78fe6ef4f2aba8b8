//! Request headers with a meaning of our own, read strictly: a header that nobody could have meant is
//! refused by name, never ignored.

use axum::http::{HeaderMap, header};
use hecate_desk::{Refusal, Refused, Rule};
use hecate_proto::header as proto;
use uuid::Uuid;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const IF_MATCH: &str = "If-Match";
const IF_NONE_MATCH: &str = "If-None-Match";
const ACTOR: &str = "Hecate-Actor";
/// How actors of the daemon itself begin.
const OWN_ACTORS: [&str; 2] = ["listener:", "read_model:"];
const CORRELATION_ID: &str = "Hecate-Correlation-Id";
const MIN_POSITION: &str = "Hecate-Min-Position";
const CONFIRM: &str = "X-Confirm";
const LAST_EVENT_ID: &str = "Last-Event-ID";

const KEY_CHARS_MAX: usize = 255;
const ACTOR_CHARS_MAX: usize = 200;

/// What a command's headers say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CommandHeaders {
    pub(super) idempotency_key: Option<String>,
    pub(super) expected_version: Option<u64>,
    pub(super) actor: Option<String>,
}

/// Reads a command's headers. `births` says whether its desk may give birth.
pub(super) fn command(headers: &HeaderMap, births: bool) -> Result<CommandHeaders, Refused> {
    check_if_none_match(headers, births)?;
    Ok(CommandHeaders {
        idempotency_key: idempotency_key(headers)?,
        expected_version: expected_version(headers)?,
        actor: actor(headers)?,
    })
}

/// The flow that the caller names; none where it names none.
pub(super) fn correlation_id(headers: &HeaderMap) -> Result<Option<Uuid>, Refused> {
    let named = once(headers, proto::CORRELATION_ID, CORRELATION_ID)?;
    let read = |text: &str| {
        Uuid::try_parse(text).map_err(|_| Refusal::rule(CORRELATION_ID, Rule::Pattern, "It is a UUID."))
    };
    named.map(read).transpose()
}

/// The position that a query's caller wants to see.
pub(super) fn min_position(headers: &HeaderMap) -> Result<Option<u64>, Refused> {
    let named = once(headers, proto::MIN_POSITION, MIN_POSITION)?;
    let read = |text| {
        digits(text)
            .ok_or_else(|| Refusal::rule(MIN_POSITION, Rule::Type, "It is a position in the log, a number."))
    };
    named.map(read).transpose()
}

/// The id of the last frame that a stream's client saw.
pub(super) fn last_event_id(headers: &HeaderMap) -> Result<Option<&str>, Refused> {
    Ok(once(headers, "last-event-id", LAST_EVENT_ID)?.filter(|id| !id.is_empty()))
}

/// Refuses a change that its caller does not confirm by naming the path once more.
pub(super) fn confirmed(headers: &HeaderMap, path: &str) -> Result<(), Refused> {
    let hint = || format!("Send `{CONFIRM}: {path}` to confirm that you mean this.");
    match once(headers, proto::CONFIRM, CONFIRM)? {
        Some(confirmed) if confirmed == path => Ok(()),
        Some(_) => Err(Refusal::rule(CONFIRM, Rule::Pattern, hint())),
        None => Err(Refusal::rule(CONFIRM, Rule::Required, hint())),
    }
}

/// True for `application/json`, with or without parameters.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = named.and_then(|text| text.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    let Some(key) = once(headers, proto::IDEMPOTENCY_KEY, IDEMPOTENCY_KEY)? else { return Ok(None) };
    match key {
        "" => Err(Refusal::rule(IDEMPOTENCY_KEY, Rule::Blank, "Send a key, or leave the header out.")),
        _ if key.len() > KEY_CHARS_MAX => {
            Err(Refusal::rule(IDEMPOTENCY_KEY, Rule::TooLong, format!("At most {KEY_CHARS_MAX} characters.")))
        }
        _ if !key.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err(Refusal::rule(IDEMPOTENCY_KEY, Rule::Pattern, "Visible ASCII characters, no blanks."))
        }
        _ => Ok(Some(key.to_owned())),
    }
}

fn expected_version(headers: &HeaderMap) -> Result<Option<u64>, Refused> {
    let named = once(headers, "if-match", IF_MATCH)?;
    let read = |text: &str| {
        let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        digits(bare).ok_or_else(|| Refusal::rule(IF_MATCH, Rule::Pattern, "It is a version, `7` or `\"7\"`."))
    };
    named.map(read).transpose()
}

fn check_if_none_match(headers: &HeaderMap, births: bool) -> Result<(), Refused> {
    match once(headers, "if-none-match", IF_NONE_MATCH)? {
        None => Ok(()),
        Some("*") if births => Ok(()),
        Some("*") => {
            let hint = "Only a desk that gives birth knows it; expect a version with If-Match.";
            Err(Refusal::rule(IF_NONE_MATCH, Rule::UnknownField, hint))
        }
        Some(_) => Err(Refusal::rule(IF_NONE_MATCH, Rule::Enum, "It is `*`.")),
    }
}

fn actor(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    let Some(actor) = once(headers, proto::ACTOR, ACTOR)? else { return Ok(None) };
    match actor.chars().count() {
        0 => Err(Refusal::rule(ACTOR, Rule::Blank, "Name who acts, or leave the header out.")),
        count if count > ACTOR_CHARS_MAX => {
            Err(Refusal::rule(ACTOR, Rule::TooLong, format!("At most {ACTOR_CHARS_MAX} characters.")))
        }
        _ if OWN_ACTORS.iter().any(|own| actor.starts_with(own)) => {
            Err(Refusal::rule(ACTOR, Rule::Pattern, "The daemon acts under that name itself."))
        }
        _ if actor.chars().any(char::is_control) => {
            Err(Refusal::rule(ACTOR, Rule::Pattern, "Printable characters only."))
        }
        _ => Ok(Some(actor.to_owned())),
    }
}

/// The header's text, which comes at most once.
fn once<'a>(headers: &'a HeaderMap, name: &str, shown: &str) -> Result<Option<&'a str>, Refused> {
    let mut values = headers.get_all(name).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(Refusal::rule(shown, Rule::DuplicateKey, "Send it once."));
    }
    let read = |bytes| {
        std::str::from_utf8(bytes).map_err(|_| Refusal::rule(shown, Rule::Pattern, "It is UTF-8 text."))
    };
    first.map(|value| read(value.as_bytes())).transpose()
}

/// A number without sign or blanks.
pub(super) fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn headers(given: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::try_from(*name).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        let mut map = HeaderMap::new();
        for (name, value) in given.iter().map(pair) {
            map.append(name, value);
        }
        map
    }

    fn broken<T: std::fmt::Debug>(read: Result<T, Refused>) -> (String, String) {
        let refused = read.unwrap_err();
        assert!(refused.is(Refusal::VALIDATION));
        let detail = |key: &str| refused.details[key].as_str().unwrap_or_default().to_owned();
        (detail("field"), detail("rule"))
    }

    #[test]
    fn a_command_reads_what_its_caller_meant() {
        let given = [("idempotency-key", "k-1"), ("if-match", "\"7\""), ("hecate-actor", "agent Zoë")];
        let read = command(&headers(&given), false).unwrap();
        assert_eq!(read.idempotency_key.as_deref(), Some("k-1"));
        assert_eq!((read.expected_version, read.actor.as_deref()), (Some(7), Some("agent Zoë")));
        let none = CommandHeaders { idempotency_key: None, expected_version: None, actor: None };
        assert_eq!(command(&headers(&[]), false), Ok(none));
        assert_eq!(command(&headers(&[("if-match", "7")]), false).unwrap().expected_version, Some(7));
    }

    #[test]
    fn a_malformed_header_is_refused_by_name_and_rule() {
        let (long_key, long_actor) = ("k".repeat(256), "a".repeat(201));
        for (name, value, field, rule) in [
            ("idempotency-key", "", "Idempotency-Key", "blank"),
            ("idempotency-key", long_key.as_str(), "Idempotency-Key", "too_long"),
            ("idempotency-key", "a b", "Idempotency-Key", "pattern"),
            ("idempotency-key", "é", "Idempotency-Key", "pattern"),
            ("if-match", "*", "If-Match", "pattern"),
            ("if-match", "W/\"7\"", "If-Match", "pattern"),
            ("if-match", "-1", "If-Match", "pattern"),
            ("if-match", "18446744073709551616", "If-Match", "pattern"),
            ("if-none-match", "\"7\"", "If-None-Match", "enum"),
            ("if-none-match", "*", "If-None-Match", "unknown_field"),
            ("hecate-actor", "", "Hecate-Actor", "blank"),
            ("hecate-actor", long_actor.as_str(), "Hecate-Actor", "too_long"),
            ("hecate-actor", "a\tb", "Hecate-Actor", "pattern"),
        ] {
            let read = command(&headers(&[(name, value)]), false);
            assert_eq!(broken(read), (field.to_owned(), rule.to_owned()), "{name}: {value}");
        }
    }

    #[test]
    fn a_header_said_twice_is_refused() {
        let twice = headers(&[("idempotency-key", "a"), ("idempotency-key", "b")]);
        assert_eq!(broken(command(&twice, false)).1, "duplicate_key");
    }

    #[test]
    fn only_a_birth_may_demand_that_nothing_is_there() {
        assert!(command(&headers(&[("if-none-match", "*")]), true).is_ok());
    }

    #[test]
    fn flows_and_positions_are_read_strictly() {
        let id = Uuid::now_v7();
        assert_eq!(correlation_id(&headers(&[("hecate-correlation-id", &id.to_string())])), Ok(Some(id)));
        assert_eq!(broken(correlation_id(&headers(&[("hecate-correlation-id", "x")]))).1, "pattern");
        assert_eq!(min_position(&headers(&[("hecate-min-position", "12")])), Ok(Some(12)));
        assert_eq!(broken(min_position(&headers(&[("hecate-min-position", "+12")]))).1, "type");
        assert_eq!(last_event_id(&headers(&[("last-event-id", "")])), Ok(None));
    }

    #[test]
    fn json_is_known_by_its_media_type() {
        for (value, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/jsonp", false),
            ("text/plain", false),
        ] {
            assert_eq!(is_json(&headers(&[("content-type", value)])), json, "{value}");
        }
        assert!(!is_json(&headers(&[])));
    }
}
