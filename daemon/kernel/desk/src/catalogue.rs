//! A desk's sheet: its entry as the catalogue shows it.

use crate::{aggregate::Aggregate, aggregate::ProcessSpec, desk::DeskEntry, desk::DeskSpec};
use crate::{event::EventEntry, refusal::Refusal, schema::Rules, status::Status, subject::holes};
use hecate_proto::catalogue::{DeskSheet, RecordedType, RefusalSheet};
use hecate_proto::id::kind_of;
use schemars::Schema;
use serde_json::{Value, json};

pub(crate) fn sheet<A: Aggregate>(desk: &DeskEntry<A>, body: &Value) -> DeskSheet {
    let path = if desk.spec.is_public() { full_path(A::PROCESS.base, desk.spec.path) } else { String::new() };
    DeskSheet {
        process: A::PROCESS.name.to_owned(),
        noun: A::PROCESS.noun.to_owned(),
        name: desk.spec.name.to_owned(),
        verb: verb(&A::PROCESS, &desk.spec),
        method: "POST".to_owned(),
        path_params: path_params(&path),
        path,
        says: desk.spec.says.to_owned(),
        allowed_in: desk.spec.allowed_in.sheet(),
        body: body.clone(),
        at_once_max: desk.at_once_max,
        refusals: refusals(desk).iter().map(refusal_sheet).collect(),
        records: desk.records.iter().map(recorded_type).collect(),
        hears: heard_by(desk),
    }
}

/// The rules of a request to a desk. What names the stream is asked for in the body where the path leaves it out.
pub(crate) fn rules<A: Aggregate>(desk: &DeskEntry<A>) -> Rules {
    let mut schema = (desk.schema)();
    // A listener names all of it, and what gives birth mints what is left out.
    if desk.spec.is_public() && !desk.spec.allowed_in.births() {
        let in_path = path_params(&full_path(A::PROCESS.base, desk.spec.path));
        for field in holes(A::PROCESS.stream).filter(|field| !in_path.iter().any(|named| named == field)) {
            ask_for(&mut schema, field);
        }
    }
    Rules::of_request(schema)
}

fn ask_for(schema: &mut Schema, field: &str) {
    let mut id = json!({"type": "string", "minLength": 1, "description": "Which one."});
    if let Some(kind) = kind_of(field) {
        id["pattern"] = kind.pattern().into();
    }
    let fields = schema.ensure_object();
    fields.entry("properties").or_insert_with(|| json!({}))[field] = id;
    if let Some(required) = fields.entry("required").or_insert_with(|| json!([])).as_array_mut() {
        required.push(field.into());
    }
}

/// What the desk itself refuses, and what it is refused with in each state in which it is closed.
fn refusals<A: Aggregate>(desk: &DeskEntry<A>) -> Vec<Refusal> {
    let mut refusals = desk.spec.refuses.to_vec();
    let flags = A::LABELS.iter().fold(0, |flags, (flag, _)| flags | flag.0);
    let born = (1..=flags).filter(|status| status & !flags == 0).map(Status);
    let states = born.filter(|status| status.has(Status::INITIATED)).chain([Status::UNBORN]);
    for status in states.filter(|status| !desk.spec.allowed_in.allows(*status)) {
        let refusal = A::wrong_state(status, &desk.spec);
        if !refusals.contains(&refusal) {
            refusals.push(refusal);
        }
    }
    refusals
}

/// The facts that make a listener ask this desk.
fn heard_by<A: Aggregate>(desk: &DeskEntry<A>) -> Vec<String> {
    let listeners = A::LISTENERS.iter().filter(|listener| listener.asks == desk.spec.name);
    listeners.map(|listener| listener.hears.to_owned()).collect()
}

fn recorded_type<A: Aggregate>(event: &EventEntry<A>) -> RecordedType {
    RecordedType {
        event_type: event.event_type.to_owned(),
        emits: event.emits.name().to_owned(),
        data: Rules::of((event.schema)()).schema().clone(),
    }
}

/// The refusals that any desk may give, as the catalogue shows them.
pub fn common_refusals() -> Vec<RefusalSheet> {
    Refusal::COMMON.iter().map(refusal_sheet).collect()
}

fn refusal_sheet(refusal: &Refusal) -> RefusalSheet {
    RefusalSheet { status: refusal.status, code: refusal.code.to_owned(), says: refusal.says.to_owned() }
}

/// A desk's route from the root.
pub(crate) fn full_path(base: &str, path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("{base}/{path}") }
}

/// The parameters of a path, in order: `{venture_id}` is `venture_id`.
pub fn path_params(path: &str) -> Vec<String> {
    let named = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    named.map(str::to_owned).collect()
}

/// `setup_venture` of the noun `venture` is the verb `setup`; `refine_vision` stays `refine-vision`.
fn verb(process: &ProcessSpec, desk: &DeskSpec) -> String {
    let own = desk.name.strip_suffix(process.noun).and_then(|verb| verb.strip_suffix('_'));
    own.unwrap_or(desk.name).replace('_', "-")
}
