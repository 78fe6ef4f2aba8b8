//! The core by key strings: what is pressed, what is asked of the world, what the model then holds.

use crate::sample::{self, VENTURE};
use hecate_proto::{fact::FactFrame, health::Health};
use hecate_tui::core::{
    Effect, Message, Model,
    key::Key,
    link::LinkState,
    message::{Down, LinkEvent, Outcome, Reply, Request, Tag},
    model::{Overlay, Screen},
    update,
};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let keys = Key::parse_all(keys).unwrap();
    keys.into_iter().flat_map(|key| update(model, Message::Key(key))).collect()
}

pub(crate) fn answer(model: &mut Model, tag: Tag, status: u16, body: Value) -> Vec<Effect> {
    update(model, Message::Reply(Reply { tag, outcome: Outcome::Answered { status, body } }))
}

pub(crate) fn up(model: &mut Model) -> Vec<Effect> {
    let health = Health::deserialize(sample::health(true, 7)).unwrap();
    update(model, Message::Link(LinkEvent::Up { socket: "/run/hecate/daemon.sock".to_owned(), health }))
}

fn down(model: &mut Model, why: Down) {
    let (at, reason) = ("10:00:00 UTC".to_owned(), "gone".to_owned());
    update(model, Message::Link(LinkEvent::Down { at, why, reason }));
}

pub(crate) fn arrive(model: &mut Model, fact: Value) -> Vec<Effect> {
    update(model, Message::Fact(FactFrame::deserialize(fact).unwrap()))
}

fn page(rows: &[Value], next_cursor: Option<&str>, position: u64) -> Value {
    json!({"ok": true, "ventures": rows, "next_cursor": next_cursor, "as_of_position": position})
}

/// A model that is live, on the board, with these ventures.
pub(crate) fn live(rows: &[Value]) -> Model {
    live_with(rows, &[])
}

pub(crate) fn live_with(rows: &[Value], desks: &[Value]) -> Model {
    let mut model = Model::default();
    up(&mut model);
    let mut catalogue = sample::catalogue();
    catalogue["desks"].as_array_mut().unwrap().extend_from_slice(desks);
    answer(&mut model, Tag::Catalogue, 200, catalogue);
    let load = model.board.load;
    answer(&mut model, Tag::Ventures { load }, 200, page(rows, None, 41));
    update(&mut model, Message::Link(LinkEvent::Following));
    answer(&mut model, Tag::Models, 200, sample::models());
    answer(&mut model, Tag::Providers, 200, sample::llm_health());
    press(&mut model, "2");
    model
}

fn sent(effects: &[Effect]) -> Vec<&Request> {
    effects
        .iter()
        .filter_map(|it| if let Effect::Send(request) = it { Some(request) } else { None })
        .collect()
}

fn names(model: &Model) -> Vec<&str> {
    model.board.visible().into_iter().map(|it| it.row.name.as_str()).collect()
}

fn form(model: &Model) -> &hecate_tui::core::form::Form {
    match &model.overlay {
        Some(Overlay::Form(form)) => form,
        other => panic!("no form but {other:?}"),
    }
}

#[test]
fn a_connection_asks_for_the_catalogue_then_the_list_then_the_facts_after_it() {
    let mut model = Model::default();
    let effects = up(&mut model);
    assert_eq!(effects, [Effect::Send(Request::get(Tag::Catalogue, "/api/desks"))]);
    let effects = answer(&mut model, Tag::Catalogue, 200, sample::catalogue());
    assert_eq!(sent(&effects)[0].path, "/api/ventures?limit=200&include_archived=true");
    let first = page(&[sample::row("v-1", "One", 0, 0)], Some("c/1"), 41);
    let effects = answer(&mut model, Tag::Ventures { load: 1 }, 200, first);
    assert_eq!(effects[0], Effect::Follow { after: 41 });
    assert_eq!(sent(&effects)[0].path, "/api/ventures?limit=200&include_archived=true&cursor=c%2F1");
    assert!(!model.board.loaded);
    let effects = answer(
        &mut model,
        Tag::Ventures { load: 1 },
        200,
        page(&[sample::row("v-2", "Two", 0, 0)], None, 43),
    );
    assert_eq!(effects, []);
    assert_eq!(names(&model), ["Two", "One"]);
}

