//! What can be wrong with a message, and the status that tells its sender so.

use thiserror::Error;

use crate::header::Name;

/// A fault in a message, a header field or a URI.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// Nothing but line ends, or nothing at all.
    #[error("the message is empty")]
    Empty,
    /// More octets than [`limits::MESSAGE`](crate::limits::MESSAGE).
    #[error("the message is longer than 65,536 octets")]
    MessageTooLong,
    /// More header fields than [`limits::HEADERS`](crate::limits::HEADERS).
    #[error("the message has more than 256 header fields")]
    TooManyHeaders,
    /// A header field, or the start line, is longer than [`limits::HEADER`](crate::limits::HEADER).
    #[error("a header field is longer than 8,192 octets")]
    HeaderTooLong,
    /// More values of Via or Route than [`limits::HOPS`](crate::limits::HOPS).
    #[error("{0} has more than 100 values")]
    TooManyHops(Name),
    /// Neither `METHOD URI SIP/2.0` nor `SIP/2.0 STATUS REASON`, parted by single spaces.
    #[error("the first line is neither a request line nor a status line")]
    StartLine,
    /// A request of another SIP version.
    #[error("the SIP version is not 2.0")]
    Version,
    /// A status outside 100 to 699.
    #[error("the status is not between 100 and 699")]
    Status,
    /// A header line without a colon, or with a name that is no token.
    #[error("a header line has no valid name")]
    HeaderLine,
    /// The head has no empty line at its end.
    #[error("the message ends before its head does")]
    Unfinished,
    /// A header field that every message needs is not there.
    #[error("the header field {0} is missing")]
    Missing(Name),
    /// A header field that may stand once stands twice.
    #[error("the header field {0} stands more than once")]
    Repeated(Name),
    /// A header field's value does not follow its grammar.
    #[error("the header field {0} is malformed")]
    Malformed(Name),
    /// The method in CSeq is not the request's.
    #[error("CSeq names another method than the request line")]
    MethodMismatch,
    /// Content-Length promises more than came.
    #[error("the body is shorter than Content-Length says")]
    BodyTooShort,
    /// A URI does not follow the grammar of its scheme.
    #[error("the URI is malformed")]
    Uri,
    /// A request for a URI whose scheme nobody here can reach.
    #[error("the request URI's scheme is not supported")]
    Scheme,
    /// Require names an extension that is not understood.
    #[error("an extension that Require names is not supported")]
    Extension,
    /// The request's method is not known here.
    #[error("the method is not implemented")]
    Method,
    /// The body is of a type that is not understood and not optional.
    #[error("the body's type is not supported")]
    MediaType,
}

impl Error {
    /// Returns the status code that refuses a request with this fault.
    pub fn status(&self) -> u16 {
        match self {
            Self::MessageTooLong => 513,
            Self::Version => 505,
            Self::Method => 501,
            Self::Extension => 420,
            Self::Scheme => 416,
            Self::MediaType => 415,
            Self::Empty
            | Self::TooManyHeaders
            | Self::HeaderTooLong
            | Self::TooManyHops(_)
            | Self::StartLine
            | Self::Status
            | Self::HeaderLine
            | Self::Unfinished
            | Self::Missing(_)
            | Self::Repeated(_)
            | Self::Malformed(_)
            | Self::MethodMismatch
            | Self::BodyTooShort
            | Self::Uri => 400,
        }
    }
}
