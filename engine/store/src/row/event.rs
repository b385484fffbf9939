//! What handlers are told of records, when they have asked to be told in any case.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{FinishedCall, LegRow, MessageRow};

/// A handler that is told of an event in any case: with the record a job is stored for it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Subscriber {
    /// One of [`EVENTS`].
    pub event: String,
    /// The plugin, or the dialplan.
    pub owner: String,
}

/// The events that are stored with their records.
pub const EVENTS: &[&str] = &[
    "call.ended",
    "voicemail.recorded",
    "voicemail.heard",
    "voicemail.deleted",
];

/// The name of the job that tells of an event.
#[must_use]
pub fn event_job(event: &str) -> String {
    format!("on {event}")
}

impl FinishedCall {
    /// What `call.ended` tells.
    #[must_use]
    pub fn told(&self) -> Value {
        let (begin, end) = (&self.begin, &self.end);
        let mut agents: Vec<&str> = Vec::new();
        let talks = self.segments.iter().filter(|it| it.kind == "talk");
        for agent in talks.filter_map(|it| it.agent.as_deref()) {
            if !agents.contains(&agent) {
                agents.push(agent);
            }
        }
        let recordings = self.segments.iter().filter_map(|it| it.recording);
        let recordings: Vec<String> = recordings.map(|id| id.to_string()).collect();
        let called = self.legs.iter().filter(|it| it.leg > 0).take(MOST_CALLED);
        let called: Vec<Value> = called.map(LegRow::told).collect();
        json!({
            "id": begin.id.to_string(),
            "direction": begin.direction.word(),
            "from": begin.from_number,
            "from_name": begin.from_name,
            "to": begin.to,
            "user": begin.user,
            "trunk": begin.trunk_in,
            "outcome": end.result,
            "cause": end.cause,
            "ended_by": end.ended_by,
            "answered": end.answered_at.is_some(),
            "started_at": seconds(begin.started_at),
            "answered_at": end.answered_at.map(seconds),
            "ended_at": seconds(end.ended_at),
            "agents": agents,
            "called": called,
            "recordings": recordings,
            "vars": end.vars,
        })
    }
}

impl LegRow {
    /// Whom a call rang, as its end tells it.
    fn told(&self) -> Value {
        let talked = self.up_at.map(|up| seconds(self.ended_at - up));
        json!({ "kind": self.kind, "number": self.peer, "seconds": talked })
    }
}

/// Of those whom a call rang so many are told, the first: a queue may ring hundreds of phones.
const MOST_CALLED: usize = 50;

impl MessageRow {
    /// What the events of a message tell.
    #[must_use]
    pub fn told(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "call": self.call_id.map(|id| id.to_string()),
            "mailbox": self.mailbox,
            "recording": self.recording.to_string(),
            "from": self.from,
            "seconds": seconds(self.duration),
            "urgent": self.urgent,
            "left_at": seconds(self.left_at),
        })
    }
}

/// The id of the job that tells `owner` of what the key names: the same however often the record is
/// stored, and one of version 7 as the record's own, so that it sorts by the same time.
pub(crate) fn job_id(of: Uuid, key: &str, owner: &str) -> Uuid {
    // FNV-1a. Two that have the same mark are one in 2^62.
    let octets = key.bytes().chain([0]).chain(owner.bytes());
    let mark = octets.fold(0xcbf2_9ce4_8422_2325_u64, |mark, octet| {
        (mark ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    Uuid::from_u128(of.as_u128() ^ u128::from(mark >> 2))
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_call_rang_is_told_with_how_long_they_talked_and_the_caller_is_not_among_them() {
        let leg = |leg, up_at| LegRow {
            leg,
            kind: "trunk".to_owned(),
            peer: "13900139000".to_owned(),
            user_agent: None,
            invited_at: 0,
            ringing_at: None,
            early_at: None,
            up_at,
            ended_at: 9_500_000,
            cause: "normal".to_owned(),
            codec: None,
            quality: None,
        };
        let told = leg(1, Some(2_000_000)).told();
        assert_eq!(
            told,
            json!({ "kind": "trunk", "number": "13900139000", "seconds": 7.5 })
        );
        assert_eq!(leg(2, None).told()["seconds"], Value::Null);
    }

    #[test]
    fn a_job_has_an_id_of_its_own_for_each_subscriber_and_the_time_of_its_cause() {
        let call = Uuid::now_v7();
        let ids = [
            job_id(call, "call.ended 1", "crm"),
            job_id(call, "call.ended 1", "tickets"),
            job_id(call, "call.ended 2", "crm"),
        ];

        assert_eq!(ids[0], job_id(call, "call.ended 1", "crm"));
        assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
        for id in ids {
            assert_eq!(id.get_version_num(), 7);
            assert_eq!(id.get_timestamp(), call.get_timestamp());
        }
    }
}
