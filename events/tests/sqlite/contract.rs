//! Every case of the contract suite, on the SQLite store.

use std::sync::Arc;

use countersign_events::store::contract;

use crate::backend::SqliteBackend;

macro_rules! contract {
    ($($case:ident),+ $(,)?) => {
        $(#[test] fn $case() { run(stringify!($case)); })+

        const LISTED: &[&str] = &[$(stringify!($case)),+];
    };
}

fn run(name: &str) {
    let case = contract::cases().into_iter().find(|case| case.name == name).unwrap();
    crate::runtime().block_on(case.run(Arc::new(SqliteBackend::new())));
}

#[test]
fn every_case_of_the_contract_is_listed_once() {
    let cases: Vec<_> = contract::cases().iter().map(|case| case.name).collect();
    assert_eq!(LISTED, cases);
    let names: std::collections::BTreeSet<_> = cases.iter().collect();
    assert_eq!(names.len(), cases.len());
}

contract! {
    the_first_append_makes_the_stream,
    the_entries_of_an_append_stand_next_to_each_other,
    revisions_are_dense_across_appends,
    an_append_of_256_entries_is_accepted,
    an_append_of_257_entries_is_refused,
    an_append_of_no_entry_is_refused,
    an_empty_entry_is_refused,
    an_entry_of_one_byte_is_accepted,
    an_entry_at_the_size_limit_is_accepted,
    an_entry_one_byte_over_the_limit_is_refused,
    a_sealed_part_at_the_size_limit_is_accepted,
    a_sealed_part_one_byte_over_the_limit_is_refused,
    the_largest_append_of_all_is_accepted,
    one_bad_entry_refuses_the_whole_append,
    a_refused_append_leaves_no_trace,
    every_byte_value_comes_back_verbatim,
    bytes_that_look_like_text_are_not_touched,
    sealed_parts_come_back_verbatim,
    no_sealed_part_and_an_empty_one_are_told_apart,
    every_kind_of_stream_can_be_written_and_read,
    the_right_revision_is_accepted_again_and_again,
    no_stream_is_expected_but_there_is_one,
    a_revision_is_expected_but_there_is_no_stream,
    a_revision_that_is_too_low_is_refused,
    a_revision_that_is_too_high_is_refused,
    the_highest_revision_there_is_is_only_too_high,
    a_revision_inside_an_append_is_too_low,
    a_conflict_writes_nothing,
    a_conflict_leaves_its_key_free,
    streams_do_not_conflict_with_each_other,
    the_same_append_twice_is_a_duplicate_at_the_same_place,
    a_retry_after_later_appends_is_a_duplicate,
    a_retry_of_256_entries_is_a_duplicate,
    a_retry_with_sealed_parts_is_a_duplicate,
    every_key_of_a_stream_is_remembered,
    a_duplicate_writes_nothing,
    the_same_key_for_other_entries_is_refused,
    the_same_key_for_another_sealed_part_is_refused,
    the_same_key_for_a_prefix_is_refused,
    the_same_key_for_a_superset_is_refused,
    a_superset_that_equals_what_follows_is_refused,
    the_same_key_with_another_expectation_is_refused,
    a_reused_key_writes_nothing,
    the_same_key_in_another_stream_names_another_append,
    a_key_is_remembered_for_24_hours,
    a_batch_of_nothing_does_nothing,
    outcomes_are_in_the_order_of_the_appends,
    mixed_outcomes_do_not_disturb_each_other,
    a_later_append_of_a_batch_sees_an_earlier_one,
    the_same_append_twice_in_a_batch_has_one_effect,
    the_same_key_for_another_append_in_a_batch_is_refused,
    of_two_appends_at_one_revision_in_a_batch_the_first_wins,
    a_batch_larger_than_any_bound_is_done,
    a_stream_that_does_not_exist_reads_empty,
    a_stream_reads_the_same_from_every_cut,
    pages_of_every_size_make_the_same_stream,
    a_read_of_nothing_is_empty,
    a_read_beyond_the_end_is_empty,
    a_stream_is_read_up_to_the_limit_of_one_read,
    own_writes_are_read_at_once,
    streams_of_one_id_and_different_kinds_are_apart,
    what_was_read_never_changes,
    an_empty_log_has_no_head,
    the_head_is_the_last_entry,
    positions_are_dense_in_the_order_of_the_appends,
    the_log_reads_the_same_from_every_cut,
    pages_of_every_size_make_the_same_log,
    a_read_of_the_log_beyond_its_head_is_empty,
    the_log_keeps_the_order_of_every_stream,
    a_reader_never_later_finds_anything_before_its_position,
    a_subscription_from_the_start_gets_everything_and_goes_on,
    a_subscription_from_the_middle_starts_there,
    a_subscription_from_the_head_starts_with_the_last_entry,
    a_subscription_from_behind_the_head_gets_only_what_comes,
    a_subscription_from_the_future_waits_for_it,
    a_subscription_to_an_empty_log_waits_for_the_first_entry,
    a_subscriber_that_is_far_behind_loses_nothing,
    a_subscriber_that_stops_waiting_loses_nothing,
    every_subscriber_gets_everything,
    nothing_is_lost_or_doubled_at_the_seam_in_a_thousand_tries,
    a_stream_without_a_snapshot_has_none,
    a_snapshot_comes_back_verbatim,
    a_newer_snapshot_replaces_an_older_one,
    an_older_snapshot_does_not_replace_a_newer_one,
    a_snapshot_of_another_shape_replaces_any,
    a_snapshot_newer_than_its_stream_is_refused,
    a_snapshot_of_no_stream_is_refused,
    a_snapshot_at_the_size_limit_is_accepted_and_one_byte_more_is_refused,
    snapshots_of_streams_are_apart,
    a_snapshot_is_not_in_the_log,
    an_append_resolves_to_its_place,
    an_append_resolves_to_its_place_after_later_ones,
    a_key_that_was_never_used_is_absent,
    a_key_of_another_stream_is_absent,
    a_refused_append_is_absent,
    asking_changes_nothing,
    an_absent_append_may_be_tried_again,
    an_append_that_nobody_waits_for_resolves_to_exactly_one_outcome,
    of_many_appends_at_one_revision_exactly_one_wins,
    the_same_append_many_times_at_once_has_one_effect,
    appenders_that_try_again_after_a_conflict_lose_nothing,
    appends_to_many_streams_at_once_all_succeed,
    everything_is_there_after_reopening,
    appends_go_on_where_the_log_ended,
    append_keys_are_remembered_across_reopening,
    a_subscription_goes_on_after_reopening,
    a_snapshot_is_there_or_gone_after_reopening,
}
