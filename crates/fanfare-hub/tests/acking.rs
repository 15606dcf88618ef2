//! The window of an acked reader against a list and a loop: no item is lost, what is done is not given again, one has it at a
//! time, it goes to who has the least, the oldest first, and a cursor speaks for nobody else.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fanfare_hub::AckWindow;
use fanfare_proto::{Time, limits};
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
    Leave(usize),
    /// A member goes, and what it has stays with it.
    Part(usize),
    /// A member takes nothing for now.
    Fill(usize),
    Hand,
    Ack(usize),
    /// By a member, or by anybody.
    AckThrough(usize, Option<u64>),
    GiveBack(usize, u64),
    GiveBackThrough(usize, Option<u64>),
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
        6 => (0usize..4).prop_map(Deed::Leave),
        3 => (0usize..4).prop_map(Deed::Part),
        4 => (0usize..4).prop_map(Deed::Fill),
        60 => Just(Deed::Hand),
        25 => (0..WINDOW).prop_map(Deed::Ack),
        10 => (0..WINDOW, prop::option::of(1u64..9)).prop_map(|(index, own)| Deed::AckThrough(index, own)),
        5 => (0..WINDOW, prop::option::of(1u64..9)).prop_map(|(index, own)| Deed::GiveBackThrough(index, own)),
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
    given: Vec<u64>,
    attempts: u32,
}

impl Item {
    fn holder(&self) -> Option<u64> {
        self.given.last().copied().filter(|_| self.out.is_some() && !self.done)
    }

    /// It goes back; unless its member saw it, that was no attempt.
    fn free(&mut self) {
        (self.out, self.from) = (None, 0);
        if unseen(self.number) {
            self.attempts -= 1;
            self.given.pop();
        }
    }
}

/// What never reaches anybody.
fn unseen(number: u64) -> bool {
    number % 5 == 3
}

