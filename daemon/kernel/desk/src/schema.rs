//! The rules of a request, from the very schema that the catalogue publishes.
//!
//! A type's schema is closed here (no unknown fields), so a request struct needs no attribute for it, and a
//! broken rule is answered with the field and the rule instead of a parser's prose.

use crate::refusal::{Refusal, Refused, Rule};
use crate::{name, text::NOT_BLANK};
use jsonschema::{ValidationError, Validator, error::ValidationErrorKind as Kind};
use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde_json::{Map, Number, Value, json};
use std::sync::OnceLock;

/// The JSON Schema of a type, in one piece: whoever draws a form from it follows no references.
pub fn of<T: JsonSchema>() -> Schema {
    let whole = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    whole.into_generator().into_root_schema_for::<T>()
}

/// A closed JSON Schema with its check, which is compiled when it is first needed.
pub struct Rules {
    schema: Value,
    check: OnceLock<Validator>,
}

impl Rules {
    /// Closes a schema: a field that it does not name is refused.
    pub fn of(schema: Schema) -> Rules {
        let mut schema = schema.to_value();
        close(&mut schema);
        Rules { schema, check: OnceLock::new() }
    }

    /// The rules of something that is asked for: numbers have the bounds of their types.
    pub fn of_request(schema: Schema) -> Rules {
        let mut rules = Rules::of(schema);
        bound(&mut rules.schema);
        rules
    }

    /// The closed schema, as the catalogue and OpenAPI show it.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// Refuses the first broken rule, named by field and rule.
    ///
    /// # Panics
    /// When a type's own schema is not a schema, which its first test would show.
    pub fn check(&self, value: &Value) -> Result<(), Refused> {
        let compile = || jsonschema::validator_for(&self.schema).expect("a derived schema compiles");
        let broken = self.check.get_or_init(compile).iter_errors(value).next();
        broken.map_or(Ok(()), |error| Err(refuse(&error)))
    }

    /// The same for a body that may hold as many requests, as an array.
    pub(crate) fn check_body(&self, body: &Value, at_once_max: usize) -> Result<(), Refused> {
        let Value::Array(bodies) = body else { return self.check(body) };
        match bodies.len() {
            0 => Err(Refusal::rule("body", Rule::Range, "Send one object at least.")),
            count if count > at_once_max => {
                let refused = Refusal::rule("body", Rule::TooLong, "Send fewer objects at once.");
                Err(refused.about("items", count).about("items_max", at_once_max))
            }
            _ => bodies.iter().enumerate().try_for_each(|(nth, body)| {
                self.check(body).map_err(|refused| refused.inside(&nth.to_string()).about("item", nth))
            }),
        }
    }

    /// Reads query parameters, which are all text, as the types that the schema asks for.
    pub fn read_params(&self, given: Vec<(String, String)>) -> Result<Map<String, Value>, Refused> {
        let mut params = Map::new();
        for (name, text) in given {
            let value = self.read_param(&name, text)?;
            if params.insert(name.clone(), value).is_some() {
                return Err(Refusal::rule(&name, Rule::DuplicateKey, "Say each parameter once."));
            }
        }
        Ok(params)
    }

    fn read_param(&self, name: &str, text: String) -> Result<Value, Refused> {
        let asks = |wanted: &str| match &self.schema["properties"][name]["type"] {
            Value::String(one) => one == wanted,
            Value::Array(some) => some.iter().any(|one| one == wanted),
            _ => false,
        };
        let read = if asks("integer") {
            text.parse::<Number>().ok().map(Value::from)
        } else if asks("boolean") {
            text.parse::<bool>().ok().map(Value::from)
        } else {
            Some(Value::from(text))
        };
        read.ok_or_else(|| Refusal::rule(name, Rule::Type, "This parameter is a number, or true or false."))
    }
}

/// Closes every object schema and drops what only schema tools read. Walks by keyword: a *field* may be
/// called `title` or `properties`, and an example may look like a schema.
fn close(schema: &mut Value) {
    let Value::Object(keywords) = schema else { return };
    keywords.retain(|keyword, _| !matches!(keyword.as_str(), "$schema" | "title"));
    // A struct lists its properties, or is a struct without any; a map says what its values are.
    let names_no_fields =
        keywords.get("type") == Some(&json!("object")) && !keywords.contains_key("additionalProperties");
    if keywords.contains_key("properties") || names_no_fields {
        keywords.entry("properties").or_insert(json!({}));
        keywords.entry("additionalProperties").or_insert(json!(false));
    }
    for (keyword, inner) in keywords.iter_mut() {
        match (keyword.as_str(), inner) {
            ("properties" | "patternProperties" | "$defs", Value::Object(schemas)) => {
                schemas.values_mut().for_each(close);
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                schemas.iter_mut().for_each(close);
            }
            ("items" | "additionalProperties" | "not", inner) => close(inner),
            _ => {}
        }
    }
    list_choices(keywords);
    fold_null(keywords);
}

