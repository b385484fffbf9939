//! Who has offered what: RFC 3264's one rule, one offer at a time, with its glare (RFC 3261 §14,
//! RFC 3311 §5).

use std::time::Instant;

use bytes::Bytes;

use crate::transaction::key::Key;
use crate::{Method, Request};

/// The offers of one session that are not settled.
#[derive(Debug, Default)]
pub(crate) struct Offers {
    /// Whether the first offer has its answer, so that there may be others.
    pub(crate) is_settled: bool,
    /// Our re-INVITE or UPDATE on its way.
    pub(crate) ours: Option<Ours>,
    /// Their request that the application has to answer.
    pub(crate) theirs: Option<Theirs>,
    /// Our next offer, which has to wait.
    pub(crate) waiting: Option<Bytes>,
    /// When the offer that met glare is made again; until then none is made.
    pub(crate) retry_at: Option<Instant>,
    /// How often the offer has met glare.
    pub(crate) collisions: u8,
    /// Our last refresh could not even be sent.
    pub(crate) is_unreachable: bool,
    /// The latest description of our side.
    pub(crate) local: Option<Bytes>,
}

/// A request of ours that changes or refreshes the session.
#[derive(Debug)]
pub(crate) struct Ours {
    pub(crate) key: Key,
    pub(crate) method: Method,
    pub(crate) cseq: u32,
    /// `None` in an UPDATE that only refreshes.
    pub(crate) sdp: Option<Bytes>,
    /// Whether the application asked for it, and waits for the outcome.
    pub(crate) is_asked: bool,
}

/// A request of theirs that changes the session.
#[derive(Debug)]
pub(crate) struct Theirs {
    pub(crate) key: Key,
    pub(crate) request: Request,
    /// When the application's time to answer is over.
    pub(crate) until: Instant,
}

impl Offers {
    /// Whether this is our request on its way.
    pub(crate) fn is_ours(&self, key: Key) -> bool {
        self.ours.as_ref().is_some_and(|ours| ours.key == key)
    }

    /// Whether we may make an offer now.
    pub(crate) fn may_offer(&self) -> bool {
        self.is_settled && self.ours.is_none() && self.theirs.is_none() && self.retry_at.is_none()
    }

    /// The status that refuses their request to change the session while another is under way:
    /// 491 when the other is ours, 500 when it is theirs.
    pub(crate) fn conflict(&self, method: &Method, has_offer: bool) -> Option<u16> {
        let counts = has_offer || *method == Method::Invite;
        if !counts {
            return None;
        }
        if self.theirs.is_some() {
            return Some(500);
        }
        let ours = self.ours.as_ref()?;
        let both_invite = ours.method == Method::Invite && *method == Method::Invite;
        (both_invite || ours.sdp.is_some()).then_some(491)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let theirs = self.theirs.as_ref().map(|theirs| theirs.until);
        [self.retry_at, theirs].into_iter().flatten().min()
    }
}
