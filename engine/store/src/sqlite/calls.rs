//! Call records: call → legs → segments, and their journal.

use rusqlite::Row;
use uuid::Uuid;

use super::floor;
use super::missed;
use super::outbox::{self, Happened};
use super::records::{Records, Rows, id, json, number, optional_id, stored};
use crate::{
    CallBegin, CallDetails, CallEnd, CallRow, Direction, Error, FinishedCall, JournalLine, LegRow,
    Quality, SegmentRow,
};

pub(super) fn begin(rows: &Rows<'_>, call: &CallBegin) -> Result<(), Error> {
    rows.change(
        "INSERT INTO calls (tenant, id, node, direction, from_raw, from_number, from_name,
           dialled, context, caller, trunk_in, generation, started_at, repeated_after)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
           (SELECT ?13 - max(before.started_at)
            FROM calls AS before INDEXED BY calls_by_from_number
            WHERE ?4 = 'inbound' AND before.tenant = ?1 AND before.from_number = ?6
              AND before.started_at < ?13 AND before.started_at >= ?13 - ?14
              AND before.direction = 'inbound'))
         ON CONFLICT (tenant, id) DO NOTHING",
        &[
            call.id.as_bytes(),
            &call.node,
            &call.direction.word(),
            &call.from_raw,
            &call.from_number,
            &call.from_name,
            &call.to,
            &call.context,
            &call.user,
            &call.trunk_in,
            &call.generation,
            &call.started_at,
            &REPEATED_WITHIN,
        ],
    )?;
    Ok(())
}

pub(super) fn finish(rows: &Rows<'_>, call: &FinishedCall) -> Result<(), Error> {
    let id = call.begin.id;
    // Usually the call has begun and not ended, and there is nothing to replace.
    if !set_end(rows, call, false)? {
        begin(rows, &call.begin)?;
        rows.change(
            "DELETE FROM legs WHERE tenant = ?1 AND call_id = ?2",
            &[id.as_bytes()],
        )?;
        rows.change(
            "DELETE FROM segments WHERE tenant = ?1 AND call_id = ?2",
            &[id.as_bytes()],
        )?;
        set_end(rows, call, true)?;
    }
    for leg in &call.legs {
        put_leg(rows, id, leg)?;
    }
    for (seq, segment) in (0_i64..).zip(&call.segments) {
        put_segment(rows, &call.begin, seq, segment)?;
    }
    missed::finished(rows, call)?;
    tell(rows, call)
}

fn tell(rows: &Rows<'_>, call: &FinishedCall) -> Result<(), Error> {
    let happened = Happened {
        tenant: &call.begin.tenant,
        event: "call.ended",
        of: call.begin.id,
        key: format!("call.ended {}", call.begin.id),
        at: call.end.ended_at,
        told: call.told(),
    };
    outbox::tell(rows, happened)
}

/// False when there is no such call, or when it has ended and must not be ended `again`.
fn set_end(rows: &Rows<'_>, call: &FinishedCall, again: bool) -> Result<bool, Error> {
    let end = &call.end;
    let changed = rows.change(
        "UPDATE calls SET answered_at = ?3, ended_at = ?4, ended_by = ?5, result = ?6, cause = ?7,
           sip_status = ?8, q850 = ?9, trunk_out = ?10, mos_min = ?11, vars = ?12,
           script_error = ?13, from_number = ?14, generation = ?15, direction = ?16, dialled = ?18
         WHERE tenant = ?1 AND id = ?2 AND (ended_at IS NULL OR ?17)",
        &[
            call.begin.id.as_bytes(),
            &end.answered_at,
            &end.ended_at,
            &end.ended_by,
            &end.result,
            &end.cause,
            &end.sip_status,
            &end.q850,
            &end.trunk_out,
            &end.mos_min,
            &end.vars.to_string(),
            &end.script_error,
            &call.begin.from_number,
            &call.begin.generation,
            &call.begin.direction.word(),
            &again,
            &call.begin.to,
        ],
    )?;
    Ok(changed > 0)
}

