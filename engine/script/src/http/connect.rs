//! From a host's name to a connection with an address that was checked.

use std::net::SocketAddr;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::trust::Trust;
use super::{Error, Request, Url, address};

/// What a request runs over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Connects to one of the host's addresses, after all of them were looked at.
pub(super) async fn connect(
    request: &Request,
    trust: &Trust,
) -> Result<TokioIo<Box<dyn Stream>>, Error> {
    let url = &request.url;
    let addresses = resolve(url).await?;
    if !request.may_be_private
        && let Some(private) = addresses.iter().find(|it| !address::is_public(it.ip()))
    {
        // One is enough: who answers with a public and a private one means no good.
        return Err(Error::Private {
            host: url.host.clone(),
            address: private.ip(),
        });
    }
    let stream = open(url, &addresses).await?;
    if !url.is_tls {
        return Ok(TokioIo::new(Box::new(stream)));
    }
    let wrong = |why: String| Error::Tls {
        host: url.host.clone(),
        why,
    };
    let config = trust.config().map_err(wrong)?;
    let name = ServerName::try_from(url.host.clone()).map_err(|error| wrong(error.to_string()))?;
    let stream = TlsConnector::from(config).connect(name, stream).await;
    let stream = stream.map_err(|error| wrong(error.to_string()))?;
    Ok(TokioIo::new(Box::new(stream)))
}

/// Whatever form the host has been written in, decimal or octal, what comes out is what would be
/// connected to.
async fn resolve(url: &Url) -> Result<Vec<SocketAddr>, Error> {
    let not_found = |why: String| Error::NotFound {
        host: url.host.clone(),
        why,
    };
    let found = lookup_host((url.host.as_str(), url.port)).await;
    let found: Vec<SocketAddr> = found
        .map_err(|error| not_found(error.to_string()))?
        .collect();
    match found.is_empty() {
        true => Err(not_found("it has no address".to_owned())),
        false => Ok(found),
    }
}

async fn open(url: &Url, addresses: &[SocketAddr]) -> Result<TcpStream, Error> {
    let mut why = String::new();
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => why = error.to_string(),
        }
    }
    Err(Error::NotReached {
        host: url.host.clone(),
        why,
    })
}
