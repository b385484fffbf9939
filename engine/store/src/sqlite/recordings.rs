//! Recordings' rows.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Row;
use uuid::Uuid;

use super::records::{Rows, id, json_list, number, page, stored};
use crate::row::DELETED;
use crate::{Error, RecordingEnd, RecordingFilter, RecordingRow};

pub(super) fn begin(rows: &Rows<'_>, recording: &RecordingRow) -> Result<(), Error> {
    rows.change(
        "INSERT INTO recordings (tenant, id, node, call_id, path, channels, rate, started_at,
           purpose)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (tenant, id) DO NOTHING",
        &[
            recording.id.as_bytes(),
            &recording.node,
            recording.call_id.as_bytes(),
            &recording.path,
            &recording.channels,
            &recording.rate,
            &recording.started_at,
            &recording.purpose,
        ],
    )?;
    match &recording.end {
        Some(end) => finish(rows, recording.id, end),
        None => Ok(()),
    }
}

pub(super) fn finish(rows: &Rows<'_>, id: Uuid, end: &RecordingEnd) -> Result<(), Error> {
    let changed = rows.change(
        "UPDATE recordings SET duration = ?3, bytes = ?4, sha256 = ?5, lost = ?6
         WHERE tenant = ?1 AND id = ?2",
        &[
            id.as_bytes(),
            &end.duration,
            &stored(end.bytes),
            &end.sha256,
            &end.lost,
        ],
    )?;
    match changed {
        0 => Err(Error::NotFound {
            what: "recording",
            name: id.to_string(),
        }),
        _ => Ok(()),
    }
}

pub(super) fn delete(rows: &Rows<'_>, id: Uuid) -> Result<bool, Error> {
    // A call whose recording was deleted says so, and does not look as if one were missing.
    rows.change(
        "UPDATE segments SET recording = NULL, note = ?3
         WHERE tenant = ?1 AND recording = ?2 AND call_id =
           (SELECT call_id FROM recordings WHERE tenant = ?1 AND id = ?2)",
        &[id.as_bytes(), &DELETED],
    )?;
    let gone = rows.change(
        "DELETE FROM recordings WHERE tenant = ?1 AND id = ?2",
        &[id.as_bytes()],
    )?;
    Ok(gone > 0)
}

pub(super) fn one(rows: &Rows<'_>, id: Uuid) -> Result<Option<RecordingRow>, Error> {
    rows.first(
        "SELECT * FROM recordings WHERE tenant = ?1 AND id = ?2",
        &[id.as_bytes()],
        recording,
    )
}

pub(super) fn of_call(rows: &Rows<'_>, call: Uuid) -> Result<Vec<RecordingRow>, Error> {
    rows.all(
        "SELECT * FROM recordings WHERE tenant = ?1 AND call_id = ?2 ORDER BY started_at, id",
        &[call.as_bytes()],
        recording,
    )
}

/// One whose row has gone still marks its place.
pub(super) fn list(rows: &Rows<'_>, filter: &RecordingFilter) -> Result<Vec<RecordingRow>, Error> {
    // By time alone one would look at all recordings for those of somebody who has hardly any; a call has few.
    match filter.among.is_empty() || filter.call.is_some() {
        true => ask(rows, &list_sql(filter), filter, &json_list(&filter.among)),
        false => of_team(rows, filter),
    }
}

/// The newest recordings of each member in turn. Who comes later is asked for what is newer than the page that those
/// before them have filled.
fn of_team(rows: &Rows<'_>, filter: &RecordingFilter) -> Result<Vec<RecordingRow>, Error> {
    let most = usize::try_from(page(filter.limit)).unwrap_or_default();
    let mut newest: BTreeMap<(i64, Uuid), RecordingRow> = BTreeMap::new();
    let members: BTreeSet<&String> = filter.among.iter().collect();
    let mut own = filter.clone();
    let sql = of_member(filter);
    for member in members {
        own.since = match newest.first_key_value() {
            Some(((oldest, _), _)) if newest.len() >= most => Some(*oldest),
            _ => Some(filter.since.unwrap_or(i64::MIN)),
        };
        let found = ask(rows, &sql, &own, member)?.into_iter();
        newest.extend(found.map(|row| ((row.started_at, row.id), row)));
        while newest.len() > most {
            newest.pop_first();
        }
    }
    Ok(newest.into_values().rev().collect())
}

