//! A transport over a real node in memory and a tiny API, and peers with sockets.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unused_imports,
    reason = "a test stops at what it did not expect; each uses its part"
)]

mod peer;
mod talk;

pub use peer::Peer;
pub use talk::{Talk, frame};

use bytes::Bytes;
use fanfare_node::Node;
use fanfare_proto::{
    Channel, Content, Grant, Keeping, LogId, Namespace, Namespaces, Origins, Pattern, Publish, Time, limits,
};
use fanfare_store::MemoryLog;
use fanfare_transport::{Api, Options, RequestBody, Running, Transport, api};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What a test waits at the most for anything.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Server {
    pub node: Node,
    pub address: SocketAddr,
    /// Requests that the API has seen.
    calls: Arc<AtomicU64>,
    running: Option<Running>,
}

#[expect(clippy::disallowed_methods, reason = "nothing jumps within a test")]
fn now() -> Time {
    Time(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64)
}

/// Waits for a condition.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "waited in vain for: {what}");
        std::thread::yield_now();
    }
}

fn node() -> Node {
    let live = Namespace::new(Pattern::parse("live/**").unwrap(), Keeping::Live);
    let namespaces = Arc::new(Namespaces::new([live]));
    let kept = Arc::new(MemoryLog::new(LogId::KEPT, namespaces.clone()));
    let origins = Origins::new(["https://a.example"]);
    Node::start(fanfare_node::Options {
        namespaces,
        origins,
        kept,
        tail: limits::TAIL_SLOTS,
        now,
        system: now,
    })
    .unwrap()
}

impl Server {
    pub fn start() -> Server {
        Server::with(|_| {})
    }

    /// One worker, so that peers of a test meet; impatient where a test would wait.
    pub fn with(change: impl FnOnce(&mut Options)) -> Server {
        let node = node();
        let mut options = Options { workers: 1, ..Options::default() };
        change(&mut options);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let calls = Arc::new(AtomicU64::new(0));
        let api = tiny(node.clone(), calls.clone());
        let running = Transport::start(listener, node.clone(), api, options).unwrap();
        Server { node, address: running.address(), calls, running: Some(running) }
    }

    pub fn peer(&self) -> Peer {
        Peer::connect(self.address)
    }

    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// Waits until so many sessions are held.
    pub fn until_sessions(&self, count: u64) {
        until(&format!("{count} sessions"), || self.running().sessions() == count);
    }

    /// Requests that the API has seen.
    pub fn calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }

    /// Waits until the API has seen so many requests.
    pub fn until_calls(&self, count: u64) {
        until(&format!("{count} calls"), || self.calls.load(Relaxed) == count);
    }

    /// Publishes past the sockets.
    pub fn publish(&self, channel: &str, body: &str) {
        self.publish_bytes(channel, body.as_bytes());
    }

    pub fn publish_bytes(&self, channel: &str, body: &[u8]) {
        let content = Content { body: body.to_vec().into(), ..Content::default() };
        let publish =
            Publish { channel: Channel::parse(channel).unwrap(), id: None, ttl: None, when: None, content };
        let grant = Grant::open();
        let answers = self.node.publish(&grant, vec![publish]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(answers).remove(0).unwrap();
    }

    /// Ends, and waits for it.
    pub fn join(mut self) {
        self.running.take().unwrap().join();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.drain(Duration::ZERO);
            running.join();
        }
        self.node.stop();
    }
}

/// `POST /c/<channel>` publishes what the worker does not publish itself; `GET /big` answers a megabyte; `GET /never` does not answer; all else says what was
/// asked.
fn tiny(node: Node, calls: Arc<AtomicU64>) -> Api {
    api(tower::service_fn(move |request: Request<RequestBody>| {
        calls.fetch_add(1, Relaxed);
        answer(node.clone(), request)
    }))
}

async fn answer(
    node: Node,
    request: Request<RequestBody>,
) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let response = |status, body: Bytes| {
        let mut response = http::Response::new(Full::new(body));
        *response.status_mut() = status;
        Ok(response)
    };
    if head.method == Method::GET && head.uri.path() == "/big" {
        return response(StatusCode::OK, vec![b'x'; 1024 * 1024].into());
    }
    if head.uri.path() == "/never" {
        std::future::pending::<()>().await;
    }
    if head.uri.path() == "/early" {
        return response(StatusCode::PAYLOAD_TOO_LARGE, "too large".into());
    }
    let Ok(body) = body.collect().await else {
        return response(StatusCode::IM_A_TEAPOT, "the body broke".into());
    };
    let body = body.to_bytes();
    let Some(channel) = head.uri.path().strip_prefix("/c/").filter(|_| head.method == Method::POST) else {
        let said = format!("{} {} with {} bytes", head.method, head.uri.path(), body.len());
        return response(StatusCode::OK, said.into());
    };
    let content = Content { body, ..Content::default() };
    let publish =
        Publish { channel: Channel::parse(channel).unwrap(), id: None, ttl: None, when: None, content };
    match node.publish(&Grant::open(), vec![publish]).await.remove(0) {
        Ok(receipt) => response(StatusCode::CREATED, format!("{{\"position\":{}}}", receipt.position).into()),
        Err(refusal) => response(StatusCode::SERVICE_UNAVAILABLE, refusal.to_string().into()),
    }
}
