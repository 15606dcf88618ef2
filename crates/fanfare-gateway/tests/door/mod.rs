//! A node, its webhooks, and targets that answer as a test says.

#![allow(dead_code, reason = "each test binary uses its part of this")]

use fanfare_egress::{Addresses, Client, Lookup, Resolver};
use fanfare_gateway::{Deliveries, Options, WebhookGateway};
use fanfare_node::{Node, WebhookHealth, Webhooks};
use fanfare_proto::{
    Amends, Channel, Content, Grant, History, Keeping, Message, Namespace, Namespaces, Origins, Pattern,
    Position, Publish, Secret, Start, Time, Webhook, WebhookProgress, WebhookWish, limits,
};
use fanfare_store::{Removal, SqliteLog, SqliteOptions};
use serde_json::Value;
use sick::Sick;
use std::future::Future;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

pub const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[allow(clippy::disallowed_methods)]
pub fn now() -> Time {
    Time(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as u64)
}

#[path = "../../../fanfare-node/tests/sick/mod.rs"]
mod sick;

/// A server without doors.
pub struct Server {
    pub node: Node,
    pub store: Arc<Sick>,
    pub webhooks: Webhooks,
    deliveries: Deliveries,
    runtime: tokio::runtime::Runtime,
}

pub struct Wanted {
    pub addresses: Addresses,
    pub resolver: Option<Arc<dyn Resolver>>,
    pub time: Duration,
    pub options: Options,
    /// Channels of this pattern are live, beside those of `live/**`.
    pub live: &'static str,
}

impl Default for Wanted {
    fn default() -> Wanted {
        Wanted {
            addresses: Addresses::allowing(vec!["127.0.0.0/8".parse().unwrap()]),
            resolver: None,
            time: Duration::from_secs(10),
            options: Options { attempts: 5, wait: Duration::from_millis(20) },
            live: "lively/**",
        }
    }
}

impl Server {
    pub fn start(data: &Path, wanted: Wanted) -> Server {
        let live = Namespace::new(Pattern::parse("live/**").unwrap(), Keeping::Live);
        let lively = Namespace::new(Pattern::parse(wanted.live).unwrap(), Keeping::Live);
        let few = Namespace::new(Pattern::parse("few/**").unwrap(), Keeping::Kept);
        let few = Namespace { retention: fanfare_proto::Retention { messages: 3, ..few.retention }, ..few };
        let namespaces = Arc::new(Namespaces::new([live, lively, few]));
        let disk = SqliteLog::open(data, namespaces.clone(), SqliteOptions::default()).unwrap();
        let kept = Sick::new(Arc::new(disk));
        let store = kept.clone();
        let webhooks = Webhooks::new(kept.clone());
        let options = fanfare_node::Options {
            namespaces,
            origins: Origins::default(),
            kept,
            tail: limits::TAIL_SLOTS,
            now,
            system: now,
        };
        let node = Node::start(options).unwrap();
        let mut egress =
            fanfare_egress::Options { addresses: wanted.addresses, time: wanted.time, ..Default::default() };
        egress.resolver = wanted.resolver.unwrap_or(egress.resolver);
        let gateway = WebhookGateway::new(Client::new(egress), now);
        let deliveries =
            Deliveries::start(node.clone(), webhooks.clone(), Box::new(gateway), wanted.options).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Server { node, store, webhooks, deliveries, runtime }
    }

    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub fn hook(&self, id: &str, url: &str, pattern: &str, batch: Option<usize>) {
        let json = serde_json::json!({ "url": url, "patterns": [pattern], "batch": batch });
        let wish = WebhookWish::read(json.to_string().as_bytes()).unwrap();
        let WebhookWish { url, patterns, filter, batch, .. } = wish;
        let secret = Secret::new(SECRET.into()).unwrap();
        let webhook = Webhook { id: id.into(), url, patterns, filter, secret, batch, created: now() };
        let cursor = self.wait(self.node.head(&Grant::open(), &webhook)).unwrap();
        self.wait(self.webhooks.make(webhook, cursor)).unwrap();
    }

    pub fn say(&self, channel: &str, body: &str) {
        self.say_all(channel, [body]);
    }

    /// At once: a reader meets them together.
    pub fn say_all(&self, channel: &str, bodies: impl IntoIterator<Item: ToString>) {
        self.say_for(channel, bodies.into_iter().map(|body| (body, None)));
    }

