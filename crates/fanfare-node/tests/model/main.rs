//! A node against a list and a loop.
//!
//! Random publishes, subscriptions with filters, at a rate, from the latest and as changes, full sockets, cuts, resumes with the
//! last cursor, purges, trims, restarts and clocks that jump. Whatever happens, a reader that gives its last cursor back hears every message it wants that was accepted after its
//! start, in the order of each channel, once; what it does not hear lies in a range that a gap has told.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod book;
#[path = "../story/held.rs"]
mod held;
mod home;
mod reader;
mod talker;
mod talking;
mod wants;
mod world;

use proptest::prelude::*;
use world::{Action, Manner, World};

fn channel() -> impl Strategy<Value = usize> {
    0..world::CHANNELS.len()
}

fn manner() -> impl Strategy<Value = Manner> {
    prop_oneof![2 => Just(Manner::Everything), 1 => Just(Manner::InTicks), 1 => Just(Manner::FromLatest)]
}

fn action() -> impl Strategy<Value = Action> {
    let (reader, talker) = (0..world::READERS, 0..world::TALKERS);
    prop_oneof![
        6 => (channel(), 0usize..3, 1usize..5, 0usize..3)
            .prop_map(|(channel, key, count, size)| Action::Publish { channel, key, count, size }),
        1 => (channel(), channel()).prop_map(|(a, b)| Action::PublishTogether(a, b)),
        3 => (reader.clone(), 0..world::SELECTIONS.len(), 0..world::FILTERS.len(), 0usize..4, manner()).prop_map(
            |(reader, selection, filter, start, manner)| Action::Open { reader, selection, filter, start, manner }
        ),
        4 => (reader.clone(), 0usize..2000).prop_map(|(reader, room)| Action::Room { reader, room }),
        3 => reader.clone().prop_map(|reader| Action::Resume { reader }),
        1 => channel().prop_map(Action::Purge),
        1 => (0u64..400_000).prop_map(Action::Wait),
        2 => (0u64..300).prop_map(Action::Wait),
        1 => (0u64..400_000).prop_map(Action::TurnBack),
        1 => Just(Action::Restart),
        1 => reader.prop_map(|reader| Action::Alive { reader }),
        3 => (talker.clone(), 0..world::SELECTIONS.len(), 0usize..3)
            .prop_map(|(talker, selection, start)| Action::Subscribe { talker, selection, start }),
        1 => (talker.clone(), 0usize..4).prop_map(|(talker, which)| Action::Unsubscribe { talker, which }),
        3 => (talker.clone(), 0usize..2000).prop_map(|(talker, room)| Action::TalkerRoom { talker, room }),
        1 => talker.prop_map(|talker| Action::Reconnect { talker }),
    ]
}

/// `FANFARE_MODEL_CASES`, 10,000 if it is not set.
fn cases() -> u32 {
    number("FANFARE_MODEL_CASES").unwrap_or(10_000)
}

#[test]
fn a_clock_that_went_back_makes_readers_wait_for_their_ticks() {
    let mut world = World::in_memory();
    let publish = |key| Action::Publish { channel: 0, key, count: 4, size: 0 };
    let open =
        |reader, selection| Action::Open { reader, selection, filter: 0, start: 1, manner: Manner::InTicks };
    for action in [publish(1), open(1, 1), open(0, 0), Action::Restart, Action::TurnBack(1444), publish(0)] {
        world.act(&action);
    }
    world.finish();
}

/// Cases against a store on the disk, where each commit waits for a sync: `FANFARE_MODEL_DISK_CASES`, 200 if it is not set.
fn cases_on_disk() -> u32 {
    number("FANFARE_MODEL_DISK_CASES").unwrap_or(200)
}

fn number(variable: &str) -> Option<u32> {
    std::env::var(variable).ok().map(|number| number.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn nothing_is_lost_silently_and_nothing_comes_twice(actions in prop::collection::vec(action(), 1..40)) {
        let mut world = World::in_memory();
        for action in &actions {
            world.act(action);
        }
        world.finish();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases_on_disk()) })]

    #[test]
    fn the_same_holds_for_a_store_on_the_disk(actions in prop::collection::vec(action(), 1..40)) {
        let dir = tempfile::tempdir().unwrap();
        let mut world = World::on_disk(dir.path());
        for action in &actions {
            world.act(action);
        }
        world.finish();
    }
}
