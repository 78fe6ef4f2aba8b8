//! A plan that generated code has to bear: keywords of six languages, folders that toolchains have plans of their
//! own for, every type, names as long as they may be, nothing at all, and prose that would like to be code.

use crate::{Blueprint, Department, DeskPlan, EventPlan, Field};

const PROSE: &str = "Takes the order; never ends */ or \"\"\" a comment.\n# Not a heading, ```not code```, \
    not #{interpolated} nor {{filled}} in. \\u0041 -- //go:build never @ts-nocheck";

/// Names of divisions that modules, packages or folders of some language could take for something else.
pub const HARD_DIVISIONS: [&str; 11] = [
    "desk",
    "refusal",
    "event",
    "kernel",
    "string",
    "test",
    "vendor",
    "con",
    "end",
    "2nd",
    "a_division_with_a_name_of_sixty_four_characters_and_not_one_more",
];

/// The kinds of values that two fields of [`two_of_each`] hold.
pub const KINDS: [&str; 10] =
    ["string", "int", "float", "boolean", "timestamp", "date", "uuid", "list", "map", "money"];

/// The desks, each before another that it has to find its place beside. Names of the last one are longer than
/// formatters can bear; all others are laid out as rustfmt, gofmt, mix, prettier and black do it. Nobody asks Erlang's.
#[must_use]
pub fn plan() -> Blueprint {
    let desks = vec![
        page_of_rows(),
        place_order(),
        named_after_a_keyword(),
        rows_of_orders(),
        two_events_that_disagree(),
        named_after_folders("vendor"),
        named_after_folders("kernel"),
        one_row(),
        bare_desk("tick__tock_", Department::Prj),
        bare_desk("get_nothing", Department::Qry),
        long_names(),
    ];
    Blueprint { division_name: "Order-Management".to_owned(), desks }
}

fn desk(department: Department, name: &str, aggregate: Option<&str>, events: Vec<EventPlan>) -> DeskPlan {
    DeskPlan {
        aggregate_name: aggregate.map(str::to_owned),
        description: Some(PROSE.to_owned()),
        policies: vec!["on_order_placed_v1_reserve_stock".to_owned()],
        emitters: events.iter().map(|event| format!("{}_to_pg", event.event_name)).collect(),
        events,
        ..bare_desk(name, department)
    }
}

/// A desk of which the plan says nothing but its name.
#[must_use]
pub fn bare_desk(name: &str, department: Department) -> DeskPlan {
    DeskPlan {
        desk_id: format!("desk-d-1-{name}"),
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

/// An event with fields of a name, a type, and whether they are needed.
#[must_use]
pub fn event(name: &str, fields: &[(&str, &str, bool)]) -> EventPlan {
    let field = |(name, of_type, required): &(&str, &str, bool)| Field {
        name: (*name).to_owned(),
        r#type: (*of_type).to_owned(),
        required: *required,
    };
    EventPlan { event_name: name.to_owned(), payload_fields: fields.iter().map(field).collect() }
}

/// A desk whose event has two fields of each of [`KINDS`], `a_{kind}` and `b_{kind}`: whoever takes one for the other
/// must be found out.
#[must_use]
pub fn two_of_each() -> DeskPlan {
    let fields =
        KINDS.iter().flat_map(|kind| ["a", "b"].map(|which| (format!("{which}_{kind}"), *kind, true)));
    let fields: Vec<_> = fields.collect();
    let fields: Vec<_> =
        fields.iter().map(|(name, of_type, required)| (name.as_str(), *of_type, *required)).collect();
    desk(Department::Cmd, "mix_up", None, vec![event("mixed_up_v1", &fields)])
}

/// Every type, needed and not.
fn place_order() -> DeskPlan {
    let needed = KINDS.map(|of_type| (format!("its_{of_type}"), of_type, true));
    let optional = KINDS.map(|of_type| (format!("maybe_{of_type}"), of_type, false));
    let fields = needed.iter().chain(&optional);
    let fields: Vec<_> =
        fields.map(|(name, of_type, required)| (name.as_str(), *of_type, *required)).collect();
    desk(Department::Cmd, "place_order", Some("order"), vec![event("order_placed_v1", &fields)])
}

/// Fields that are keywords, or names that generated code uses itself.
fn named_after_a_keyword() -> DeskPlan {
    let names = [
        "type",
        "self",
        "super",
        "crate",
        "class",
        "def",
        "end",
        "fn",
        "func",
        "receive",
        "when",
        "match",
        "nil",
        "none",
        "true",
        "and",
        "not",
        "do",
        "in",
        "is",
        "async",
        "await",
        "yield",
        "constructor",
        "revision",
        "state",
        "event",
        "command",
        "row",
        "rows",
        "str",
        "int",
        "id",
        "url",
        "maybe",
        "else",
        "any",
        "len",
    ];
    let fields = names.map(|name| (name, "string", name.len() % 2 == 0));
    desk(Department::Cmd, "type", Some("class"), vec![event("type_v1", &fields)])
}

/// One name with two types, once needed and once not, and an event that tells nothing.
fn two_events_that_disagree() -> DeskPlan {
    let events = vec![
        event("price_set_v1", &[("amount", "integer", false), ("note", "text", true), ("a_1", "int", true)]),
        event(
            "price_agreed_v1",
            &[("amount", "integer", true), ("note", "list", false), ("a1", "int", true)],
        ),
        event("price_forgotten_v1", &[]),
    ];
    desk(Department::Cmd, "agree_price", Some("order"), events)
}

fn named_after_folders(name: &str) -> DeskPlan {
    desk(Department::Cmd, name, None, Vec::new())
}

fn long_names() -> DeskPlan {
    let (long, longer) = ("a_name_that_is_forty_characters_long_now", "x".repeat(64));
    let fields = [(long, "text", true), (longer.as_str(), "map", true), ("short", "opaque thing", false)];
    let name = format!("{long}_v1");
    desk(Department::Cmd, &"z".repeat(64), Some(&"y".repeat(64)), vec![event(&name, &fields)])
}

fn rows_of_orders() -> DeskPlan {
    let mut rows = desk(Department::Prj, "order_placed_v1_to_orders", Some("order"), Vec::new());
    rows.inboxes =
        ["order_placed_v1", "price_agreed_v1_to_pg", "type_v1", "unheard_of_v7"].map(str::to_owned).into();
    rows
}

fn page_of_rows() -> DeskPlan {
    desk(Department::Qry, "get_orders_page", Some("order"), Vec::new())
}

fn one_row() -> DeskPlan {
    desk(Department::Qry, "get_order_by_id", Some("class"), Vec::new())
}
