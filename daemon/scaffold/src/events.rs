//! Which events a desk is about: those that its plan names, those that it hears, or one that its own name implies.

use crate::blueprint::{Blueprint, Department, DeskPlan, EventPlan};
use crate::names::snake;
use std::collections::BTreeSet;

/// Participles that no rule finds.
const IRREGULAR: &[(&str, &str)] = &[
    ("begin", "begun"),
    ("bind", "bound"),
    ("break", "broken"),
    ("bring", "brought"),
    ("build", "built"),
    ("buy", "bought"),
    ("cancel", "cancelled"),
    ("catch", "caught"),
    ("choose", "chosen"),
    ("commit", "committed"),
    ("cut", "cut"),
    ("do", "done"),
    ("draw", "drawn"),
    ("find", "found"),
    ("forget", "forgotten"),
    ("freeze", "frozen"),
    ("get", "got"),
    ("give", "given"),
    ("hide", "hidden"),
    ("hold", "held"),
    ("keep", "kept"),
    ("label", "labelled"),
    ("lay", "laid"),
    ("leave", "left"),
    ("lend", "lent"),
    ("lose", "lost"),
    ("make", "made"),
    ("meet", "met"),
    ("overwrite", "overwritten"),
    ("pay", "paid"),
    ("permit", "permitted"),
    ("prefer", "preferred"),
    ("put", "put"),
    ("read", "read"),
    ("rebuild", "rebuilt"),
    ("refer", "referred"),
    ("resend", "resent"),
    ("reset", "reset"),
    ("run", "run"),
    ("say", "said"),
    ("sell", "sold"),
    ("send", "sent"),
    ("set", "set"),
    ("show", "shown"),
    ("speak", "spoken"),
    ("spend", "spent"),
    ("split", "split"),
    ("submit", "submitted"),
    ("take", "taken"),
    ("teach", "taught"),
    ("tell", "told"),
    ("transfer", "transferred"),
    ("understand", "understood"),
    ("undo", "undone"),
    ("win", "won"),
    ("withdraw", "withdrawn"),
    ("write", "written"),
];

/// The events, each name once, each with its version.
pub(crate) fn of_desk(blueprint: &Blueprint, desk: &DeskPlan, department: Department) -> Vec<EventPlan> {
    let events = match department {
        _ if !desk.events.is_empty() => desk.events.clone(),
        Department::Cmd => Vec::new(),
        Department::Prj | Department::Qry => heard(blueprint, desk),
    };
    let events = match (events.is_empty(), department) {
        (true, Department::Cmd | Department::Prj) => vec![without_fields(implied(&desk.desk_name))],
        _ => events,
    };
    let mut names = BTreeSet::new();
    let named =
        events.into_iter().map(|event| EventPlan { event_name: versioned(&event.event_name), ..event });
    named.filter(|event| names.insert(event.event_name.clone())).collect()
}

/// The past tense of a desk's name: `place_order` implies `order_placed_v1`.
fn implied(desk_name: &str) -> String {
    let name = snake(desk_name);
    match name.split_once('_') {
        Some((verb, noun)) if !verb.is_empty() && !noun.is_empty() => {
            format!("{noun}_{}_v1", participle(verb))
        }
        _ => format!("{}_v1", participle(&name)),
    }
}

fn participle(verb: &str) -> String {
    if let Some((_, irregular)) = IRREGULAR.iter().find(|(regular, _)| *regular == verb) {
        return (*irregular).to_owned();
    }
    let is_vowel = |b: u8| b"aeiou".contains(&b);
    match *verb.as_bytes() {
        [.., b'e'] => format!("{verb}d"),
        [.., before, b'y'] if !is_vowel(before) => format!("{}ied", &verb[..verb.len() - 1]),
        // One short syllable doubles its last letter: plan, ship, stop.
        [ref onset @ .., vowel, last]
            if is_vowel(vowel)
                && !is_vowel(last)
                && !b"wxy".contains(&last)
                && !onset.is_empty()
                && !onset.iter().copied().any(is_vowel) =>
        {
            format!("{verb}{}ed", char::from(last))
        }
        _ => format!("{verb}ed"),
    }
}

