//! Presence against a list of sessions and a loop: whatever comes, goes and comes back, whoever looks sees who is there,
//! and whoever is told what changes ends with the same list.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fanfare_hub::Presence;
use fanfare_proto::{Change, Channel, Leave, Present, Time, Told, limits};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

const GRACE: Duration = Duration::from_secs(5);
const BEGIN: Time = Time(1_700_000_000_000);
const CHANNELS: [&str; 2] = ["a", "b/c"];

/// What can happen.
#[derive(Debug, Clone)]
enum Deed {
    Join {
        channel: usize,
        member: u8,
        info: u8,
    },
    Leave {
        session: usize,
        why: Leave,
    },
    Describe {
        session: usize,
        info: u8,
    },
    Pass(u64),
    /// More members than are named come to the first channel, or go.
    Flood(bool),
    Watch(usize),
    Restart,
}

fn deed() -> impl Strategy<Value = Deed> {
    let why = prop_oneof![Just(Leave::Left), Just(Leave::Closed), Just(Leave::Lost)];
    let join = |(channel, member, info)| Deed::Join { channel, member, info };
    prop_oneof![
        60 => (0..CHANNELS.len(), 0u8..4, 0u8..3).prop_map(join),
        60 => (0usize..16, why).prop_map(|(session, why)| Deed::Leave { session, why }),
        10 => (0usize..16, 0u8..3).prop_map(|(session, info)| Deed::Describe { session, info }),
        60 => (0u64..3000).prop_map(Deed::Pass),
        20 => (4900u64..5100).prop_map(Deed::Pass),
        1 => any::<bool>().prop_map(Deed::Flood),
        5 => (0..CHANNELS.len()).prop_map(Deed::Watch),
        3 => Just(Deed::Restart),
    ]
}

fn channel(name: &str) -> Channel {
    Channel::parse(name).unwrap()
}

fn present(member: &str, info: u8) -> Present {
    let info = (info > 0).then(|| format!("{{\"n\":{info}}}").into());
    Present { member: member.into(), info }
}

/// What the list says of one member that was there.
#[derive(Debug, Clone)]
struct Been {
    sessions: usize,
    info: Option<Box<str>>,
    since: Time,
    until: Time,
    why: Leave,
}

type Seen = BTreeMap<String, (Option<Box<str>>, Time)>;

/// The list, and a watcher of each channel.
struct World {
    presence: Presence,
    now: Time,
    began: Time,
    sessions: Vec<(usize, String)>,
    been: [BTreeMap<String, Been>; 2],
    /// What watchers know: `None` while they are told numbers.
    known: [Option<Seen>; 2],
    counted: [usize; 2],
    told: [Option<Time>; 2],
    certain: [Option<bool>; 2],
}

impl World {
    fn new() -> World {
        let nobody = || Some(Seen::new());
        World {
            presence: Presence::new(GRACE, BEGIN),
            now: BEGIN,
            began: BEGIN,
            sessions: Vec::new(),
            been: Default::default(),
            known: [nobody(), nobody()],
            counted: [0; 2],
            told: [None; 2],
            certain: [None; 2],
        }
    }

    fn here(&self, place: usize) -> Seen {
        let here = |been: &&Been| been.sessions > 0 || self.now < been.until;
        let all = self.been[place].iter().filter(|(_, been)| here(been));
        all.map(|(name, been)| (name.clone(), (been.info.clone(), been.since))).collect()
    }

    fn join(&mut self, place: usize, member: &str, info: u8) {
        let present = present(member, info);
        self.presence.join(&channel(CHANNELS[place]), &present, self.now).unwrap();
        let was = self.here(place).contains_key(member);
        let (info, since) = (present.info.clone(), self.now);
        let fresh = Been { sessions: 0, info: info.clone(), since, until: since, why: Leave::Lost };
        let been = self.been[place].entry(member.into()).or_insert(fresh);
        (been.sessions, been.info) = (been.sessions + 1, info);
        if !was {
            been.since = since;
        }
        self.sessions.push((place, member.into()));
    }

