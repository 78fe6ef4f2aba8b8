//! The expected no: a name, a status, a sentence, and whatever helps the caller to do better.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Names that a hint lists at most.
const CHOICES_MAX: usize = 10;

/// One kind of refusal, listed on the desk that may give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Stable snake_case code for programs.
    pub code: &'static str,
    /// One sentence for people.
    pub says: &'static str,
    /// Whether a fact of another process may end what it is about.
    pub may_be_early: bool,
}

impl Refusal {
    /// A refusal with its HTTP status, stable code and sentence.
    pub const fn new(status: u16, code: &'static str, says: &'static str) -> Refusal {
        Refusal { status, code, says, may_be_early: false }
    }

    /// This refusal where it hangs on what was handed over: before it is given, what is on its way is waited for.
    #[must_use]
    pub const fn that_may_be_early(self) -> Refusal {
        Refusal { may_be_early: true, ..self }
    }

    /// This refusal with one detail, for example the field that it concerns.
    pub fn about(self, key: &str, value: impl Into<Value>) -> Refused {
        Refused::from(self).about(key, value)
    }

    /// A rule of a field was broken.
    pub fn rule(field: &str, rule: Rule, hint: impl Into<String>) -> Refused {
        let refused = Refusal::VALIDATION.about("field", field).about("rule", rule.name());
        Refused { says: format!("`{field}` {}.", rule.says()).into(), ..refused.about("hint", hint.into()) }
    }

    /// The key that was used before came with another request.
    pub const IDEMPOTENCY_CONFLICT: Refusal =
        Refusal::new(409, "idempotency_conflict", "This idempotency key was used for another request.");
    /// Somebody else recorded something in between.
    pub const WRONG_EXPECTED_VERSION: Refusal =
        Refusal::new(409, "wrong_expected_version", "The stream is at another version than you expected.");
    /// The body, a parameter or a header breaks a rule.
    pub const VALIDATION: Refusal = Refusal::new(400, "validation_error", "The request breaks a rule.");
    /// The body is not JSON, or says a key twice.
    pub const INVALID_JSON: Refusal = Refusal::new(400, "invalid_json", "The body is not one JSON object.");
    /// A cursor that no page of this query gave out.
    pub const INVALID_CURSOR: Refusal =
        Refusal::new(400, "invalid_cursor", "This cursor was not given out by this query.");
    /// More bytes than a request or an event may have.
    pub const TOO_LARGE: Refusal = Refusal::new(413, "payload_too_large", "That is more than fits.");
    /// The actor's mailbox or the store's queue is full.
    pub const MAILBOX_FULL: Refusal =
        Refusal::new(429, "mailbox_full", "Too many requests wait; try again shortly.");
    /// The log cannot take events now.
    pub const STORE_UNAVAILABLE: Refusal =
        Refusal::new(503, "store_unavailable", "The event store does not answer now; nothing was recorded.");
    /// The read model has not reached the position that the caller asked for.
    pub const PROJECTION_LAGGING: Refusal =
        Refusal::new(503, "projection_lagging", "The read model has not seen that position yet.");
    /// The process has yet to hear of what was recorded before the request came, which may open the desk.
    pub const LISTENER_LAGGING: Refusal = Refusal::new(
        503,
        "listener_lagging",
        "The process has not heard yet of all that was recorded before; try again shortly.",
    );
    /// Something under the daemon's roof starts or restarts.
    pub const STARTING: Refusal =
        Refusal::new(503, "starting", "This part of the daemon is starting; try again shortly.");
    /// The answer did not come in time; it may still have been recorded.
    pub const TIMEOUT: Refusal = Refusal::new(
        504,
        "timeout",
        "No answer in time; ask again with the same idempotency key to learn the outcome.",
    );
    /// A bug: the actor crashed, and the next request finds it restored from the log.
    pub const INTERNAL: Refusal =
        Refusal::new(500, "internal_error", "Something unexpected happened; it was logged.");

    /// A hand-off about something else than what has this id. It is an answer like any other: whoever minted the id
    /// has gone on, and asking again never helps.
    pub const BELONGS_ELSEWHERE: Refusal =
        Refusal::new(409, "belongs_elsewhere", "There is one with this id that belongs to something else.");

