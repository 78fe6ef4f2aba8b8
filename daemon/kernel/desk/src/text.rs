//! Text with a bound: trimmed, never blank, never longer than it says.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// At least one character that is not white space, as Rust and so `trim` understand it: dialects of regular
/// expressions disagree on `\\S`.
pub(crate) const NOT_BLANK: &str = r"[^\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]";

/// A text of 1 to `MAX` characters without blanks around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> String {
        text.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let trimmed = text.trim();
        match trimmed.chars().count() {
            0 => Err("must not be blank".to_owned()),
            count if count > MAX => Err(format!("must have at most {MAX} characters")),
            _ if trimmed.len() == text.len() => Ok(Text(text)),
            _ => Ok(Text(trimmed.to_owned())),
        }
    }
}

impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Text{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX, "pattern": NOT_BLANK })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Rules, of};
    use proptest::prelude::*;
    use serde_json::json;

    proptest! {
        /// Whatever the schema lets through, the type takes: the two are one rule.
        #[test]
        fn the_schema_and_the_type_agree(text in "[\\PC\\s\u{85}\u{a0}\u{feff}\u{200b}\u{3000}\u{0}]{0,8}") {
            let fits = Rules::of(of::<Text<6>>()).check(&json!(text)).is_ok();
            let taken = Text::<6>::try_from(text.clone()).is_ok();
            prop_assert!(taken || !fits, "{:?} passes the schema alone", text);
            prop_assert!(fits || !taken || text.chars().count() > 6, "{:?} passes the type alone", text);
        }
    }
}