    fn leave(&mut self, session: usize, why: Leave) {
        let (place, member) = self.sessions.remove(session);
        self.presence.leave(&channel(CHANNELS[place]), &member, why, self.now);
        let been = self.been[place].get_mut(&member).unwrap();
        been.sessions -= 1;
        if been.sessions == 0 {
            been.until = if why == Leave::Left { self.now } else { self.now.after(GRACE) };
            been.why = why;
        }
    }

    fn describe(&mut self, session: usize, info: u8) {
        let (place, member) = self.sessions[session].clone();
        let present = present(&member, info);
        self.presence.describe(&channel(CHANNELS[place]), &present, self.now);
        self.been[place].get_mut(&member).unwrap().info = present.info;
    }

    /// Time passes, and whoever tells is there at each moment that it was given.
    fn pass(&mut self, millis: u64) {
        let end = Time(self.now.0 + millis);
        while let Some(due) = self.presence.due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            let told = self.presence.tell(self.now, 1);
            assert!(
                !told.is_empty() || self.presence.due().is_none_or(|next| next > due),
                "it does not rest"
            );
            self.hear(&told);
        }
        self.now = end;
    }

    fn hear(&mut self, told: &[Told]) {
        let Some(first) = told.first() else { return };
        let place = CHANNELS.iter().position(|name| *name == first.channel.as_str()).unwrap();
        assert!(told.iter().all(|told| told.channel == first.channel));
        if let Some(before) = self.told[place].replace(self.now) {
            assert!(self.now >= before.after(limits::PRESENCE_EVERY), "{} after {}", self.now, before);
        }
        let here = self.here(place);
        for told in told {
            assert_eq!((told.count, told.certain), (here.len(), self.now >= self.began.after(GRACE)));
            match &told.change {
                Change::Join(member) | Change::Info(member) => {
                    let known = self.known[place].get_or_insert_default();
                    let before = known.insert(member.name.to_string(), (member.info.clone(), member.since));
                    let joins = matches!(told.change, Change::Join(_));
                    assert_eq!(before.is_none(), joins, "{told:?}");
                }
                Change::Leave(member, why) => {
                    let known = self.known[place].as_mut().expect("nobody is named");
                    assert!(known.remove(&*member.name).is_some(), "{told:?}");
                    let been = &self.been[place][&*member.name];
                    assert!(been.sessions == 0 && self.now >= been.until && been.why == *why, "{told:?}");
                }
                Change::Count => self.known[place] = None,
                Change::Certain => self.certain[place] = Some(true),
            }
            self.counted[place] = told.count;
        }
    }

    /// Whoever looks sees who is there.
    fn check(&mut self) {
        for (place, name) in CHANNELS.iter().enumerate() {
            let found = self.presence.look(&channel(name), self.now);
            let here = self.here(place);
            assert_eq!((found.count, found.certain), (here.len(), self.now >= self.began.after(GRACE)));
            let Some(members) = found.members else {
                assert!(here.len() > limits::MEMBERS_NAMED_AGAIN || self.known[place].is_none());
                continue;
            };
            let members = members.into_iter().map(|member| (member.name.into(), (member.info, member.since)));
            assert_eq!(members.collect::<Seen>(), here);
        }
        let here = [0, 1].map(|place| self.here(place).len());
        let crowded = here.iter().filter(|here| **here > 0).count();
        assert_eq!(self.presence.counts(), (here.iter().sum(), crowded));
    }

    fn restart(&mut self) {
        let kept = World::new();
        *self = World { presence: Presence::new(GRACE, self.now), now: self.now, began: self.now, ..kept };
    }

    fn live(&mut self, deed: Deed) {
        match deed {
            Deed::Join { channel, member, info } => self.join(channel, &format!("m{member}"), info),
            Deed::Leave { session, why } if session < self.sessions.len() => self.leave(session, why),
            Deed::Describe { session, info } if session < self.sessions.len() => self.describe(session, info),
            Deed::Leave { .. } | Deed::Describe { .. } => {}
            Deed::Pass(millis) => self.pass(millis),
            Deed::Flood(true) => (0..1100).for_each(|number| self.join(0, &format!("f{number}"), 0)),
            Deed::Flood(false) => {
                while let Some(session) = self.sessions.iter().position(|(_, name)| name.starts_with('f')) {
                    self.leave(session, Leave::Lost);
                }
            }
            Deed::Watch(place) => {
                let found = self.presence.watch(&channel(CHANNELS[place]), self.now);
                if !found.certain && self.certain[place].is_none() {
                    self.certain[place] = Some(false);
                }
            }
            Deed::Restart => self.restart(),
        }
        self.check();
    }

    /// Once nothing more happens, watchers know what there is to know, and there is nothing to tell.
    fn end(&mut self) {
        self.pass(20_000);
        self.check();
        for place in 0..CHANNELS.len() {
            let here = self.here(place);
            match &self.known[place] {
                Some(known) => assert_eq!(known, &here),
                None => assert_eq!(self.counted[place], here.len()),
            }
            assert_ne!(self.certain[place], Some(false), "it was never told to be certain");
        }
        assert_eq!(self.presence.due(), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]
    #[test]
    fn watchers_end_with_what_a_list_says(deeds in prop::collection::vec(deed(), 1..60)) {
        let mut world = World::new();
        deeds.into_iter().for_each(|deed| world.live(deed));
        world.end();
    }
}

