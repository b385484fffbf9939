//! Figures of queues, agents and numbers, and the wallboard, as programs have them.

use std::collections::BTreeMap;

use serde::Serialize;
use store::{AgentSums, Measure, NumberSums, QueueSums};

use crate::floor::Queue;

/// By what a tenant's figures are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Yardstick {
    /// The tenant's time zone, an IANA name.
    pub zone: String,
    /// The exchange's time, microseconds since 1970 UTC.
    pub now: i64,
    /// By what stays are judged.
    pub measure: Measure,
}

/// How a tenant's queues and agents stand, and their figures of today.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wallboard {
    /// As of.
    #[serde(serialize_with = "crate::time::serialise")]
    pub at: i64,
    /// The tenant's midnight.
    #[serde(serialize_with = "crate::time::serialise")]
    pub since: i64,
    /// By name.
    pub queues: Vec<BoardQueue>,
    /// By number.
    pub agents: Vec<BoardAgent>,
    /// What somebody should look at.
    pub alerts: Vec<Alert>,
}

/// A queue on the wallboard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BoardQueue {
    /// How it stands.
    pub now: Queue,
    /// Since when the one waits who has waited longest.
    #[serde(serialize_with = "crate::time::serialise_option")]
    pub waits_since: Option<i64>,
    /// Of today.
    pub today: QueueFigures,
}

/// An agent on the wallboard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BoardAgent {
    /// The user's number (工号).
    pub id: String,
    /// Shown to others (姓名).
    pub name: Option<String>,
    /// The state.
    pub state: String,
    /// Why they are busy.
    pub reason: Option<String>,
    /// Whether a phone of theirs answers.
    pub reachable: bool,
    /// In this state since then.
    #[serde(serialize_with = "crate::time::serialise")]
    pub since: i64,
    /// In the conversation that goes on since then, holding included.
    #[serde(serialize_with = "crate::time::serialise_option")]
    pub talking_since: Option<i64>,
    /// Of today.
    pub today: AgentFigures,
}

/// What somebody should look at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alert {
    /// `longest_wait`, `waiting`, `service_level`, `no_agents`, `trunk_down`, `recording_failed`,
    /// `recordings_missing`.
    pub alert: &'static str,
    /// The queue or trunk.
    pub of: Option<String>,
    /// What it was when it was raised: seconds, callers, of a hundred, recordings.
    pub value: f64,
    /// What it should not go beyond.
    pub limit: f64,
    /// When it was raised.
    #[serde(serialize_with = "crate::time::serialise")]
    pub since: i64,
}

/// Figures of a queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct QueueFigures {
    /// Callers who came in.
    pub entered: u64,
    /// Without those who left before it was long enough to count.
    pub offered: u64,
    /// Who was answered.
    pub answered: u64,
    /// Who was answered soon enough.
    pub answered_within: u64,
    /// Who gave up after it was long enough to count (排队放弃).
    pub abandoned: u64,
    /// Who left before it was.
    pub short: u64,
    /// Who has waited for as long as one may (排队超时).
    pub timed_out: u64,
    /// Who left because no agent was there.
    pub no_agent: u64,
    /// Who left by a key.
    pub by_key: u64,
    /// Whom a step of the overflow chain has taken elsewhere.
    pub overflowed: u64,
    /// Who found no room.
    pub full: u64,
    /// Answered soon enough, of the offered; null when there was nobody.
    pub service_level: Option<f64>,
    /// `SL` as Asterisk has it: answered soon enough, of the answered.
    pub asterisk_sl: Option<f64>,
    /// `SL2` as Asterisk has it: answered or given up soon enough, of both together.
    pub asterisk_sl2: Option<f64>,
    /// Who gave up, of the offered.
    pub abandon_rate: Option<f64>,
    /// The average wait of the answered (ASA).
    pub average_wait_ms: Option<i64>,
    /// The longest wait of all.
    pub longest_wait_ms: i64,
    /// Calls in which somebody was talked to.
    pub handled: u64,
    /// Talking.
    pub talk_ms: i64,
    /// Holding.
    pub hold_ms: i64,
    /// Wrapping up.
    pub wrap_up_ms: i64,
    /// The three together for each call that was handled (AHT).
    pub average_handling_ms: Option<i64>,
    /// Calls that went on to another party, of the handled.
    pub transfer_rate: Option<f64>,
    /// Calls that were held, of the handled.
    pub hold_rate: Option<f64>,
}