fn put_leg(rows: &Rows<'_>, call: Uuid, leg: &LegRow) -> Result<(), Error> {
    let quality = leg.quality.as_ref();
    rows.change(
        "INSERT INTO legs (tenant, call_id, leg, kind, peer, user_agent, invited_at, ringing_at,
           early_at, up_at, ended_at, cause, codec, received, lost, jitter, round_trip, mos)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        &[
            call.as_bytes(),
            &leg.leg,
            &leg.kind,
            &leg.peer,
            &leg.user_agent,
            &leg.invited_at,
            &leg.ringing_at,
            &leg.early_at,
            &leg.up_at,
            &leg.ended_at,
            &leg.cause,
            &leg.codec,
            &quality.map(|quality| stored(quality.received)),
            &quality.map(|quality| stored(quality.lost)),
            &quality.map(|quality| quality.jitter),
            &quality.and_then(|quality| quality.round_trip),
            &quality.and_then(|quality| quality.mos),
        ],
    )?;
    Ok(())
}

fn put_segment(
    rows: &Rows<'_>,
    call: &CallBegin,
    seq: i64,
    segment: &SegmentRow,
) -> Result<(), Error> {
    rows.change(
        "INSERT INTO segments (tenant, call_id, seq, kind, began_at, ended_at, agent, queue,
           recording, note, call_started_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        &[
            call.id.as_bytes(),
            &seq,
            &segment.kind,
            &segment.from,
            &segment.to,
            &segment.agent,
            &segment.queue,
            &segment.recording.map(Uuid::into_bytes),
            &segment.note,
            &call.started_at,
        ],
    )?;
    Ok(())
}

pub(super) fn one(rows: &Rows<'_>, call: Uuid) -> Result<Option<CallDetails>, Error> {
    let found = rows.first(
        "SELECT * FROM calls WHERE tenant = ?1 AND id = ?2",
        &[call.as_bytes()],
        call_row,
    )?;
    let Some(found) = found else {
        return Ok(None);
    };
    let legs = rows.all(
        "SELECT * FROM legs WHERE tenant = ?1 AND call_id = ?2 ORDER BY leg",
        &[call.as_bytes()],
        leg_row,
    )?;
    let segments = rows.all(
        "SELECT * FROM segments WHERE tenant = ?1 AND call_id = ?2 ORDER BY seq",
        &[call.as_bytes()],
        segment_row,
    )?;
    Ok(Some(CallDetails {
        call: found,
        legs,
        segments,
        episodes: floor::episodes_of(rows, call)?,
    }))
}

pub(super) fn newest(rows: &Rows<'_>) -> Result<Option<CallBegin>, Error> {
    rows.first(
        "SELECT * FROM calls WHERE tenant = ?1 ORDER BY id DESC LIMIT 1",
        &[],
        begin_row,
    )
}

pub(super) fn unfinished(everyone: &Rows<'_>, node: &str) -> Result<Vec<CallBegin>, Error> {
    everyone.all(
        "SELECT * FROM calls WHERE node = ?1 AND ended_at IS NULL ORDER BY started_at, id",
        &[&node],
        begin_row,
    )
}

pub(super) fn close_cut(
    records: &Records<'_>,
    node: &str,
    before: i64,
) -> Result<Vec<CallBegin>, Error> {
    let everyone = &records.everyone();
    let mut cut = unfinished(everyone, node)?;
    cut.retain(|call| call.started_at < before);
    everyone.change(
        "UPDATE calls SET
           ended_at = started_at + coalesce((SELECT max(at) FROM journal
             WHERE journal.tenant = calls.tenant AND call_id = id), 0),
           ended_by = 'system:cut', result = 'failed', cause = 'failure',
           sip_status = 500, q850 = 41, vars = 'null'
         WHERE node = ?1 AND ended_at IS NULL AND started_at < ?2",
        &[&node, &before],
    )?;
    for call in &cut {
        let rows = records.of(&call.tenant);
        let Some(CallDetails {
            call:
                CallRow {
                    begin,
                    end: Some(end),
                    ..
                },
            legs,
            segments,
            ..
        }) = one(&rows, call.id)?
        else {
            continue;
        };
        let call = FinishedCall {
            begin,
            end,
            legs,
            segments,
        };
        tell(&rows, &call)?;
    }
    Ok(cut)
}