    /// The same, of what may expire. Answers where they lie.
    pub fn say_for(
        &self,
        channel: &str,
        said: impl IntoIterator<Item = (impl ToString, Option<Duration>)>,
    ) -> Vec<Position> {
        let content = |body: String| Content { body: body.into(), ..Content::default() };
        self.publish(channel, said.into_iter().map(|(body, ttl)| (content(body.to_string()), ttl)))
    }

    pub fn delete(&self, channel: &str, target: Position) {
        let amends = Some(Amends::Deletes(target));
        self.publish(channel, [(Content { amends, ..Content::default() }, None)]);
    }

    pub fn remove(&self, channel: &str, removal: Removal) {
        let channel = Channel::parse(channel).unwrap();
        assert_eq!(self.wait(self.node.remove(&Grant::open(), &channel, removal)), Ok(true));
    }

    fn publish(
        &self,
        channel: &str,
        all: impl IntoIterator<Item = (Content, Option<Duration>)>,
    ) -> Vec<Position> {
        let channel = Channel::parse(channel).unwrap();
        let publish =
            |(content, ttl)| Publish { channel: channel.clone(), id: None, when: None, ttl, content };
        let all = all.into_iter().map(publish).collect();
        self.wait(self.node.publish(&Grant::open(), all))
            .into_iter()
            .map(|one| one.unwrap().position)
            .collect()
    }

    pub fn progress(&self, id: &str) -> WebhookProgress {
        self.wait(self.webhooks.get(id)).unwrap().unwrap().progress
    }

    pub fn health(&self, id: &str) -> WebhookHealth {
        self.webhooks.health_of(id)
    }

    pub fn messages(&self, channel: &str) -> Vec<Arc<Message>> {
        let history = History {
            patterns: vec![Pattern::parse(channel).unwrap()],
            start: Start::Last(100),
            limit: 100,
            ..History::default()
        };
        let page = self.wait(self.node.history(&Grant::open(), &history)).unwrap();
        page.messages.into_iter().map(|(message, _)| message).collect()
    }

    pub fn stop(self) {
        self.deliveries.stop();
        self.node.stop();
    }
}

/// One request as it came.
#[derive(Clone)]
pub struct Heard {
    pub head: String,
    pub body: String,
}

impl Heard {
    pub fn header(&self, name: &str) -> &str {
        self.head
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(found, _)| found.eq_ignore_ascii_case(name)))
            .map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Its message's body; nothing of what has none.
    pub fn said(&self) -> String {
        self.json()["body"].as_str().unwrap_or_default().to_owned()
    }
}

/// A target. Its answer is what a function makes of the request and how many came before; none is silence.
pub struct Target {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Target {
    pub fn new(answer: impl Fn(&Heard, usize) -> Option<String> + Send + 'static) -> Target {
        Target::at("127.0.0.1:0", answer)
    }

    pub fn at(address: &str, answer: impl Fn(&Heard, usize) -> Option<String> + Send + 'static) -> Target {
        let listener = TcpListener::bind(address).unwrap();
        let (address, heard) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<Heard>>>::default());
        let theirs = heard.clone();
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = request(&mut stream) else { continue };
                let mut heard = theirs.lock().unwrap();
                let before = heard.len();
                heard.push(request.clone());
                drop(heard);
                match answer(&request, before) {
                    Some(head) => {
                        let _ = write!(stream, "HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n");
                    }
                    None => silent.push(stream),
                }
            }
        });
        Target { address, heard }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    pub fn said(&self) -> Vec<String> {
        self.heard().iter().map(Heard::said).collect()
    }
}

pub fn ok() -> Option<String> {
    Some("204 No Content".into())
}

fn request(stream: &mut TcpStream) -> Option<Heard> {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    loop {
        let text = String::from_utf8_lossy(&all).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let heard = Heard { head: head.into(), body: body.into() };
            if body.len() >= heard.header("content-length").parse::<usize>().unwrap_or_default() {
                return Some(heard);
            }
        }
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 => all.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
}

pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Answers with what a function says, each time anew.
pub struct Says<F>(pub F);

impl<F: Fn() -> Vec<IpAddr> + Send + Sync> Resolver for Says<F> {
    fn addresses<'a>(&'a self, _: &'a str) -> Lookup<'a> {
        Box::pin(async move { Ok((self.0)()) })
    }
}
