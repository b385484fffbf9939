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
}

impl Error {
    /// Returns the status code that refuses a request with this fault.
    pub fn status(&self) -> u16 {
        match self {
            Self::MessageTooLong => 513,
            Self::Version => 505,
            Self::Scheme => 416,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The refusals that the RFCs want, RFC 4475 among them.
    #[test]
    fn every_fault_has_its_status_and_a_sentence() {
        let name = Name::Via;
        for (fault, status) in [
            (Error::Empty, 400),
            (Error::MessageTooLong, 513),
            (Error::TooManyHeaders, 400),
            (Error::HeaderTooLong, 400),
            (Error::TooManyHops(name), 400),
            (Error::StartLine, 400),
            (Error::Version, 505),
            (Error::Status, 400),
            (Error::HeaderLine, 400),
            (Error::Unfinished, 400),
            (Error::Missing(name), 400),
            (Error::Repeated(name), 400),
            (Error::Malformed(name), 400),
            (Error::MethodMismatch, 400),
            (Error::BodyTooShort, 400),
            (Error::Uri, 400),
            (Error::Scheme, 416),
        ] {
            assert_eq!(fault.status(), status, "{fault}");
            assert!(fault.to_string().len() > 15);
        }
    }
}
