//! The body of an attempt, taken apart field by field: what is left over is refused.

use super::look;
use hecate_desk::{Refusal, Refused, Rule};
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// The fields that nobody has read yet.
pub(super) struct Body(pub(super) Map<String, Value>);

impl Body {
    /// A number within its bounds.
    pub(super) fn number(
        &mut self,
        field: &str,
        bounds: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Refused> {
        let hint = format!("From {} to {}.", bounds.start(), bounds.end());
        match self.0.remove(field) {
            None => Ok(None),
            Some(Value::Number(number)) => {
                let within = number.as_u64().filter(|number| bounds.contains(number));
                within.map(Some).ok_or_else(|| Refusal::rule(field, Rule::Range, hint))
            }
            Some(_) => Err(Refusal::rule(field, Rule::Type, format!("It is a number. {hint}"))),
        }
    }

    /// One or some of several choices, by name: text, or a list that is not empty.
    pub(super) fn choices<T: Copy>(
        &mut self,
        field: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<Vec<T>>, Refused> {
        let names = match self.0.remove(field) {
            None => return Ok(None),
            Some(Value::Array(names)) if !names.is_empty() => names,
            Some(name) => vec![name],
        };
        let chosen = names.iter().map(|name| match name {
            Value::String(name) => look::choice(field, name, choices),
            _ => {
                let hint = format!("Text, or a list: {}", look::known(choices));
                Err(Refusal::rule(field, Rule::Type, hint))
            }
        });
        chosen.collect::<Result<_, _>>().map(Some)
    }

    /// Text that says something.
    pub(super) fn text(&mut self, field: &str) -> Result<Option<String>, Refused> {
        match self.0.remove(field) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => {
                Err(Refusal::rule(field, Rule::Blank, "Say something, or leave it out."))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::rule(field, Rule::Type, "It is text.")),
        }
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, field: &str) -> Result<Option<bool>, Refused> {
        match self.0.remove(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(Refusal::rule(field, Rule::Type, "It is true or false.")),
        }
    }

    /// Refuses what nobody has read.
    pub(super) fn end(self) -> Result<(), Refused> {
        match self.0.keys().next() {
            Some(unknown) => Err(Refusal::rule(unknown, Rule::UnknownField, "Leave it out.")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_field_is_read_within_its_bounds_and_the_rest_is_refused() {
        let body = |value: Value| Body(value.as_object().cloned().unwrap());
        let rule = |read: Result<_, Refused>| read.unwrap_err().details["rule"].clone();
        assert_eq!(body(json!({"ms": 5})).number("ms", 1..=9), Ok(Some(5)));
        assert_eq!(body(json!({})).number("ms", 1..=9), Ok(None));
        for (ms, broken) in
            [(json!(0), "range"), (json!(-1), "range"), (json!(1.5), "range"), (json!("5"), "type")]
        {
            assert_eq!(rule(body(json!({ "ms": ms })).number("ms", 1..=9)), broken);
        }
        for (way, broken) in
            [(json!(1), "type"), (json!([]), "type"), (json!([1]), "type"), (json!("up"), "enum")]
        {
            let read = body(json!({ "way": way })).choices("way", &[("in", 1), ("out", 2)]);
            assert_eq!(rule(read.map(|_| None::<u64>)), broken);
        }
        let both = body(json!({"way": ["in", "out"]})).choices("way", &[("in", 1), ("out", 2)]);
        assert_eq!(both, Ok(Some(vec![1, 2])));
        assert_eq!(rule(body(json!({"why": 1})).end().map(|()| None::<u64>)), "unknown_field");
    }
}