/// What is asked must fit into the type that reads it: a format of Rust's numbers becomes bounds, at any depth. What
/// was recorded fits, and its schema stays as it was.
fn bound(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            bound_number(keywords);
            keywords.values_mut().for_each(bound);
        }
        Value::Array(items) => items.iter_mut().for_each(bound),
        _ => {}
    }
}

fn bound_number(keywords: &mut Map<String, Value>) {
    let (least, most) = match keywords.get("format").and_then(Value::as_str) {
        Some("uint8") => (0.into(), u8::MAX.into()),
        Some("uint16") => (0.into(), u16::MAX.into()),
        Some("uint32") => (0.into(), u32::MAX.into()),
        Some("uint64" | "uint") => (Number::from(0), Number::from(u64::MAX)),
        Some("int32") => (i32::MIN.into(), i32::MAX.into()),
        Some("int64" | "int") => (i64::MIN.into(), i64::MAX.into()),
        _ => return,
    };
    keywords.entry("minimum").or_insert(Value::Number(least));
    keywords.entry("maximum").or_insert(Value::Number(most));
}

/// `oneOf` some constants is an `enum`: a wrong value then breaks the rule that people expect.
fn list_choices(keywords: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = keywords.get("oneOf") else { return };
    let words: Option<Vec<Vec<Value>>> = choices.iter().map(words_of).collect();
    if let Some(words) = words {
        keywords.remove("oneOf");
        keywords.insert("type".to_owned(), json!("string"));
        keywords.insert("enum".to_owned(), words.concat().into());
    }
}

/// The words that a choice stands for: one with a description, or several without.
fn words_of(choice: &Value) -> Option<Vec<Value>> {
    let words = match (choice.get("const"), choice.get("enum")) {
        (Some(word), _) => vec![word.clone()],
        (None, Some(Value::Array(words))) => words.clone(),
        _ => return None,
    };
    words.iter().all(Value::is_string).then_some(words)
}

/// `anyOf` a thing and null is that thing, which may be null.
fn fold_null(keywords: &mut Map<String, Value>) {
    let Some(Value::Array(either)) = keywords.get("anyOf") else { return };
    let [Value::Object(thing), null] = &either[..] else { return };
    let Some(Value::String(kind)) = thing.get("type").filter(|_| *null == json!({"type": "null"})) else {
        return;
    };
    let mut thing = thing.clone();
    thing.insert("type".to_owned(), json!([kind, "null"]));
    if let Some(Value::Array(values)) = thing.get_mut("enum") {
        values.push(Value::Null);
    }
    keywords.remove("anyOf");
    for (keyword, value) in thing {
        keywords.entry(keyword).or_insert(value);
    }
}

fn refuse(error: &ValidationError<'_>) -> Refused {
    let (field, rule) = named(error);
    let hint = match error.kind() {
        _ if rule == Rule::Blank => "Give it at least one letter.".to_owned(),
        Kind::Pattern { pattern } if pattern.as_str() == name::NAME => {
            "It has a character that steers a terminal or the direction of text: leave that out.".to_owned()
        }
        Kind::Enum { options } => one_of(options),
        // Masked: the hint tells the rule, not the value, which may be long or private.
        _ => error.masked().to_string(),
    };
    Refusal::rule(&field, rule, hint)
}

fn one_of(options: &Value) -> String {
    let words: Vec<_> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    format!("It is one of {}.", words.join(", "))
}

