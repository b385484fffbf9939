//! Call records: call → legs → segments, and the journal that they come from.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::EpisodeRow;

/// What is known when a call begins. Stored at once, so that a call that is cut by a crash has a
/// record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallBegin {
    /// Version 7.
    pub id: Uuid,
    /// The enterprise number.
    pub tenant: String,
    /// The exchange that carries it; one name per machine.
    pub node: String,
    /// Which way.
    pub direction: Direction,
    /// The caller's number as it came.
    pub from_raw: String,
    /// The caller's number in canonical form (`+8613800138000`); `None` if withheld or unknown.
    pub from_number: Option<String>,
    /// The caller's display name.
    pub from_name: Option<String>,
    /// The dialled number.
    pub to: String,
    /// Where that was looked up.
    pub context: String,
    /// The registered user who calls.
    pub user: Option<String>,
    /// The trunk that it came by.
    pub trunk_in: Option<String>,
    /// The dialplan's generation that runs it.
    pub generation: Option<i64>,
    /// When it began.
    pub started_at: i64,
}

/// Which way a call goes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From a trunk.
    Inbound,
    /// To a trunk.
    Outbound,
    /// Between users.
    Internal,
}

impl Direction {
    /// The stored word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Internal => "internal",
        }
    }

    /// Finds a direction by its word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Inbound, Self::Outbound, Self::Internal]
            .into_iter()
            .find(|d| d.word() == word)
    }
}

/// What is known when a call is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallEnd {
    /// When it was answered, if ever.
    pub answered_at: Option<i64>,
    /// When it ended.
    pub ended_at: i64,
    /// `customer`, `agent:1049`, `system:no_answer`.
    pub ended_by: String,
    /// `answered`, `rang_out`, `abandoned_ringing`, `left_message`, `ended_in_menu`, `refused` …
    pub result: String,
    /// The cause's word: `normal`, `busy` …
    pub cause: String,
    /// The SIP status that refused it, or that its cause stands for.
    pub sip_status: u16,
    /// The Q.850 cause value.
    pub q850: u8,
    /// The trunk that it left by.
    pub trunk_out: Option<String>,
    /// The lowest MOS (E-model) of any leg, 1.0 to 4.5.
    pub mos_min: Option<f64>,
    /// What the script left in `call.vars`: a JSON object, or null.
    pub vars: serde_json::Value,
    /// The script's failure, as it was shown.
    pub script_error: Option<String>,
}

/// A whole record, to be stored in one piece.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinishedCall {
    /// As at the beginning; stored again where the beginning could not be.
    pub begin: CallBegin,
    /// How it ended.
    pub end: CallEnd,
    /// Its legs.
    pub legs: Vec<LegRow>,
    /// What happened in it, in order.
    pub segments: Vec<SegmentRow>,
}

/// A call in a list; in progress while `end` is `None`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRow {
    /// How it began.
    pub begin: CallBegin,
    /// How it ended.
    pub end: Option<CallEnd>,
    /// How long before it the same customer called last, microseconds, where that is two days at most
    /// (重复来电).
    pub repeated_after: Option<i64>,
}

/// What became of a call, as Chinese desks name it; the word itself where they have no name for it. Of a call
/// to a customer it is the customer who did not come.
#[must_use]
pub fn result_name(direction: Direction, result: &str) -> &str {
    match (direction, result) {
        (Direction::Outbound, "rang_out") => return "对方无应答",
        (Direction::Outbound, "abandoned_ringing") => return "呼叫取消",
        (Direction::Outbound, "refused") => return "对方忙或拒接",
        _ => {}
    }
    match result {
        "answered" => "已接听",
        "rang_out" => "振铃未接听",
        "abandoned_ringing" => "振铃放弃",
        "abandoned_in_queue" => "排队放弃",
        "queue_timeout" => "排队超时",
        "left_message" => "已留言",
        "ended_in_menu" => "IVR内挂机",
        "refused" => "客服拒接",
        "unreachable" => "无法接通",
        "no_capacity" => "并发限制",
        "blacklisted" => "黑名单",
        "transferred" => "已转接",
        "failed" => "系统故障",
        other => other,
    }
}

/// One call with everything that belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallDetails {
    /// The call.
    pub call: CallRow,
    /// Its legs, by number.
    pub legs: Vec<LegRow>,
    /// What happened in it, in order.
    pub segments: Vec<SegmentRow>,
    /// Its stays in queues, in order.
    pub episodes: Vec<EpisodeRow>,
}

/// One leg of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegRow {
    /// From 0, the caller's.
    pub leg: u16,
    /// `trunk`, `user`, `external`.
    pub kind: String,
    /// Who: a user, a number.
    pub peer: String,
    /// The phone's User-Agent.
    pub user_agent: Option<String>,
    /// When it was invited, or invited us.
    pub invited_at: i64,
    /// When it rang.
    pub ringing_at: Option<i64>,
    /// When its own sound was heard before the answer (early media).
    pub early_at: Option<i64>,
    /// When it answered.
    pub up_at: Option<i64>,
    /// When it ended.
    pub ended_at: i64,
    /// The cause's word.
    pub cause: String,
    /// The codec that was last spoken: `pcma`.
    pub codec: Option<String>,
    /// How it sounded.
    pub quality: Option<Quality>,
}

/// What RTP and RTCP told of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Packets received.
    pub received: u64,
    /// Packets lost on the way to us.
    pub lost: u64,
    /// Interarrival jitter, microseconds (RFC 3550 §6.4.1).
    pub jitter: u32,
    /// Round trip by RTCP, microseconds, where the far end reports.
    pub round_trip: Option<u32>,
    /// MOS by the E-model, 1.0 to 4.5.
    pub mos: Option<f64>,
}

/// A stretch of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentRow {
    /// `ivr`, `ring`, `talk`, `hold`, `voicemail`, `monitor` …
    pub kind: String,
    /// From.
    pub from: i64,
    /// To.
    pub to: i64,
    /// The user who took part.
    pub agent: Option<String>,
    /// The queue it was in.
    pub queue: Option<String>,
    /// What was recorded in it.
    pub recording: Option<Uuid>,
    /// Something to read.
    pub note: Option<String>,
}

/// Which calls to list, newest first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CallFilter {
    /// Started at this time or later.
    pub since: Option<i64>,
    /// Started before this time.
    pub until: Option<i64>,
    /// The caller's number (canonical or raw), the dialled one, or a user who took part.
    pub number: Option<String>,
    /// The caller's number, canonical or raw.
    pub from: Option<String>,
    /// The number that was dialled.
    pub to: Option<String>,
    /// A user who called or took part.
    pub user: Option<String>,
    /// Only those in which one of these users called or took part; all when it is empty.
    pub among: Vec<String>,
    /// How it ended: `answered`, `rang_out` …
    pub result: Option<String>,
    /// Only those that are over, or only those that go on.
    pub is_over: Option<bool>,
    /// Older than this call: the last one of the page before.
    pub before: Option<Uuid>,
    /// At most so many; 0 means 100, and more than 1,000 are never given.
    pub limit: usize,
}

/// One line of a call's journal.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct JournalLine {
    /// From 0, without gaps.
    pub seq: u32,
    /// Microseconds since the call began, monotonic.
    pub at: i64,
    /// The entry as JSON.
    pub json: String,
}