#[test]
fn a_form_asked_for_before_the_catalogue_opens_with_it() {
    for (keys, opens) in [("n", true), ("n2", true), ("n<esc>", false), ("n?", false), ("2", false)] {
        let mut model = Model::default();
        up(&mut model);
        press(&mut model, keys);
        answer(&mut model, Tag::Catalogue, 200, sample::catalogue());
        assert_eq!(matches!(model.overlay, Some(Overlay::Form(_))), opens, "{keys}");
        press(&mut model, "<esc>");
        answer(&mut model, Tag::Catalogue, 200, sample::catalogue());
        assert!(!matches!(model.overlay, Some(Overlay::Form(_))), "{keys}: it opens once");
    }
}

#[test]
fn a_reconnection_follows_from_the_last_fact_and_reads_the_list_anew() {
    let mut model = live(&[sample::row("v-1", "One", 0, 0), sample::row("v-2", "Two", 0, 0)]);
    arrive(&mut model, sample::fact(50, "v-1"));
    down(&mut model, Down::Broken);
    assert!(matches!(&model.link.state, LinkState::Stale { since, .. } if since == "10:00:00 UTC"));
    assert_eq!(names(&model).len(), 2);
    assert_eq!(up(&mut model)[0], Effect::Follow { after: 50 });
    let effects = answer(&mut model, Tag::Catalogue, 200, sample::catalogue());
    assert_eq!(sent(&effects)[0].min_position, Some(50), "the list may be older than the facts");
    let load = model.board.load;
    answer(&mut model, Tag::Ventures { load: load - 1 }, 200, page(&[], None, 41));
    assert_eq!(names(&model).len(), 2, "a page of an older load was taken");
    answer(&mut model, Tag::Ventures { load }, 200, page(&[sample::row("v-1", "One", 0, 0)], None, 51));
    assert_eq!(names(&model), ["One"]);
}

#[test]
fn a_fact_is_counted_once_and_reads_its_venture_from_its_position() {
    let mut model = live(&[sample::row(VENTURE, "One", 0, 0)]);
    let effects = arrive(&mut model, sample::fact(42, VENTURE));
    let read = sent(&effects)[0];
    assert_eq!((read.path.as_str(), read.min_position), (&*format!("/api/ventures/{VENTURE}"), Some(42)));
    assert_eq!(arrive(&mut model, sample::fact(42, VENTURE)), []);
    assert_eq!((model.link.facts_seen, model.link.facts_repeated), (1, 1));
    assert_eq!(arrive(&mut model, sample::fact(43, VENTURE)), [], "one venture is not read twice at once");
    let row = json!({"ok": true, "venture": sample::row(VENTURE, "One", 1, 1), "as_of_position": 42});
    let effects = answer(&mut model, Tag::Venture(VENTURE.to_owned()), 200, row);
    assert_eq!(sent(&effects)[0].min_position, Some(43));
}

#[test]
fn an_older_row_never_replaces_a_newer_one_and_an_unknown_one_goes() {
    let mut model = live(&[sample::row(VENTURE, "New", 3, 3)]);
    let tag = || Tag::Venture(VENTURE.to_owned());
    let old = json!({"ok": true, "venture": sample::row(VENTURE, "Old", 1, 1), "as_of_position": 42});
    answer(&mut model, tag(), 200, old);
    assert_eq!(names(&model), ["New"]);
    answer(&mut model, tag(), 404, sample::refusal("venture_not_found", "No such venture.", json!({})));
    assert!(names(&model).is_empty());
}

