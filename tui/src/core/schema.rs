//! From JSON Schema to fields. Forms and command-line flags are both drawn from here, so they ask for the
//! same things in the same words.

use serde_json::{Map, Value};

/// Above this many characters a text gets a field of several lines.
const LINE_CHARS_MAX: u64 = 200;
/// References are followed at most this deep.
const REF_DEPTH_MAX: usize = 8;

/// One property of an object schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSpec {
    /// The property's name.
    pub name: String,
    /// What it takes.
    pub kind: FieldKind,
    /// Whether it must be given.
    pub required: bool,
    /// What it is, for people; the schema's description on one line.
    pub help: String,
    /// Its limits, for people: `1–100 characters`; the shape of JSON: `[{name: text, bit: number}]`.
    pub limits: String,
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A short text.
    Line,
    /// A text of several lines.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// One of these.
    Choice(Vec<String>),
    /// Several texts.
    Lines,
    /// Anything else, as JSON.
    Json,
}

impl FieldKind {
    /// Whether Enter is a new line in it.
    pub fn is_tall(&self) -> bool {
        matches!(self, Self::Text | Self::Lines | Self::Json)
    }

    /// How to fill it in, for people.
    pub fn says(&self) -> &'static str {
        match self {
            Self::Line | Self::Text => "text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "yes or no",
            Self::Choice(_) => "one of the list",
            Self::Lines => "one per line, or with commas",
            Self::Json => "JSON",
        }
    }
}

/// The fields of an object schema, in the order in which it declares them.
pub fn fields(schema: &Value) -> Vec<FieldSpec> {
    let required: Vec<&str> = texts(schema.get("required")).collect();
    let Some(Value::Object(properties)) = schema.get("properties") else {
        return Vec::new();
    };
    properties.iter().map(|(name, property)| field(schema, name, property, &required)).collect()
}

fn field(root: &Value, name: &str, property: &Value, required: &[&str]) -> FieldSpec {
    let shape = resolved(root, property, REF_DEPTH_MAX);
    let kind = kind(&shape, root);
    let described = [property, &Value::Object(shape.clone())]
        .into_iter()
        .find_map(|it| it.get("description").and_then(Value::as_str).map(str::to_owned));
    FieldSpec {
        name: name.to_owned(),
        required: required.contains(&name),
        help: described.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "),
        limits: if kind == FieldKind::Json {
            sketch(root, property, REF_DEPTH_MAX)
        } else {
            limits(&shape, &kind)
        },
        kind,
    }
}

/// The shape that JSON must have, as people would jot it down; nothing where any will do.
fn sketch(root: &Value, schema: &Value, depth: usize) -> String {
    let shape = resolved(root, schema, REF_DEPTH_MAX);
    let inner = |schema: Option<&Value>| {
        let inner = schema.filter(|_| depth > 0).map(|schema| sketch(root, schema, depth - 1));
        inner.filter(|inner| !inner.is_empty()).unwrap_or_else(|| "…".to_owned())
    };
    let choices = choices(&shape);
    if !choices.is_empty() {
        return choices.join("|");
    }
    match type_of(&shape) {
        "string" => "text".to_owned(),
        "integer" | "number" => "number".to_owned(),
        "boolean" => "true|false".to_owned(),
        "array" => format!("[{}]", inner(shape.get("items"))),
        "object" => {
            match (shape.get("properties").and_then(Value::as_object), shape.get("additionalProperties")) {
                (Some(properties), _) if !properties.is_empty() => {
                    let required: Vec<&str> = texts(shape.get("required")).collect();
                    let mark = |name: &str| if required.contains(&name) { "" } else { "?" };
                    let said = properties
                        .iter()
                        .map(|(name, of)| format!("{name}{}: {}", mark(name), inner(Some(of))));
                    format!("{{{}}}", said.collect::<Vec<_>>().join(", "))
                }
                (_, Some(of @ Value::Object(_))) => format!("{{NAME: {}}}", inner(Some(of))),
                _ => String::new(),
            }
        }
        _ => String::new(),
    }
}

/// Follows `$ref` and looks through "this or null".
fn resolved(root: &Value, schema: &Value, depth: usize) -> Map<String, Value> {
    let target =
        schema.get("$ref").and_then(Value::as_str).and_then(|at| root.pointer(at.strip_prefix('#')?));
    if let Some(target) = target.filter(|_| depth > 0) {
        return resolved(root, target, depth - 1);
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        let arms = schema.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut real = arms.iter().filter(|arm| arm.get("type") != Some(&Value::from("null")));
        if let (Some(only), None, true) = (real.next(), real.next(), depth > 0) {
            return resolved(root, only, depth - 1);
        }
    }
    schema.as_object().cloned().unwrap_or_default()
}

fn kind(shape: &Map<String, Value>, root: &Value) -> FieldKind {
    let choices = choices(shape);
    if !choices.is_empty() {
        return FieldKind::Choice(choices);
    }
    match type_of(shape) {
        "string" => match shape.get("maxLength").and_then(Value::as_u64) {
            Some(chars_max) if chars_max > LINE_CHARS_MAX => FieldKind::Text,
            _ => FieldKind::Line,
        },
        "integer" => FieldKind::Integer,
        "number" => FieldKind::Number,
        "boolean" => FieldKind::Boolean,
        "array" if items_are_texts(shape, root) => FieldKind::Lines,
        _ => FieldKind::Json,
    }
}

