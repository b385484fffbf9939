//! From a host's name to a connection with an address that was checked.

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::trust::Trust;
use super::{Error, address};

/// What a request runs over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Where a connection goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    /// A name or an address, lower case, without brackets.
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) is_tls: bool,
    /// Whether the address may be one of this machine or of a private network.
    pub(crate) may_be_private: bool,
}

/// Connects to one of the host's addresses, after all of them were looked at.
pub(crate) async fn connect(target: Target<'_>, trust: &Trust) -> Result<Box<dyn Stream>, Error> {
    let host = target.host;
    let addresses = resolve(target).await?;
    if !target.may_be_private
        && let Some(private) = addresses.iter().find(|it| !address::is_public(it.ip()))
    {
        // One is enough: who answers with a public and a private one means no good.
        return Err(Error::Private {
            host: host.to_owned(),
            address: private.ip(),
        });
    }
    let stream = open(host, &addresses).await?;
    if !target.is_tls {
        return Ok(Box::new(stream));
    }
    let wrong = |why: String| Error::Tls {
        host: host.to_owned(),
        why,
    };
    let config = trust.config().map_err(wrong)?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| wrong(error.to_string()))?;
    let stream = TlsConnector::from(config).connect(name, stream).await;
    let stream = stream.map_err(|error| wrong(error.to_string()))?;
    Ok(Box::new(stream))
}

/// Whatever form the host has been written in, decimal or octal, what comes out is what would be
/// connected to.
async fn resolve(target: Target<'_>) -> Result<Vec<SocketAddr>, Error> {
    let not_found = |why: String| Error::NotFound {
        host: target.host.to_owned(),
        why,
    };
    let found = lookup_host((target.host, target.port)).await;
    let found: Vec<SocketAddr> = found
        .map_err(|error| not_found(error.to_string()))?
        .collect();
    match found.is_empty() {
        true => Err(not_found("it has no address".to_owned())),
        false => Ok(found),
    }
}

async fn open(host: &str, addresses: &[SocketAddr]) -> Result<TcpStream, Error> {
    let mut why = String::new();
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => why = error.to_string(),
        }
    }
    Err(Error::NotReached {
        host: host.to_owned(),
        why,
    })
}
