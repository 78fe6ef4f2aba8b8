//! Schemas come with definitions of their own; in the document they are components. Each is named after the
//! operation that brought it, so that two desks may call different things by one name.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

const DEFINITION: &str = "#/$defs/";

/// The document's schemas.
pub(super) struct Schemas(Map<String, Value>);

impl Schemas {
    pub(super) fn new(fixed: Option<Value>) -> Schemas {
        Schemas(fixed.and_then(|fixed| fixed.as_object().cloned()).unwrap_or_default())
    }

    /// The schema without its definitions, which become components of this operation.
    pub(super) fn adopt(&mut self, schema: &Value, operation: &str) -> Value {
        let mut schema = schema.clone();
        let definitions = schema.as_object_mut().and_then(|fields| fields.remove("$defs"));
        if let Some(Value::Object(definitions)) = definitions {
            for (name, mut definition) in definitions {
                point_at_components(&mut definition, operation);
                self.0.insert(component_name(operation, &name), definition);
            }
        }
        point_at_components(&mut schema, operation);
        schema
    }

    /// Takes schemas whose names are the document's own already.
    pub(super) fn extend(&mut self, named: Map<String, Value>) {
        self.0.extend(named);
    }

    pub(super) fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

fn point_at_components(part: &mut Value, operation: &str) {
    match part {
        Value::Object(fields) => fields.iter_mut().for_each(|(key, field)| match field {
            Value::String(pointer) if key == "$ref" => {
                if let Some(name) = pointer.strip_prefix(DEFINITION) {
                    *pointer = format!("#/components/schemas/{}", component_name(operation, name));
                }
            }
            _ => point_at_components(field, operation),
        }),
        Value::Array(items) => items.iter_mut().for_each(|item| point_at_components(item, operation)),
        _ => {}
    }
}

/// A component's name holds letters, digits, dots, dashes and underscores only.
fn component_name(operation: &str, definition: &str) -> String {
    let plain = percent_decode_str(definition).decode_utf8_lossy();
    let fits = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    format!("{operation}.{}", plain.chars().map(fits).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn definitions_become_components_of_their_operation() {
        let mut schemas = Schemas::new(Some(json!({"Known": {}})));
        let schema = json!({
            "properties": { "kind": { "$ref": "#/$defs/Kind" }, "list": { "items": [{ "$ref": "#/$defs/A%3CB%3E" }] } },
            "$defs": { "Kind": { "properties": { "$ref": { "$ref": "#/$defs/A<B>" } } }, "A<B>": { "type": "string" } },
        });
        let adopted = schemas.adopt(&schema, "brew_tea");
        assert_eq!(adopted["properties"]["kind"]["$ref"], "#/components/schemas/brew_tea.Kind");
        assert_eq!(adopted["properties"]["list"]["items"][0]["$ref"], "#/components/schemas/brew_tea.A_B_");
        assert_eq!(adopted.get("$defs"), None);
        let all = schemas.into_value();
        assert_eq!(all["brew_tea.Kind"]["properties"]["$ref"]["$ref"], "#/components/schemas/brew_tea.A_B_");
        assert_eq!(all.as_object().unwrap().len(), 3);
    }
}
