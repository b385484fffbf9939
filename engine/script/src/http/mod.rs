//! Requests to other machines: one address at a time, checked before it is connected to, with
//! limits on time and size, and without redirects.
//!
//! No pool of connections: a request connects to the address that was checked for it and to no
//! other.

mod address;
mod client;
mod connect;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod tls_tests;
mod trust;
mod url;
pub(crate) mod webhook;

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};

pub(crate) use address::is_plainly_private;
pub(crate) use client::{Client, StandIn};
pub(crate) use connect::{Stream, Target, connect};
pub(crate) use trust::Trust;
pub(crate) use url::{Pattern, Url};

/// A request that is ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    /// For the whole exchange, from looking the name up to the last octet.
    pub(crate) timeout: Duration,
    /// Whether the address may be one of this machine or of a private network.
    pub(crate) may_be_private: bool,
}

/// What came back, whatever its status. A redirect is one of these.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// By lower-case name, in the order in which they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

/// Why nothing came back. None of these names more of the URL than its host.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Error {
    /// The name is unknown, or nobody answers who knows it.
    #[error("{host} is not found: {why}")]
    NotFound {
        /// The name.
        host: String,
        /// What the resolver says.
        why: String,
    },
    /// The host is on this machine or in a private network, and may not be reached.
    #[error("{host} is {address}, an address of this machine or of a private network")]
    Private {
        /// The name.
        host: String,
        /// The first such address.
        address: IpAddr,
    },
    /// No connection.
    #[error("{host} is not reached: {why}")]
    NotReached {
        /// The name.
        host: String,
        /// What the system says.
        why: String,
    },
    /// TLS failed.
    #[error("{host} and this machine agree on no TLS: {why}")]
    Tls {
        /// The name.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// The answer is no HTTP, or broke off.
    #[error("{host} answers no HTTP: {why}")]
    NoHttp {
        /// The name.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// Too long.
    #[error("the answer of {host} is longer than {} MB", LARGEST_ANSWER >> 20)]
    TooLarge {
        /// The name.
        host: String,
    },
    /// Too late.
    #[error("{host} has not answered within {} s", .after.as_secs_f64())]
    TimedOut {
        /// The name.
        host: String,
        /// The limit.
        after: Duration,
    },
    /// Too many at once.
    #[error("{MOST_AT_ONCE} requests are on their way already: try again later")]
    Busy,
    /// The thread for requests could not be started, or has ended.
    #[error("no requests can be made: {0}")]
    NoClient(String),
}

/// Octets of an answer.
pub(crate) const LARGEST_ANSWER: usize = 8 << 20;

/// Requests of the whole exchange at one time; one more is refused at once.
const MOST_AT_ONCE: usize = 256;
