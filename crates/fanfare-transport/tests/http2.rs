//! HTTP/2 in clear: everything that HTTP/1.1 has, many at a time on one connection.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use bytes::Bytes;
use fanfare_transport::BoxError;
use h2::client::{Connection, SendRequest};
use h2::ext::Protocol;
use h2::{Reason, RecvStream, SendStream};
use http::{Method, Request, Response};
use std::future::Future;
use std::time::Duration;
use support::{PATIENCE, Server, frame, until};
use tokio::net::TcpStream;

type Result<T> = std::result::Result<T, BoxError>;

/// A client's end of one connection.
#[derive(Clone)]
struct Client(SendRequest<Bytes>);

fn run(story: impl Future<Output = Result<()>>) {
    // Tests wait for the server on their own thread; connections go on on others.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { tokio::time::timeout(PATIENCE, story).await.unwrap().unwrap() });
}

async fn connect(server: &Server) -> Result<Client> {
    let (client, connection) = shake_hands(server).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn shake_hands(server: &Server) -> Result<(Client, Connection<TcpStream, Bytes>)> {
    let stream = TcpStream::connect(server.address).await?;
    let (client, connection) = h2::client::handshake(stream).await?;
    Ok((Client(client), connection))
}

impl Client {
    async fn send(&self, request: Request<()>, body: Option<&str>) -> Result<Response<RecvStream>> {
        let mut ready = self.0.clone().ready().await?;
        let (response, mut send) = ready.send_request(request, body.is_none())?;
        if let Some(body) = body {
            // Whoever is refused already need not send it.
            let _ = send.send_data(body.to_owned().into(), true);
        }
        Ok(response.await?)
    }

    async fn get(&self, target: &str) -> Result<Response<RecvStream>> {
        self.send(Request::get(format!("http://x{target}")).body(())?, None).await
    }

    /// A WebSocket (RFC 8441).
    async fn switch(&self, target: &str) -> Result<(Response<RecvStream>, SendStream<Bytes>)> {
        let mut ready = self.0.clone().ready().await?;
        while !ready.is_extended_connect_protocol_enabled() {
            tokio::task::yield_now().await;
        }
        let request = Request::builder()
            .method(Method::CONNECT)
            .uri(format!("http://x{target}"))
            .header("sec-websocket-version", "13")
            .extension(Protocol::from_static("websocket"))
            .body(())?;
        let (response, send) = ready.send_request(request, false)?;
        Ok((response.await?, send))
    }
}

/// Publishes from a thread that may wait.
fn publish(server: &Server, channel: &str, body: &str) {
    std::thread::scope(|scope| scope.spawn(|| server.publish(channel, body)).join().unwrap());
}

/// Reads until what came holds a text.
async fn read_to(body: &mut RecvStream, text: &str) -> Result<String> {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        let data = body.data().await.ok_or("ended")??;
        body.flow_control().release_capacity(data.len())?;
        read.extend_from_slice(&data);
    }
    Ok(String::from_utf8_lossy(&read).into_owned())
}

async fn read_end(body: &mut RecvStream) -> Result<String> {
    let mut read = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        read.extend_from_slice(&data);
    }
    Ok(String::from_utf8(read)?)
}

#[test]
fn requests_and_streams_share_a_connection() {
    run(async {
        let server = Server::start();
        let client = connect(&server).await?;
        let mut streams = Vec::new();
        for via in ["sse", "ndjson", "raw"] {
            let response = client.get(&format!("/c/a?via={via}")).await?;
            assert_eq!(response.status(), 200);
            assert!(
                !response.headers().contains_key("transfer-encoding")
                    && !response.headers().contains_key("connection")
            );
            assert_eq!(response.headers()["x-accel-buffering"], "no");
            streams.push(response.into_body());
        }
        let poll = tokio::spawn({
            let client = client.clone();
            async move { client.get("/c/a?wait=20").await.unwrap() }
        });
        server.until_sessions(4);
        let answer = client.send(Request::post("http://x/c/a").body(())?, Some("hello")).await?;
        assert!(answer.status() == 201 && answer.headers().contains_key("date"), "{answer:?}");
        for stream in &mut streams {
            read_to(stream, "hello").await?;
        }
        let mut poll = poll.await?;
        assert!(poll.headers().contains_key("cursor") && poll.headers().contains_key("content-length"));
        assert!(read_end(poll.body_mut()).await?.contains("hello"));
        assert_eq!(client.get("/big").await.map(|answer| answer.status().as_u16())?, 200);
        drop(streams);
        server.until_sessions(0);
        Ok(())
    });
}

#[test]
fn large_answers_come_as_fast_as_they_are_taken() {
    run(async {
        let server = Server::start();
        let client = connect(&server).await?;
        let mut answer = client.get("/big").await?;
        assert_eq!(read_end(answer.body_mut()).await?.len(), 1024 * 1024);
        Ok(())
    });
}

