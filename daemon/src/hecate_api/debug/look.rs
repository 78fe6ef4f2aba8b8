//! The door of everything that is only looked at: operators come in, parameters are read within their bounds.

use super::super::{
    answer::{self, Answer},
    connection::Asking,
    edge::Edge,
    headers, params,
};
use axum::extract::Request;
use axum::http::StatusCode;
use hecate_desk::{Refusal, Refused, Rule};
use hecate_proto::debug_answers::Shown;
use hecate_proto::time::rfc3339;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// What a look asks for, by parameter.
pub(super) struct Wanted(BTreeMap<String, String>);

/// Admits an operator whose parameters are among these.
pub(super) fn look(
    edge: &Edge,
    asking: &Asking,
    request: &Request,
    names: &[&str],
) -> Result<Wanted, Refused> {
    edge.parts.operators.admit(asking.connected.peer, edge.own_uid)?;
    params::known(request.uri().query(), names).map(Wanted)
}

/// What was asked for, of this node at this moment.
pub(super) fn shown<T: Serialize>(edge: &Edge, shown: T) -> Answer {
    shown_of(edge, &edge.parts.node.node_id, shown)
}

/// What was asked for, of that node at this moment.
pub(super) fn shown_of<T: Serialize>(edge: &Edge, node_id: &str, shown: T) -> Answer {
    shown_as(StatusCode::OK, edge, node_id, shown)
}

/// What goes on by itself, of this node at this moment.
pub(super) fn accepted<T: Serialize>(edge: &Edge, shown: T) -> Answer {
    shown_as(StatusCode::ACCEPTED, edge, &edge.parts.node.node_id, shown)
}

fn shown_as<T: Serialize>(status: StatusCode, edge: &Edge, node_id: &str, shown: T) -> Answer {
    let (node_id, at) = (node_id.to_owned(), rfc3339(edge.parts.node.clock.now_us()));
    Ok(answer::json(status, &Shown { ok: true, node_id, at, shown }))
}

impl Wanted {
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// A number within its bounds.
    pub(super) fn number(&self, field: &str, bounds: RangeInclusive<u64>) -> Result<Option<u64>, Refused> {
        self.text(field).map(|text| number(field, text, bounds)).transpose()
    }

    /// One of several choices, by name.
    pub(super) fn choice<T: Copy>(&self, field: &str, choices: &[(&str, T)]) -> Result<Option<T>, Refused> {
        self.text(field).map(|name| choice(field, name, choices)).transpose()
    }
}

fn number(field: &str, text: &str, bounds: RangeInclusive<u64>) -> Result<u64, Refused> {
    let hint = || format!("From {} to {}.", bounds.start(), bounds.end());
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || digits.bytes().any(|byte| !byte.is_ascii_digit()) {
        return Err(Refusal::rule(field, Rule::Type, format!("It is a number. {}", hint())));
    }
    // More digits than a number can have are a number too large.
    headers::digits(text)
        .filter(|number| bounds.contains(number))
        .ok_or_else(|| Refusal::rule(field, Rule::Range, hint()))
}

pub(super) fn choice<T: Copy>(field: &str, name: &str, choices: &[(&str, T)]) -> Result<T, Refused> {
    let chosen = choices.iter().find(|(choice, _)| *choice == name).map(|(_, chosen)| *chosen);
    chosen.ok_or_else(|| Refusal::rule(field, Rule::Enum, known(choices)))
}

/// The names, for a hint.
pub(super) fn known<T>(choices: &[(&str, T)]) -> String {
    format!("One of {}.", choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule<T: std::fmt::Debug>(read: Result<T, Refused>) -> String {
        read.unwrap_err().details["rule"].as_str().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_number_is_read_within_its_bounds_however_long_it_is() {
        let read = |text: &str| number("n", text, 1..=200);
        assert_eq!((read("1"), read("200")), (Ok(1), Ok(200)));
        for (text, broken) in [
            ("0", "range"),
            ("201", "range"),
            ("99999999999999999999999", "range"),
            ("-1", "range"),
            ("-99999999999999999999999", "range"),
            ("-", "type"),
            ("1.5", "type"),
            ("", "type"),
        ] {
            assert_eq!(rule(read(text)), broken, "{text}");
        }
    }

    #[test]
    fn a_choice_is_one_of_those_that_there_are() {
        let choices = [("tea", 1), ("cake", 2)];
        assert_eq!(choice("what", "cake", &choices), Ok(2));
        assert_eq!(rule(choice("what", "Cake", &choices)), "enum");
    }
}
