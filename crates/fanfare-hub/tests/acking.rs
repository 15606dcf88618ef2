//! The window of an acked reader against a list and a loop: no item is lost, what is done is not given again, one has it at a
//! time, and it goes to who has the least, the oldest first.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fanfare_hub::AckWindow;
use fanfare_proto::Time;
use proptest::prelude::*;
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(30);
const WINDOW: usize = 8;
const ATTEMPTS: u32 = 4;

/// What can happen.
#[derive(Debug, Clone)]
enum Deed {
    Offer,
    Join,
    /// A member goes, and did not see so many.
    Leave(usize, usize),
    /// A member goes, and what it has stays with it.
    Part(usize),
    Hand,
    Ack(usize),
    /// By the member that has it, or by anybody.
    AckThrough(usize, bool),
    GiveBack(usize, u64),
    Pass(u64),
    /// What is given up is done.
    Bury,
    /// The window is made again from what would be kept.
    Restart,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        40 => Just(Deed::Offer),
        8 => Just(Deed::Join),
        6 => (0usize..4, 0usize..3).prop_map(|(member, unseen)| Deed::Leave(member, unseen)),
        3 => (0usize..4).prop_map(Deed::Part),
        60 => Just(Deed::Hand),
        25 => (0..WINDOW).prop_map(Deed::Ack),
        10 => (0..WINDOW, any::<bool>()).prop_map(|(index, own)| Deed::AckThrough(index, own)),
        10 => (0..WINDOW, 0u64..9000).prop_map(|(index, wait)| Deed::GiveBack(index, wait)),
        20 => (0u64..20_000).prop_map(Deed::Pass),
        6 => Just(Deed::Bury),
        3 => Just(Deed::Restart),
    ]
}

#[derive(Debug, Clone, Default)]
struct Item {
    number: u64,
    done: bool,
    /// Until when it is out; else from when it may be given.
    out: Option<u64>,
    from: u64,
    member: Option<u64>,
    attempts: u32,
}

#[derive(Default)]
struct World {
    window: AckWindow<u64>,
    /// Everything above the floor, in order.
    model: Vec<Item>,
    members: Vec<u64>,
    last_member: u64,
    now: u64,
    offered: u64,
    /// All below are done.
    floor: u64,
}

impl World {
    fn at(&self, index: usize) -> Option<Item> {
        self.model.get(index).cloned()
    }

    fn each(&mut self, mut change: impl FnMut(&mut Item)) {
        self.model.iter_mut().filter(|item| !item.done).for_each(&mut change);
    }

    fn holds(&self, member: u64) -> usize {
        let theirs = |item: &&Item| item.out.is_some() && !item.done && item.member == Some(member);
        self.model.iter().filter(theirs).count()
    }

    fn act(&mut self, deed: &Deed) {
        match *deed {
            Deed::Offer if self.model.len() < WINDOW => {
                self.window.offer(self.offered, 0, false);
                self.model.push(Item { number: self.offered, ..Item::default() });
                self.offered += 1;
            }
            Deed::Offer => {}
            Deed::Join if self.members.len() < 4 => {
                self.last_member += 1;
                self.members.push(self.last_member);
                self.window.join(self.last_member);
            }
            Deed::Join => {}
            Deed::Leave(member, unseen) if member < self.members.len() => self.leave(member, unseen),
            Deed::Part(member) if member < self.members.len() => {
                self.window.part(self.members.remove(member));
            }
            Deed::Leave(..) | Deed::Part(_) => {}
            Deed::Hand => self.hand(),
            Deed::Ack(index) => {
                let Some(item) = self.at(index) else { return };
                assert_eq!(self.window.ack(|other| *other == item.number), usize::from(!item.done));
                self.model[index].done = true;
            }
            Deed::AckThrough(index, own) => self.ack_through(index, own),
            Deed::GiveBack(index, wait) => {
                let (Some(item), from) = (self.at(index), self.now + wait) else { return };
                let given = item.out.is_some() && !item.done;
                let back = self.window.give_back(|other| *other == item.number, Time(from));
                assert_eq!(back, usize::from(given));
                if given {
                    (self.model[index].out, self.model[index].from) = (None, from);
                }
            }
            Deed::Pass(time) => {
                self.now += time;
                let now = self.now;
                self.window.tick(Time(now));
                self.each(|item| {
                    if item.out.is_some_and(|until| until <= now) {
                        (item.out, item.from) = (None, 0);
                    }
                });
            }
            Deed::Bury => {
                let spent = |item: &&Item| !item.done && item.out.is_none() && item.attempts >= ATTEMPTS;
                let found = self.model.iter().find(spent).map(|item| item.number);
                assert_eq!(self.window.spent(ATTEMPTS).next().map(|(number, _)| *number), found);
                if let Some(number) = found {
                    self.window.ack(|other| *other == number);
                    self.each(|item| item.done |= item.number == number);
                }
            }
            Deed::Restart => self.restart(),
        }
        self.settle();
    }

