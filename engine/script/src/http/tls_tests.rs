//! TLS to a real server on loopback, whose certificate is of the tests' own authority.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned, crypto};

use super::{Answer, Client, Error, Request, Url};

/// Whom the tests trust.
pub(crate) fn authority() -> CertificateDer<'static> {
    CertificateDer::from(include_bytes!("../../../../tests/data/tls/ca.der").as_slice())
}

/// A server that proves to be `localhost` and 127.0.0.1.
pub(crate) fn server_config() -> ServerConfig {
    let certificate = include_bytes!("../../../../tests/data/tls/server.der").as_slice();
    let key = include_bytes!("../../../../tests/data/tls/server-key.der").as_slice();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    let ring = Arc::new(crypto::ring::default_provider());
    ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(certificate)], key)
        .unwrap()
}

fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tls = ServerConnection::new(Arc::new(server_config())).unwrap();
            let mut stream = StreamOwned::new(tls, stream);
            let mut head = [0; 1024];
            let read = stream.read(&mut head).unwrap_or(0);
            if head[..read].starts_with(b"POST /hook ") {
                let _ = stream.write_all(b"HTTP/1.1 202 OK\r\nContent-Length: 5\r\n\r\ntaken");
                let _ = stream.flush();
            }
        }
    });
    address
}

fn ask(client: &Client, host: &str, address: SocketAddr) -> Result<Answer, Error> {
    let url = format!("https://{host}:{}/hook", address.port());
    let request = Request {
        method: Method::POST,
        url: Url::parse(&url).unwrap(),
        headers: Vec::new(),
        body: Bytes::new(),
        timeout: Duration::from_secs(20),
        may_be_private: true,
    };
    client.ask(request).blocking_recv().unwrap()
}

#[test]
fn a_server_whose_certificate_is_trusted_is_asked() {
    let client = Client::that_trusts(vec![authority()]);
    let address = server();

    for host in ["localhost", "127.0.0.1"] {
        let answer = ask(&client, host, address).unwrap();
        assert_eq!((answer.status, &answer.body[..]), (202, &b"taken"[..]));
    }
}

#[test]
fn a_server_that_nobody_vouches_for_or_that_is_another_gets_nothing() {
    let address = server();

    let unknown = ask(&Client::default(), "localhost", address);
    assert!(matches!(unknown, Err(Error::Tls { .. })), "{unknown:?}");

    let client = Client::that_trusts(vec![authority()]);
    let another = ask(&client, "127.1", address);
    assert!(matches!(another, Err(Error::Tls { .. })), "{another:?}");
}