#[test]
fn coming_back_within_the_grace_tells_nothing() {
    let mut world = World::new();
    world.join(0, "alice", 0);
    world.pass(2000);
    world.leave(0, Leave::Lost);
    world.pass(4999);
    let told = world.told;
    world.join(0, "alice", 0);
    world.pass(60_000);
    assert_eq!(world.told, told);
    world.leave(0, Leave::Lost);
    world.pass(5000);
    assert_eq!(world.known[0], Some(Seen::new()));
}

#[test]
fn eighteen_thousand_joins_are_a_batch_a_second_and_a_number() {
    let mut presence = Presence::new(GRACE, BEGIN);
    let (hall, mut told, mut now) = (channel("hall"), Vec::new(), BEGIN);
    for number in 0..18_000u64 {
        now = Time(BEGIN.0 + number / 6);
        presence.join(&hall, &present(&format!("m{number}"), 0), now).unwrap();
        if presence.due().is_some_and(|due| due <= now) {
            told.push(presence.tell(now, limits::COMMIT_MESSAGES));
        }
    }
    let sizes: Vec<_> = told.iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 1, 1], "three seconds");
    assert!(matches!(told[0][0].change, Change::Join(_)) && matches!(told[2][0].change, Change::Count));
    let last = presence.tell(now.after(limits::PRESENCE_EVERY), limits::COMMIT_MESSAGES);
    assert_eq!((last.len(), last[0].count), (1, 18_000));
    let found = presence.look(&hall, now);
    assert_eq!((found.count, found.members), (18_000, None));
    // All go at once.
    let now = now.after(2 * limits::PRESENCE_EVERY);
    (0..18_000).for_each(|number| presence.leave(&hall, &format!("m{number}"), Leave::Lost, now));
    let gone = presence.tell(now.after(GRACE), limits::COMMIT_MESSAGES);
    let told: Vec<_> = gone.iter().map(|told| (told.count, matches!(told.change, Change::Count))).collect();
    assert_eq!(told, [(0, true)]);
    assert_eq!(
        presence.due(),
        Some(now.after(GRACE).after(limits::PRESENCE_EVERY)),
        "and then nothing is left"
    );
}

#[test]
fn no_more_members_are_counted_than_there_is_room_for() {
    let mut presence = Presence::new(GRACE, BEGIN);
    let hall = channel("hall");
    for number in 0..limits::MEMBERS {
        presence.join(&hall, &present(&number.to_string(), 0), BEGIN).unwrap();
    }
    assert!(presence.join(&hall, &present("more", 0), BEGIN).is_err());
    presence.join(&hall, &present("7", 0), BEGIN).unwrap();
    presence.leave(&hall, "8", Leave::Left, BEGIN);
    presence.tell(BEGIN, 1);
    presence.join(&hall, &present("more", 0), BEGIN).unwrap();
}
