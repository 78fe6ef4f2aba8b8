//! The parts of a plan: desks with what they take in and tell, dependencies between them, sprints.

use super::PayloadField;
use hecate_desk::prelude::*;

/// One desk as it is planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlannedDesk {
    pub(crate) desk_id: String,
    pub(crate) desk_name: String,
    pub(crate) department: Department,
    pub(crate) aggregate_name: Option<String>,
    pub(crate) priority: u8,
    pub(crate) description: Option<String>,
    pub(crate) inboxes: Vec<String>,
    pub(crate) policies: Vec<String>,
    pub(crate) emitters: Vec<String>,
}

/// The department that a desk belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Department {
    /// Commands.
    Cmd,
    /// Queries.
    Qry,
    /// Projections.
    Prj,
}

/// One dependency between two desks, by their ids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlannedDependency {
    pub(crate) dependency_id: String,
    pub(crate) from_desk: String,
    pub(crate) to_desk: String,
    pub(crate) dependency_type: DependencyType,
}

/// How one desk depends on another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum DependencyType {
    /// What the first tells makes the second act; so the first comes before it.
    Triggers,
    /// The first does not work without the second, which comes before it.
    #[default]
    Requires,
    /// The first reads what the second keeps, which comes before it.
    Reads,
}

/// Desks that are built together, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Sprint {
    pub(crate) sprint_number: u32,
    pub(crate) desk_ids: Vec<String>,
}

/// A desk as it is handed over, with the events that it records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DeskPlan {
    #[serde(flatten)]
    pub(crate) desk: PlannedDesk,
    pub(crate) events: Vec<DeskEvent>,
}

/// An event that a desk records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DeskEvent {
    pub(crate) event_name: String,
    pub(crate) payload_fields: Vec<PayloadField>,
}

/// True when an emitter of this name tells this event, to whomever: `order_taken_v1_to_pg`.
pub(super) fn tells(emitter: &str, event_name: &str) -> bool {
    emitter.strip_prefix(event_name).is_some_and(|to| matches!(to, "" | "_to_pg" | "_to_mesh"))
}

/// The name of an inbox, a policy or an emitter: it stands in generated code, so that it is plain and of one line.
pub(super) type PartName = hecate_desk::Word<PartNameForm>;

/// See [`PartName`].
#[derive(Debug)]
pub(super) struct PartNameForm;

impl hecate_desk::Form for PartNameForm {
    const NAME: &'static str = "PartName";
    const PATTERN: &'static str = "^[!-~]([ -~]*[!-~])?$";
    const CHARS_MAX: usize = 120;

    fn fits(name: &str) -> bool {
        let is_plain = |b: u8| b == b' ' || b.is_ascii_graphic();
        !name.is_empty() && name.trim_matches(' ') == name && name.bytes().all(is_plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emitter_wears_the_name_of_what_it_tells() {
        for (emitter, is_told) in [
            ("order_taken_v1", true),
            ("order_taken_v1_to_pg", true),
            ("order_taken_v1_to_mesh", true),
            ("order_taken_v12", false),
            ("order_taken_v1_to_us", false),
            ("to_pg", false),
        ] {
            assert_eq!(tells(emitter, "order_taken_v1"), is_told, "{emitter}");
        }
    }

    #[test]
    fn a_part_has_a_plain_name_of_one_line() {
        for (name, fits) in
            [("POST /orders", true), ("a", true), ("", false), (" a", false), ("a\nb", false), ("ä", false)]
        {
            assert_eq!(PartName::try_from(name.to_owned()).is_ok(), fits, "{name:?}");
        }
    }
}
