//! The house's borders and habits, read from its sources: every rule says which line breaks it and what to
//! do instead, and every rule is shown a line that breaks it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod borders;
mod crates;
mod habits;
mod provoked;
mod source;

use source::{Complaint, House};

fn nothing_to_complain_about(complaints: &[Complaint]) {
    let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{} broken:\n{}", lines.len(), lines.join("\n"));
}

#[test]
fn processes_query_apps_and_the_edge_keep_to_themselves() {
    let house = House::read();
    assert!(!house.processes.is_empty() && !house.query_apps.is_empty(), "{house:?}");
    nothing_to_complain_about(&borders::check(&house));
}

#[test]
fn crates_know_only_the_crates_that_they_may() {
    nothing_to_complain_about(&crates::check(&House::read()));
}

#[test]
fn files_say_why_they_exist_and_stay_small() {
    nothing_to_complain_about(&habits::files(&House::read()));
}

#[test]
fn a_desk_is_one_short_file_with_its_own_name_and_test() {
    nothing_to_complain_about(&habits::desks(&House::read()));
}

#[test]
fn nothing_is_left_half_done_outside_of_tests() {
    nothing_to_complain_about(&habits::half_done(&House::read()));
}

#[test]
fn every_refusal_of_a_process_is_provoked_by_some_test() {
    nothing_to_complain_about(&provoked::check(&House::read()));
}

#[test]
fn every_process_and_query_app_has_its_place_in_the_tree() {
    nothing_to_complain_about(&habits::tree(&House::read()));
}
