//! Subscriptions: RFC 6665. We notify whoever subscribes, and whoever asked us to transfer a call
//! (RFC 3515); and we listen to those whom we asked for a transfer.

pub(crate) mod notifier;
pub(crate) mod referrer;
pub(crate) mod saved;
pub(crate) mod standalone;

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::dialog::Dialog;
use crate::endpoint::config::EndpointConfig;
use crate::endpoint::event::SessionId;
use crate::endpoint::wire::Wire;
use crate::header::{SubscriptionState, Substate};
use crate::transaction::table::Owner;
use crate::{Request, Text};

/// One subscription, or one transfer that was asked for, by them or by us.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SubscriptionId {
    pub(crate) number: u64,
    /// The call in whose dialog it lives.
    pub(crate) session: Option<SessionId>,
}

/// What a subscriber is told.
#[derive(Clone, Debug, Default)]
pub struct Notice {
    /// The media type; without one there is no body.
    pub content_type: String,
    /// The state, as the event package writes it.
    pub body: Bytes,
    /// Whether it only tells what changed, so that none before it may be left out.
    pub is_partial: bool,
}

/// Why we end a subscription (RFC 6665 §4.1.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Termination {
    /// Subscribe again at once: here, or wherever it leads now.
    Deactivated,
    /// Subscribe again, after this time where one is given.
    Probation(Option<Duration>),
    /// Whoever may allow it does not allow it any more.
    Rejected,
    /// It was not refreshed; also what answers an unsubscription.
    Timeout,
    /// Nobody could be asked for leave; subscribe again, after this time where one is given.
    GiveUp(Option<Duration>),
    /// There is nothing any more to tell of.
    NoResource,
}

/// Why a subscription to us is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SubscriptionEnd {
    /// The subscriber wants no more, or wanted the state just once.
    Unsubscribed,
    /// It was not refreshed in time.
    Expired,
    /// It was refused, by the application or because the account has too many.
    Refused,
    /// We ended it, or the transfer has come to its end.
    Ended,
    /// The same phone subscribed anew to the same thing: it has forgotten this one.
    Superseded,
    /// The subscriber does not know it any more, or no longer answers.
    Gone,
}

/// How a transfer that we asked for came out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReferOutcome {
    /// The far end has called, and was answered with this status.
    Done(u16),
    /// The far end does not call: the status of its refusal; 408 when it does not answer, 503 when
    /// it cannot be reached.
    Refused(u16),
    /// The far end agreed, and tells no more.
    Unreported,
}

/// The dialog that a subscription speaks in, and whose requests they are.
pub(crate) struct Line<'a> {
    pub(crate) now: Instant,
    pub(crate) wire: &'a mut Wire,
    pub(crate) dialog: &'a mut Dialog,
    pub(crate) owner: Owner,
}

impl Termination {
    fn state(self) -> SubscriptionState {
        let (reason, wait) = match self {
            Self::Deactivated => ("deactivated", None),
            Self::Probation(wait) => ("probation", wait),
            Self::Rejected => ("rejected", None),
            Self::Timeout => ("timeout", None),
            Self::GiveUp(wait) => ("giveup", wait),
            Self::NoResource => ("noresource", None),
        };
        let seconds = |wait: Duration| u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
        SubscriptionState {
            substate: Substate::Terminated,
            expires: None,
            reason: Some(Text::from_static(reason)),
            retry_after: wait.map(seconds),
        }
    }
}

/// How long a subscription is granted; `None` when it is asked for so short a time that 423 is due
/// (RFC 6665 §4.2.1.1). Zero asks for the state just once, or ends it.
pub(crate) fn granted(config: &EndpointConfig, request: &Request) -> Option<Duration> {
    let asked = match request.expires() {
        None => return Some(config.max_expires),
        Some(seconds) => Duration::from_secs(seconds.into()),
    };
    if asked.is_zero() {
        return Some(asked);
    }
    // Only what is below an hour may be refused for being brief.
    let is_brief = asked < config.min_expires && asked < Duration::from_secs(3600);
    (!is_brief).then_some(asked.min(config.max_expires))
}