#[test]
fn a_storm_of_facts_reads_the_list_instead_of_every_row() {
    let mut model = live(&[]);
    let effects: Vec<Effect> =
        (0..600).flat_map(|at| arrive(&mut model, sample::fact(42 + at, &format!("v-{at}")))).collect();
    let lists = sent(&effects).iter().filter(|it| matches!(it.tag, Tag::Ventures { .. })).count();
    assert_eq!((lists, sent(&effects).len() - lists), (1, 8));
}

#[test]
fn a_log_that_was_set_back_is_read_anew_and_its_facts_count_again() {
    let mut model = live(&[sample::row("v-1", "One", 5, 5), sample::row("v-2", "Two", 0, 0)]);
    let effects = update(&mut model, Message::Snapshot { position: 7 });
    assert_eq!(sent(&effects)[0].min_position, Some(7));
    let load = model.board.load;
    answer(&mut model, Tag::Ventures { load }, 200, page(&[sample::row("v-1", "Back", 1, 1)], None, 7));
    assert_eq!(names(&model), ["Back"]);
    arrive(&mut model, sample::fact(8, "v-1"));
    assert_eq!((model.link.facts_seen, model.link.facts_repeated), (1, 0));
}

#[test]
fn the_cursor_walks_the_board_and_stays_on_its_venture() {
    let rows: Vec<Value> =
        (1..=15).map(|at| sample::row(&format!("v-{at:02}"), &format!("{at}"), 0, 0)).collect();
    let mut model = live(&rows);
    for (keys, selected) in [
        ("", "v-15"),
        ("j", "v-14"),
        ("jj", "v-12"),
        ("k", "v-13"),
        ("G", "v-01"),
        ("j", "v-01"),
        ("g", "v-15"),
        ("<pagedown>", "v-05"),
        ("<up>", "v-06"),
    ] {
        press(&mut model, keys);
        assert_eq!(model.board.selected.as_deref(), Some(selected), "after {keys}");
    }
    let load = model.board.load;
    assert!(load > 0);
    answer(
        &mut model,
        Tag::Venture("v-99".to_owned()),
        200,
        json!({"venture": sample::row("v-99", "99", 0, 0)}),
    );
    assert_eq!(model.board.selected.as_deref(), Some("v-06"));
}

#[test]
fn archived_ventures_are_hidden_until_asked_for() {
    let mut archived = sample::row("v-2", "Old", 0, 1);
    archived["archived_at"] = json!("2026-08-22T11:00:00.000000Z");
    let mut model = live(&[sample::row("v-1", "One", 0, 0), archived]);
    assert_eq!(names(&model), ["One"]);
    press(&mut model, "a");
    assert_eq!(names(&model), ["Old", "One"]);
}

#[test]
fn a_form_sends_only_what_is_filled_in() {
    let mut model = live(&[]);
    let effects = press(&mut model, "nGarden<tab><tab>one<ret>two, three<tab><tab><right><right><c-s>");
    let request = sent(&effects)[0];
    assert_eq!(request.path, "/api/ventures");
    assert_eq!(
        request.body,
        Some(json!({"name": "Garden", "repos": ["one", "two", "three"], "visibility": "realm"}))
    );
    assert_eq!(request.if_match, None);
}

#[test]
fn a_required_field_is_asked_for_before_anything_is_sent() {
    let mut model = live(&[]);
    assert_eq!(press(&mut model, "n<tab>about<c-s>"), []);
    let form = form(&model);
    assert_eq!(form.focus, 0);
    assert!(form.fields[0].complaint.is_some());
}

#[test]
fn an_action_carries_the_path_and_the_version_of_its_venture() {
    let mut model = live(&[sample::row(VENTURE, "One", 2, 4)]);
    let effects = press(&mut model, "<ret><ret>better<c-s>");
    let request = sent(&effects)[0];
    assert_eq!(request.path, format!("/api/ventures/{VENTURE}/vision/refine"));
    assert_eq!((request.body.clone(), request.if_match), (Some(json!({"brief": "better"})), Some(4)));
}

