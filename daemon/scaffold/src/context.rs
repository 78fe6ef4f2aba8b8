//! What templates can ask: the plan in the words of one language.

use crate::blueprint::{Blueprint, Department, DeskPlan};
use crate::events;
use crate::fields::{Kind, Merged, Sheet, Told, ToldField};
use crate::languages::Dialect;
use crate::names::{self, Given, snake};
use crate::prose;
use crate::template::Context;

/// What the files ask that every project has.
pub(crate) fn skeleton(blueprint: &Blueprint) -> Context {
    let desk = |desk: &DeskPlan| {
        let about: Vec<String> = desk.description.iter().flat_map(|text| prose::paragraph(text)).collect();
        Context::default()
            .text("desk", snake(&desk.desk_name))
            .text("department", desk.department.name())
            .text("about", about.join(" "))
    };
    division(blueprint).list("desks", blueprint.desks.iter().map(desk))
}

/// What the files of one desk ask.
pub(crate) fn desk(
    dialect: &dyn Dialect,
    blueprint: &Blueprint,
    desk: &DeskPlan,
    department: Department,
) -> Context {
    let sheet = Sheet::of(events::of_desk(blueprint, desk, department));
    let folder = names::escaped(&names::folder(&desk.desk_name), names::DEVICES);
    let folder = names::escaped(&folder, dialect.reserved_folders());
    let merged = merged(dialect, &sheet);
    let told = told(dialect, &sheet, &merged);
    let about = about(desk);
    division(blueprint)
        .text("desk", snake(&desk.desk_name))
        .text("module", names::distinct_pascal(&folder))
        .text("package", dialect.package(&folder))
        .text("kebab", folder.replace('_', "-"))
        .text("folder", folder)
        .text("aggregate", desk.aggregate_name.as_deref().map(snake).unwrap_or_default())
        .text("events_count", sheet.events.len().to_string())
        .flag("records", department == Department::Cmd)
        .flag("by_key", desk.desk_name.contains("_by_"))
        .flag("has_fields", !merged.is_empty())
        .flag("has_told_fields", sheet.events.iter().any(|event| !event.fields.is_empty()))
        .flag("has_demands", sheet.merged.iter().any(is_demanded))
        .flag("handler_needs_kernel", handler_needs_kernel(dialect, &sheet, &merged))
        .flag("rows_need_kernel", names_kernel(dialect, &merged, "type") || has_optional(&sheet))
        .flag("types_need_kernel", names_kernel(dialect, &merged, "type"))
        .flag("values_need_kernel", names_kernel(dialect, &merged, "remembered"))
        .flag("has_about", !about.is_empty())
        .lines("about", about)
        .flag("has_optional", has_optional(&sheet))
        .flag("has_enforced", !enforced(&merged).is_empty())
        .list("enforced", enforced(&merged))
        .list("demands", merged.iter().filter(|field| field.is_up("demanded")).cloned())
        .list("events", told)
        .list("fields", merged)
}

fn division(blueprint: &Blueprint) -> Context {
    let division = snake(&blueprint.division_name);
    Context::default()
        .text("Division", names::pascal(&division))
        .text("division_kebab", division.replace('_', "-"))
        .text("division", division)
}

/// What the plan says of a desk, each paragraph after an empty line.
fn about(desk: &DeskPlan) -> Vec<String> {
    let paragraphs = [
        desk.description.as_deref().map(prose::paragraph).unwrap_or_default(),
        prose::list("Hears", &desk.inboxes),
        prose::list("Policies", &desk.policies),
        prose::list("Emitters", &desk.emitters),
    ];
    let there = paragraphs.into_iter().filter(|paragraph| !paragraph.is_empty());
    there.flat_map(|paragraph| std::iter::once(String::new()).chain(paragraph)).collect()
}

/// A text that has to be there must also say something.
fn is_demanded(field: &Merged) -> bool {
    field.required && field.kind == Kind::Text
}

