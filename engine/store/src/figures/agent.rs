//! What is counted of an agent, and the figures that follow from it.

use std::collections::BTreeMap;

use super::contact::Part;
use super::queue::average;
use super::spell::Spell;

/// Sums of an agent. Times are microseconds.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AgentSums {
    /// Calls of queues that their phones were to ring for.
    pub offers: u64,
    /// Offers that they have answered.
    pub offers_answered: u64,
    /// Offers that they let ring (振铃未接听).
    pub no_answer: u64,
    /// Offers that they declined (客服拒接).
    pub rejected: u64,
    /// Offers for which no phone of theirs could be rung.
    pub not_reached: u64,
    /// Calls to customers, answered or not (呼出量).
    pub outbound: u64,
    /// Of those, the answered.
    pub outbound_answered: u64,
    /// Customers' calls in which they have talked (接听量); consultations are none.
    pub inbound_answered: u64,
    /// With customers, in and out, holding included.
    pub talk: i64,
    /// Of that, holding.
    pub hold: i64,
    /// Customers' calls that went on to somebody else after them.
    pub transferred: u64,
    /// Customers' calls that they have held.
    pub held: u64,
    /// How long they were in each state.
    pub states: BTreeMap<String, i64>,
    /// How long they were busy (置忙) for each reason; nothing for none.
    pub reasons: BTreeMap<String, i64>,
    /// Their first login.
    pub first_login: Option<i64>,
    /// Their latest login (电话登录时间).
    pub last_login: Option<i64>,
}

impl AgentSums {
    pub(super) fn offer(&mut self, why: &str) {
        // Neither was it theirs to take: a colleague was quicker, or the caller gave up.
        self.offers += 1;
        match why {
            "connected" => self.offers_answered += 1,
            "no_answer" => self.no_answer += 1,
            "rejected" => self.rejected += 1,
            "busy" | "unreachable" => self.not_reached += 1,
            _ => {}
        }
    }

    pub(super) fn contact(&mut self, part: Part) {
        self.outbound += u64::from(part.made);
        if !part.talked {
            return;
        }
        match part.made {
            true => self.outbound_answered += 1,
            false => self.inbound_answered += 1,
        }
        self.talk += part.talk + part.hold;
        self.hold += part.hold;
        self.transferred += u64::from(part.moved);
        self.held += u64::from(part.hold > 0);
    }

    pub(super) fn logged_in(&mut self, at: i64) {
        self.first_login = Some(self.first_login.map_or(at, |first| first.min(at)));
        self.last_login = Some(self.last_login.map_or(at, |last| last.max(at)));
    }

    pub(super) fn spent(&mut self, spell: &Spell, time: i64) {
        *self.states.entry(spell.state.clone()).or_default() += time;
        if spell.state == "busy" {
            let reason = spell.reason.clone().unwrap_or_default();
            *self.reasons.entry(reason).or_default() += time;
        }
    }

    /// Customers' calls in which they have talked.
    #[must_use]
    pub fn handled(&self) -> u64 {
        self.outbound_answered + self.inbound_answered
    }

    /// With a customer, holding included, for each call (平均通话时长), microseconds.
    #[must_use]
    pub fn average_talk(&self) -> Option<i64> {
        average(self.talk, self.handled())
    }

    /// Talking, holding and wrapping up, for each call (AHT), microseconds.
    #[must_use]
    pub fn average_handling(&self) -> Option<i64> {
        average(self.talk + self.in_state("wrap_up"), self.handled())
    }

    /// Wrapping up, microseconds.
    #[must_use]
    pub fn wrap_up(&self) -> i64 {
        self.in_state("wrap_up")
    }

    /// In any state but logged out, microseconds.
    #[must_use]
    pub fn logged_in_for(&self) -> i64 {
        self.of(|state| state != "logged_out")
    }

    /// At work for a call (talking, holding, wrapping up, ringing), of that and waiting for one.
    #[must_use]
    pub fn occupancy(&self) -> Option<f64> {
        let engaged = self.of(is_at_work) as f64;
        ratio(engaged, engaged + self.in_state("idle") as f64)
    }

    /// Talking, holding and wrapping up, of the time that they were logged in.
    #[must_use]
    pub fn utilisation(&self) -> Option<f64> {
        let busy = self.of(|state| is_at_work(state) && !RINGING.contains(&state));
        ratio(busy as f64, self.logged_in_for() as f64)
    }

    fn in_state(&self, state: &str) -> i64 {
        self.states.get(state).copied().unwrap_or_default()
    }

    fn of(&self, counts: impl Fn(&str) -> bool) -> i64 {
        let states = self.states.iter();
        states
            .filter(|(state, _)| counts(state))
            .map(|(_, time)| time)
            .sum()
    }
}

/// Whether an agent is at work for a customer.
fn is_at_work(state: &str) -> bool {
    is_engaged(state) && state != "internal"
}

/// Whether a call, or what is left to do of one, keeps an agent from the next.
pub(super) fn is_engaged(state: &str) -> bool {
    !NOT_ENGAGED.contains(&state)
}

pub(super) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// States in which no call is theirs; what leaders do with others' calls is none.
const NOT_ENGAGED: [&str; 5] = ["logged_out", "busy", "idle", "monitoring", "barging"];
/// Something rings.
const RINGING: [&str; 3] = ["offered", "dialling", "calling"];
