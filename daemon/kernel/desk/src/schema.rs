//! The rules of a request, from the very schema that the catalogue publishes.
//!
//! A type's schema is closed here (no unknown fields), so a request struct needs no attribute for it, and a
//! broken rule is answered with the field and the rule instead of a parser's prose.

use crate::refusal::{Refusal, Refused};
use jsonschema::{ValidationError, Validator, error::ValidationErrorKind as Kind};
use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// The JSON Schema of a type, in one piece: whoever draws a form from it follows no references.
pub fn of<T: JsonSchema>() -> Schema {
    let whole = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    whole.into_generator().into_root_schema_for::<T>()
}

/// A closed JSON Schema with its compiled check.
pub struct Rules {
    schema: Value,
    check: Validator,
}

impl Rules {
    /// Closes and compiles a schema.
    ///
    /// # Panics
    /// When a type's own schema is not a schema, which its first test would show.
    pub fn of(schema: Schema) -> Rules {
        let mut schema = schema.to_value();
        tidy(&mut schema);
        let check = jsonschema::validator_for(&schema).expect("a derived schema compiles");
        Rules { schema, check }
    }

    /// The closed schema, as the catalogue and OpenAPI show it.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// Refuses the first broken rule, named by field and rule.
    pub fn check(&self, value: &Value) -> Result<(), Refused> {
        self.check.iter_errors(value).next().map_or(Ok(()), |error| Err(refuse(&error)))
    }

    /// Reads query parameters, which are all text, as the types that the schema asks for.
    pub fn read_params(&self, given: Vec<(String, String)>) -> Result<Map<String, Value>, Refused> {
        let mut params = Map::new();
        for (name, text) in given {
            let value = self.read_param(&name, text)?;
            if params.insert(name.clone(), value).is_some() {
                return Err(Refusal::rule(&name, "duplicate_key", "Say each parameter once."));
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
            text.parse::<i64>().ok().map(Value::from)
        } else if asks("boolean") {
            text.parse::<bool>().ok().map(Value::from)
        } else {
            Some(Value::from(text))
        };
        read.ok_or_else(|| Refusal::rule(name, "type", "This parameter is a number or a flag."))
    }
}

/// Closes every object that lists its properties, and drops what only schema tools read.
fn tidy(schema: &mut Value) {
    let Value::Object(fields) = schema else {
        if let Value::Array(items) = schema {
            items.iter_mut().for_each(tidy);
        }
        return;
    };
    fields.remove("$schema");
    if fields.contains_key("properties")
        || fields.get("type") == Some(&json!("object")) && fields.get("title").is_some()
    {
        fields.entry("additionalProperties").or_insert(json!(false));
        fields.entry("properties").or_insert(json!({}));
    }
    fields.remove("title");
    fields.values_mut().for_each(tidy);
}

fn refuse(error: &ValidationError<'_>) -> Refused {
    let (field, rule) = named(error);
    let hint = if rule == "blank" { "Give it at least one letter.".to_owned() } else { error.to_string() };
    Refusal::rule(&field, rule, hint)
}

fn named(error: &ValidationError<'_>) -> (String, &'static str) {
    let here = error.instance_path().to_string().trim_start_matches('/').replace('/', ".");
    let inside = |name: &str| if here.is_empty() { name.to_owned() } else { format!("{here}.{name}") };
    match error.kind() {
        Kind::Required { property } => (inside(property.as_str().unwrap_or_default()), "required"),
        Kind::AdditionalProperties { unexpected } => {
            (inside(unexpected.first().map_or("", String::as_str)), "unknown_field")
        }
        Kind::MinLength { .. } => (here, "blank"),
        Kind::Pattern { pattern } if pattern.as_str() == "\\S" => (here, "blank"),
        Kind::Pattern { .. } | Kind::Format { .. } => (here, "pattern"),
        Kind::MaxLength { .. } | Kind::MaxItems { .. } | Kind::MaxProperties { .. } => (here, "too_long"),
        Kind::Enum { .. } | Kind::Constant { .. } => (here, "enum"),
        Kind::Type { .. } => (here, "type"),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => (here, "type"),
        _ => (here, "range"),
    }
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
        kind: Option<Kind>,
        notes: Option<Vec<Text<3>>>,
    }

    #[derive(JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code, reason = "only its schema is read")]
    enum Kind {
        Tea,
        Coffee,
    }

    fn broken(value: Value) -> Option<(String, String)> {
        let refused = Rules::of(of::<Order>()).check(&value).err()?;
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
            (json!({"name": "a", "count": "x"}), "count", "type"),
            (json!({"name": "a", "kind": "milk"}), "kind", "enum"),
            (json!({"name": "a", "notes": ["ok", "long"]}), "notes.1", "too_long"),
        ] {
            assert_eq!(broken(value.clone()), Some((field.into(), rule.into())), "{value}");
        }
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
