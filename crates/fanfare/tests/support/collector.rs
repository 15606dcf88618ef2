//! A collector of traces as strict as the specification of OTLP lets it be: one kind of request to one path, of exactly
//! the fields that its protobuf messages have. What is not so is a fault, and fails the test that looks at the spans.

use super::server::until;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// A collector. It lives as long as the test.
pub struct Collector {
    pub address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

/// A span, and the service that it is of.
#[derive(Debug, Clone)]
pub struct Given {
    pub span: Span,
    pub resource: BTreeMap<String, String>,
}

/// What a collector does with what it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Takes,
    Refuses,
    /// Reads and never answers.
    Silent,
}

struct Shared {
    mood: Mood,
    path: &'static str,
    requests: usize,
    bytes: Vec<u8>,
    spans: Vec<Given>,
    faults: Vec<String>,
}

impl Collector {
    pub fn start(mood: Mood) -> Collector {
        Collector::at("/v1/traces", mood)
    }

    /// One that wants its requests at this path.
    pub fn at(path: &'static str, mood: Mood) -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (bytes, spans, faults) = (Vec::new(), Vec::new(), Vec::new());
        let shared = Arc::new(Mutex::new(Shared { mood, path, requests: 0, bytes, spans, faults }));
        let theirs = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = theirs.clone();
                thread::spawn(move || while take(&stream, &shared).is_ok_and(|more| more) {});
            }
        });
        Collector { address, shared }
    }

    /// `http://address`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn become_of(&self, mood: Mood) {
        self.shared().mood = mood;
    }

    /// Waits for so many requests in all.
    #[track_caller]
    pub fn await_requests(&self, count: usize) {
        until("requests at the collector", || self.shared().requests >= count);
    }

    /// Requests so far.
    pub fn requests(&self) -> usize {
        self.shared().requests
    }

    /// Every byte that came, heads included.
    pub fn bytes(&self) -> Vec<u8> {
        self.shared().bytes.clone()
    }

    /// The spans that came; fails if anything was wrong with how.
    #[track_caller]
    pub fn spans(&self) -> Vec<Given> {
        let shared = self.shared();
        assert!(shared.faults.is_empty(), "{:#?}", shared.faults);
        shared.spans.clone()
    }

    /// The only span of this name.
    #[track_caller]
    pub fn span(&self, name: &str) -> Given {
        let spans = self.spans();
        let named: Vec<&Given> = spans.iter().filter(|given| given.span.name == name).collect();
        let names: Vec<&str> = spans.iter().map(|given| given.span.name.as_str()).collect();
        assert!(named.len() == 1, "{} spans are called {name}; there are {names:?}", named.len());
        named[0].clone()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap()
    }
}

impl Given {
    /// What its attributes say, as text.
    pub fn attributes(&self) -> BTreeMap<String, String> {
        texts(&self.span.attributes)
    }
}

/// Takes a request. Answers whether there may be another.
fn take(stream: &TcpStream, shared: &Mutex<Shared>) -> io::Result<bool> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(false);
        }
    }
    let field = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        let values = lines.filter(|(other, _)| other.eq_ignore_ascii_case(name));
        values.map(|(_, value)| value.trim().to_owned()).collect::<Vec<_>>().join(",")
    };
    let mut body = vec![0; field("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body)?;
    assert!(reader.buffer().is_empty(), "a collector is not sent requests ahead of answers");
    let mut shared = shared.lock().unwrap();
    shared.requests += 1;
    shared.bytes.extend(head.as_bytes());
    shared.bytes.extend(&body);
    let line = format!("POST {} HTTP/1.1", shared.path);
    if head.lines().next() != Some(&line) || field("content-type") != "application/x-protobuf" {
        shared.faults.push(head.clone());
    }
    let answer: &[u8] = match shared.mood {
        Mood::Takes => {
            match parse(&body) {
                Ok(spans) => shared.spans.extend(spans),
                Err(fault) => shared.faults.push(fault),
            }
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n"
        }
        Mood::Refuses => b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        Mood::Silent => b"",
    };
    drop(shared);
    let mut stream = stream;
    stream.write_all(answer)?;
    Ok(true)
}

fn parse(body: &[u8]) -> Result<Vec<Given>, String> {
    let request = ExportTraceServiceRequest::decode(body).map_err(|error| error.to_string())?;
    // What the messages have no field for would not come back.
    if request.encode_to_vec() != body {
        return Err(format!("there is more than the messages have: {request:?}"));
    }
    let mut given = Vec::new();
    for spans in request.resource_spans {
        let resource = texts(&spans.resource.ok_or("no resource")?.attributes);
        for span in spans.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            let sane = span.trace_id.len() == 16 && span.span_id.len() == 8;
            if !sane || span.start_time_unix_nano == 0 || span.end_time_unix_nano < span.start_time_unix_nano
            {
                return Err(format!("no span: {span:?}"));
            }
            given.push(Given { span, resource: resource.clone() });
        }
    }
    Ok(given)
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.clone()) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{other:?} is not what fanfare sends"),
    };
    attributes.iter().map(|attribute| (attribute.key.clone(), text(&attribute.value))).collect()
}