#[derive(Default)]
struct World {
    window: AckWindow<u64>,
    /// Everything above the floor, in order.
    model: Vec<Item>,
    members: Vec<u64>,
    full: Vec<u64>,
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
        self.model.iter().filter(|item| item.holder() == Some(member)).count()
    }

    fn act(&mut self, deed: &Deed) {
        match *deed {
            Deed::Offer if self.model.len() < WINDOW => {
                self.window.offer(self.offered, 0, Vec::new(), false);
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
            Deed::Leave(member) if member < self.members.len() => {
                let member = self.members.remove(member);
                self.window.leave(member, |number| unseen(*number));
                let theirs = |item: &&mut Item| item.holder() == Some(member);
                self.model.iter_mut().filter(theirs).for_each(Item::free);
            }
            Deed::Part(member) if member < self.members.len() => {
                let member = self.members.remove(member);
                self.window.part(member, |number| unseen(*number));
                let theirs = |item: &&mut Item| item.holder() == Some(member) && unseen(item.number);
                self.model.iter_mut().filter(theirs).for_each(Item::free);
            }
            Deed::Leave(_) | Deed::Part(_) => {}
            Deed::Fill(member) => self.full = self.members.get(member).copied().into_iter().collect(),
            Deed::Hand => self.hand(),
            Deed::Ack(index) => {
                let Some(item) = self.at(index) else { return };
                assert_eq!(self.window.ack(|other| *other == item.number), usize::from(!item.done));
                self.model[index].done = true;
            }
            Deed::AckThrough(index, own) => self.ack_through(index, own),
            Deed::GiveBackThrough(index, own) => self.give_back_through(index, own),
            Deed::GiveBack(index, wait) => {
                let (Some(item), from) = (self.at(index), self.now + wait) else { return };
                let given = item.out.is_some() && !item.done;
                let back = self.window.give_back(|other| *other == item.number, None, Time(from));
                assert_eq!(back, usize::from(given));
                if given {
                    (self.model[index].out, self.model[index].from) = (None, from);
                }
            }
            Deed::Pass(time) => {
                self.now += time;
                let now = self.now;
                let mut vain = 0;
                self.each(|item| {
                    if item.out.is_some_and(|until| until <= now) {
                        vain += usize::from(!unseen(item.number));
                        item.free();
                    }
                });
                assert_eq!(self.window.tick(Time(now), |_, number| unseen(*number)), vain);
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

    fn hand(&mut self) {
        // Every third has two hands.
        let takes =
            |member: u64, has: usize| !self.full.contains(&member) && (!member.is_multiple_of(3) || has < 2);
        let taking = self.members.iter().filter(|member| takes(**member, self.holds(**member)));
        let least = taking.map(|member| self.holds(*member)).min();
        let ready = |item: &Item| {
            !item.done && item.out.is_none() && item.from <= self.now && item.attempts < ATTEMPTS
        };
        let oldest = self.model.iter().position(ready);
        let given = self.window.hand(Time(self.now), WAIT, ATTEMPTS, takes);
        let given = given.map(|handing| (*handing.item, handing.member, handing.attempt));
        let (Some(least), Some(index)) = (least, oldest) else { return assert_eq!(given, None) };
        let (number, member, attempt) = given.unwrap();
        assert_eq!((number, self.holds(member)), (self.model[index].number, least));
        assert!(self.members.contains(&member) && takes(member, least));
        let item = &mut self.model[index];
        item.attempts += 1;
        assert_eq!(attempt, item.attempts);
        item.out = Some(self.now + WAIT.as_millis() as u64);
        item.given.push(member);
        item.given = item.given.split_off(item.given.len().saturating_sub(limits::READER_GIVEN));
    }

    /// Whom an item was given of which somebody speaks: all that it can be.
    fn speakers(&self, named: &Item, own: Option<u64>) -> Vec<u64> {
        let speakers =
            own.filter(|own| named.given.contains(own)).map_or(named.given.clone(), |own| vec![own]);
        let meant = |number: &u64| *number == named.number;
        assert_eq!(self.window.speakers(meant, own), Some(speakers.clone()));
        speakers
    }

    fn ack_through(&mut self, index: usize, own: Option<u64>) {
        let Some(named) = self.at(index) else { return };
        let speakers = self.speakers(&named, own);
        let meant = |number: &u64| *number == named.number;
        self.window.ack_through(meant, &speakers, |_, number| unseen(*number));
        self.each(|item| {
            let theirs = !speakers.is_empty() && speakers.iter().all(|one| item.given.contains(one));
            let hidden = item.holder().is_some() && unseen(item.number);
            item.done |= item.number == named.number || (item.number < named.number && theirs && !hidden);
        });
    }

    fn give_back_through(&mut self, index: usize, own: Option<u64>) {
        let Some(named) = self.at(index) else { return };
        let (speakers, now) = (self.speakers(&named, own), self.now);
        self.window.give_back_through(|number| *number == named.number, &speakers, Time(now));
        self.each(|item| {
            let theirs = speakers.iter().all(|one| item.given.contains(one));
            let has = item.holder().is_some_and(|holder| speakers.contains(&holder));
            if item.number <= named.number && theirs && has {
                (item.out, item.from) = (None, now);
            }
        });
    }

    fn restart(&mut self) {
        let done: Vec<u64> = self.window.done().copied().collect();
        let attempts: Vec<(u64, u32, Vec<u64>)> =
            self.window.attempts().map(|(item, times, given)| (*item, times, given.to_vec())).collect();
        self.window = AckWindow::default();
        self.members.clear();
        for item in &mut self.model {
            let known = attempts.iter().find(|(number, ..)| *number == item.number);
            let (times, given) = known.map_or((0, Vec::new()), |(_, times, given)| (*times, given.clone()));
            self.window.offer(item.number, times, given.clone(), done.contains(&item.number));
            assert_eq!(done.contains(&item.number), item.done);
            (item.out, item.from, item.given) = (None, 0, given);
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
            world.act(&Deed::Bury);
            world.act(&Deed::Hand);
            world.act(&Deed::Ack(0));
        }
        prop_assert_eq!(world.floor, world.offered);
    }
}
