//! Readers of every transport that carries a cursor, written from the documents alone: strict, and with nothing of
//! the server's own code. What counts as received is a complete event, line or response. Beside them the client
//! library, whose readers are held to the same.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod library;
mod module;
mod page;
mod poll;
mod response;
mod script;
mod socket;
mod stream;

use std::io;
use std::net::SocketAddr;

/// What a reader heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Message { channel: String, position: u64, body: String },
    Gap { reason: String, from: u64, to: u64 },
}

/// How to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    EventStream,
    Lines,
    WebSocket,
    LongPoll,
    Page,
    Pushlet,
    Jsonp,
    /// The client library.
    Library(fanfare_client::Transport),
    /// The JavaScript client.
    Module(fanfare_client::Transport),
}

impl Transport {
    /// Every way to read; those of the JavaScript client where there is Node.
    pub fn all() -> Vec<Transport> {
        let own = [
            Transport::EventStream,
            Transport::Lines,
            Transport::WebSocket,
            Transport::LongPoll,
            Transport::Page,
            Transport::Pushlet,
            Transport::Jsonp,
        ];
        let library = fanfare_client::Transport::ALL.map(Transport::Library);
        let module = module::modules().map(|_| fanfare_client::Transport::ALL.map(Transport::Module));
        own.into_iter().chain(library).chain(module.into_iter().flatten()).collect()
    }
}

/// One reader over several connections and transports: all it keeps is the last cursor.
#[derive(Debug, Default)]
pub struct Reader {
    pub cursor: Option<String>,
    pub heard: Vec<Heard>,
}

impl Reader {
    /// Reads at least `wanted` more messages over one transport, then cuts the connection in the middle of whatever
    /// comes next. An error of the connection is a cut, too. `target` is a path, perhaps with a query.
    pub fn read(
        &mut self,
        address: SocketAddr,
        target: &str,
        transport: Transport,
        wanted: usize,
    ) -> io::Result<()> {
        let before = self.messages();
        let mut enough = |reader: &Reader| reader.messages() - before >= wanted;
        match transport {
            Transport::EventStream => stream::events(self, address, target, &mut enough),
            Transport::Lines => stream::lines(self, address, target, &mut enough),
            Transport::WebSocket => socket::read(self, address, target, &mut enough),
            Transport::LongPoll => poll::read(self, address, target, &mut enough),
            Transport::Page => page::read(self, address, target, &mut enough),
            Transport::Pushlet => script::pushlet(self, address, target, &mut enough),
            Transport::Jsonp => script::jsonp(self, address, target, &mut enough),
            Transport::Library(transport) => library::read(self, address, target, transport, &mut enough),
            Transport::Module(transport) => module::read(self, address, target, transport, &mut enough),
        }
    }

    /// Messages heard so far.
    pub fn messages(&self) -> usize {
        self.heard.iter().filter(|heard| matches!(heard, Heard::Message { .. })).count()
    }

    /// The target with more parameters, and with the last cursor.
    fn target(&self, target: &str, parameters: &str) -> String {
        let mark = if target.contains('?') { '&' } else { '?' };
        let after = self.cursor.as_ref().map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        format!("{target}{mark}{parameters}{after}")
    }

    /// Takes an object of one of the JSON protocols: a message, a gap, or a place alone.
    fn take(&mut self, value: &serde_json::Value) {
        let number = |value: &serde_json::Value| value.as_u64().unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        if value.get("channel").is_some() {
            let (channel, position) = (text(&value["channel"]), number(&value["position"]));
            self.heard.push(Heard::Message { channel, position, body: text(&value["body"]) });
        } else if let Some(gap) = value.get("gap").filter(|gap| !gap.is_null()) {
            self.take_gap(gap);
        }
    }

    fn take_gap(&mut self, gap: &serde_json::Value) {
        let number = |name: &str| gap[name].as_u64().unwrap();
        let reason = gap["reason"].as_str().unwrap().to_owned();
        self.heard.push(Heard::Gap { reason, from: number("from"), to: number("to") });
    }

    fn take_cursor(&mut self, value: &serde_json::Value) {
        if let Some(cursor) = value["cursor"].as_str() {
            self.cursor = Some(cursor.to_owned());
        }
    }
}
