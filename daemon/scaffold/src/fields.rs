//! What fields hold, and how the fields of several events become those of one command, state or row.

use crate::blueprint::{EventPlan, Field};
use crate::names::{Given, snake};
use std::collections::BTreeMap;

/// What a field holds, in terms that every language has a type for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Number,
    Bool,
    Timestamp,
    Date,
    Uuid,
    List,
    Map,
    /// Of a type that only the plan knows; it is carried as text.
    Opaque,
}

/// What all the events of a desk tell, and which field of which event tells it.
pub(crate) struct Sheet {
    pub(crate) events: Vec<Told>,
    /// Each with a name of its own.
    pub(crate) merged: Vec<Merged>,
}

/// One event.
pub(crate) struct Told {
    pub(crate) event_name: String,
    pub(crate) fields: Vec<ToldField>,
}

/// One field of one event.
pub(crate) struct ToldField {
    /// In snake case, once in its event.
    pub(crate) name: String,
    pub(crate) planned_as: String,
    pub(crate) required: bool,
    /// Where it goes, in [`Sheet::merged`].
    pub(crate) merged: usize,
}

/// What one or more events tell under one name.
pub(crate) struct Merged {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Which of its kind it is, from 1 on.
    pub(crate) number: usize,
    /// True where one of the events needs it.
    pub(crate) required: bool,
}

impl Kind {
    /// Reads the words of a plan: `list<string>`, `string[]` and `List of names` are all lists.
    pub(crate) fn of(planned: &str) -> Kind {
        let planned = planned.trim().to_ascii_lowercase();
        let word: String = planned.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        match word.as_str() {
            _ if planned.ends_with("[]") || planned.starts_with('[') => Kind::List,
            "string" | "str" | "text" | "slug" => Kind::Text,
            "integer" | "int" | "i32" | "i64" | "u32" | "u64" | "long" | "count" => Kind::Integer,
            "number" | "float" | "double" | "decimal" | "f32" | "f64" => Kind::Number,
            "bool" | "boolean" | "flag" => Kind::Bool,
            "timestamp" | "datetime" | "date_time" | "instant" | "time" => Kind::Timestamp,
            "date" => Kind::Date,
            "uuid" | "guid" => Kind::Uuid,
            "list" | "array" | "vec" | "set" => Kind::List,
            "map" | "object" | "obj" | "dict" | "json" => Kind::Map,
            _ => Kind::Opaque,
        }
    }
}

impl Sheet {
    /// Merges the events' fields: the same name and kind is the same thing, the same name with another kind gets a
    /// name that says from which event it comes.
    pub(crate) fn of(events: Vec<EventPlan>) -> Sheet {
        let mut sheet = Sheet { events: Vec::new(), merged: Vec::new() };
        // Templates count events in a field of their own.
        let mut names = Given::with(&["revision"]);
        let mut places = BTreeMap::new();
        for event in events {
            let mut own = Given::default();
            let mut fields = Vec::new();
            for field in event.payload_fields {
                let name = own.give(snake(&field.name));
                let merged = sheet.merge(&event.event_name, &name, &field, &mut names, &mut places);
                fields.push(ToldField { name, planned_as: field.r#type, required: field.required, merged });
            }
            sheet.events.push(Told { event_name: event.event_name, fields });
        }
        sheet
    }

    fn merge(
        &mut self,
        event_name: &str,
        name: &str,
        field: &Field,
        names: &mut Given,
        places: &mut BTreeMap<(String, &'static str), usize>,
    ) -> usize {
        let kind = Kind::of(&field.r#type);
        let known_as = (name.to_owned(), kind.name());
        if let Some(place) = places.get(&known_as) {
            self.merged[*place].required |= field.required;
            return *place;
        }
        let is_taken = self.merged.iter().any(|merged| merged.name == name);
        let wanted = if is_taken { format!("{event_name}_{name}") } else { name.to_owned() };
        places.insert(known_as, self.merged.len());
        let number = 1 + self.merged.iter().filter(|merged| merged.kind == kind).count();
        self.merged.push(Merged { name: names.give(wanted), kind, number, required: field.required });
        self.merged.len() - 1
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Integer => "integer",
            Kind::Number => "number",
            Kind::Bool => "bool",
            Kind::Timestamp => "timestamp",
            Kind::Date => "date",
            Kind::Uuid => "uuid",
            Kind::List => "list",
            Kind::Map => "map",
            Kind::Opaque => "opaque",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::event;

    #[test]
    fn known_words_are_read_and_all_others_are_opaque() {
        for (planned, kind) in [
            ("string", Kind::Text),
            ("Int", Kind::Integer),
            ("float", Kind::Number),
            ("boolean", Kind::Bool),
            ("timestamp", Kind::Timestamp),
            ("date", Kind::Date),
            ("uuid", Kind::Uuid),
            ("list<string>", Kind::List),
            ("string[]", Kind::List),
            ("map of names", Kind::Map),
            ("object", Kind::Map),
            ("money", Kind::Opaque),
            ("", Kind::Opaque),
        ] {
            assert_eq!(Kind::of(planned), kind, "{planned}");
        }
    }

    #[test]
    fn what_two_events_tell_alike_is_one_field_and_what_they_tell_apart_is_two() {
        let sheet = Sheet::of(vec![
            event("priced_v1", &[("amount", "integer", false), ("note", "string", true)]),
            event(
                "sold_v1",
                &[("amount", "integer", true), ("note", "list", true), ("revision", "int", true)],
            ),
        ]);
        let merged: Vec<_> = sheet.merged.iter().map(|field| (field.name.as_str(), field.required)).collect();
        assert_eq!(merged, [("amount", true), ("note", true), ("sold_v1_note", true), ("revision_2", true)]);
        let places: Vec<usize> = sheet.events[1].fields.iter().map(|field| field.merged).collect();
        assert_eq!(places, [0, 2, 3]);
    }
}
