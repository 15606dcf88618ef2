//! Idle HTTP/2: what a connection costs in memory, and each event stream on it.

use super::Run;
use crate::bench::{Bench, progress};
use crate::outcome::Result;
use crate::report::Report;
use crate::servers::Server;
use bytes::Bytes;
use clap::{ArgMatches, Args, FromArgMatches};
use h2::RecvStream;
use h2::client::{SendRequest, handshake};
use http::Request;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::time::sleep;

pub const RUN: Run = Run {
    name: "http2",
    about: "Memory of idle HTTP/2 connections, and of the event streams on them",
    examples: &[("A thousand connections with up to eleven streams each", "")],
    usual: "",
    quick: "--connections 200 --idle 1",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Connections
    #[arg(long, default_value_t = 1_000)]
    connections: usize,

    /// Event streams on each, beside the first
    #[arg(long, default_value_t = 10)]
    streams: usize,

    /// Seconds that all are quiet before memory is measured
    #[arg(long, default_value_t = 5)]
    idle: u64,
}

/// A connection, and its streams so that they stay open.
struct Connection {
    requests: SendRequest<Bytes>,
    streams: Vec<RecvStream>,
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let of = format!("{} connections with up to {} event streams", options.connections, 1 + options.streams);
    let mut report = Report::new(RUN.name, of);
    let server = bench.server("")?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(&options, &server, &mut report))?;
    Ok(report)
}

async fn measure(options: &Options, server: &Server, report: &mut Report) -> Result<()> {
    let each = |bytes: u64, count: usize| bytes as f64 / count as f64;
    let before = server.private_dirty()?;
    let mut connections = Vec::with_capacity(options.connections);
    let bar = progress("connecting", options.connections as u64);
    for _ in 0..options.connections {
        connections.push(connect(server).await?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    sleep(Duration::from_secs(options.idle)).await;
    let connected = server.private_dirty()?;
    let bare = each(connected.saturating_sub(before), options.connections);
    report.figure("private dirty for each connection without a stream", bare, "bytes");

    open_on_each(&mut connections, 1).await?;
    sleep(Duration::from_secs(options.idle)).await;
    let first = server.private_dirty()?;
    let with_one = each(first.saturating_sub(before), options.connections);
    report.figure("private dirty for each connection with one event stream", with_one, "bytes");

    open_on_each(&mut connections, options.streams).await?;
    sleep(Duration::from_secs(options.idle)).await;
    let all = server.private_dirty()?;
    let further = each(all.saturating_sub(first), options.connections * options.streams.max(1));
    report.figure("private dirty for each further event stream", further, "bytes");
    Ok(())
}

async fn connect(server: &Server) -> Result<Connection> {
    let socket = TcpStream::connect(server.address).await?;
    let (requests, connection) = handshake(socket).await?;
    tokio::spawn(connection);
    Ok(Connection { requests: requests.ready().await?, streams: Vec::new() })
}

/// Opens event streams and waits until each was answered.
async fn open_on_each(connections: &mut [Connection], count: usize) -> Result<()> {
    let bar = progress("streams", (connections.len() * count) as u64);
    for connection in connections {
        for _ in 0..count {
            let request = Request::get("http://localhost/c/hot/all?via=sse").body(())?;
            let (response, _) = connection.requests.send_request(request, true)?;
            let response = response.await?;
            if response.status() != 200 {
                return Err(format!("an event stream was answered {}", response.status()).into());
            }
            connection.streams.push(response.into_body());
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(())
}
