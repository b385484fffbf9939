//! What calls leave behind, as rows of the store: the same in the exchange, after a crash, and offline.

use call::MailboxChange;
use call::record::{CallRecord, LegRecord, Segment};
use serde_json::Value;
use store::{LegRow, MessageRow, SegmentRow};
use uuid::Uuid;

/// The message that is left by this change, if one is; `at` is microseconds since 1970, UTC.
pub fn message(change: &MailboxChange, tenant: &str, call: Uuid, at: i64) -> Option<MessageRow> {
    let MailboxChange::Leave {
        message,
        mailbox,
        recording,
        from,
        duration,
        urgent,
    } = change
    else {
        return None;
    };
    Some(MessageRow {
        id: message.0,
        tenant: tenant.to_owned(),
        mailbox: mailbox.clone(),
        recording: recording.0,
        call_id: Some(call),
        from: from.clone(),
        left_at: at,
        duration: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
        urgent: *urgent,
        heard_at: None,
        deleted_at: None,
        assigned_to: None,
    })
}

/// A leg, as far as the call's machine knows it: what its phone and its sound were, others do.
pub fn leg(leg: &LegRecord) -> LegRow {
    LegRow {
        leg: leg.leg.0,
        kind: leg.kind.clone(),
        peer: leg.peer.clone(),
        user_agent: None,
        invited_at: leg.invited_at,
        ringing_at: leg.ringing_at,
        early_at: leg.early_at,
        up_at: leg.up_at,
        ended_at: leg.ended_at,
        cause: leg.cause.word().to_owned(),
        codec: None,
        quality: None,
    }
}

/// The stretches of a call. The last one of a call that became a part of another says of which.
pub fn segments(record: &CallRecord) -> Vec<SegmentRow> {
    let mut rows: Vec<SegmentRow> = record.segments.iter().map(segment).collect();
    if let (Some(last), Some(call)) = (rows.last_mut(), record.goes_on_in) {
        last.note = Some(format!("goes on in call {call}"));
    }
    rows
}

fn segment(segment: &Segment) -> SegmentRow {
    SegmentRow {
        kind: word(&segment.kind),
        from: segment.from,
        to: segment.to,
        agent: segment.agent.clone(),
        queue: segment.queue.clone(),
        recording: segment.recording.map(|id| id.0),
        note: None,
    }
}

/// The word that serde gives a unit variant, as records have it: `left_message`.
pub fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