#[test]
fn a_slow_stream_holds_nobody_up_and_loses_nothing() {
    const COUNT: usize = 200;
    run(async {
        let server = Server::start();
        let client = connect(&server).await?;
        let (mut slow, mut quick) = (
            client.get("/c/a?via=raw").await?.into_body(),
            connect(&server).await?.get("/c/a?via=raw").await?.into_body(),
        );
        let body = |number: usize| format!("{number:06}{}\n", "x".repeat(8 * 1024));
        for number in 0..COUNT {
            publish(&server, "a", &body(number));
            read_to(&mut quick, &format!("{number:06}")).await?;
        }
        let heard = read_to(&mut slow, &format!("{:06}", COUNT - 1)).await?;
        let numbers: Vec<&str> = heard.lines().filter_map(|line| line.get(..6)).collect();
        assert_eq!(numbers, (0..COUNT).map(|number| format!("{number:06}")).collect::<Vec<_>>());
        Ok(())
    });
}

#[test]
fn websockets_go_over_streams() {
    run(async {
        let server = Server::start();
        let client = connect(&server).await?;
        let (response, mut send) = client.switch("/c/a").await?;
        assert_eq!(response.status(), 200);
        assert!(!response.headers().contains_key("sec-websocket-accept"));
        let mut body = response.into_body();
        read_to(&mut body, "session").await?;
        let request = br#"{"id":1,"publish":{"channel":"a","body":"over h2"}}"#;
        let (begun, rest) = request.split_at(20);
        send.send_data(frame(0x01, begun).into(), false)?;
        send.send_data(frame(0x80, rest).into(), false)?;
        let mut heard = read_to(&mut body, "\"reply\":1").await?;
        while !heard.contains("over h2") {
            heard += &read_to(&mut body, "over h2").await?;
        }
        send.send_data(frame(0x88, b"\x03\xe8").into(), false)?;
        let end = body.data().await.unwrap()?;
        assert_eq!(&end[..], b"\x88\x02\x03\xe8");
        assert_eq!(read_end(&mut body).await?, "");
        server.until_sessions(0);
        let (refused, _) = client.switch("/c/a?via=sse").await?;
        assert_eq!(refused.status(), 400);
        Ok(())
    });
}

#[test]
fn what_is_wrong_is_said_and_the_connection_goes_on() {
    run(async {
        let server = Server::start();
        let client = connect(&server).await?;
        for (target, status) in [("/c/a//b?via=sse", 400), ("/c/a?via=pigeon", 400), ("/c/a?via=ws", 426)] {
            let mut answer = client.get(target).await?;
            assert_eq!(answer.status(), status, "{target}");
            assert!(read_end(answer.body_mut()).await?.contains("\"code\""), "{target}");
        }
        let held = client.send(Request::get("http://x/c/a?via=sse").body(())?, Some("a body")).await?;
        assert_eq!(held.status(), 400);
        let other = Request::get("http://x/c/a?via=sse").header("host", "y").body(())?;
        assert_eq!(client.send(other, None).await?.status(), 400);
        assert_eq!(client.get("/anything").await?.status(), 200);
        Ok(())
    });
}

#[test]
fn quiet_streams_show_signs_of_life_and_silent_websockets_end() {
    run(async {
        let server = Server::with(|options| options.patience.alive = Duration::from_millis(200));
        let client = connect(&server).await?;
        let mut stream = client.get("/c/a?via=ndjson").await?.into_body();
        for _ in 0..4 {
            read_to(&mut stream, "\"cursor\"").await?;
        }
        // The server's pings stay without an answer.
        let (response, _send) = client.switch("/c/a").await?;
        server.until_sessions(2);
        let mut body = response.into_body();
        while let Some(Ok(data)) = body.data().await {
            body.flow_control().release_capacity(data.len())?;
        }
        until("the silent one is gone", || server.running().sessions() == 1);
        Ok(())
    });
}

#[test]
fn everybody_is_told_when_the_server_ends() {
    run(async {
        let server = Server::start();
        let (client, connection) = shake_hands(&server).await?;
        let connection = tokio::spawn(connection);
        let mut stream = client.get("/c/a?via=sse").await?.into_body();
        server.until_sessions(1);
        server.running().drain(Duration::ZERO);
        assert!(read_end(&mut stream).await?.contains("$closing"));
        drop((client, stream));
        connection.await??;
        tokio::task::spawn_blocking(move || server.join()).await?;
        Ok(())
    });
}

/// Streams that are opened and reset at once (CVE-2023-44487): the connection is ended, and others do not feel it.
#[test]
fn who_resets_too_much_is_ended_and_harms_nobody() {
    run(async {
        let server = Server::start();
        let other = connect(&server).await?;
        let mut heard = other.get("/c/b?via=raw").await?.into_body();
        let (client, connection) = shake_hands(&server).await?;
        let ended = tokio::spawn(connection);
        let mut resets = 0;
        while resets < 100_000 {
            let Ok(mut ready) = client.0.clone().ready().await else { break };
            let request = Request::get("http://x/c/a?via=sse").body(())?;
            let Ok((_, mut send)) = ready.send_request(request, true) else { break };
            send.send_reset(Reason::CANCEL);
            resets += 1;
        }
        assert!(ended.await?.is_err(), "{resets} resets were taken");
        publish(&server, "b", "fine");
        read_to(&mut heard, "fine").await?;
        server.until_sessions(1);
        Ok(())
    });
}
