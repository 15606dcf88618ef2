//! The API in process: a real node over a log in memory, asked through the service that a transport would call.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used)]

mod described;

use axum::Router;
use axum::body::{Body, to_bytes};
use fanfare_api::{Options, api};
use fanfare_node::Node;
use fanfare_proto::{Keeping, LogId, Namespace, Namespaces, Origins, Pattern, Time, limits};
use fanfare_store::{MemoryLog, Store};
use http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tower::ServiceExt;

/// A node and the service over it.
pub struct Door {
    pub node: Node,
    pub service: Router,
}

/// A method and a target, headers, a body; the status and the name of the problem that must come back.
pub type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, u16, &'a str);

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}\n{}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}

#[expect(clippy::disallowed_methods, reason = "nothing jumps within a test")]
fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time(since.as_millis() as u64)
}

impl Door {
    /// `live/**` is live, `tiny/**` takes 10 bytes, everything else is kept with the defaults.
    pub fn open() -> Door {
        Door::with_origins(&[])
    }

    pub fn with_origins(origins: &[&str]) -> Door {
        Door::over(origins, |log| log)
    }

    /// The kept log is a log in memory, in what wraps it.
    pub fn over(origins: &[&str], wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> Door {
        let rule = |pattern: &str, keeping| Namespace::new(Pattern::parse(pattern).unwrap(), keeping);
        let tiny = Namespace { body_bytes: 10, ..rule("tiny/**", Keeping::Kept) };
        let namespaces = Arc::new(Namespaces::new([rule("live/**", Keeping::Live), tiny]));
        let kept = wrap(Arc::new(MemoryLog::new(LogId::KEPT, namespaces.clone())));
        let origins = Origins::new(origins.iter().copied());
        let node = Node::start(fanfare_node::Options {
            namespaces,
            origins,
            kept,
            tail: limits::TAIL_SLOTS,
            now,
            system: now,
        })
        .unwrap();
        Door { service: api(node.clone(), Options::default()), node }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (method, target) = (request.method().to_string(), request.uri().to_string());
        let response = self.service.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        described::check(&method, &target, &answer);
        answer
    }

    /// `request` is a method and a target: `POST /c/a?key=k`.
    pub async fn ask(&self, request: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let (method, target) = request.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.ask(&format!("GET {target}"), &[], "").await
    }

    /// Publishes and answers the receipt.
    pub async fn say(&self, channel: &str, body: &str) -> Value {
        let answer = self.ask(&format!("POST /c/{channel}"), &[], body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()
    }

    /// Sends each request of a table and compares the status, and the code of the problem where one is named.
    pub async fn refuses(&self, table: &[Case<'_>]) {
        for (request, headers, body, status, code) in table {
            let answer = self.ask(request, headers, body).await;
            assert_eq!(answer.status, *status, "{request} {headers:?} {body:?}: {answer:?}");
            assert_eq!(answer.problem(), *code, "{request} {headers:?} {body:?}: {answer:?}");
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.node.stop();
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The name of the problem that the document tells; also checks the document.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let document = self.json();
        assert_eq!(document["status"], self.status.as_u16(), "{self:?}");
        assert!(document["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{self:?}");
        document["name"].as_str().unwrap_or_default().to_owned()
    }

    /// The target that `Link` names for a relation.
    pub fn link(&self, relation: &str) -> Option<String> {
        let wanted = format!("; rel=\"{relation}\"");
        let links: Vec<&str> =
            self.headers.get_all("link").iter().map(|link| link.to_str().unwrap()).collect();
        let found = links.iter().flat_map(|line| line.split(", ")).find(|link| link.ends_with(&wanted))?;
        Some(found.trim_end_matches(&wanted).trim_matches(['<', '>']).to_owned())
    }

    /// The bodies of a page's messages.
    pub fn bodies(&self) -> Vec<String> {
        let page = self.json();
        let messages = page["messages"].as_array().unwrap_or_else(|| panic!("{self:?}"));
        messages.iter().map(|message| message["body"].as_str().unwrap_or("?").to_owned()).collect()
    }
}