    /// The refusals that any desk may give beside its own.
    pub const COMMON: &'static [Refusal] = &[
        Refusal::VALIDATION,
        Refusal::INVALID_JSON,
        Refusal::IDEMPOTENCY_CONFLICT,
        Refusal::WRONG_EXPECTED_VERSION,
        Refusal::TOO_LARGE,
        Refusal::MAILBOX_FULL,
        Refusal::STORE_UNAVAILABLE,
        Refusal::STARTING,
        Refusal::LISTENER_LAGGING,
        Refusal::TIMEOUT,
        Refusal::INTERNAL,
    ];
}

impl Refused {
    /// True for what follows from the state of things, and will follow again: not for a broken rule, nor for what
    /// is out of order now.
    pub fn is_an_answer(&self) -> bool {
        matches!(self.status, 403 | 404 | 409 | 410 | 422) && !self.is(Refusal::WRONG_EXPECTED_VERSION)
    }
}

/// The rules that a field can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// It is missing.
    Required,
    /// It has the wrong type.
    Type,
    /// Nobody knows it.
    UnknownField,
    /// It is said twice.
    DuplicateKey,
    /// It is empty, or nothing but white space.
    Blank,
    /// It has too many characters, items or fields.
    TooLong,
    /// The number is too small or too large.
    Range,
    /// The text has the wrong form.
    Pattern,
    /// It is none of the values that there are.
    Enum,
}

impl Rule {
    /// As `details.rule` says it.
    pub const fn name(self) -> &'static str {
        match self {
            Rule::Required => "required",
            Rule::Type => "type",
            Rule::UnknownField => "unknown_field",
            Rule::DuplicateKey => "duplicate_key",
            Rule::Blank => "blank",
            Rule::TooLong => "too_long",
            Rule::Range => "range",
            Rule::Pattern => "pattern",
            Rule::Enum => "enum",
        }
    }

    const fn says(self) -> &'static str {
        match self {
            Rule::Required => "is missing",
            Rule::Type => "has the wrong type",
            Rule::UnknownField => "is not known here",
            Rule::DuplicateKey => "is said twice",
            Rule::Blank => "must not be blank",
            Rule::TooLong => "is too long",
            Rule::Range => "is out of range",
            Rule::Pattern => "has the wrong form",
            Rule::Enum => "is not one of the values known here",
        }
    }
}

/// A refusal with its details, as it is answered and as a receipt keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// Stable snake_case code for programs.
    pub code: Cow<'static, str>,
    /// One sentence for people.
    pub says: Cow<'static, str>,
    /// `field`, `rule`, `hint`, `status`, `available_actions`, …; boxed, since results carry it around.
    pub details: Box<Map<String, Value>>,
}

impl Refused {
    /// One detail more.
    #[must_use]
    pub fn about(mut self, key: &str, value: impl Into<Value>) -> Refused {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    /// Hints at what there is to choose from: the first few names.
    #[must_use]
    pub fn choose_from<N: AsRef<str>>(self, names: impl IntoIterator<Item = N>) -> Refused {
        let names: Vec<N> = names.into_iter().take(CHOICES_MAX).collect();
        let listed = names.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
        let hint =
            if listed.is_empty() { "There is none yet.".to_owned() } else { format!("There are: {listed}.") };
        self.about("hint", hint)
    }

    /// The field that it is about lies inside of this one.
    #[must_use]
    pub(crate) fn inside(mut self, field: &str) -> Refused {
        if let Some(Value::String(name)) = self.details.get_mut("field") {
            *name = if name.is_empty() { field.to_owned() } else { format!("{field}.{name}") };
        }
        self
    }

    /// True when this is that kind of refusal.
    pub fn is(&self, refusal: Refusal) -> bool {
        self.status == refusal.status && self.code == refusal.code
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Refused {
            status: refusal.status,
            code: refusal.code.into(),
            says: refusal.says.into(),
            details: Box::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_at_choices_says_so_when_there_are_none() {
        let hint =
            |names: &[&str]| Refused::from(Refusal::VALIDATION).choose_from(names).details["hint"].clone();
        assert_eq!(hint(&["tea", "cake"]), "There are: tea, cake.");
        assert_eq!(hint(&[]), "There is none yet.");
        assert_eq!(hint(&["a"; 11]), format!("There are: {}.", ["a"; 10].join(", ")));
    }
}