#[test]
fn the_menu_holds_what_is_open_and_known() {
    let mut row = sample::row(VENTURE, "One", 0, 0);
    row["available_actions"] = json!(["archive_venture", "from_the_future"]);
    let mut model = live(&[row]);
    press(&mut model, "e");
    match &model.overlay {
        Some(Overlay::Menu(menu)) => {
            assert_eq!(menu.desks.iter().map(|it| it.verb.as_str()).collect::<Vec<_>>(), ["archive"])
        }
        other => panic!("no menu but {other:?}"),
    }
}

#[test]
fn a_repeat_after_no_answer_keeps_its_number_unless_the_body_changed() {
    let mut model = live(&[]);
    let tag_of = |effects: &[Effect]| sent(effects)[0].tag.clone();
    let first = tag_of(&press(&mut model, "nGarden<c-s>"));
    assert_eq!(press(&mut model, "<c-s>x"), [], "nothing is sent or typed while an answer is awaited");
    let nothing =
        |tag: &Tag| Message::Reply(Reply { tag: tag.clone(), outcome: Outcome::Unanswered("cut".into()) });
    update(&mut model, nothing(&first));
    let again = tag_of(&press(&mut model, "<c-s>"));
    assert_eq!(again, first);
    update(&mut model, nothing(&again));
    assert_ne!(tag_of(&press(&mut model, "s<c-s>")), first);
}

#[test]
fn an_answer_that_leaves_the_outcome_open_keeps_the_number_and_a_final_one_does_not() {
    let refusal = || sample::refusal("some_code", "Some reason.", json!({}));
    for (status, body, is_kept) in [
        (500, refusal(), true),
        (504, refusal(), true),
        (503, refusal(), true),
        (429, refusal(), true),
        (500, Value::Null, true),
        (201, json!({"unreadable": true}), true),
        (400, refusal(), false),
        (409, refusal(), false),
    ] {
        let mut model = live(&[]);
        let first = sent(&press(&mut model, "nGarden<c-s>"))[0].tag.clone();
        answer(&mut model, first.clone(), status, body);
        let again = sent(&press(&mut model, "<c-s>"))[0].tag.clone();
        assert_eq!(again == first, is_kept, "after {status}");
    }
}

#[test]
fn a_refusal_goes_to_its_field_and_the_next_try_has_a_new_number() {
    let mut model = live(&[]);
    let effects = press(&mut model, "nGarden<tab><tab>a<c-s>");
    let tag = sent(&effects)[0].tag.clone();
    let details = json!({"field": "repos[0]", "rule": "pattern", "hint": "Give a URL.", "missing": ["a scheme", "a host"]});
    answer(&mut model, tag.clone(), 400, sample::refusal("validation_error", "repos[0] is no URL", details));
    let shown = form(&model);
    let complaint = shown.fields[shown.focus].complaint.clone().unwrap();
    assert_eq!(shown.fields[shown.focus].spec.name, "repos");
    assert_eq!(
        (complaint.says.as_str(), complaint.hint.as_deref()),
        ("repos[0] is no URL (pattern) · missing: a scheme; a host", Some("Give a URL."))
    );
    let again = press(&mut model, "<c-s>");
    assert_ne!(sent(&again)[0].tag, tag);
}

#[test]
fn a_stale_version_is_renewed_for_the_next_try() {
    let mut model = live(&[sample::row(VENTURE, "One", 2, 4)]);
    let effects = press(&mut model, "<ret><ret>better<c-s>");
    let tag = sent(&effects)[0].tag.clone();
    let newer = json!({"ok": true, "venture": sample::row(VENTURE, "One", 3, 5), "as_of_position": 42});
    answer(&mut model, Tag::Venture(VENTURE.to_owned()), 200, newer);
    answer(&mut model, tag, 409, sample::refusal("wrong_expected_version", "It is at version 5.", json!({})));
    let again = press(&mut model, "<c-s>");
    assert_eq!(sent(&again)[0].if_match, Some(5));
}