/// Figures of an agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AgentFigures {
    /// Calls to customers, answered or not (呼出量).
    pub outbound: u64,
    /// Of those, the answered.
    pub outbound_answered: u64,
    /// Customers' calls in which they have talked (接听量).
    pub inbound_answered: u64,
    /// Both that were answered together.
    pub handled: u64,
    /// Calls of queues that their phones were to ring for.
    pub offers: u64,
    /// Of those, the answered.
    pub offers_answered: u64,
    /// Rang out (振铃未接听).
    pub no_answer: u64,
    /// Declined (客服拒接).
    pub rejected: u64,
    /// Their phones could not be rung.
    pub not_reached: u64,
    /// With customers, holding included.
    pub talk_ms: i64,
    /// Of that, holding.
    pub hold_ms: i64,
    /// Wrapping up.
    pub wrap_up_ms: i64,
    /// With a customer, holding included, for each call (平均通话时长).
    pub average_talk_ms: Option<i64>,
    /// That and wrapping up, for each call (AHT).
    pub average_handling_ms: Option<i64>,
    /// At work for a call, of that and waiting for one.
    pub occupancy: Option<f64>,
    /// Talking, holding and wrapping up, of the time that they were logged in.
    pub utilisation: Option<f64>,
    /// In any state but logged out.
    pub logged_in_ms: i64,
    /// In each state.
    pub states_ms: BTreeMap<String, i64>,
    /// Busy (置忙) for each reason; that of none has no name.
    pub busy_ms: BTreeMap<String, i64>,
    /// The first login.
    #[serde(serialize_with = "crate::time::serialise_option")]
    pub first_login: Option<i64>,
    /// The latest login (电话登录时间).
    #[serde(serialize_with = "crate::time::serialise_option")]
    pub last_login: Option<i64>,
}

/// Figures of a number that customers dial.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NumberFigures {
    /// Calls to it.
    pub calls: u64,
    /// Of those, the answered.
    pub answered: u64,
    /// What became of them, by result.
    pub results: BTreeMap<String, u64>,
    /// Talking and holding.
    pub talk_ms: i64,
    /// Waiting in queues.
    pub wait_ms: i64,
    /// Talking and holding, for each call that was answered.
    pub average_talk_ms: Option<i64>,
}

impl From<&QueueSums> for QueueFigures {
    fn from(sums: &QueueSums) -> Self {
        Self {
            entered: sums.entered,
            offered: sums.offered(),
            answered: sums.answered,
            answered_within: sums.answered_within,
            abandoned: sums.abandoned,
            short: sums.short,
            timed_out: sums.timed_out,
            no_agent: sums.no_agent,
            by_key: sums.by_key,
            overflowed: sums.overflowed,
            full: sums.full,
            service_level: sums.service_level(),
            asterisk_sl: sums.asterisk_sl(),
            asterisk_sl2: sums.asterisk_sl2(),
            abandon_rate: sums.abandon_rate(),
            average_wait_ms: sums.average_wait().map(millis),
            longest_wait_ms: millis(sums.longest_wait),
            handled: sums.handled,
            talk_ms: millis(sums.talk),
            hold_ms: millis(sums.hold),
            wrap_up_ms: millis(sums.wrap_up),
            average_handling_ms: sums.average_handling().map(millis),
            transfer_rate: sums.transfer_rate(),
            hold_rate: sums.hold_rate(),
        }
    }
}

impl From<&AgentSums> for AgentFigures {
    fn from(sums: &AgentSums) -> Self {
        let spans = |of: &BTreeMap<String, i64>| {
            let spans = of.iter().map(|(name, time)| (name.clone(), millis(*time)));
            spans.collect()
        };
        Self {
            outbound: sums.outbound,
            outbound_answered: sums.outbound_answered,
            inbound_answered: sums.inbound_answered,
            handled: sums.handled(),
            offers: sums.offers,
            offers_answered: sums.offers_answered,
            no_answer: sums.no_answer,
            rejected: sums.rejected,
            not_reached: sums.not_reached,
            talk_ms: millis(sums.talk),
            hold_ms: millis(sums.hold),
            wrap_up_ms: millis(sums.wrap_up()),
            average_talk_ms: sums.average_talk().map(millis),
            average_handling_ms: sums.average_handling().map(millis),
            occupancy: sums.occupancy(),
            utilisation: sums.utilisation(),
            logged_in_ms: millis(sums.logged_in_for()),
            states_ms: spans(&sums.states),
            busy_ms: spans(&sums.reasons),
            first_login: sums.first_login,
            last_login: sums.last_login,
        }
    }
}

impl From<&NumberSums> for NumberFigures {
    fn from(sums: &NumberSums) -> Self {
        Self {
            calls: sums.calls,
            answered: sums.answered(),
            results: sums.results.clone(),
            talk_ms: millis(sums.talk),
            wait_ms: millis(sums.wait),
            average_talk_ms: sums.average_talk().map(millis),
        }
    }
}

fn millis(micros: i64) -> i64 {
    micros / 1_000
}
