//! Requests and responses: RFC 3261 §7.

mod build;
mod glance;
mod head;
mod method;
mod parse;
mod request;
mod response;
mod typed;

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;

use crate::Error;

pub use build::{Builder, RequestBuilder, RequestLine, ResponseBuilder, StatusLine};
pub use glance::Glance;
pub use head::{Field, Head};
pub use method::Method;
pub use request::Request;
pub use response::{Response, reason_phrase};
pub use typed::{Addresses, Reason};

/// One message. It dereferences to its [`Head`], where header fields and body are.
#[derive(Clone, Debug)]
pub enum Message {
    /// Somebody asks.
    Request(Request),
    /// Somebody answers.
    Response(Response),
}

impl Message {
    /// Reads a datagram, or one message that [`Framer`](crate::Framer) has cut out of a stream.
    ///
    /// Without Content-Length the body is the rest; with one, what follows the body is ignored.
    pub fn parse(bytes: Bytes) -> Result<Self, ParseError> {
        parse::parse(bytes, false)
    }

    /// Reads the beginning of a message of which a stream has announced or brought more than
    /// [`limits::MESSAGE`](crate::limits::MESSAGE), so that it can be refused.
    pub fn too_long(beginning: Bytes) -> ParseError {
        match parse::parse(beginning, true) {
            Err(fault) => fault,
            Ok(_) => ParseError::new(Error::MessageTooLong, None),
        }
    }
}

impl Deref for Message {
    type Target = Head;

    fn deref(&self) -> &Head {
        match self {
            Self::Request(request) => request,
            Self::Response(response) => response,
        }
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

/// A message that cannot be used, with what of it can be answered.
#[derive(Clone, Debug)]
pub struct ParseError {
    fault: Error,
    request: Option<Request>,
}

impl ParseError {
    pub(crate) fn new(fault: Error, request: Option<Request>) -> Self {
        Self { fault, request }
    }

    /// Returns what is wrong.
    pub fn fault(&self) -> &Error {
        &self.fault
    }

    /// Returns the status that the sender deserves; `None` if nothing is to be answered, as for
    /// responses, ACKs, and what is no SIP at all.
    pub fn status(&self) -> Option<u16> {
        self.answerable().map(|_| self.fault.status())
    }

    /// Builds the refusal, to be sent without keeping state; the fault is its reason phrase.
    pub fn refusal(&self) -> Option<Response> {
        let request = self.answerable()?;
        let status = self.fault.status();
        let mut reply = Response::reply_to(request, status);
        if status == 400 {
            reply = reply.reason(&format!("{}: {}", reason_phrase(status), self.fault));
        }
        Some(reply.finish())
    }

    fn answerable(&self) -> Option<&Request> {
        self.request
            .as_ref()
            .filter(|request| *request.method() != Method::Ack && request.has(crate::Name::Via))
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl std::error::Error for ParseError {}

#[cfg(test)]
mod tests;
