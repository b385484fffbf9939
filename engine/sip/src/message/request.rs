//! Requests: RFC 3261 §7.1.

use std::fmt;
use std::net::SocketAddr;
use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::header::Name;
use crate::message::{Head, Method, RequestBuilder};
use crate::text::part;
use crate::{Error, Text, Uri};

/// A request; header fields and body are in the [`Head`] that it dereferences to.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) uri: Range<usize>,
    pub(super) head: Arc<Head>,
}

impl Request {
    /// Begins a request; header fields go out in the order in which they are added.
    pub fn build(method: Method, uri: &Uri) -> RequestBuilder {
        RequestBuilder::new(method, uri)
    }

    /// Begins a request that is this one but for what is then changed.
    pub fn edit(&self) -> RequestBuilder {
        RequestBuilder::from_request(self)
    }

    /// Returns what is asked for.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Reads the request URI.
    pub fn uri(&self) -> Result<Uri, Error> {
        Uri::parse(self.uri_text())
    }

    /// Returns the request URI's octets.
    pub fn uri_text(&self) -> Text {
        Text::from(part(&self.head.bytes, self.uri.clone()))
    }

    /// Returns the request as it came from `source`: the topmost Via says so (RFC 3261 §18.2.1,
    /// RFC 3581). A response to it then finds its way back.
    pub fn with_source(&self, source: SocketAddr) -> Self {
        match self.via() {
            Err(_) => self.clone(),
            Ok(via) => self
                .edit()
                .replace_first(Name::Via, via.with_source(source))
                .finish(),
        }
    }
}

impl Deref for Request {
    type Target = Head;

    fn deref(&self) -> &Head {
        &self.head
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head.fmt(f)
    }
}
