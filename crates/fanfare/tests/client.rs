//! The client library against the real server.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod readers;
mod support;

use fanfare_client::{Client, Error, Event, Retry, State, Subscription, Transport};
use readers::library::wait;
use std::time::Duration;
use support::http::publish;
use support::proxy::{self, Breaks};
use support::server::{PATIENCE, Server, until};
use tokio::time::timeout;

fn client(server: &Server) -> Client {
    Client::new(server.url("")).unwrap()
}

fn next(subscription: &mut Subscription) -> Event {
    wait(async { timeout(PATIENCE, subscription.next()).await.unwrap().unwrap().unwrap() })
}

/// The bodies of the next messages, which come without a gap.
fn bodies(subscription: &mut Subscription, count: usize) -> Vec<String> {
    let mut bodies = Vec::new();
    while bodies.len() < count {
        match next(subscription) {
            Event::Message(message) => bodies.push(message.text().unwrap().to_owned()),
            Event::Gap(gap) => panic!("{gap}"),
            _ => {}
        }
    }
    bodies
}

/// Waits until the server has answered; says over which transport, and which were left before.
fn opened(subscription: &mut Subscription) -> (Transport, Vec<Transport>) {
    let mut left = Vec::new();
    loop {
        match next(subscription) {
            Event::State(State::Open { transport }) => return (transport, left),
            Event::State(State::Lost { transport, .. }) => left.push(transport),
            _ => {}
        }
    }
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
fn what_is_published_is_read_back_as_it_was() {
    let server = Server::start();
    let client = client(&server);
    let notice = format!("{{\"title\":\"{}\"}}", "ä".repeat(1900));
    let sent = wait(async {
        let text = client.publish("a/b c/é", "text \"x\"\n").key("k").priority(4).event("e");
        let text = text.ttl(Duration::from_secs(60)).tags("n=1.5,ok=true").notice(&notice).id("my-id");
        let text = text.await.unwrap();
        client.publish("a/json", r#"{"b": [1]}"#).content_type("application/json").await.unwrap();
        client.publish("a/json", "null").content_type("application/json").await.unwrap();
        client.publish("a/bytes", vec![0, 255]).await.unwrap();
        text
    });
    let page = wait(client.history("a/**").last(10).into_future()).unwrap();
    let found: Vec<&[u8]> = page.messages.iter().map(|message| &*message.body).collect();
    assert_eq!(found, [&b"text \"x\"\n"[..], b"{\"b\": [1]}", b"null", &[0, 255]]);
    let first = &page.messages[0];
    assert_eq!((&*first.channel, &*first.id, first.position), ("a/b c/é", "my-id", sent.position));
    assert_eq!(
        (first.key.as_deref(), first.priority, first.event.as_deref()),
        (Some("k"), Some(4), Some("e"))
    );
    assert_eq!((first.tags["n"].as_f64(), first.tags["ok"].as_bool()), (Some(1.5), Some(true)));
    assert_eq!(first.notice.as_deref(), Some(&*notice));
    assert!(first.expires.is_some() && !page.more && page.gaps.is_empty());
    assert_eq!(page.messages[1].json::<serde_json::Value>().unwrap()["b"][0], 1);
}

#[test]
fn pages_lead_to_each_other() {
    let server = Server::start();
    let client = client(&server);
    (0..10).for_each(|number| drop(publish(server.address, "a", &number.to_string())));
    let read = |request: fanfare_client::PageRequest| {
        let page = wait(request.into_future()).unwrap();
        let bodies: Vec<String> =
            page.messages.iter().map(|message| message.text().unwrap().into()).collect();
        (bodies, page)
    };
    let (newest, page) = read(client.history("a").last(4).limit(4));
    assert_eq!((newest, page.more), (numbers(6..10), false));
    let (older, _) = read(client.history("a").before(page.before.unwrap()).limit(4));
    assert_eq!(older, numbers(2..6));
    let (first, page) = read(client.history("a").since("1h").limit(7));
    assert_eq!((first, page.more), (numbers(0..7), true));
    assert_eq!(read(client.history("a").after(page.cursor)).0, numbers(7..10));
}

#[test]
fn several_are_published_together_and_refused_one_by_one() {
    let server = Server::start();
    let client = client(&server);
    let envelopes =
        [r#"{"channel":"a","body":"1"}"#, r#"{"channel":"a//b","body":"2"}"#, r#"{"channel":"a","body":3}"#];
    let results = wait(client.publish_all(envelopes)).unwrap();
    let told: Vec<bool> = results.iter().map(Result::is_ok).collect();
    assert_eq!(told, [true, false, true]);
    let refusal = results[1].as_ref().unwrap_err();
    assert_eq!((refusal.code, &*refusal.name, refusal.retry), (3001, "bad-name", Retry::Never));
    let channels = wait(client.channels("**", None)).unwrap();
    assert_eq!((channels.len(), &*channels[0].channel, channels[0].messages), (1, "a", 2));
}

#[test]
fn every_transport_goes_on_after_a_crash() {
    for transport in Transport::ALL {
        let mut server = Server::start();
        let mut subscription =
            wait(async { client(&server).subscribe(["a/*", "b"]).transports([transport]).start() });
        assert_eq!(opened(&mut subscription), (transport, vec![]));
        // A cursor comes before any message, so a cut now loses nothing.
        while subscription.cursor().is_none() {
            next(&mut subscription);
        }
        for round in 0..3 {
            let numbers = numbers(round * 20..round * 20 + 20);
            let (before, after) = numbers.split_at(10);
            before.iter().for_each(|number| drop(publish(server.address, "a/x", number)));
            if round == 1 {
                assert_eq!(bodies(&mut subscription, 10), before, "{transport}");
            }
            server.kill();
            server.restart();
            after.iter().for_each(|number| drop(publish(server.address, "b", number)));
            let rest = if round == 1 { after } else { &numbers };
            assert_eq!(bodies(&mut subscription, rest.len()), rest, "{transport}, round {round}");
        }
        assert_eq!(subscription.transport(), Some(transport));
    }
}

#[test]
fn a_proxy_that_breaks_a_transport_is_got_around() {
    let server = Server::start();
    for (breaks, expected, left) in [
        (Breaks::WebSocket, Transport::EventStream, vec![Transport::WebSocket]),
        (Breaks::EventStreamToo, Transport::LongPoll, vec![Transport::WebSocket, Transport::EventStream]),
    ] {
        let proxy = proxy::start(server.address, breaks);
        let channel = format!("{breaks:?}");
        publish(server.address, &channel, "0");
        let client = Client::new(proxy.to_string()).unwrap();
        let mut subscription = wait(async { client.subscribe([&*channel]).last(5).start() });
        assert_eq!(opened(&mut subscription), (expected, left), "{breaks:?}");
        publish(server.address, &channel, "1");
        assert_eq!(bodies(&mut subscription, 2), ["0", "1"], "{breaks:?}");
    }
}

#[test]
fn what_is_refused_for_good_ends_a_subscription() {
    let server = Server::start();
    for transport in Transport::ALL {
        let mut subscription =
            wait(async { client(&server).subscribe(["a//b"]).transports([transport]).start() });
        let error = wait(async {
            loop {
                match timeout(PATIENCE, subscription.next()).await.unwrap() {
                    Some(Ok(Event::State(State::Connecting { .. }))) => {}
                    other => break other.unwrap().unwrap_err(),
                }
            }
        });
        assert!(matches!(&error, Error::Refused(refusal) if refusal.code == 3001), "{transport}: {error}");
        assert!(!error.passes());
        assert!(wait(subscription.next()).is_none());
    }
    let unknown = Client::new("ftp://somewhere").unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "`ftp://somewhere` is not the address of a server: it must be http or https, without a query"
    );
}

#[test]
fn who_takes_slowly_loses_the_connection_and_no_message() {
    let server = Server::with_config("[[namespace]]\npattern = \"**\"\nmessages = 50000\n", &[]);
    let body = "x".repeat(2000);
    let mut subscription = wait(async { client(&server).subscribe(["a"]).start() });
    opened(&mut subscription);
    while !matches!(next(&mut subscription), Event::CaughtUp) {}
    let envelope = |number| format!(r#"{{"channel":"a","body":"{number} {body}"}}"#);
    for from in (0..20_000).step_by(1000) {
        let results = wait(client(&server).publish_all((from..from + 1000).map(envelope))).unwrap();
        assert!(results.iter().all(Result::is_ok));
    }
    let heard = bodies(&mut subscription, 20_000);
    let numbers: Vec<usize> =
        heard.iter().map(|body| body.split_once(' ').unwrap().0.parse().unwrap()).collect();
    assert!(numbers.iter().copied().eq(0..20_000), "{:?}", &numbers[..20]);
}

#[test]
fn a_publish_waits_for_a_server_and_is_said_once() {
    let mut server = Server::start();
    let client = client(&server);
    server.kill();
    let sent = std::thread::spawn(move || wait(client.publish("a", "x").into_future()));
    until("it to be tried", || !sent.is_finished());
    server.restart();
    let receipt = sent.join().unwrap().unwrap();
    assert_eq!(receipt.channel, "a");
    let page = wait(Client::new(server.url("")).unwrap().history("a").into_future()).unwrap();
    assert_eq!(page.messages.len(), 1);
    server.kill();
    let down = Client::new(server.url("")).unwrap();
    let error = wait(down.publish("a", "x").try_for(Duration::ZERO).into_future()).unwrap_err();
    assert!(matches!(&error, Error::Unreachable { why, .. } if why == "nothing listens there"), "{error}");
}

#[test]
fn a_connection_can_be_cut_and_begins_with_the_first_transport() {
    let server = Server::start();
    let mut subscription = wait(async { client(&server).subscribe(["a"]).start() });
    opened(&mut subscription);
    for number in numbers(0..5) {
        publish(server.address, "a", &number);
        assert_eq!(bodies(&mut subscription, 1), [number]);
        subscription.reconnect();
        assert_eq!(opened(&mut subscription).0, Transport::WebSocket);
    }
}