fn items_are_texts(shape: &Map<String, Value>, root: &Value) -> bool {
    shape.get("items").is_some_and(|items| type_of(&resolved(root, items, REF_DEPTH_MAX)) == "string")
}

/// The type beside null.
fn type_of(shape: &Map<String, Value>) -> &str {
    match shape.get("type") {
        Some(Value::String(name)) => name,
        kinds => texts(kinds).find(|name| *name != "null").unwrap_or_default(),
    }
}

/// The values of an enum, also where each value has its own description.
fn choices(shape: &Map<String, Value>) -> Vec<String> {
    if let Some(only) = shape.get("const").and_then(Value::as_str) {
        return vec![only.to_owned()];
    }
    let plain = texts(shape.get("enum")).map(str::to_owned);
    let arms = ["oneOf", "anyOf"].into_iter().filter_map(|key| shape.get(key)?.as_array()).flatten();
    let described = arms.flat_map(|arm| arm.as_object().map(choices).unwrap_or_default());
    plain.chain(described).collect()
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn limits(shape: &Map<String, Value>, kind: &FieldKind) -> String {
    let range = |low: &str, high: &str, unit: &str| match (shape.get(low), shape.get(high)) {
        (Some(low), Some(high)) => format!("{low}–{high}{unit}"),
        (Some(low), None) if low != &Value::from(0) => format!("{low} or more{unit}"),
        (None, Some(high)) => format!("up to {high}{unit}"),
        _ => String::new(),
    };
    match kind {
        FieldKind::Line | FieldKind::Text => range("minLength", "maxLength", " characters"),
        FieldKind::Integer | FieldKind::Number => range("minimum", "maximum", ""),
        FieldKind::Lines => range("minItems", "maxItems", " items"),
        FieldKind::Boolean | FieldKind::Choice(_) | FieldKind::Json => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kind_of(property: Value) -> FieldKind {
        let schema = json!({"properties": {"it": property}, "$defs": {
            "Far": {"oneOf": [{"const": "near", "description": "Here."}, {"const": "far"}]},
            "Word": {"type": "string"},
            "Loop": {"$ref": "#/$defs/Loop"}
        }});
        fields(&schema).remove(0).kind
    }

    #[test]
    fn every_shape_of_schema_becomes_a_field() {
        let far = FieldKind::Choice(vec!["near".to_owned(), "far".to_owned()]);
        for (property, expected) in [
            (json!({"type": "string", "maxLength": 100}), FieldKind::Line),
            (json!({"type": ["string", "null"], "maxLength": 4000}), FieldKind::Text),
            (json!({"type": "integer"}), FieldKind::Integer),
            (json!({"type": "number"}), FieldKind::Number),
            (json!({"type": ["boolean", "null"]}), FieldKind::Boolean),
            (json!({"enum": ["near", "far"]}), far.clone()),
            (json!({"$ref": "#/$defs/Far"}), far.clone()),
            (json!({"anyOf": [{"$ref": "#/$defs/Far"}, {"type": "null"}]}), far),
            (json!({"type": ["array", "null"], "items": {"$ref": "#/$defs/Word"}}), FieldKind::Lines),
            (json!({"type": "array", "items": {"type": "integer"}}), FieldKind::Json),
            (json!({"type": "object"}), FieldKind::Json),
            (json!({"$ref": "#/$defs/Loop"}), FieldKind::Json),
            (json!(true), FieldKind::Json),
        ] {
            assert_eq!(kind_of(property.clone()), expected, "{property}");
        }
    }

    #[test]
    fn json_is_sketched_as_its_schema_has_it() {
        let sketched = |property: Value| {
            let schema = json!({"properties": {"it": property}, "$defs": {"Loop": {"type": "array", "items": {"$ref": "#/$defs/Loop"}}}});
            fields(&schema).remove(0).limits
        };
        let flag = json!({"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string"}, "bit": {"type": ["integer", "null"]}, "kind": {"enum": ["a", "b"]},
            "on": {"type": "boolean"}}});
        let list = json!({"type": ["array", "null"], "items": flag});
        assert_eq!(sketched(list), "[{name: text, bit?: number, kind?: a|b, on?: true|false}]");
        let map = json!({"type": "object", "additionalProperties": {"type": "string"}});
        assert_eq!(sketched(map), "{NAME: text}");
        assert_eq!(sketched(json!({"type": "object"})), "");
        assert!(sketched(json!({"$ref": "#/$defs/Loop"})).ends_with("[…]]]]]]]]]"));
    }

    #[test]
    fn fields_keep_their_declared_order_and_limits_are_said() {
        let schema = json!({"required": ["name"], "properties": {
            "zeal": {"type": "integer"},
            "name": {"type": "string", "minLength": 1, "maxLength": 100},
            "about": {"type": "string", "description": "What it\nis.", "maxLength": 50}
        }});
        let [zeal, name, about] = fields(&schema).try_into().expect("three fields");
        assert_eq!((zeal.name.as_str(), zeal.required), ("zeal", false));
        assert_eq!(
            (name.name.as_str(), name.required, name.limits.as_str()),
            ("name", true, "1–100 characters")
        );
        assert_eq!((about.help.as_str(), about.limits.as_str()), ("What it is.", "up to 50 characters"));
    }
}
