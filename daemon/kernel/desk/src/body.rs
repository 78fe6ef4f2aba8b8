//! Strict JSON for our own routes: one value, no key twice, no deeper than it needs to be.
//!
//! serde_json keeps the last of two equal keys in silence; a client that sends two has a bug and is told.

use crate::refusal::{Refusal, Refused, Rule};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Objects and arrays inside one another.
pub const DEPTH_MAX: usize = 64;

/// Reads one JSON object. An empty body is an empty object.
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, Refused> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match value(bytes)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(Refusal::INVALID_JSON.about("hint", "Send a JSON object.")),
    }
}

/// Reads one JSON value.
pub fn value(bytes: &[u8]) -> Result<Value, Refused> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Strict { depth: 0 }.deserialize(&mut reader);
    read.and_then(|value| reader.end().map(|()| value)).map_err(|error| refuse(&error))
}

fn refuse(error: &serde_json::Error) -> Refused {
    let text = error.to_string();
    let refused = Refusal::INVALID_JSON.about("line", error.line()).about("column", error.column());
    match text.split_once(TWICE).and_then(|(_, rest)| rest.split_once('`')) {
        Some((key, _)) => refused
            .about("field", key)
            .about("rule", Rule::DuplicateKey.name())
            .about("hint", "Say each key once."),
        None => refused.about("hint", text),
    }
}

const TWICE: &str = "key said twice: `";

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: Error>(self) -> Result<Strict, E> {
        if self.depth < DEPTH_MAX {
            return Ok(Strict { depth: self.depth + 1 });
        }
        Err(E::custom(format_args!("nested deeper than {DEPTH_MAX}")))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut fields = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let field = map.next_value_seed(inner)?;
            if fields.contains_key(&key) {
                return Err(A::Error::custom(format_args!("{TWICE}{key}`")));
            }
            fields.insert(key, field);
        }
        Ok(fields.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_key_said_twice_is_named() {
        let refused = value(br#"{"a": {"name": 1, "name": 2}}"#).unwrap_err();
        assert_eq!((refused.code.as_ref(), &refused.details["field"]), ("invalid_json", &json!("name")));
    }

    #[test]
    fn depth_has_a_bound() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(value(nested(DEPTH_MAX).as_bytes()).is_ok());
        for depth in [DEPTH_MAX + 1, 100_000] {
            assert!(value(nested(depth).as_bytes()).unwrap_err().is(Refusal::INVALID_JSON));
        }
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        for bad in ["[1]", "1", "{", "{} {}", "{\"a\":1,}", "null", "\u{feff}{}"] {
            assert!(object(bad.as_bytes()).unwrap_err().is(Refusal::INVALID_JSON), "{bad}");
        }
        assert_eq!(object(b" \n"), Ok(Map::new()));
    }

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..8)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect()))
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_serde_writes_is_read_back(written in tree()) {
            prop_assert_eq!(value(written.to_string().as_bytes()), Ok(written));
        }
    }
}
