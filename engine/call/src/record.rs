//! What remains of a call: call → legs → segments.

use serde::{Deserialize, Serialize};

use crate::{CallId, Cause, LegId, RecordingId};

/// One call, when it is over. Times are microseconds since 1970, UTC, made from the wall time of
/// the call's birth and monotonic time after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Its id.
    pub id: CallId,
    /// When it began.
    pub started_at: i64,
    /// When it was answered, if ever.
    pub answered_at: Option<i64>,
    /// When it ended.
    pub ended_at: i64,
    /// Who ended it: `customer`, `agent:1049`, `system:no_answer`.
    pub ended_by: String,
    /// What became of it.
    pub result: Outcome,
    /// Why it ended.
    pub cause: Cause,
    /// Its legs.
    pub legs: Vec<LegRecord>,
    /// What happened in it, in order.
    pub segments: Vec<Segment>,
    /// The call that it has become a part of.
    pub goes_on_in: Option<CallId>,
}

impl CallRecord {
    /// The final status of the caller's INVITE: 200 once it was answered, however it ended.
    pub fn sip_status(&self) -> u16 {
        match self.answered_at {
            Some(_) => 200,
            None => self.cause.sip_status(),
        }
    }
}

/// What became of a call, as Chinese desks name it (E100).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 已接听: talked to somebody.
    Answered,
    /// 振铃未接听: somebody's phone rang and nobody came.
    RangOut,
    /// 振铃放弃: the caller gave up while it rang.
    AbandonedRinging,
    /// 已留言: a message was left.
    LeftMessage,
    /// 排队放弃: waited in a queue when it ended. The caller gave up, or somebody else has ended the
    /// call: `ended_by` tells.
    AbandonedInQueue,
    /// 排队超时: waited in a queue for as long as a caller may.
    QueueTimeout,
    /// IVR 内挂机: ended in the menu.
    EndedInMenu,
    /// 客服拒接 or busy: refused by the called.
    Refused,
    /// 无法接通: nobody's phone could be rung.
    Unreachable,
    /// 线路忙: no line, no port, or a queue that is full.
    NoCapacity,
    /// 黑名单: the caller is on the blacklist.
    Blacklisted,
    /// 并发限制: the caller calls too often, or too many times at once.
    TooManyCalls,
    /// 转接: a party of it went on in another call, whose record tells the rest.
    Transferred,
    /// The script or the exchange failed.
    Failed,
}

/// One leg.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegRecord {
    /// Which.
    pub leg: LegId,
    /// `trunk`, `user`, `external`.
    pub kind: String,
    /// Who: a user, a number.
    pub peer: String,
    /// When it was invited or invited us.
    pub invited_at: i64,
    /// When it rang.
    pub ringing_at: Option<i64>,
    /// When sound of its own was heard before the answer (彩铃), or was opened for the caller.
    pub early_at: Option<i64>,
    /// When it answered.
    pub up_at: Option<i64>,
    /// When it ended.
    pub ended_at: i64,
    /// Why it ended.
    pub cause: Cause,
}

/// A stretch of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// `ivr`, `queue`, `ring`, `talk`, `hold`, `consult`, `survey` …
    pub kind: SegmentKind,
    /// From.
    pub from: i64,
    /// To.
    pub to: i64,
    /// The user who took part, if one did.
    pub agent: Option<String>,
    /// The queue that the call was in, or came from.
    pub queue: Option<String>,
    /// What was recorded in it.
    pub recording: Option<RecordingId>,
}

/// What a stretch of a call was.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words are the trade's own")]
pub enum SegmentKind {
    Ivr,
    Queue,
    Ring,
    Talk,
    Hold,
    /// The customer waits while the agent asks somebody (咨询), by the exchange's own means.
    Consult,
    Voicemail,
    /// Says how satisfied they were (满意度调查).
    Survey,
    Park,
    Conference,
    /// Hears somebody else's call (监听, 耳语, 强插).
    Monitor,
    /// Colleagues whom a customer has left alone (内部通话).
    Internal,
}
