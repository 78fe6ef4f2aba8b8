//! Every screen as a picture, with fixed data.

use crate::{
    keys::{answer, live, live_with, press},
    sample::{self, VENTURE},
};
use hecate_tui::{
    core::{Model, message::Tag},
    view::{self, theme::Theme},
};
use ratatui::{Terminal, backend::TestBackend};
use serde_json::{Value, json};

pub(crate) fn picture(model: &Model, columns: u16, rows: u16) -> String {
    painted(model, columns, rows, Theme { colour: true, ascii: false })
}

pub(crate) fn painted(model: &Model, columns: u16, rows: u16, theme: Theme) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| view::draw(frame, model, &theme)).unwrap();
    let text = terminal.backend().to_string();
    // Each line stands in quotation marks; what follows them is a remark on wide characters.
    text.lines().map(|line| line.split('"').nth(1).map_or(line, str::trim_end)).collect::<Vec<_>>().join("\n")
}

fn ventures() -> Vec<Value> {
    let mut archived = sample::row("v-0", "Windmill", 3, 5);
    archived["archived_at"] = json!("2026-08-22T11:00:00.000000Z");
    archived["status_label"] = json!("Archived");
    archived["available_actions"] = json!([]);
    let mut wide = sample::row("v-2", "日本庭園 with a name that is much too long for its column", 1, 1);
    wide["brief"] = json!("A garden\nof moss");
    vec![sample::row(VENTURE, "Greenhouse", 0, 0), archived, wide]
}

#[test]
fn chat_begins_with_what_can_be_done() {
    insta::assert_snapshot!(picture(&Model::default(), 80, 24));
}

#[test]
fn the_board_at_two_sizes() {
    let mut model = live(&ventures());
    press(&mut model, "j");
    insta::assert_snapshot!("board_80x24", picture(&model, 80, 24));
    let name = "A name of 16 wid";
    let beside = picture(&live(&[sample::row(VENTURE, name, 0, 0)]), 100, 30);
    assert!(beside.lines().nth(3).unwrap().contains(&format!("{name} Setup")), "{beside}");
    press(&mut model, "a");
    insta::assert_snapshot!("board_120x40", picture(&model, 120, 40));
}

#[test]
fn an_empty_board_says_what_to_do() {
    insta::assert_snapshot!(picture(&live(&[]), 80, 24));
}

#[test]
fn the_action_menu() {
    let mut model = live(&ventures());
    press(&mut model, "<ret>j");
    insta::assert_snapshot!(picture(&model, 80, 24));
}

#[test]
fn a_form_with_every_kind_of_field() {
    let mut model = live(&[]);
    press(&mut model, "nGarden<tab>A garden<ret>of moss");
    insta::assert_snapshot!("form_80x24", picture(&model, 80, 24));
    press(&mut model, "<tab><tab>{<tab><right><c-s>");
    insta::assert_snapshot!("form_wrong_json_120x40", picture(&model, 120, 40));
}

#[test]
fn a_form_refused() {
    let mut model = live(&[]);
    press(&mut model, "nGarden<c-s>");
    let details = json!({"field": "name", "rule": "too_long", "hint": "At most 100 characters."});
    answer(
        &mut model,
        Tag::Command(1),
        400,
        sample::refusal("validation_error", "name is too long", details),
    );
    insta::assert_snapshot!(picture(&model, 80, 24));
}

#[test]
fn a_form_of_a_desk_never_seen_before() {
    let mut model = live_with(&[], &[sample::unheard_of_desk()]);
    press(&mut model, ":hive feed<ret>");
    insta::assert_snapshot!(picture(&model, 80, 24));
}

#[test]
fn the_observer_at_two_sizes() {
    let mut model = live(&[]);
    press(&mut model, "3");
    answer(&mut model, Tag::Tree, 200, sample::tree());
    press(&mut model, "jj");
    insta::assert_snapshot!("observer_80x24", picture(&model, 80, 24));
    insta::assert_snapshot!("observer_120x40", picture(&model, 120, 40));
    answer(&mut model, Tag::Tree, 404, sample::refusal("not_found", "No such route.", json!({})));
    insta::assert_snapshot!("observer_without_a_tree", picture(&model, 80, 24));
}

#[test]
fn help_is_the_keymap() {
    let mut model = live(&[]);
    press(&mut model, "?");
    insta::assert_snapshot!(picture(&model, 120, 110));
}

#[test]
fn the_command_line_shows_what_fits() {
    let mut model = live(&ventures());
    press(&mut model, ":ven");
    insta::assert_snapshot!(picture(&model, 80, 24).lines().rev().take(2).collect::<Vec<_>>().join("\n"));
}

#[test]
fn ascii_is_ascii_whatever_the_data() {
    let mut model = live(&ventures());
    let theme = Theme { colour: false, ascii: true };
    let board = painted(&model, 80, 24, theme);
    assert!(board.is_ascii(), "{board}");
    press(&mut model, "n日本<tab>");
    let form = painted(&model, 80, 24, theme);
    assert!(form.is_ascii(), "{form}");
    insta::assert_snapshot!(form);
}

#[test]
fn no_size_breaks_a_screen() {
    let mut model = live(&ventures());
    answer(&mut model, Tag::Tree, 200, sample::tree());
    for keys in [
        "1",
        "2",
        "3",
        "?",
        "<esc>2<ret>",
        "<esc>n",
        "日本\t<tab>long<ret><ret><ret><ret><ret><ret>",
        "<c-s>",
    ] {
        press(&mut model, &keys.replace('\t', ""));
        for (columns, rows) in
            [(1, 1), (20, 5), (59, 16), (60, 15), (60, 16), (61, 17), (100, 16), (400, 100)]
        {
            let text = picture(&model, columns, rows);
            assert!(text.lines().count() <= usize::from(rows), "{columns}x{rows}");
        }
    }
}