/// Asks a statement of [`list_sql`] or [`of_member`]; of whom, as that one wants it.
fn ask(
    rows: &Rows<'_>,
    sql: &str,
    filter: &RecordingFilter,
    whose: &str,
) -> Result<Vec<RecordingRow>, Error> {
    let (before, before_id) = filter.before.unzip();
    rows.all(
        sql,
        &[
            &filter.call.map(Uuid::into_bytes),
            &filter.since,
            &filter.until,
            &before,
            &before_id.map(Uuid::into_bytes),
            &whose,
            &page(filter.limit),
        ],
        recording,
    )
}

/// The statement for one member of a team: the recordings of calls that they have made or taken part in.
pub(super) fn of_member(filter: &RecordingFilter) -> String {
    let mut sql = "SELECT recordings.* FROM recorded INDEXED BY recorded_by_party
         CROSS JOIN recordings ON recordings.tenant = recorded.tenant AND recordings.id = recorded.recording
         WHERE recorded.tenant = ?1 AND recorded.party = ?7 AND recorded.started_at >= ?3"
        .to_owned();
    if filter.conversations {
        sql += " AND recordings.purpose IN ('call', 'script', 'whisper')";
    }
    sql += match (filter.before, filter.until) {
        (Some(_), _) => " AND (recorded.started_at, recorded.recording) < (?5, ?6)",
        (None, Some(_)) => " AND recorded.started_at < ?4",
        (None, None) => "",
    };
    sql + " ORDER BY recorded.started_at DESC, recorded.recording DESC LIMIT ?8"
}

/// The statement for a filter: conditions that nobody asked for are left out, so that an index
/// serves those that are there.
pub(super) fn list_sql(filter: &RecordingFilter) -> String {
    let mut sql = "SELECT * FROM recordings WHERE tenant = ?1".to_owned();
    for (asked, condition) in [
        (filter.call.is_some(), " AND call_id = ?2"),
        (
            filter.conversations,
            " AND purpose IN ('call', 'script', 'whisper')",
        ),
        (filter.since.is_some(), " AND started_at >= ?3"),
        // The place of the page before is earlier.
        (
            filter.until.is_some() && filter.before.is_none(),
            " AND started_at < ?4",
        ),
        (filter.before.is_some(), " AND (started_at, id) < (?5, ?6)"),
        (!filter.among.is_empty(), AMONG),
    ] {
        if asked {
            sql += condition;
        }
    }
    sql + " ORDER BY started_at DESC, id DESC LIMIT ?8"
}

pub(super) fn unfinished(everyone: &Rows<'_>, node: &str) -> Result<Vec<RecordingRow>, Error> {
    everyone.all(
        "SELECT * FROM recordings WHERE node = ?1 AND duration IS NULL ORDER BY started_at, id",
        &[&node],
        recording,
    )
}

pub(super) fn recording(row: &Row<'_>) -> Result<RecordingRow, Error> {
    let end = match row.get::<_, Option<i64>>("duration")? {
        None => None,
        Some(duration) => Some(RecordingEnd {
            duration,
            bytes: number(row, "bytes")?,
            sha256: row.get("sha256")?,
            lost: row.get("lost")?,
        }),
    };
    Ok(RecordingRow {
        id: id(row, "id")?,
        tenant: row.get("tenant")?,
        node: row.get("node")?,
        call_id: id(row, "call_id")?,
        path: row.get("path")?,
        channels: number(row, "channels")?,
        rate: number(row, "rate")?,
        started_at: row.get("started_at")?,
        purpose: row.get("purpose")?,
        end,
    })
}

const AMONG: &str = " AND (EXISTS (SELECT 1 FROM calls WHERE calls.tenant = recordings.tenant \
                     AND calls.id = recordings.call_id \
                     AND calls.caller IN (SELECT value FROM json_each(?7))) \
                     OR EXISTS (SELECT 1 FROM segments WHERE segments.tenant = recordings.tenant \
                     AND segments.call_id = recordings.call_id \
                     AND segments.agent IN (SELECT value FROM json_each(?7))))";
