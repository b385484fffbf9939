//! What can go wrong with sockets.

use std::io;
use std::net::SocketAddr;

/// What can go wrong with sockets and files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A listener could not be opened.
    #[error("cannot listen on {transport} {address}: {source}; is another exchange running there?")]
    Listen {
        /// `udp` or `tcp`.
        transport: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// All RTP ports are taken.
    #[error("no free RTP port in {0}-{1}: raise rtp.ports or limits.max_calls will refuse first")]
    OutOfPorts(u16, u16),
    /// A media thread is too busy to take another leg.
    #[error("the media threads have more commands waiting than they can take")]
    MediaBusy,
    /// The chosen media back end does not work here.
    #[error(
        "rtp.backend = \"io_uring\", but this kernel refuses it: {0}; use \"auto\" or \"epoll\""
    )]
    NoUring(io::Error),
    /// A name did not resolve.
    #[error("cannot resolve '{0}'")]
    Unresolved(String),
    /// Anything else from the system.
    #[error(transparent)]
    Io(#[from] io::Error),
}