    fn leave(&mut self, member: usize, unseen: usize) {
        let member = self.members.remove(member);
        self.window.leave(member, unseen);
        let theirs = |item: &&mut Item| !item.done && item.out.is_some() && item.member == Some(member);
        for (index, item) in self.model.iter_mut().rev().filter(theirs).enumerate() {
            (item.out, item.from) = (None, 0);
            item.attempts -= u32::from(index < unseen);
        }
    }

    fn hand(&mut self) {
        let least = self.members.iter().map(|member| self.holds(*member)).min();
        let ready = |item: &Item| !item.done && item.out.is_none() && item.from <= self.now;
        let oldest = self.model.iter().position(ready);
        let given = self.window.hand(Time(self.now), WAIT);
        let given = given.map(|handing| (*handing.item, handing.member, handing.attempt));
        let (Some(least), Some(index)) = (least, oldest) else { return assert_eq!(given, None) };
        let (number, member, attempt) = given.unwrap();
        assert_eq!((number, self.holds(member)), (self.model[index].number, least));
        assert!(self.members.contains(&member));
        let item = &mut self.model[index];
        item.attempts += 1;
        assert_eq!(attempt, item.attempts);
        (item.out, item.member) = (Some(self.now + WAIT.as_millis() as u64), Some(member));
    }

    fn ack_through(&mut self, index: usize, own: bool) {
        let Some(named) = self.at(index) else { return };
        let only = if own { named.member } else { None };
        self.window.ack_through(|other| *other == named.number, only);
        self.each(|item| {
            let before = item.number <= named.number && named.member.is_some();
            item.done |= item.number == named.number || (before && item.member == named.member);
        });
    }

    fn restart(&mut self) {
        let done: Vec<u64> = self.window.done().copied().collect();
        let attempts: Vec<(u64, u32)> = self.window.attempts().map(|(item, times)| (*item, times)).collect();
        self.window = AckWindow::default();
        self.members.clear();
        for item in &mut self.model {
            let times =
                attempts.iter().find(|(number, _)| *number == item.number).map_or(0, |(_, times)| *times);
            self.window.offer(item.number, times, done.contains(&item.number));
            assert_eq!(done.contains(&item.number), item.done);
            *item = Item { number: item.number, done: item.done, attempts: item.attempts, ..Item::default() };
        }
    }

    fn settle(&mut self) {
        while let Some(number) = self.window.settle() {
            assert_eq!((number, self.floor), (self.model[0].number, number));
            assert!(self.model.remove(0).done);
            self.floor += 1;
        }
        assert!(self.model.first().is_none_or(|item| !item.done));
        let undone = self.model.iter().filter(|item| !item.done).map(|item| item.number);
        assert!(self.window.undone().copied().eq(undone));
        assert_eq!(self.window.len(), self.model.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]
    #[test]
    fn it_is_what_a_list_and_a_loop_say(deeds in prop::collection::vec(deed(), 1..120)) {
        let mut world = World::default();
        for deed in &deeds {
            world.act(deed);
        }
        // Whatever happened: one member that does all it is given ends with nothing left.
        world.act(&Deed::Restart);
        world.act(&Deed::Join);
        while !world.model.is_empty() {
            world.act(&Deed::Hand);
            world.act(&Deed::Ack(0));
        }
        prop_assert_eq!(world.floor, world.offered);
    }
}
