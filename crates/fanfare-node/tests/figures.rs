//! What a node says about itself.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fanfare_node::{Desk, Figures, Lag, Node, Opening, Options, SessionKey, Sink};
use fanfare_proto::{
    Channel, Content, Form, Framing, Grant, Keeping, LogId, Namespace, Namespaces, Origins, Pattern, Publish,
    Selection, Start, Time, Wire, limits, protocol,
};
use fanfare_store::MemoryLog;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const NOW: Time = Time(1_700_000_000_000);
/// Keys from here on are of the second row.
const SECOND: SessionKey = 1 << 31;

/// A node with one desk, and sockets that take everything but for one session.
struct World {
    node: Node,
    desk: Desk,
    full: SessionKey,
}

struct Socket {
    full: bool,
}

impl Sink for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.full { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(bytes.len()) }
    }
}

impl World {
    fn new() -> World {
        let live = Namespace::new(Pattern::parse("live/**").unwrap(), Keeping::Live);
        let namespaces = Arc::new(Namespaces::new([live]));
        let kept = Arc::new(MemoryLog::new(LogId::KEPT, namespaces.clone()));
        let (origins, tail) = (Origins::default(), limits::TAIL_SLOTS);
        let node =
            Node::start(Options { namespaces, origins, kept, tail, now: || NOW, system: || NOW }).unwrap();
        let desk = Desk::new(node.clone(), Arc::new(|| {}));
        World { node, desk, full: SessionKey::MAX }
    }

    fn open(&mut self, key: SessionKey, pattern: &str) {
        let protocol = protocol::by_name("stream").unwrap();
        let opening = Opening {
            grant: &Arc::new(Grant::open()),
            selection: Selection::new(vec![Pattern::parse(pattern).unwrap()]),
            start: Start::Now,
            latest: false,
            pace: None,
            wire: Wire { protocol, form: Form::Envelope, framing: Framing::Close, origin: None },
            head: b"\n".to_vec(),
            retry: Duration::from_secs(1),
            manner: Default::default(),
        };
        self.desk.open(key, opening, NOW).unwrap();
    }

    fn say(&self, channel: &str) {
        let content = Content { body: "hello".into(), ..Content::default() };
        let publish =
            Publish { channel: Channel::parse(channel).unwrap(), id: None, ttl: None, when: None, content };
        self.node.post_live(&Grant::open(), vec![publish]).remove(0).unwrap();
    }

    fn turn(&mut self) {
        self.desk.turn(NOW);
        while let Some(key) = self.desk.next_in_line() {
            self.desk.write(key, NOW, &mut Socket { full: key == self.full });
        }
    }

    /// Asks from another thread, as long as turns go on; answers how many they were, too.
    fn figures(&mut self) -> (Figures, usize) {
        let node = self.node.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let asking = thread::spawn(move || runtime.block_on(node.figures()));
        let mut turns = 0;
        while !asking.is_finished() {
            self.turn();
            turns += 1;
            thread::yield_now();
        }
        (asking.join().unwrap(), turns)
    }
}

#[test]
fn a_survey_sees_every_session_some_in_each_turn() {
    let mut world = World::new();
    (0..2000).for_each(|key| world.open(key, "live/a"));
    (SECOND..SECOND + 300).for_each(|key| world.open(key, "live/b"));
    world.turn();
    let (figures, turns) = world.figures();
    let mut sessions: Vec<(bool, u64)> =
        figures.survey.sessions.iter().map(|(kind, sessions)| (kind.second_row, *sessions)).collect();
    sessions.sort_unstable();
    assert_eq!(sessions, [(false, 2000), (true, 300)]);
    assert!(turns >= 2300 / 512, "{turns}");
}

#[test]
fn who_takes_nothing_is_behind_and_the_others_are_not() {
    let mut world = World::new();
    (0..10).for_each(|key| world.open(key, "live/**"));
    world.turn();
    let before = world.figures().0;
    world.full = 7;
    (0..5).for_each(|_| world.say("live/a"));
    world.turn();
    (0..3).for_each(|_| world.say("live/b"));
    world.turn();
    let after = world.figures().0;
    assert_eq!(after.survey.lags, [Lag { sessions: 1, positions: 8 }]);
    assert_eq!(after.deliveries - before.deliveries, 9 * 8);
    assert!(after.bytes > before.bytes && after.survey.window_bytes >= 8 * 5);
    assert_eq!(after.logs[1].publishes, [8, 0, 0]);
    assert_eq!((after.logs[0].publishes, after.ready), ([0; 3], true));
    world.full = SessionKey::MAX;
    world.desk.writable(7);
    world.turn();
    assert!(world.figures().0.survey.lags.is_empty());
}
