//! One worker's sessions that hear one live channel and perhaps others, each by a socket that takes everything.

use fanfare_node::{Desk, Node, Opening, Options, Sink};
use fanfare_proto::{
    Channel, Content, Framing, Grant, Keeping, LogId, Namespace, Namespaces, Origins, Pattern, Publish,
    Selection, Start, Time, Wire, created, limits, protocol,
};
use fanfare_store::MemoryLog;
use std::io;
use std::sync::Arc;
use std::time::Duration;

const NOW: Time = Time(1_790_000_000_000);
const CHANNEL: &str = "live/all";

pub struct Crowd {
    node: Node,
    desk: Desk,
    socket: Socket,
}

/// Counts what it is given.
struct Socket(usize);

impl Sink for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }
}

impl Crowd {
    /// A thousand sessions; a message was published that none has heard.
    pub fn of_1000() -> Crowd {
        Crowd::behind(1000, 1)
    }

    /// A hundred sessions of as many names as one may have, of which they share one.
    pub fn of_100_with_256_names() -> Crowd {
        Crowd::behind(100, limits::SUBSCRIPTIONS)
    }

    fn behind(sessions: u32, names: usize) -> Crowd {
        let mut crowd = Crowd::of(sessions, names);
        // What is done once is done before anything is counted.
        for _ in 0..2 {
            crowd.publish();
            crowd.turn();
        }
        assert!(crowd.socket.0 > 2 * sessions as usize * 128, "not all have heard");
        crowd.publish();
        crowd
    }

    fn of(sessions: u32, names: usize) -> Crowd {
        let namespaces = Namespaces::new([Namespace::new(Pattern::parse("live/**").unwrap(), Keeping::Live)]);
        let namespaces = Arc::new(namespaces);
        let options = Options {
            kept: Arc::new(MemoryLog::new(LogId::KEPT, namespaces.clone())),
            namespaces,
            origins: Origins::default(),
            tail: limits::TAIL_SLOTS,
            now: || NOW,
            system: || NOW,
        };
        let node = Node::start(options).unwrap();
        let desk = Desk::new(node.clone(), Arc::new(|| {}));
        let mut crowd = Crowd { node, desk, socket: Socket(0) };
        (0..sessions).for_each(|key| crowd.open(key, names));
        crowd
    }

    fn open(&mut self, key: u32, names: usize) {
        let own = (1..names).map(|name| format!("live/{key}/{name}"));
        let names = own.chain([CHANNEL.to_owned()]).map(|name| Pattern::parse(&name).unwrap());
        let protocol = protocol::by_name("ws").unwrap();
        let form = protocol::ALL[usize::from(protocol.0)].forms()[0];
        let opening = Opening {
            grant: &Arc::new(Grant::open()),
            selection: Selection::new(names.collect()),
            start: Start::Now,
            latest: false,
            pace: None,
            wire: Wire { protocol, form, framing: Framing::WebSocket(None), origin: None },
            head: Vec::new(),
            retry: Duration::from_secs(1),
            manner: Default::default(),
        };
        self.desk.open(key, opening, NOW).unwrap();
    }

    /// Nobody hears, and the log is as long as it gets.
    pub fn with_16_messages() -> (Crowd, Vec<Publish>) {
        let crowd = Crowd::of(0, 1);
        (0..limits::TAIL_SLOTS + 100).for_each(|_| crowd.publish());
        (crowd, (0..16).map(|_| message()).collect())
    }

    fn publish(&self) {
        assert!(!self.post(vec![message()]).is_empty(), "a live message was not published");
    }

    /// Publishes, and answers what the publishers are sent.
    pub fn post(&self, messages: Vec<Publish>) -> Vec<u8> {
        let mut out = Vec::new();
        for answer in self.node.post_live(&Grant::open(), messages) {
            created(&answer.unwrap(), None, &self.node.origins(), NOW, &mut out);
        }
        out
    }

    /// Gives everybody what is new.
    pub fn turn(&mut self) {
        self.desk.turn(NOW);
        while let Some(key) = self.desk.next_in_line() {
            self.desk.write(key, NOW, &mut self.socket);
        }
    }
}

fn message() -> Publish {
    let content = Content { body: format!("{:-<128}", "number 1 ").into(), ..Content::default() };
    Publish { channel: Channel::parse(CHANNEL).unwrap(), id: None, ttl: None, when: None, content }
}