fn named(error: &ValidationError<'_>) -> (String, Rule) {
    let here = error.instance_path().to_string().trim_start_matches('/').replace('/', ".");
    let inside = |name: &str| if here.is_empty() { name.to_owned() } else { format!("{here}.{name}") };
    let rule = match error.kind() {
        Kind::Required { property } => {
            return (inside(property.as_str().unwrap_or_default()), Rule::Required);
        }
        Kind::AdditionalProperties { unexpected } => {
            return (inside(unexpected.first().map_or("", String::as_str)), Rule::UnknownField);
        }
        Kind::MinLength { .. } => Rule::Blank,
        Kind::Pattern { pattern } if pattern.as_str() == NOT_BLANK => Rule::Blank,
        Kind::Pattern { pattern }
            if pattern.as_str() == name::NAME && error.instance().as_str().is_some_and(name::is_blank) =>
        {
            Rule::Blank
        }
        Kind::Pattern { .. } | Kind::Format { .. } => Rule::Pattern,
        Kind::MaxLength { .. } | Kind::MaxItems { .. } | Kind::MaxProperties { .. } => Rule::TooLong,
        Kind::Enum { .. } | Kind::Constant { .. } => Rule::Enum,
        Kind::Type { .. } | Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => Rule::Type,
        _ => Rule::Range,
    };
    (here, rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is read")]
    struct Order {
        name: Text<5>,
        #[schemars(range(min = 1, max = 9))]
        count: Option<u8>,
        size: Option<u16>,
        kind: Option<Kind>,
        notes: Option<Vec<Text<3>>>,
    }

    #[derive(JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code, reason = "only its schema is read")]
    enum Kind {
        /// Documented, which makes schemars list constants instead of an enum.
        Tea,
        Coffee,
    }

    fn broken(value: Value) -> Option<(String, String)> {
        let refused = Rules::of_request(of::<Order>()).check(&value).err()?;
        let detail = |key: &str| refused.details[key].as_str().unwrap_or_default().to_owned();
        Some((detail("field"), detail("rule")))
    }

    #[test]
    fn each_broken_rule_names_its_field() {
        for (value, field, rule) in [
            (json!({}), "name", "required"),
            (json!({"name": 1}), "name", "type"),
            (json!({"name": ""}), "name", "blank"),
            (json!({"name": "  "}), "name", "blank"),
            (json!({"name": "abcdef"}), "name", "too_long"),
            (json!({"name": "a", "nmae": 1}), "nmae", "unknown_field"),
            (json!({"name": "a", "count": 10}), "count", "range"),
            (json!({"name": "a", "size": 65_536}), "size", "range"),
            (json!({"name": "a", "size": 1u64 << 40}), "size", "range"),
            (json!({"name": "a", "size": -1}), "size", "range"),
            (json!({"name": "a", "count": "x"}), "count", "type"),
            (json!({"name": "a", "kind": "milk"}), "kind", "enum"),
            (json!({"name": "a", "notes": ["ok", "long"]}), "notes.1", "too_long"),
        ] {
            assert_eq!(broken(value.clone()), Some((field.into(), rule.into())), "{value}");
        }
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is read")]
    struct Book {
        title: Text<9>,
        properties: Map<String, Value>,
    }

    #[test]
    fn each_of_several_requests_is_named_by_its_place() {
        let rules = Rules::of_request(of::<Order>());
        let broken = |body: Value| rules.check_body(&body, 2).map_err(|refused| refused.details);
        let tea = json!({"name": "tea"});
        assert_eq!(broken(json!([tea, tea])), Ok(()));
        let named = broken(json!([tea, {"name": ""}])).unwrap_err();
        assert_eq!(
            (&named["field"], &named["rule"], &named["item"]),
            (&json!("1.name"), &json!("blank"), &json!(1))
        );
        assert_eq!(broken(json!([])).unwrap_err()["rule"], "range");
        assert_eq!(broken(json!([tea, tea, tea])).unwrap_err()["rule"], "too_long");
    }

    #[test]
    fn a_field_may_be_called_like_a_keyword() {
        let rules = Rules::of(of::<Book>());
        assert_eq!(rules.check(&json!({"title": "Emma", "properties": {"title": {"any": 1}}})), Ok(()));
        assert_eq!(rules.check(&json!({"properties": {}})).unwrap_err().details["field"], "title");
    }

    #[derive(JsonSchema)]
    /// Asks for nothing.
    struct Nothing {}

    #[test]
    fn a_request_without_fields_takes_none() {
        let rules = Rules::of(of::<Nothing>());
        assert_eq!(rules.check(&json!({})), Ok(()));
        assert_eq!(rules.check(&json!({"colour": "red"})).unwrap_err().details["rule"], "unknown_field");
    }

    #[test]
    fn a_hint_does_not_repeat_what_was_sent() {
        let refused = Rules::of(of::<Order>()).check(&json!({"name": "secret".repeat(1_000)})).unwrap_err();
        assert!(!refused.details["hint"].as_str().unwrap().contains("secret"));
    }

    #[test]
    fn what_fits_passes_and_null_means_absent() {
        for value in
            [json!({"name": "a"}), json!({"name": "é".repeat(5), "count": null, "kind": "tea", "notes": []})]
        {
            assert_eq!(broken(value), None);
        }
    }

    #[test]
    fn parameters_are_read_as_the_types_asked_for() {
        let rules = Rules::of(of::<Order>());
        let read = |given: &[(&str, &str)]| {
            rules.read_params(given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
        };
        assert_eq!(
            read(&[("name", "7"), ("count", "7")]),
            Ok(json!({"name": "7", "count": 7}).as_object().cloned().unwrap())
        );
        assert_eq!(read(&[("count", "x")]).unwrap_err().details["rule"], "type");
        assert_eq!(read(&[("name", "a"), ("name", "b")]).unwrap_err().details["rule"], "duplicate_key");
    }
}
