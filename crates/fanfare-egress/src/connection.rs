//! One connection to a checked address, for one request.

use crate::error::EgressError;
use crate::exchange::{Answer, Call};
use crate::options::Options;
use crate::resolver::Resolver;
use crate::target::{Place, Target};
use crate::{AddressKind, Addresses};
use bytes::{Bytes, BytesMut};
use fanfare_proto::limits;
use http::{HeaderValue, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

/// What bytes travel on.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Finds a target, checks every address of it and connects to one of them.
///
/// The name is not asked for again after the check: what is connected to is what was checked, whatever the name says by
/// then.
pub(crate) async fn connect(
    target: &Target,
    resolver: &dyn Resolver,
    addresses: &Addresses,
    tls: impl FnOnce() -> Result<Arc<ClientConfig>, EgressError>,
) -> Result<Box<dyn Stream>, EgressError> {
    let found = match target.place() {
        Place::Address(address) => vec![*address],
        Place::Name(name) => {
            let error = |error| EgressError::Lookup { host: name.clone(), error };
            resolver.addresses(name).await.map_err(error)?
        }
    };
    let checked = check(found, target, addresses)?;
    let stream = dial(checked, target).await?;
    if !target.is_secure() {
        return Ok(Box::new(stream));
    }
    let name = match target.place() {
        Place::Address(address) => ServerName::from(*address),
        Place::Name(name) => ServerName::try_from(name.clone())
            .map_err(|error| tls_error(target, std::io::Error::other(error)))?,
    };
    let connected = TlsConnector::from(tls()?).connect(name, stream).await;
    Ok(Box::new(connected.map_err(|error| tls_error(target, error))?))
}

impl Addresses {
    /// Whether a target that is written as an address may be connected to. What a name leads to is found, and checked, when it
    /// is called: it may change until then.
    pub fn check_written(&self, target: &Target) -> Result<(), EgressError> {
        match target.place() {
            Place::Address(address) => check(vec![*address], target, self).map(drop),
            Place::Name(_) => Ok(()),
        }
    }
}

/// All are good, or none is used: a name that leads to this machine, too, does not lead elsewhere by mistake.
fn check(found: Vec<IpAddr>, target: &Target, addresses: &Addresses) -> Result<Vec<IpAddr>, EgressError> {
    let host = || target.host().to_owned();
    if found.is_empty() {
        return Err(EgressError::NoAddress { host: host() });
    }
    if found.len() > limits::EGRESS_ADDRESSES {
        let allowed = limits::EGRESS_ADDRESSES;
        return Err(EgressError::ManyAddresses { host: host(), count: found.len(), allowed });
    }
    for address in &found {
        let refused = |kind: AddressKind| EgressError::Address { host: host(), address: *address, kind };
        addresses.check(*address).map_err(refused)?;
    }
    Ok(found)
}

async fn dial(checked: Vec<IpAddr>, target: &Target) -> Result<TcpStream, EgressError> {
    let mut last = EgressError::NoAddress { host: target.host().to_owned() };
    for address in checked {
        let address = SocketAddr::new(address.to_canonical(), target.port());
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // A body and its head leave as two writes; neither waits for the other's acknowledgement.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = EgressError::Connect { address, error },
        }
    }
    Err(last)
}

fn tls_error(target: &Target, error: std::io::Error) -> EgressError {
    EgressError::Tls { host: target.host().to_owned(), error }
}

/// Sends a request and takes the whole answer.
pub(crate) async fn send(
    stream: Box<dyn Stream>,
    call: &Call,
    options: &Options,
) -> Result<Answer, EgressError> {
    let mut builder = http1::Builder::new();
    builder.max_headers(limits::EGRESS_HEADERS).max_header_size(options.head_bytes);
    let (mut sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error, options))?;
    let exchange = async {
        let answer = sender.send_request(request(call)?).await.map_err(|error| broken(&error, options))?;
        let (head, body) = answer.into_parts();
        let body = whole(body, options).await?;
        Ok(Answer { status: head.status, headers: head.headers, body })
    };
    // The connection is driven here and ends with the answer; no task of it outlives the request.
    tokio::pin!(exchange);
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        ended = connection => match ended {
            // What came is still to be read.
            Ok(()) => exchange.await,
            Err(error) => Err(broken(&error, options)),
        },
    }
}

fn request(call: &Call) -> Result<http::Request<Full<Bytes>>, EgressError> {
    let bad = |error: http::Error| EgressError::Broken(error.to_string());
    let mut request = http::Request::builder()
        .method(call.method.clone())
        .uri(call.target.path())
        .body(Full::new(call.body.clone()))
        .map_err(bad)?;
    *request.headers_mut() = call.headers.clone();
    let host = HeaderValue::from_str(&call.target.authority()).map_err(|error| bad(error.into()))?;
    request.headers_mut().insert(header::HOST, host);
    request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(request)
}

async fn whole(mut body: Incoming, options: &Options) -> Result<Bytes, EgressError> {
    let allowed = options.body_bytes;
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| broken(&error, options))?.into_data() else { continue };
        if all.len() + data.len() > allowed {
            return Err(EgressError::BodyTooLarge { allowed });
        }
        all.extend_from_slice(&data);
    }
    Ok(all.freeze())
}

fn broken(error: &hyper::Error, options: &Options) -> EgressError {
    if error.is_parse_too_large() {
        return EgressError::HeadTooLarge { allowed: options.head_bytes };
    }
    let mut text = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        text = format!("{text}: {source}");
    }
    EgressError::Broken(text)
}
