//! The chapter of the OpenAPI document about what operators see and do. Paths lie beside this file; the schemas of
//! the answers are read off the types that the terminal reads them with.

use hecate_proto::cluster::ClusterView;
use hecate_proto::debug::{Deadlocks, DebugEvent, Top, TraceLine};
use hecate_proto::debug_answers::{
    Applied, Begun, Crashes, Done, GroupList, OneActor, Planned, Runtime, Shown,
};
use hecate_proto::tree::TreeAnswer;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value};

const PATHS: &str = include_str!("paths.json");

/// What the chapter is called.
pub(in super::super) const TAG: (&str, &str) = ("debug", "The running daemon, for operators.");

/// Path items by path. They are compiled in; a test reads them.
pub(in super::super) fn paths() -> Map<String, Value> {
    serde_json::from_str(PATHS).unwrap_or_default()
}

/// Schemas by name.
pub(in super::super) fn schemas() -> Map<String, Value> {
    let settings =
        SchemaSettings::draft2020_12().with(|made| made.definitions_path = "/components/schemas".into());
    let mut generator = SchemaGenerator::new(settings);
    generator.subschema_for::<TreeAnswer>();
    generator.subschema_for::<Shown<OneActor>>();
    generator.subschema_for::<Shown<Top>>();
    generator.subschema_for::<Shown<GroupList>>();
    generator.subschema_for::<Shown<ClusterView>>();
    generator.subschema_for::<Shown<Crashes>>();
    generator.subschema_for::<Shown<Deadlocks>>();
    generator.subschema_for::<Shown<Runtime>>();
    generator.subschema_for::<Shown<Done>>();
    generator.subschema_for::<Shown<Begun>>();
    generator.subschema_for::<Shown<Planned>>();
    generator.subschema_for::<Shown<Applied>>();
    generator.subschema_for::<DebugEvent>();
    generator.subschema_for::<TraceLine>();
    generator.take_definitions(true)
}

#[cfg(test)]
#[test]
fn every_resource_is_in_the_document() {
    use std::collections::BTreeSet;
    let doors = super::doors();
    let served: BTreeSet<_> =
        doors.iter().map(|door| (door.path.to_owned(), door.method.to_lowercase())).collect();
    let said = paths().into_iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().cloned().unwrap_or_default();
        methods.into_iter().map(move |(method, _)| (path.clone(), method)).collect::<Vec<_>>()
    });
    assert_eq!(said.collect::<BTreeSet<_>>(), served);
}
