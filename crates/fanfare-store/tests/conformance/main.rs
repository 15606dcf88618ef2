//! Every promise of [`Log`](fanfare_store::Log) and [`Records`](fanfare_store::Records), held against everything
//! that implements them. A new implementation is one more line in `subject.rs`.

// A panic is how a test says that something is wrong.
#![allow(clippy::unwrap_used)]

mod amending;
mod appending;
mod asking;
mod compacting;
mod model;
mod random;
mod reading;
mod records;
mod removing;
mod retention;
mod subject;

/// Makes a test of each promise for each implementation.
macro_rules! promises {
    ($($file:ident: $($promise:ident)*;)*) => {
        mod memory { $($(#[test] fn $promise() { super::$file::$promise(super::subject::Kind::Memory) })*)* }
        mod sqlite { $($(#[test] fn $promise() { super::$file::$promise(super::subject::Kind::Sqlite) })*)* }
    };
}

promises! {
    appending:
        positions_and_times_only_grow
        every_field_comes_back_as_it_was
        previous_chains_the_messages_of_a_channel
        nothing_appended_is_nothing_done
        readers_and_a_publisher_do_not_wait_for_each_other;
    amending:
        an_edit_is_folded_into_its_original_and_is_told_to_who_has_heard_it
        a_delete_erases_what_was_said_and_every_edit_of_it
        an_edit_that_is_removed_leaves_the_one_before_it
        an_edit_of_what_is_not_kept_is_not_told
        who_was_not_shown_a_message_is_not_told_what_became_of_it
        an_original_is_found_as_its_newest_edit_lets_it_last
        an_original_that_is_removed_takes_its_edits_with_it
        a_page_of_edits_of_one_message_ends
        what_is_for_a_moment_is_not_kept
        what_is_for_a_moment_takes_no_room_from_what_is_kept;
    reading:
        a_page_ends_at_its_limits
        a_page_holds_one_message_at_least
        pages_join_without_a_hole
        channels_and_patterns_are_told_apart
        system_channels_are_not_in_everything
        long_channels_among_others_are_read_both_ways
        a_place_ahead_of_the_log_finds_nothing;
    removing:
        a_removed_message_is_gone_and_no_gap
        a_channel_that_is_emptied_leaves_nothing_behind
        names_that_are_made_up_are_forgotten
        a_purge_is_told_to_who_was_behind
        a_dropped_channel_starts_anew_and_readers_are_told
        positions_are_not_used_again
        what_is_not_there_cannot_be_removed;
    retention:
        age_lets_the_oldest_go
        count_lets_the_oldest_of_a_channel_go
        bytes_let_the_oldest_of_a_namespace_go
        a_gap_is_told_if_and_only_if_something_was_lost
        what_had_expired_is_no_loss
        what_was_only_looked_at_is_kept_as_it_is
        namespaces_keep_their_own_rules
        steps_end
        channels_of_another_log_keep_defaults;
    compacting:
        only_the_newest_of_each_key_stays
        what_is_superseded_goes_before_a_limit_takes_what_is_not
        a_key_that_ended_is_told_as_long_as_anything_is_kept
        long_channels_are_read_both_ways_when_most_is_gone
        what_may_be_published_again_stays_until_it_is_not_known_any_more
        what_stayed_for_its_id_goes_by_itself_once_nobody_remembers_that
        edits_and_deletes_go_with_what_they_are_of
        a_channel_changes_while_it_is_walked
        a_limit_keeps_the_keys_that_were_changed_last
        one_value_beyond_a_limit_of_one_ends_the_other;
    asking:
        a_moment_is_found
        channels_are_listed_by_name_in_pages
        the_status_counts;
    random:
        random_histories_match_a_list_and_a_loop;
    records:
        a_record_is_changed_by_who_knows_its_revision
        revisions_are_not_used_again
        records_are_scanned_by_prefix_in_pages
        records_are_changed_together
        what_is_appended_and_what_is_changed_with_it_are_one;
}
