//! Text messages by SMPP 3.4: a connection to a provider that stays, one for each plugin that
//! declares it.
//!
//! `session.rs` is the machine of one connection, without sockets or a clock; `drive.rs` gives it
//! both; `lines.rs` knows which connections there are and which scripts they belong to. PDUs are
//! read and written by the crate `rusmpp`, behind `pdu.rs`.

mod alphabet;
mod drive;
mod incoming;
mod line;
mod lines;
mod pdu;
mod receipt;
mod session;
#[cfg(test)]
mod tls_tests;
mod wait;

use std::time::Duration;

pub(crate) use alphabet::{decode, parts};
pub(crate) use incoming::{Incoming, Message, Piece};
pub(crate) use line::{Address, Joining, Line, Outgoing, Place, ReceiptIds, Secret};
pub use lines::LineStatus;
pub(crate) use lines::{Delivery, Lines, StandIn};
pub(crate) use pdu::{status_name, status_number};
pub(crate) use receipt::{Fate, Receipt};

/// What a provider says to a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    /// `command_status`; 0 when the message was taken.
    pub(crate) status: u32,
    /// The provider's own id of it.
    pub(crate) id: String,
    /// How long the provider is to be left alone, when it says that there is too much.
    pub(crate) rest: Option<Duration>,
}

impl Answer {
    /// What a provider of a test says to its message of this number.
    pub(crate) fn simulated(status: u32, number: usize) -> Self {
        let asks_for_rest = matches!(status, THROTTLED | QUEUE_FULL);
        Self {
            status,
            id: if status == 0 {
                number.to_string()
            } else {
                String::new()
            },
            rest: asks_for_rest.then_some(Duration::from_secs(1)),
        }
    }

    /// Whether the same may be taken later.
    pub(crate) fn is_temporary(&self) -> bool {
        TEMPORARY.contains(&self.status)
    }
}

/// System error, queue full, submit failed, throttled, and the two for "try again" (SMPP 3.4
/// §5.1.3).
const TEMPORARY: &[u32] = &[0x08, QUEUE_FULL, 0x45, THROTTLED, 0x64, 0x66];

/// ESME_RMSGQFUL.
const QUEUE_FULL: u32 = 0x14;
/// ESME_RTHROTTLED.
const THROTTLED: u32 = 0x58;

/// Why a message got no answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Error {
    /// No connection; nothing was sent.
    #[error("{place} is not reached: {why}")]
    NotReached {
        /// The provider.
        place: String,
        /// What the system says.
        why: String,
    },
    /// The provider does not let us in; nothing was sent.
    #[error("{place} refuses the login of {user}: {name}; {advice}")]
    Refused {
        /// The provider.
        place: String,
        /// The `system_id`.
        user: String,
        /// Of the status.
        name: String,
        /// What to do.
        advice: &'static str,
    },
    /// It had its turn not in time; nothing was sent.
    #[error("{place} has taken no message within {} s", .after.as_secs_f64())]
    NoTurn {
        /// The provider.
        place: String,
        /// The limit.
        after: Duration,
    },
    /// The connection broke behind it.
    #[error(
        "{place} has not answered before the connection was lost ({why}): it may have the message"
    )]
    Lost {
        /// The provider.
        place: String,
        /// How.
        why: String,
    },
    /// No answer in time.
    #[error("{place} has not answered within {} s: it may have the message", .after.as_secs_f64())]
    NoAnswer {
        /// The provider.
        place: String,
        /// The limit.
        after: Duration,
    },
    /// Too many wait.
    #[error("{most} messages wait for {place} already: try again later")]
    Busy {
        /// The provider.
        place: String,
        /// How many.
        most: usize,
    },
    /// There is no such connection any more, or not yet.
    #[error("there is no line for it: the configuration has changed, or the exchange is beginning")]
    NoLine,
    /// The thread of all connections cannot be started, or nobody answers in tests.
    #[error("{0}")]
    NoClient(String),
}

impl Error {
    /// What to do about a login that was refused, by `command_status` (SMPP 3.4 §5.1.3).
    fn advice(status: u32) -> &'static str {
        match status {
            0x05 => {
                "this system_id has as many connections as it may: end the other, or ask the provider for more"
            }
            0x0d..=0x0f => {
                "look at system_id and password in config.lua, and ask the provider whether it lets this address in"
            }
            0x53 => "look at system_type in config.lua",
            0x08 | 0x14 | THROTTLED => "the provider is in trouble: it is tried again",
            _ => "ask the provider what it misses",
        }
    }
}
