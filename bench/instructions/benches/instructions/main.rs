//! What is counted: each stop of one message's way, from the head of a request to the bytes that a session is given. Run by
//! `cargo run -p fanfare-instructions`, under callgrind.

#![allow(clippy::unwrap_used, reason = "a measurement stops at what it did not expect")]
#![allow(missing_docs, reason = "the macros make public functions that have no documentation")]

mod batch;
mod crowd;
mod hub;
mod said;

use batch::Batch;
use crowd::Crowd;
use fanfare_proto::{Framing, Head, Message, Origins, Post, Publish, Route, Wire, route};
use gungraun::prelude::*;
use hub::Hub;
use std::hint::black_box;

const STREAM: &[u8] = b"GET /c/markets/eurusd?last=10 HTTP/1.1\r\nHost: push.example:8080\r\n\
    Connection: keep-alive\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0\r\n\
    Accept: text/event-stream\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
    Origin: https://www.example\r\nReferer: https://www.example/\r\nCache-Control: no-cache\r\n\r\n";

const PUBLISH: &[u8] =
    b"POST /c/markets/eurusd HTTP/1.1\r\nHost: push.example:8080\r\nUser-Agent: curl/8.17.0\r\n\
    Accept: */*\r\nKey: eurusd\r\nTags: region=eu,price=1.2\r\nContent-Type: application/json\r\n\
    Content-Length: 16\r\n\r\n{\"price\":1.0842}";

#[library_benchmark]
#[bench::stream(STREAM)]
fn parse_head(bytes: &[u8]) -> Route {
    let (head, _) = Head::parse(black_box(bytes)).unwrap().unwrap();
    route(&head, &Origins::default()).unwrap()
}

#[library_benchmark]
#[bench::whole(PUBLISH)]
fn parse_publish(bytes: &[u8]) -> Post {
    let (head, length) = Head::parse(black_box(bytes)).unwrap().unwrap();
    Post::read(&head, &bytes[length..]).unwrap()
}

#[library_benchmark]
#[bench::sse(args = ("sse", Framing::Chunked), setup = said::to)]
#[bench::stream(args = ("stream", Framing::Chunked), setup = said::to)]
#[bench::raw(args = ("raw", Framing::Chunked), setup = said::to)]
#[bench::poll(args = ("poll", Framing::Length), setup = said::to)]
#[bench::page(args = ("page", Framing::Length), setup = said::to)]
#[bench::ws(args = ("ws", Framing::WebSocket(None)), setup = said::to)]
#[bench::ws_compressed(args = ("ws", Framing::WebSocket(Some(15))), setup = said::to)]
fn encode((wire, message, mut said): (Wire, Message, said::Said)) -> said::Said {
    said.encode(black_box(wire), black_box(&message));
    said
}

#[library_benchmark]
#[bench::of_16_messages(setup = Crowd::with_16_messages)]
fn post_live((crowd, messages): (Crowd, Vec<Publish>)) -> (Crowd, Vec<u8>) {
    let answers = crowd.post(black_box(messages));
    (crowd, answers)
}

#[library_benchmark]
#[bench::to_1000_sessions(setup = Crowd::of_1000)]
#[bench::to_100_with_256_names(setup = Crowd::of_100_with_256_names)]
fn fan_out(mut crowd: Crowd) -> Crowd {
    crowd.turn();
    crowd
}

#[library_benchmark]
#[bench::of_1000_more(setup = Hub::before_1000)]
fn join(mut hub: Hub) -> Hub {
    hub.join();
    hub
}

#[library_benchmark]
#[bench::of_1000(setup = Hub::of_2000)]
fn leave(mut hub: Hub) -> Hub {
    hub.leave();
    hub
}

#[library_benchmark]
#[bench::among_2000(setup = Hub::of_2000_and_a_message)]
fn find((mut hub, message): (Box<Hub>, Box<Message>)) -> (Box<Hub>, Box<Message>, u32) {
    let found = hub.find(black_box(&message));
    (hub, message, found)
}

#[library_benchmark]
#[bench::of_100_messages(setup = Batch::of_100)]
fn commit(batch: Batch) -> Batch {
    batch.commit()
}

library_benchmark_group!(
    name = instructions,
    benchmarks = [parse_head, parse_publish, post_live, encode, fan_out, join, leave, find, commit]
);
main!(library_benchmark_groups = instructions);
