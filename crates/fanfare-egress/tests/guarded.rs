//! What a client refuses before it connects, and what it follows.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

#[allow(dead_code, reason = "each test file uses its part")]
mod door;

use door::{Peer, Says, answer, client, local, target};
use fanfare_egress::{Call, EgressError, Options, RedirectError};
use http::{HeaderMap, HeaderValue};
use std::sync::Arc;

fn secret() -> HeaderMap {
    HeaderMap::from_iter([(http::HeaderName::from_static("x-secret"), HeaderValue::from_static("s3cret"))])
}

#[tokio::test]
async fn what_only_this_machine_reaches_is_refused_by_default() {
    let peer = Peer::new("127.0.0.1:0", |_| answer("200 OK", "", "secret"));
    let port = peer.address.port();
    let client = client(Options::default());
    for host in [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "0.0.0.0",
        "localhost",
    ] {
        let error = client.send(Call::get(target(&format!("http://{host}:{port}/")))).await.unwrap_err();
        assert!(matches!(error, EgressError::Address { .. }), "{host}: {error}");
        assert!(error.to_string().contains("egress_allow"), "{error}");
    }
    assert_eq!(peer.connections(), 0);
}

#[tokio::test]
async fn names_without_an_address_or_with_too_many_are_refused() {
    let none = client(Options { resolver: Arc::new(Says(|_: &str| vec![])), ..local() });
    let error = none.send(Call::get(target("http://a.example/"))).await.unwrap_err();
    assert!(matches!(error, EgressError::NoAddress { .. }), "{error}");
    let many = |_: &str| vec!["127.0.0.1".parse().unwrap(); 33];
    let many = client(Options { resolver: Arc::new(Says(many)), ..local() });
    let error = many.send(Call::get(target("http://a.example/"))).await.unwrap_err();
    assert!(matches!(error, EgressError::ManyAddresses { count: 33, .. }), "{error}");
    let client = client(local());
    let error = client.send(Call::get(target("http://nobody.invalid/"))).await.unwrap_err();
    assert!(matches!(error, EgressError::Lookup { .. } | EgressError::NoAddress { .. }), "{error}");
}

#[tokio::test]
async fn a_request_goes_out_as_it_was_made() {
    let peer = Peer::new("127.0.0.1:0", |_| answer("201 Created", "x-a: b\r\n", "made"));
    let call = Call::post(target(&peer.url("/a/b?c=d")), secret(), "body".into());
    let answer = client(local()).send(call).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), &*answer.body, &answer.headers["x-a"]),
        (201, &b"made"[..], &HeaderValue::from_static("b"))
    );
    let request = &peer.requests()[0];
    assert!(request.starts_with("POST /a/b?c=d HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("host: {}\r\n", peer.address)), "{request}");
    assert!(
        request.contains("x-secret: s3cret\r\n") && request.contains("content-length: 4\r\n"),
        "{request}"
    );
    assert!(request.ends_with("\r\n\r\nbody"), "{request}");
}

/// Two peers; the first says where to go.
async fn redirected(
    status: &'static str,
    same: bool,
    post: bool,
) -> (Result<u16, EgressError>, String, usize) {
    let other = Peer::new("127.0.0.1:0", |_| answer("200 OK", "", "other"));
    let to = if same { "/there".to_owned() } else { other.url("/there") };
    let first = Peer::new("127.0.0.1:0", move |request| match request.contains(" /there ") {
        true => answer("200 OK", "", "same"),
        false => answer(status, &format!("location: {to}\r\n"), ""),
    });
    let target = target(&first.url("/"));
    let call = match post {
        true => Call::post(target, secret(), "body".into()),
        false => Call { headers: secret(), ..Call::get(target) },
    };
    let answer = client(local()).send(call).await.map(|answer| answer.status.as_u16());
    let last = if same { first.requests().pop() } else { other.requests().pop() };
    (answer, last.unwrap_or_default(), other.connections())
}

#[tokio::test]
async fn a_question_follows_and_tells_its_secrets_to_the_first_only() {
    for status in ["301 M", "302 F", "303 S", "307 T", "308 P"] {
        let (answer, last, _) = redirected(status, true, false).await;
        assert!(answer.is_ok() && last.contains("x-secret"), "{status}: {last}");
        let (answer, last, _) = redirected(status, false, false).await;
        assert!(
            answer.is_ok() && last.starts_with("GET /there") && !last.contains("s3cret"),
            "{status}: {last}"
        );
    }
}

#[tokio::test]
async fn what_has_a_body_goes_to_one_origin_only() {
    for status in ["307 T", "308 P"] {
        let (answer, last, _) = redirected(status, true, true).await;
        assert!(
            answer.is_ok() && last.starts_with("POST /there") && last.ends_with("body"),
            "{status}: {last}"
        );
        let (answer, _, others) = redirected(status, false, true).await;
        let error = answer.unwrap_err();
        assert!(matches!(error, EgressError::Redirect { error: RedirectError::OtherOrigin, .. }), "{error}");
        assert_eq!(others, 0);
    }
    for status in ["301 M", "302 F", "303 S"] {
        for same in [true, false] {
            let (answer, _, others) = redirected(status, same, true).await;
            let error = answer.unwrap_err();
            assert!(
                matches!(error, EgressError::Redirect { error: RedirectError::OtherMethod, .. }),
                "{error}"
            );
            assert_eq!(others, 0);
        }
    }
}

#[tokio::test]
async fn redirects_end_and_lead_to_targets_only() {
    let peer = Peer::new("127.0.0.1:0", |request| {
        let to = request.split(' ').nth(1).unwrap().strip_prefix("/to/").unwrap_or("/again").to_owned();
        answer("302 Found", &format!("location: {to}\r\n"), "")
    });
    let client = client(local());
    let error = client.send(Call::get(target(&peer.url("/")))).await.unwrap_err();
    assert!(matches!(error, EgressError::Redirect { error: RedirectError::TooMany(3), .. }), "{error}");
    assert_eq!(peer.connections(), 4);
    for to in ["http://u@127.0.0.1/", "http://0x7f.1/", "file:///etc/passwd", "http://2130706433/"] {
        let error = client.send(Call::get(target(&peer.url(&format!("/to/{to}"))))).await.unwrap_err();
        assert!(matches!(error, EgressError::Redirect { error: RedirectError::Url(_), .. }), "{to}: {error}");
    }
    let error = client.send(Call::get(target(&peer.url("/to/http://10.0.0.1/")))).await.unwrap_err();
    assert!(matches!(error, EgressError::Address { .. }), "{error}");
}
