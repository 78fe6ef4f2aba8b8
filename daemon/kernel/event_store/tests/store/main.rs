//! One conformance suite for every back end, then what only a disk can do: reopening, crashes, a
//! full disk, a file from the future.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "everything here is a test, the shared parts too"
)]

mod appends;
mod copies;
mod crash;
mod disk;
mod disk_full;
mod integrity;
mod io_error;
mod kit;
mod receipts;
mod slow_disk;
mod snapshots;
mod subscriptions;
mod upcasts;

/// Runs each named case against each back end.
macro_rules! conformance {
    ($($case:path => $name:ident;)*) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() { crate::kit::bounded($case(crate::kit::Bench::memory())).await })*
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() { crate::kit::bounded($case(crate::kit::Bench::sqlite())).await })*
        }
    };
}

conformance! {
    crate::appends::versions_are_checked => every_expected_version_is_checked;
    crate::appends::several_events_are_one_append => several_events_in_one_append_are_numbered_in_order;
    crate::appends::a_refused_append_leaves_nothing => a_refused_append_leaves_nothing_behind;
    crate::appends::what_was_recorded_reads_back_the_same => what_was_recorded_reads_back_the_same;
    crate::appends::positions_have_no_gaps => positions_have_no_gaps_under_sixteen_writers_with_conflicts;
    crate::appends::bad_form_is_refused => what_breaks_a_rule_of_form_is_refused;
    crate::appends::pages_are_bounded => pages_are_bounded_and_join_without_a_gap;
    crate::appends::a_closed_store_takes_nothing_more => a_closed_store_takes_nothing_more_and_says_why;
    crate::receipts::a_repetition_gets_the_first_result => a_repeated_receipt_gets_the_first_result;
    crate::receipts::a_receipt_wins_over_a_version => a_receipt_is_checked_before_the_version;
    crate::receipts::a_receipt_can_stand_alone => a_receipt_can_stand_alone;
    crate::receipts::receipts_expire_by_the_callers_clock => receipts_expire_by_the_callers_clock;
    crate::receipts::one_birth_among_many => of_many_births_under_one_key_one_happens;
    crate::snapshots::only_the_code_that_wrote_it_gets_it => a_snapshot_is_for_the_code_that_wrote_it;
    crate::snapshots::stored_types_are_listed => stored_types_are_listed_in_the_order_of_first_use;
    crate::subscriptions::catch_up_turns_live => catch_up_turns_live_without_gap_or_double;
    crate::subscriptions::a_slow_reader_rejoins => a_slow_subscriber_falls_back_and_rejoins;
    crate::subscriptions::filters_choose => filters_choose_by_type_tag_and_stream;
    crate::subscriptions::a_filter_moves_the_checkpoint => a_filtered_subscriber_moves_past_what_it_leaves_out;
    crate::subscriptions::cancelling_loses_nothing => a_cancelled_wait_loses_nothing;
    crate::subscriptions::a_closed_store_gives_everything_first => a_closed_store_gives_everything_first_then_ends;
    crate::upcasts::every_read_is_raised => older_events_are_read_in_the_newest_version;
    crate::upcasts::what_is_stored_stays => upcasters_change_nothing_that_is_stored;
    crate::upcasts::who_asks_for_the_newest_gets_the_oldest => whoever_asks_for_the_newest_type_gets_older_events_too;
    crate::upcasts::a_bad_event_is_damage => an_event_that_cannot_be_raised_is_damage_with_its_place;
}
