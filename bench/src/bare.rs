//! A bare hyper handler for POST: it reads the body and answers 201 with as many bytes as our own answer has. What a publish
//! costs at the least in a server that uses the usual library.

use crate::outcome::Result;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use tokio::net::TcpListener;

/// As long as Fanfare's answer to a publish.
const ANSWER: &str = r#"{"channel":"live/all","position":123456,"cursor":"AQEBdJX5BgEirKym","id":"1a20aab91d2-1","time":"2026-11-23T23:09:05.874Z"}"#;

/// Serves on one thread until it is killed. Says where on stdout.
pub fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(([127, 0, 0, 1], 0).into())?;
        let listener: TcpListener = socket.listen(4096)?;
        println!("http://{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let mut builder = http1::Builder::new();
            builder.pipeline_flush(true);
            // A connection that fails is its peer's affair.
            tokio::task::spawn_local(builder.serve_connection(TokioIo::new(stream), service_fn(answer)));
        }
    })
}

async fn answer(request: Request<Incoming>) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
    let length = request.into_body().collect().await.map_or(0, |body| body.to_bytes().len());
    let mut response = Response::new(Full::from(ANSWER));
    let status = if length > 0 { hyper::StatusCode::CREATED } else { hyper::StatusCode::BAD_REQUEST };
    *response.status_mut() = status;
    Ok(response)
}