#[test]
fn success_closes_the_form_and_the_cursor_waits_for_the_new_venture() {
    let mut model = live(&[sample::row("v-1", "One", 0, 0)]);
    press(&mut model, "1");
    let effects = press(&mut model, "nGarden<c-s>");
    let tag = sent(&effects)[0].tag.clone();
    let effects = answer(&mut model, tag, 201, sample::recorded("v-7", "venture_setup_v1", 0, 44));
    assert_eq!(sent(&effects)[0].min_position, Some(44));
    assert!(model.overlay.is_none());
    assert_eq!(model.screen, Screen::Board);
    let row = json!({"ok": true, "venture": sample::row("v-7", "Garden", 0, 0), "as_of_position": 44});
    answer(&mut model, Tag::Venture("v-7".to_owned()), 200, row);
    assert_eq!(model.board.selected.as_deref(), Some("v-7"));
}

#[test]
fn typed_text_is_thrown_away_only_at_the_second_escape() {
    let mut model = live(&[]);
    press(&mut model, "nx<esc>");
    assert!(form(&model).discard_armed);
    press(&mut model, "y<esc>");
    assert!(model.overlay.is_some(), "typing takes the threat back");
    press(&mut model, "<esc>");
    assert!(model.overlay.is_none());
    press(&mut model, "n<esc>");
    assert!(model.overlay.is_none(), "an empty form goes at once");
}

#[test]
fn commands_are_completed_and_understood() {
    let mut model = live(&[sample::row(VENTURE, "One", 0, 0)]);
    for (keys, typed) in
        [(":ven<tab>", "venture setup"), ("<tab>", "venture refine-vision"), ("<c-u>obs<tab>", "observer")]
    {
        press(&mut model, keys);
        assert_eq!(model.command.as_ref().unwrap().input.text(), typed);
    }
    assert_eq!(press(&mut model, "<ret>"), [Effect::WatchTree(true)]);
    assert_eq!(press(&mut model, ":board<ret>"), [Effect::WatchTree(false)]);
    press(&mut model, ":setup<ret>");
    assert_eq!(form(&model).desk, "setup_venture");
    press(&mut model, "<esc>:venture refine-vision<ret>");
    assert_eq!(form(&model).desk, "refine_vision");
    press(&mut model, "<esc>:fly<ret>");
    assert!(model.notice.as_ref().unwrap().says.contains("fly"));
    assert_eq!(press(&mut model, ":q<ret>"), [Effect::Quit]);
}

#[test]
fn a_desk_never_seen_before_has_a_command_and_a_form() {
    let mut model = live_with(&[], &[sample::unheard_of_desk()]);
    let effects = press(&mut model, ":hive feed<ret>7<tab><right><right><tab><right><c-s>");
    let request = sent(&effects)[0];
    assert_eq!(request.path, "/api/hives/feed");
    assert_eq!(request.body, Some(json!({"litres": 7, "syrup": "two_to_one", "winter": true})));
}

#[test]
fn another_node_behind_the_socket_begins_anew() {
    let mut model = live(&[sample::row("v-1", "One", 0, 0)]);
    let mut health = sample::health(true, 9);
    health["node_id"] = json!("n-other");
    let health = Health::deserialize(health).unwrap();
    let effects = update(&mut model, Message::Link(LinkEvent::Up { socket: String::new(), health }));
    assert!(names(&model).is_empty());
    assert!(!effects.iter().any(|it| matches!(it, Effect::Follow { .. })));
}

#[test]
fn without_data_a_lost_connection_is_not_stale_but_missing() {
    let mut model = Model::default();
    down(&mut model, Down::Unreachable);
    assert_eq!(model.link.state, LinkState::Unreachable("gone".to_owned()));
    down(&mut model, Down::Refused);
    assert_eq!(model.link.state, LinkState::Refused("gone".to_owned()));
}
