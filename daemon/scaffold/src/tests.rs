//! Whatever a plan holds, its files stay below their folders, are there once, and are the same files every time.

use crate::{Blueprint, Department, DeskPlan, EventPlan, Field, File, Language, desk as generate, skeleton};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

pub(crate) fn desk(name: &str, department: Department) -> DeskPlan {
    DeskPlan {
        desk_id: format!("desk-{name}"),
        desk_name: name.to_owned(),
        department,
        aggregate_name: None,
        description: None,
        inboxes: Vec::new(),
        policies: Vec::new(),
        emitters: Vec::new(),
        events: Vec::new(),
    }
}

pub(crate) fn event(name: &str, fields: &[(&str, &str, bool)]) -> EventPlan {
    let field = |(name, of_type, required): &(&str, &str, bool)| Field {
        name: (*name).to_owned(),
        r#type: (*of_type).to_owned(),
        required: *required,
    };
    EventPlan { event_name: name.to_owned(), payload_fields: fields.iter().map(field).collect() }
}
