//! A name that people read: something of it is seen, and nothing of it steers what stands beside it.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The form of a name: nothing that steers, and one letter at least that leaves ink.
pub(crate) const NAME: &str = r"^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*[^\u0000-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0][^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$";

/// A name of 1 to `MAX` characters without blanks around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name<const MAX: usize>(String);

/// True for what steers a terminal, a line or the direction of text.
fn steers(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// True for a letter that leaves no ink.
fn is_unseen(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        )
}

/// True for a text of which nothing is seen.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|letter| is_unseen(letter) || steers(letter))
}

impl<const MAX: usize> Name<MAX> {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> From<Name<MAX>> for String {
    fn from(name: Name<MAX>) -> String {
        name.0
    }
}

impl<const MAX: usize> TryFrom<String> for Name<MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let trimmed = text.trim();
        match () {
            () if is_blank(trimmed) => Err("must not be blank".to_owned()),
            () if text.chars().any(steers) => Err("must have no control characters".to_owned()),
            () if trimmed.chars().count() > MAX => Err(format!("must have at most {MAX} characters")),
            () => Ok(Name(trimmed.to_owned())),
        }
    }
}

impl<const MAX: usize> JsonSchema for Name<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Name{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX, "pattern": NAME })
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
        fn the_schema_and_the_type_agree(
            text in "[\\PC\\s\u{85}\u{a0}\u{ad}\u{feff}\u{200b}\u{202e}\u{2067}\u{3000}\u{1b}\u{0}]{0,8}"
        ) {
            let fits = Rules::of(of::<Name<6>>()).check(&json!(text)).is_ok();
            let taken = Name::<6>::try_from(text.clone()).is_ok();
            prop_assert!(taken || !fits, "{:?} passes the schema alone", text);
            prop_assert!(fits || !taken || text.chars().count() > 6, "{:?} passes the type alone", text);
        }
    }

    #[test]
    fn a_name_is_seen_and_steers_nothing() {
        let rules = Rules::of(of::<Name<20>>());
        let broken = |name: &str| Some(rules.check(&json!(name)).err()?.details["rule"].clone());
        for name in ["Tea", "茶", "Tea & Cake", "🫖", "l\u{200d}l", "é", "a\u{301}"] {
            assert_eq!(broken(name), None, "{name:?}");
        }
        for name in ["", " ", "\u{200b}", "\u{feff}\u{ad}", "\u{0}", "\t\u{1b}", "\u{202e}", "\u{3164}"] {
            assert_eq!(broken(name), Some(json!("blank")), "{name:?}");
        }
        for name in ["a\u{0}b", "\u{202e}abc", "\u{1b}[31mred", "a\nb", "a\u{9b}", "a\u{2028}b"] {
            assert_eq!(broken(name), Some(json!("pattern")), "{name:?}");
        }
    }
}
