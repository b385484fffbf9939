//! What an endpoint reports and what it wants sent.

use std::time::Duration;

use bytes::Bytes;

use super::doubting::Doubt;
use crate::header::{EventPackage, ReferTo};
use crate::message::Reason;
use crate::subscription::{ReferOutcome, SubscriptionEnd, SubscriptionId};
use crate::transaction::key::Key;
use crate::transport::{Source, Transmit};
use crate::{Request, Response};

/// One call as seen from here: one INVITE and all that follows from it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SessionId(pub(crate) u64);

/// One request outside of calls, ours or theirs.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct RequestHandle(pub(crate) Key);

/// What is to be done next.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send these bytes.
    Transmit(Transmit),
    /// Something happened.
    Event(Event),
}

/// Something that happened.
///
/// Each session that began with [`Incoming`](Self::Incoming) or with `invite` ends with exactly one
/// [`Refused`](Self::Refused) or [`Ended`](Self::Ended); nothing is said of it after that, but for
/// the transfers that it began, which have names of their own. Each
/// [`Subscribed`](Self::Subscribed) and each [`Referred`](Self::Referred) is followed by exactly one
/// [`SubscriptionEnded`](Self::SubscriptionEnded), and each transfer that we ask for by exactly one
/// [`ReferEnded`](Self::ReferEnded).
#[derive(Clone, Debug)]
pub enum Event {
    /// Somebody calls; 100 Trying has been sent.
    Incoming {
        /// The new session.
        session: SessionId,
        /// The INVITE, with its offer in the body.
        request: Request,
        /// Where it came from.
        source: Source,
        /// The call whose place it is to take (RFC 3891), if that is to be: when this one is
        /// accepted, hang that one up. Whether the caller may do so is for the application to judge.
        replaces: Option<SessionId>,
    },
    /// The called party rings, or sends early media.
    Progress {
        /// Which.
        session: SessionId,
        /// 180 to 199.
        status: u16,
        /// The answer, or the offer where we made none: then `answer` is wanted.
        sdp: Option<Bytes>,
        /// Tells apart the parties of a forked call.
        early: EarlyId,
        /// The response.
        response: Response,
    },
    /// The called party answered.
    Answered {
        /// Which.
        session: SessionId,
        /// The answer; `None` when it came with an earlier [`Progress`](Self::Progress). Where we
        /// made no offer this is theirs, and `answer` is wanted.
        sdp: Option<Bytes>,
        /// Which of the parties of a forked call.
        early: EarlyId,
        /// The response.
        response: Response,
    },
    /// The called party did not take the call.
    Refused {
        /// Which; gone now.
        session: SessionId,
        /// 300 to 699; 408 when nobody answered, 503 when nobody could be reached.
        status: u16,
        /// The response, where there was one.
        response: Option<Response>,
    },
    /// The caller acknowledged our answer.
    Acknowledged {
        /// Which.
        session: SessionId,
        /// The answer to the offer in our 2xx.
        sdp: Option<Bytes>,
    },
    /// The far end offers a change; `answer` or `refuse_offer` is wanted.
    Offered {
        /// Which.
        session: SessionId,
        /// The offer; `None` asks us for one, which `answer` gives.
        sdp: Option<Bytes>,
    },
    /// The far end answered our offer.
    OfferAnswered {
        /// Which.
        session: SessionId,
        /// The answer; `None` from those who forget it.
        sdp: Option<Bytes>,
    },
    /// The far end refused our offer, and the session goes on as it was.
    OfferRefused {
        /// Which.
        session: SessionId,
        /// Why.
        status: u16,
    },
    /// An INFO came; it has been answered.
    Info {
        /// Which.
        session: SessionId,
        /// Its Content-Type.
        content_type: String,
        /// Its body.
        body: Bytes,
    },
    /// A MESSAGE came within a call; it has been answered.
    Message {
        /// Which.
        session: SessionId,
        /// Its Content-Type.
        content_type: String,
        /// Its body.
        body: Bytes,
    },
    /// A MESSAGE of ours within a call was answered, unless the call ended first.
    MessageAnswered {
        /// Which call.
        session: SessionId,
        /// Which MESSAGE.
        handle: RequestHandle,
        /// 200 to 699; 408 when there was no answer, 503 when it could not be sent.
        status: u16,
    },
    /// Somebody asks us to call somebody else; `accept_refer` or `refuse_refer` is wanted.
    Referred {
        /// The transfer.
        refer: SubscriptionId,
        /// The call that it is about; `None` outside of calls.
        session: Option<SessionId>,
        /// Whom to call; `session_of` finds the call that it is to take the place of.
        to: Box<ReferTo>,
        /// The REFER.
        request: Request,
        /// Where it came from.
        source: Source,
    },
    /// A transfer that we asked for goes on.
    ReferProgress {
        /// Which.
        refer: SubscriptionId,
        /// 100 to 199: what the called party said.
        status: u16,
    },
    /// A transfer that we asked for is over, as far as we are told.
    ReferEnded {
        /// Which; gone now.
        refer: SubscriptionId,
        /// How it came out.
        outcome: ReferOutcome,
    },
    /// Somebody subscribes; `accept_subscription` or `refuse_subscription` is wanted.
    Subscribed {
        /// The new subscription.
        subscription: SubscriptionId,
        /// To what: one of the packages that we serve.
        event: EventPackage,
        /// For how long, as it would be granted; zero asks for the state just once.
        expires: Duration,
        /// The SUBSCRIBE.
        request: Request,
        /// Where it came from.
        source: Source,
    },
    /// The subscriber wants to be told the whole state by `notify`: it refreshed its subscription, or
    /// more changed than it took in.
    StateWanted {
        /// Which.
        subscription: SubscriptionId,
    },
    /// A subscription to us, or a transfer that we were asked for, is over.
    SubscriptionEnded {
        /// Which; gone now.
        subscription: SubscriptionId,
        /// Why.
        why: SubscriptionEnd,
    },
    /// The session is over.
    Ended {
        /// Which; gone now.
        session: SessionId,
        /// Why.
        why: EndedWhy,
    },
    /// A request within a dialog came from elsewhere than the dialog's far end; `believe` or
    /// `disbelieve` is wanted.
    Doubted(Box<Doubt>),
    /// A request outside of calls; `respond` is wanted.
    Request {
        /// What to respond to.
        handle: RequestHandle,
        /// The request.
        request: Request,
        /// Where it came from.
        source: Source,
    },
    /// A response to a request of ours outside of calls; after a final one the handle is gone.
    Response {
        /// Which request.
        handle: RequestHandle,
        /// The response.
        response: Response,
    },
    /// A request of ours outside of calls was not answered, or could not be sent.
    RequestTimedOut {
        /// Which; gone now.
        handle: RequestHandle,
    },
}

/// Which of the parties of a forked call: a number made of the To tag.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct EarlyId(pub(crate) Key);

/// Why a session is over.
#[derive(Clone, Debug)]
pub enum EndedWhy {
    /// The far end hung up.
    Bye(Option<Reason>),
    /// The caller gave up before we answered.
    Cancelled(Option<Reason>),
    /// `hang_up` was called.
    HungUp,
    /// `reject` was called.
    Rejected,
    /// It rang for too long.
    NoAnswer,
    /// Nobody refreshed the session in time.
    SessionExpired,
    /// Our answer, or a reliable provisional response, was never acknowledged.
    NotAcknowledged,
    /// The far end no longer knows the session, or no longer answers.
    Gone,
    /// The connection broke, or the address cannot be reached, and that did not change until the
    /// session had to be refreshed.
    TransportFailed,
}

/// Figures for the metrics.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Transactions alive.
    pub transactions: usize,
    /// Sessions alive, those that are being ended included.
    pub sessions: usize,
    /// Subscriptions alive outside of calls.
    pub subscriptions: usize,
    /// Messages sent again since the start.
    pub retransmissions: u64,
    /// Calls and requests refused with 503 since the start.
    pub overload_refusals: u64,
}
