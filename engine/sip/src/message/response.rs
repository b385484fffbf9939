//! Responses: RFC 3261 §7.2.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::Text;
use crate::message::{Head, Request, ResponseBuilder};
use crate::text::part;

/// A response; header fields and body are in the [`Head`] that it dereferences to.
#[derive(Clone)]
pub struct Response {
    pub(super) status: u16,
    pub(super) reason: Range<usize>,
    pub(super) head: Arc<Head>,
}

impl Response {
    /// Begins a response to nothing in particular; [`reply_to`](Self::reply_to) is the usual way.
    pub fn build(status: u16) -> ResponseBuilder {
        ResponseBuilder::new(status)
    }

    /// Begins the response to a request, with its Via, From, To, Call-ID and CSeq (RFC 3261 §8.2.6.2).
    pub fn reply_to(request: &Request, status: u16) -> ResponseBuilder {
        ResponseBuilder::reply_to(request, status)
    }

    /// Begins a response that is this one but for what is then changed.
    pub fn edit(&self) -> ResponseBuilder {
        ResponseBuilder::from_response(self)
    }

    /// Returns the status, 100 to 699.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the status in words, as the sender put it.
    pub fn reason(&self) -> Text {
        Text::from(part(&self.head.bytes, self.reason.clone()))
    }

    /// Tells whether more will follow, that is, whether the status is below 200.
    pub fn is_provisional(&self) -> bool {
        self.status < 200
    }

    /// Tells whether the request has succeeded.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Deref for Response {
    type Target = Head;

    fn deref(&self) -> &Head {
        &self.head
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head.fmt(f)
    }
}

/// Returns the usual words for a status.
pub fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        199 => "Early Dialog Terminated",
        200 => "OK",
        202 => "Accepted",
        204 => "No Notification",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        305 => "Use Proxy",
        380 => "Alternative Service",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        412 => "Conditional Request Failed",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        417 => "Unknown Resource-Priority",
        420 => "Bad Extension",
        421 => "Extension Required",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        428 => "Use Identity Header",
        429 => "Provide Referrer Identity",
        430 => "Flow Failed",
        433 => "Anonymity Disallowed",
        439 => "First Hop Lacks Outbound Support",
        440 => "Max-Breadth Exceeded",
        469 => "Bad Info Package",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        485 => "Ambiguous",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        493 => "Undecipherable",
        494 => "Security Agreement Required",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        580 => "Precondition Failure",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        607 => "Unwanted",
        608 => "Rejected",
        _ => match status / 100 {
            1 => "Progress",
            2 => "Success",
            3 => "Redirected",
            5 => "Server Failure",
            _ => "Refused",
        },
    }
}