/// What a read model is drawn from: the facts in its inboxes and the one in its name, else all that happens to its
/// aggregate. The fields are in the plan of the desk that records the event.
fn heard(blueprint: &Blueprint, desk: &DeskPlan) -> Vec<EventPlan> {
    let in_name = desk.desk_name.split_once("_to_").map(|(event, _)| event);
    let told = desk.inboxes.iter().map(String::as_str).chain(in_name);
    let told: Vec<String> = told.filter_map(event_name).collect();
    if !told.is_empty() {
        return told.into_iter().map(|name| planned(blueprint, &name)).collect();
    }
    let about_the_same = |other: &&DeskPlan| {
        other.department == Department::Cmd
            && desk.aggregate_name.is_some()
            && other.aggregate_name == desk.aggregate_name
    };
    let others = blueprint.desks.iter().filter(about_the_same);
    others.flat_map(|other| of_desk(blueprint, other, Department::Cmd)).collect()
}

fn planned(blueprint: &Blueprint, name: &str) -> EventPlan {
    let commanding = blueprint.desks.iter().filter(|desk| desk.department == Department::Cmd);
    let mut events = commanding.flat_map(|desk| of_desk(blueprint, desk, Department::Cmd));
    events.find(|event| event.event_name == name).unwrap_or_else(|| without_fields(name.to_owned()))
}

/// The event that an inbox is named after: `order_placed_v1`, also where it says how it comes, `…_to_pg`.
fn event_name(inbox: &str) -> Option<String> {
    let name = snake(inbox);
    let event = name.split_once("_to_").map_or(name.as_str(), |(event, _)| event);
    has_version(event).then(|| event.to_owned())
}

fn versioned(raw: &str) -> String {
    let name = snake(raw);
    if has_version(&name) { name } else { format!("{name}_v1") }
}

fn has_version(name: &str) -> bool {
    let version = name.rsplit_once("_v").map_or("", |(_, version)| version);
    !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit())
}

fn without_fields(event_name: String) -> EventPlan {
    EventPlan { event_name, payload_fields: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::{bare_desk as desk, event};

    fn names(events: &[EventPlan]) -> Vec<&str> {
        events.iter().map(|event| event.event_name.as_str()).collect()
    }

    #[test]
    fn a_name_implies_what_happened() {
        for (desk, expected) in [
            ("place_order", "order_placed_v1"),
            ("plan_big_trip", "big_trip_planned_v1"),
            ("ship_order", "order_shipped_v1"),
            ("notify_buyer", "buyer_notified_v1"),
            ("pay_bill", "bill_paid_v1"),
            ("open_door", "door_opened_v1"),
            ("relay_call", "call_relayed_v1"),
            ("ask", "asked_v1"),
            ("type", "typed_v1"),
        ] {
            assert_eq!(implied(desk), expected);
        }
    }

    #[test]
    fn a_read_model_finds_the_fields_of_what_it_hears() {
        let mut place = desk("place_order", Department::Cmd);
        place.aggregate_name = Some("order".to_owned());
        place.events = vec![event("order_placed_v1", &[("total", "integer", true)])];
        let mut cancel = desk("cancel_order", Department::Cmd);
        cancel.aggregate_name = Some("order".to_owned());
        let blueprint = Blueprint { division_name: "ordering".to_owned(), desks: vec![place, cancel] };
        let of = |desk: &DeskPlan| of_desk(&blueprint, desk, Department::Prj);

        let by_name = of(&desk("order_placed_v1_to_orders", Department::Prj));
        assert_eq!(names(&by_name), ["order_placed_v1"]);
        assert_eq!(by_name[0].payload_fields.len(), 1);

        let mut by_inbox = desk("draw_orders", Department::Prj);
        by_inbox.inboxes = vec!["order_placed_v1_to_pg".to_owned(), "invoice_paid_v2".to_owned()];
        assert_eq!(names(&of(&by_inbox)), ["order_placed_v1", "invoice_paid_v2"]);

        let mut by_aggregate = desk("draw_orders", Department::Prj);
        by_aggregate.aggregate_name = Some("order".to_owned());
        assert_eq!(names(&of(&by_aggregate)), ["order_placed_v1", "order_cancelled_v1"]);

        let alone = of(&desk("draw_orders", Department::Prj));
        assert_eq!(names(&alone), ["orders_drawn_v1"]);
    }

    #[test]
    fn every_event_has_a_version_and_is_there_once() {
        let mut twice = desk("tick", Department::Cmd);
        twice.events = vec![event("ticked", &[]), event("ticked_v1", &[]), event("Ticked v2", &[])];
        let blueprint = Blueprint { division_name: "clock".to_owned(), desks: Vec::new() };
        assert_eq!(names(&of_desk(&blueprint, &twice, Department::Cmd)), ["ticked_v1", "ticked_v2"]);
    }
}
