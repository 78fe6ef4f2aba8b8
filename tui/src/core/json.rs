//! JSON as people type it: a key that is said twice is a slip, and keeping one of the two would hide it.

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value, error::Category};
use std::fmt;

/// Typed text as JSON, or what is wrong with it for people.
pub fn parse(text: &str) -> Result<Value, String> {
    let parsed = serde_json::from_str(text).map(|Unambiguous(value)| value);
    parsed.map_err(|error| match error.classify() {
        Category::Data => error.to_string(),
        Category::Io | Category::Syntax | Category::Eof => format!("not JSON: {error}"),
    })
}

/// A value in which every object says each of its keys once.
struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unambiguous(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some((key, Unambiguous(value))) = entries.next_entry::<String, _>()? {
            if fields.contains_key(&key) {
                return Err(Error::custom(format!("{key} is said twice")));
            }
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_shape_of_json_is_read_as_it_stands() {
        let all = json!({"b": [null, true, -7, 18446744073709551615_u64, 1.5, "é\n", {}], "a": {"b": 1}});
        assert_eq!(parse(&all.to_string()), Ok(all));
    }

    #[test]
    fn a_key_that_is_said_twice_is_refused_however_deep_it_stands() {
        for text in [r#"{"a":1,"a":2}"#, r#"[{"b":{"a":1,"\u0061":1}}]"#] {
            let wrong = parse(text).expect_err(text);
            assert!(wrong.starts_with("a is said twice"), "{wrong}");
        }
        assert!(parse(r#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
        assert!(parse("{a}").expect_err("no JSON").starts_with("not JSON: "));
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