fn merged(dialect: &dyn Dialect, sheet: &Sheet) -> Vec<Context> {
    let mut given = Given::with(&[&dialect.field("revision")]);
    let context = |field: &Merged| {
        let sample = dialect.sample(field.kind, field.number);
        let (of_type, some) = (dialect.type_of(field.kind), dialect.some(field.kind, &sample));
        let optional = dialect.optional(field.kind);
        Context::default()
            .text("name", field.name.clone())
            .text("ident", given.give(dialect.field(&field.name)))
            .text("type", if field.required { of_type } else { &optional })
            .text("optional_type", optional.clone())
            .text("given", if field.required { &sample } else { &some })
            .text("remembered", some.clone())
            .flag("required", field.required)
            .flag("copy", dialect.is_copied(field.kind))
            .flag("nilable", dialect.is_nilable(field.kind))
            .flag("demanded", is_demanded(field))
    };
    sheet.merged.iter().map(context).collect()
}

/// Where an event may tell nothing, what was known before is kept.
fn has_optional(sheet: &Sheet) -> bool {
    sheet.events.iter().flat_map(|event| &event.fields).any(|field| !field.required)
}

/// It names types of values, checks texts, and makes values ones that may be missing.
fn handler_needs_kernel(dialect: &dyn Dialect, sheet: &Sheet, merged: &[Context]) -> bool {
    let mut told = sheet.events.iter().flat_map(|event| &event.fields);
    let makes_optional = |field: &ToldField| {
        let source = &sheet.merged[field.merged];
        is_wrapped(source, field) && !dialect.is_nilable(source.kind)
    };
    names_kernel(dialect, merged, "type") || sheet.merged.iter().any(is_demanded) || told.any(makes_optional)
}

fn told(dialect: &dyn Dialect, sheet: &Sheet, merged: &[Context]) -> Vec<Context> {
    let mut given = Given::default();
    let context = |event: &Told| {
        let mut own = Given::default();
        let fields: Vec<Context> = event
            .fields
            .iter()
            .map(|field| told_field(dialect, sheet, field, &merged[field.merged], &mut own))
            .collect();
        Context::default()
            .text("event_name", event.event_name.clone())
            .text("event", given.give(dialect.event(&event.event_name)))
            .flag("has_own_fields", !fields.is_empty())
            .flag("has_own_enforced", !enforced(&fields).is_empty())
            .list("own_enforced", enforced(&fields))
            .list("own_fields", fields)
    };
    sheet.events.iter().map(context).collect()
}

/// Those that have to be there.
fn enforced(fields: &[Context]) -> Vec<Context> {
    fields.iter().filter(|field| field.is_up("required")).cloned().collect()
}

/// Imports that nothing needs are errors, or at least untidy.
fn names_kernel(dialect: &dyn Dialect, fields: &[Context], what: &'static str) -> bool {
    fields.iter().any(|field| field.get_text(what).contains(dialect.kernel()))
}

/// What every command says, but not every event has to.
fn is_wrapped(source: &Merged, field: &ToldField) -> bool {
    source.required && !field.required
}

fn told_field(
    dialect: &dyn Dialect,
    sheet: &Sheet,
    field: &ToldField,
    merged: &Context,
    own: &mut Given,
) -> Context {
    let source = &sheet.merged[field.merged];
    let sample = dialect.sample(source.kind, source.number);
    let is_opaque = source.kind == Kind::Opaque;
    let planned_as = if is_opaque { prose::paragraph(&field.planned_as).join(" ") } else { String::new() };
    let (of_type, optional) = (dialect.type_of(source.kind).to_owned(), dialect.optional(source.kind));
    Context::default()
        .text("name", field.name.clone())
        .text("ident", own.give(dialect.field(&field.name)))
        .text("merged", merged.get_text("ident"))
        .text("planned_as", planned_as)
        .text("type", if field.required { of_type } else { optional })
        .text("given", if field.required { sample.clone() } else { dialect.some(source.kind, &sample) })
        .flag("required", field.required)
        .flag("renamed", field.name != source.name)
        .flag("wrap", is_wrapped(source, field))
        .text("clone", dialect.clone_of(source.kind))
        .flag("pointed", is_wrapped(source, field) && !dialect.is_nilable(source.kind))
        .flag("copy", dialect.is_copied(source.kind))
        .flag("nilable", dialect.is_nilable(source.kind))
}
