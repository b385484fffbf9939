//! A call's journal on one time axis: SIP messages are written together, and happened one by one.

use serde_json::{Value, json};
use store::JournalLine;

/// One thing that happened in a call.
#[derive(Debug)]
pub(super) struct Moment {
    /// The journal's line that tells of it.
    pub(super) seq: u32,
    /// Microseconds since the call began.
    pub(super) at: i64,
    pub(super) what: Value,
}

/// Everything in the order in which it happened. Of what happened in the same turn of the exchange a
/// message that came is the cause, and one that left the effect.
pub(super) fn moments(journal: &[JournalLine]) -> Vec<Moment> {
    let mut moments = Vec::with_capacity(journal.len());
    for line in journal {
        let what: Value = serde_json::from_str(&line.json).unwrap_or(Value::Null);
        // What the next start needs to know is no moment.
        if what.get("dialog").is_some() {
            continue;
        }
        let one = |at: i64, what: Value| Moment {
            seq: line.seq,
            at,
            what,
        };
        let Some(sip) = what.get("sip") else {
            moments.push(one(line.at, what));
            continue;
        };
        for message in sip["messages"].as_array().into_iter().flatten() {
            let mut message = message.clone();
            let at = message["at"].as_i64().unwrap_or(line.at);
            let peer = message["peer"]
                .as_u64()
                .and_then(|it| usize::try_from(it).ok());
            message["peer"] = peer.map_or(Value::Null, |it| sip["peers"][it].clone());
            if let Some(fields) = message.as_object_mut() {
                fields.remove("at");
            }
            moments.push(one(at, json!({ "sip": message })));
        }
        if let Some(skipped) = sip["skipped"].as_u64() {
            moments.push(one(line.at, json!({ "sip": { "skipped": skipped } })));
        }
    }
    let rank = |moment: &Moment| match moment.what.get("sip") {
        Some(sip) if sip.get("in").is_some() => 0,
        Some(_) => 2,
        None => 1,
    };
    moments.sort_by_key(|moment| (moment.at, rank(moment)));
    moments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stand_among_what_they_brought_about() {
        let line = |seq: u32, at: i64, json: Value| JournalLine {
            seq,
            at,
            json: json.to_string(),
        };
        let journal = [
            line(0, 0, json!({ "what": "Began" })),
            line(1, 500, json!({ "script": {} })),
            line(
                2,
                500,
                json!({ "sip": { "peers": ["a/udp", "b/udp"], "skipped": 3, "messages": [
                    { "at": 0, "leg": 0, "in": "INVITE", "peer": 0 },
                    { "at": 0, "leg": 0, "out": "100 INVITE", "peer": 0 },
                    { "at": 400, "leg": 1, "out": "INVITE", "peer": 1 },
                ] } }),
            ),
        ];

        let moments = moments(&journal);

        let told: Vec<String> = moments
            .iter()
            .map(|moment| match &moment.what["sip"] {
                Value::Null => moment.what.to_string(),
                sip => format!(
                    "{}{}{} {}",
                    sip["in"], sip["out"], sip["skipped"], sip["peer"]
                ),
            })
            .collect();
        assert_eq!(
            told,
            [
                "\"INVITE\"nullnull \"a/udp\"",
                "{\"what\":\"Began\"}",
                "null\"100 INVITE\"null \"a/udp\"",
                "null\"INVITE\"null \"b/udp\"",
                "{\"script\":{}}",
                "nullnull3 null",
            ]
        );
        assert!(
            moments
                .iter()
                .all(|moment| moment.what["sip"].get("at").is_none())
        );
    }
}
