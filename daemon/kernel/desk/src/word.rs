//! A word of a certain form: the schema says it as a pattern, the type keeps it.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::marker::PhantomData;

/// The form of a word.
pub trait Form: 'static {
    /// What the word is called in schemas.
    const NAME: &'static str;
    /// The form as JSON Schema and people read it.
    const PATTERN: &'static str;
    /// Characters that it may have.
    const CHARS_MAX: usize;
    /// True for a word of this form, whatever its length.
    fn fits(word: &str) -> bool;
}

/// A word of the form `F`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String", bound = "F: Form")]
pub struct Word<F>(String, PhantomData<F>);

/// A name that may stand in a path: letters and digits, in parts joined by `-` or `_`.
pub type Slug = Word<SlugForm>;
/// A name in snake case.
pub type Snake = Word<SnakeForm>;
/// An event type: snake case, with its version.
pub type EventType = Word<EventTypeForm>;

/// See [`Slug`].
#[derive(Debug)]
pub struct SlugForm;
/// See [`Snake`].
#[derive(Debug)]
pub struct SnakeForm;
/// See [`EventType`].
#[derive(Debug)]
pub struct EventTypeForm;

impl Form for SlugForm {
    const NAME: &'static str = "Slug";
    const PATTERN: &'static str = "^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$";
    const CHARS_MAX: usize = 64;

    fn fits(word: &str) -> bool {
        word.split(['-', '_']).all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
    }
}

impl Form for SnakeForm {
    const NAME: &'static str = "Snake";
    const PATTERN: &'static str = "^[a-z][a-z0-9_]*$";
    const CHARS_MAX: usize = 64;

    fn fits(word: &str) -> bool {
        let is_snake = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        word.starts_with(|first: char| first.is_ascii_lowercase()) && word.bytes().all(is_snake)
    }
}

impl Form for EventTypeForm {
    const NAME: &'static str = "EventType";
    const PATTERN: &'static str = "^[a-z][a-z0-9_]*_v[1-9][0-9]*$";
    const CHARS_MAX: usize = 100;

    fn fits(word: &str) -> bool {
        let (stem, number) = word.rsplit_once("_v").unwrap_or_default();
        let is_number = !number.starts_with('0') && number.bytes().all(|b| b.is_ascii_digit());
        SnakeForm::fits(stem) && !number.is_empty() && is_number
    }
}

impl<F> Word<F> {
    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<F> Clone for Word<F> {
    fn clone(&self) -> Self {
        Word(self.0.clone(), PhantomData)
    }
}

impl<F> From<Word<F>> for String {
    fn from(word: Word<F>) -> String {
        word.0
    }
}

impl<F: Form> TryFrom<String> for Word<F> {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        if word.chars().count() > F::CHARS_MAX {
            return Err(format!("must have at most {} characters", F::CHARS_MAX));
        }
        if F::fits(&word) { Ok(Word(word, PhantomData)) } else { Err(format!("must match {}", F::PATTERN)) }
    }
}

impl<F: Form> JsonSchema for Word<F> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        F::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": F::CHARS_MAX, "pattern": F::PATTERN })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Rules, of};
    use proptest::prelude::*;
    use serde_json::json;

    /// What the schema lets through and what the type takes.
    fn judged<F: Form>(word: &str) -> (bool, bool) {
        let by_schema = Rules::of(of::<Word<F>>()).check(&json!(word)).is_ok();
        (by_schema, Word::<F>::try_from(word.to_owned()).is_ok())
    }

    proptest! {
        #[test]
        fn the_schema_and_the_type_agree(word in "[a-cA-B0-2_ v\u{e4}\n-]{0,8}") {
            for (by_schema, by_type) in
                [judged::<SlugForm>(&word), judged::<SnakeForm>(&word), judged::<EventTypeForm>(&word)]
            {
                prop_assert_eq!(by_schema, by_type, "{:?}", word);
            }
        }
    }

    #[test]
    fn words_have_their_form_and_their_length() {
        for (word, slug, snake, event) in [
            ("order-taking", true, false, false),
            ("Order_2", true, false, false),
            ("order_taken", true, true, false),
            ("order_taken_v1", true, true, true),
            ("order_v1_v2", true, true, true),
            ("order_taken_v0", true, true, false),
            ("_v1", false, false, false),
            ("-a", false, false, false),
            ("", false, false, false),
        ] {
            let all = (judged::<SlugForm>(word), judged::<SnakeForm>(word), judged::<EventTypeForm>(word));
            assert_eq!(all, ((slug, slug), (snake, snake), (event, event)), "{word}");
        }
        assert_eq!(judged::<SnakeForm>(&"a".repeat(65)), (false, false));
        assert_eq!(judged::<SnakeForm>(&"a".repeat(64)), (true, true));
    }
}
