//! Which stream a request is about: the stream's name is a pattern, `setup-{venture_id}`, whose holes are
//! filled from the path, then from the body, and at a birth by minting.

use crate::refusal::{Refusal, Refused, Rule};
use hecate_proto::id::kind_of;
use serde_json::{Map, Value};
use ulid::Ulid;

/// The ids that name one stream, in the order of its pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    ids: Vec<(&'static str, String)>,
    pattern: &'static str,
}

/// The names of a pattern's holes, in order: `["division_id", "incident_id"]`.
pub(crate) fn holes(pattern: &'static str) -> impl Iterator<Item = &'static str> {
    pattern.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

impl Subject {
    /// Fills the pattern's holes from what was given, minting what a birth leaves out.
    pub(crate) fn fill(
        pattern: &'static str,
        given: &Map<String, Value>,
        mint: Option<Ulid>,
    ) -> Result<Subject, Refused> {
        let ids = holes(pattern)
            .map(|field| Ok((field, fill_one(field, given.get(field), mint)?)))
            .collect::<Result<Vec<_>, Refused>>()?;
        Ok(Subject { ids, pattern })
    }

    /// The id in this field, or nothing.
    pub(crate) fn id(&self, field: &str) -> &str {
        self.ids.iter().find(|(name, _)| *name == field).map_or("", |(_, id)| id)
    }

    /// The stream's name: `setup-v-01J…`.
    pub(crate) fn stream_id(&self) -> String {
        self.ids
            .iter()
            .fold(self.pattern.to_owned(), |name, (field, id)| name.replacen(&format!("{{{field}}}"), id, 1))
    }
}

fn fill_one(field: &str, given: Option<&Value>, mint: Option<Ulid>) -> Result<String, Refused> {
    let kind = kind_of(field);
    match (given, mint, kind) {
        (Some(Value::String(id)), _, Some(kind)) if !kind.accepts(id) => {
            Err(Refusal::rule(field, Rule::Pattern, format!("It is `{}` and a ULID.", kind.prefix)))
        }
        (Some(Value::String(id)), _, _) => Ok(id.clone()),
        (Some(Value::Null) | None, Some(fresh), Some(kind)) => Ok(format!("{}{fresh}", kind.prefix)),
        (Some(Value::Null) | None, _, _) => {
            Err(Refusal::rule(field, Rule::Required, "Name the thing you mean."))
        }
        (Some(_), _, _) => Err(Refusal::rule(field, Rule::Type, "It is a string.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ULID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

    fn fill(given: Value, mint: Option<Ulid>) -> Result<String, Refused> {
        let given = given.as_object().cloned().unwrap_or_default();
        Subject::fill("setup-{venture_id}", &given, mint).map(|subject| subject.stream_id())
    }

    #[test]
    fn a_stream_is_named_by_the_ids_given() {
        assert_eq!(fill(json!({"venture_id": format!("v-{ULID}")}), None), Ok(format!("setup-v-{ULID}")));
    }

    #[test]
    fn only_a_birth_mints_an_id() {
        let fresh = Ulid::from_string(ULID).ok();
        assert_eq!(fill(json!({}), fresh), Ok(format!("setup-v-{ULID}")));
        assert_eq!(fill(json!({}), None).unwrap_err().details["rule"], "required");
    }

    #[test]
    fn an_id_of_another_kind_is_refused_by_name() {
        let refused = fill(json!({"venture_id": format!("d-{ULID}")}), None).unwrap_err();
        assert_eq!(
            (&refused.details["field"], &refused.details["rule"]),
            (&json!("venture_id"), &json!("pattern"))
        );
    }
}
