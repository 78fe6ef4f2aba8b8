//! Ids of things that live long: a typed prefix and a ULID, `v-01J…`.
//!
//! A typed prefix makes a mixed-up id an error at the edge, and a ULID sorts by its birth.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Length of a ULID in Crockford's base 32.
const ULID_CHARS: usize = 26;

/// A kind of id: its field name, its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdKind {
    /// The field and path parameter that holds it, for example `venture_id`.
    pub field: &'static str,
    /// For example `v-`.
    pub prefix: &'static str,
}

/// The kinds of ids that name streams and that events are tagged with.
pub const KINDS: &[IdKind] =
    &[VentureId::KIND, DivisionId::KIND, IncidentId::KIND, ReleaseId::KIND, StageId::KIND];

/// The kind of id that a field of this name holds.
pub fn kind_of(field: &str) -> Option<IdKind> {
    KINDS.iter().copied().find(|kind| kind.field == field)
}

impl IdKind {
    /// True when the text is an id of this kind.
    pub fn accepts(self, text: &str) -> bool {
        text.strip_prefix(self.prefix).is_some_and(is_ulid)
    }

    /// The pattern of this kind, as JSON Schema and people read it.
    pub fn pattern(self) -> String {
        format!("^{}[0-7][0-9A-HJKMNP-TV-Z]{{{}}}$", self.prefix, ULID_CHARS - 1)
    }
}

/// The first character holds three bits only: a ULID has 128.
fn is_ulid(text: &str) -> bool {
    let is_letter = |b: u8| matches!(b, b'0'..=b'9' | b'A'..=b'H' | b'J' | b'K' | b'M' | b'N' | b'P'..=b'T' | b'V'..=b'Z');
    text.len() == ULID_CHARS
        && text.starts_with(|first| matches!(first, '0'..='7'))
        && text.bytes().all(is_letter)
}

/// A text that was not an id of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId(pub IdKind);

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is `{}` and a ULID", self.0.field, self.0.prefix)
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $field:literal, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Its field name and prefix.
            pub const KIND: IdKind = IdKind { field: $field, prefix: $prefix };

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                if Self::KIND.accepts(&text) { Ok(Self(text)) } else { Err(NotAnId(Self::KIND)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": Self::KIND.pattern() })
            }
        }
    };
}

id!(
    /// A venture: software on its way from idea to operation.
    VentureId, "venture_id", "v-"
);
id!(
    /// A division: one bounded context of a venture.
    DivisionId, "division_id", "d-"
);
id!(
    /// An incident: what goes wrong where a division is at work.
    IncidentId, "incident_id", "inc-"
);
id!(
    /// A release: one version of a division in one environment.
    ReleaseId, "release_id", "rel-"
);
id!(
    /// One stage of a release's rollout.
    StageId, "stage_id", "stg-"
);
id!(
    /// One run of a test suite.
    SuiteId, "suite_id", "suite-"
);
id!(
    /// What somebody found to be the cause of an incident.
    DiagnosisId, "diagnosis_id", "diag-"
);
id!(
    /// What somebody did about an incident.
    FixId, "fix_id", "fix-"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_wears_its_prefix_and_a_ulid() {
        let good = "v-01ARZ3NDEKTSV4RRFFQ69G5FAV";
        assert!(VentureId::KIND.accepts(good));
        for bad in [
            "",
            "v-",
            "d-01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "v-01arz3ndektsv4rrffq69g5fav",
            "v-01ARZ3NDEKTSV4RRFFQ69G5FA",
            "v-01ARZ3NDEKTSV4RRFFQ69G5FAU",
            "v-81ARZ3NDEKTSV4RRFFQ69G5FAV",
        ] {
            assert!(!VentureId::KIND.accepts(bad), "{bad}");
        }
    }
}
