//! TLS: the certificate is for the name that was asked for, whatever address it has.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

#[allow(dead_code, reason = "each test file uses its part")]
mod door;

use door::{Says, client, local, target};
use fanfare_egress::{Call, Client, EgressError, Options, RedirectError};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

/// Made for these tests, good for a hundred years, worth nothing.
const AUTHORITY: &[u8] = include_bytes!("tls/authority.der");
const CERTIFICATE: &[u8] = include_bytes!("tls/hook.test.der");
const KEY: &[u8] = include_bytes!("tls/hook.test.key.der");

async fn peer(answer: String) -> SocketAddr {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

fn trusting() -> Client {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(AUTHORITY)).unwrap();
    let tls = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let here = |_: &str| vec!["127.0.0.1".parse().unwrap()];
    client(Options { tls: Some(Arc::new(tls)), resolver: Arc::new(Says(here)), ..local() })
}

#[tokio::test]
async fn the_certificate_is_for_the_name() {
    let port = peer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".into()).await.port();
    let client = trusting();
    let get = |host: &str| client.send(Call::get(target(&format!("https://{host}:{port}/"))));
    assert_eq!(get("hook.test").await.unwrap().body, "ok");
    let error = get("other.test").await.unwrap_err();
    assert!(matches!(error, EgressError::Tls { .. }), "{error}");
    let error = get("127.0.0.1").await.unwrap_err();
    assert!(matches!(error, EgressError::Tls { .. }), "{error}");
}

#[tokio::test]
async fn a_certificate_that_the_system_does_not_trust_is_refused() {
    let port = peer(String::new()).await.port();
    let here = |_: &str| vec!["127.0.0.1".parse().unwrap()];
    let client = client(Options { resolver: Arc::new(Says(here)), ..local() });
    let error = client.send(Call::get(target(&format!("https://hook.test:{port}/")))).await.unwrap_err();
    assert!(matches!(error, EgressError::Tls { .. }), "{error}");
}

#[tokio::test]
async fn nothing_leads_from_https_to_http() {
    let port = peer("HTTP/1.1 302 F\r\nlocation: http://hook.test/\r\ncontent-length: 0\r\n\r\n".into())
        .await
        .port();
    let error = trusting().send(Call::get(target(&format!("https://hook.test:{port}/")))).await.unwrap_err();
    assert!(matches!(error, EgressError::Redirect { error: RedirectError::Downgrade, .. }), "{error}");
}
