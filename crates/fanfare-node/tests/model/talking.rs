//! What the world does with its clients that speak.

use crate::held::Held;
use crate::talker::{Asked, Past};
use crate::wants::selection;
use crate::world::{FILTERS, NOW, READERS, SELECTIONS, World};
use fanfare_node::{Opening, Outcome};
use fanfare_proto::websocket::Received;
use fanfare_proto::{Cursor, Form, Framing, Start, Time, Wire, protocol};
use serde_json::json;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

impl World {
    pub(crate) fn subscribe(&mut self, talker: usize, selection: usize, start: usize) {
        if !self.talkers[talker].open {
            self.begin(talker, &[], Start::Now);
        }
        let (at, client) = (self.published.len(), &mut self.talkers[talker]);
        let live = |asked: &Asked| asked.until.is_none() && asked.selection == selection;
        let (first, again) =
            (client.asked.iter().all(|asked| asked.until.is_some()), client.asked.iter().any(live));
        let (past, mut request) = match start {
            0 => (Past::Nothing, json!({})),
            1 => (Past::Some, json!({"last": 2})),
            _ => (Past::Everything, json!({"after": self.beginning().to_string()})),
        };
        // What is heard already and has no past to bring is no news.
        if again && past == Past::Nothing {
            return;
        }
        let client = &mut self.talkers[talker];
        client.asked.push(Asked { selection, at, past, until: None });
        client.pending += usize::from(!first);
        request["subscribe"] = json!(SELECTIONS[selection]);
        request["id"] = json!(at);
        if let Some(filter) = FILTERS[talker] {
            request["filter"] = json!(filter);
        }
        self.say(talker, &request.to_string());
    }

    /// Gives up everything of one selection, whoever else has parts of it.
    pub(crate) fn unsubscribe(&mut self, talker: usize, which: usize) {
        let at = self.published.len();
        let client = &mut self.talkers[talker];
        let Some(selection) = client.asked.get(which).filter(|asked| asked.until.is_none()) else { return };
        let given_up = SELECTIONS[selection.selection];
        let left = |selection: usize| SELECTIONS[selection].iter().any(|text| !given_up.contains(text));
        // Parts of another selection would be given up, too, and its book would have to be split.
        let touched = |asked: &&Asked| SELECTIONS[asked.selection].iter().any(|text| given_up.contains(text));
        if client.pending > 0
            || client
                .asked
                .iter()
                .filter(|asked| asked.until.is_none())
                .filter(touched)
                .any(|asked| left(asked.selection))
        {
            return;
        }
        let same = SELECTIONS[selection.selection];
        for asked in client.asked.iter_mut().filter(|asked| SELECTIONS[asked.selection] == same) {
            asked.until = asked.until.or(Some(at));
        }
        self.say(talker, &json!({"unsubscribe": given_up}).to_string());
    }

    pub(crate) fn give_room(&mut self, talker: usize, room: usize) {
        self.talkers[talker].socket.room = room;
        self.desk.writable((READERS + talker) as u32);
    }

    /// The connection breaks, and another goes on from the session's place. That speaks of what has caught up.
    pub(crate) fn reconnect(&mut self, talker: usize) {
        let client = &mut self.talkers[talker];
        client.read();
        // Its place may be on its way.
        let settled = client.pending == 0 && client.socket.room > 0;
        let Some(cursor) = client.cursor.clone().filter(|_| settled) else { return };
        let live = client.asked.iter().filter(|asked| asked.until.is_none());
        let texts: Vec<&str> = live.flat_map(|asked| SELECTIONS[asked.selection].iter().copied()).collect();
        if texts.is_empty() {
            return;
        }
        let client = &mut self.talkers[talker];
        client.socket.bytes.clear();
        client.cuts += 1;
        self.begin(talker, &texts, Start::After(Cursor::parse(&cursor).unwrap()));
    }

    fn begin(&mut self, talker: usize, texts: &[&str], start: Start) {
        // The first wants everything, the second what its filter accepts.
        let selection = selection(texts, talker);
        let form = if talker == 0 { Form::Delta } else { Form::Envelope };
        self.talkers[talker].held = (form == Form::Delta).then(Held::default);
        let wire = Wire {
            protocol: protocol::by_name("ws").unwrap(),
            form,
            framing: Framing::WebSocket(None),
            origin: None,
        };
        let retry = Duration::from_secs(1);
        let opening = Opening {
            grant: &self.grant,
            selection,
            start,
            latest: false,
            pace: None,
            wire,
            head: Vec::new(),
            retry,
            manner: Default::default(),
        };
        self.talkers[talker].last = None;
        self.talkers[talker].open = true;
        self.talkers[talker].socket.room = 500;
        self.desk.open((READERS + talker) as u32, opening, Time(NOW.load(SeqCst))).unwrap();
    }

    fn say(&mut self, talker: usize, text: &str) {
        let task = self.desk.hear((READERS + talker) as u32, &Received::Text(text), Time(NOW.load(SeqCst)));
        assert!(task.is_none(), "{text}");
    }

    /// Whether a talker with room has not caught up.
    pub(crate) fn talkers_wait(&mut self) -> bool {
        self.talkers.iter_mut().any(|client| {
            client.read();
            let waits = matches!(client.last, Some(Outcome::Waiting));
            waits || (client.open && client.socket.room > 0 && client.pending > 0)
        })
    }

    pub(crate) fn finish_talkers(&mut self) {
        for (talker, client) in self.talkers.iter_mut().enumerate().filter(|(_, client)| client.open) {
            client.read();
            client.check(talker, &self.published);
        }
    }
}