pub(super) fn append_journal(
    rows: &Rows<'_>,
    call: Uuid,
    lines: &[JournalLine],
) -> Result<(), Error> {
    for line in lines {
        rows.change(
            "INSERT INTO journal (tenant, call_id, seq, at, json) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (tenant, call_id, seq) DO NOTHING",
            &[call.as_bytes(), &line.seq, &line.at, &line.json],
        )?;
    }
    Ok(())
}

pub(super) fn journal(rows: &Rows<'_>, call: Uuid) -> Result<Vec<JournalLine>, Error> {
    rows.all(
        "SELECT seq, at, json FROM journal WHERE tenant = ?1 AND call_id = ?2 ORDER BY seq",
        &[call.as_bytes()],
        |row| {
            Ok(JournalLine {
                seq: number(row, "seq")?,
                at: row.get("at")?,
                json: row.get("json")?,
            })
        },
    )
}

fn begin_row(row: &Row<'_>) -> Result<CallBegin, Error> {
    let direction: String = row.get("direction")?;
    Ok(CallBegin {
        id: id(row, "id")?,
        tenant: row.get("tenant")?,
        node: row.get("node")?,
        direction: Direction::from_word(&direction)
            .ok_or_else(|| Error::Damaged(format!("direction is '{direction}'")))?,
        from_raw: row.get("from_raw")?,
        from_number: row.get("from_number")?,
        from_name: row.get("from_name")?,
        to: row.get("dialled")?,
        context: row.get("context")?,
        user: row.get("caller")?,
        trunk_in: row.get("trunk_in")?,
        generation: row.get("generation")?,
        started_at: row.get("started_at")?,
    })
}

pub(super) fn call_row(row: &Row<'_>) -> Result<CallRow, Error> {
    let begin = begin_row(row)?;
    let end = match row.get::<_, Option<i64>>("ended_at")? {
        None => None,
        Some(ended_at) => Some(CallEnd {
            answered_at: row.get("answered_at")?,
            ended_at,
            ended_by: row.get("ended_by")?,
            result: row.get("result")?,
            cause: row.get("cause")?,
            sip_status: number(row, "sip_status")?,
            q850: number(row, "q850")?,
            trunk_out: row.get("trunk_out")?,
            mos_min: row.get("mos_min")?,
            vars: json(&row.get::<_, String>("vars")?)?,
            script_error: row.get("script_error")?,
        }),
    };
    Ok(CallRow {
        begin,
        end,
        repeated_after: row.get("repeated_after")?,
    })
}

/// A customer who calls again within this, in microseconds, repeats themselves: two days.
const REPEATED_WITHIN: i64 = 48 * 3_600 * 1_000_000;

fn leg_row(row: &Row<'_>) -> Result<LegRow, Error> {
    let quality = match row.get::<_, Option<i64>>("received")? {
        None => None,
        Some(_) => Some(Quality {
            received: number(row, "received")?,
            lost: number(row, "lost")?,
            jitter: number(row, "jitter")?,
            round_trip: row.get("round_trip")?,
            mos: row.get("mos")?,
        }),
    };
    Ok(LegRow {
        leg: number(row, "leg")?,
        kind: row.get("kind")?,
        peer: row.get("peer")?,
        user_agent: row.get("user_agent")?,
        invited_at: row.get("invited_at")?,
        ringing_at: row.get("ringing_at")?,
        early_at: row.get("early_at")?,
        up_at: row.get("up_at")?,
        ended_at: row.get("ended_at")?,
        cause: row.get("cause")?,
        codec: row.get("codec")?,
        quality,
    })
}

fn segment_row(row: &Row<'_>) -> Result<SegmentRow, Error> {
    Ok(SegmentRow {
        kind: row.get("kind")?,
        from: row.get("began_at")?,
        to: row.get("ended_at")?,
        agent: row.get("agent")?,
        queue: row.get("queue")?,
        recording: optional_id(row, "recording")?,
        note: row.get("note")?,
    })
}
