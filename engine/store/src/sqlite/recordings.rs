//! Recordings' rows.

use rusqlite::Row;
use uuid::Uuid;

use super::records::{Rows, id, number, page, stored};
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

/// Ids of version 7 sort by time, and one whose row has gone still marks its place.
pub(super) fn list(rows: &Rows<'_>, filter: &RecordingFilter) -> Result<Vec<RecordingRow>, Error> {
    rows.all(
        "SELECT * FROM recordings
         WHERE tenant = ?1
           AND (?2 IS NULL OR call_id = ?2)
           AND (NOT ?3 OR purpose IN ('call', 'script'))
           AND started_at >= ?4 AND started_at < ?5
           AND (?6 IS NULL OR id < ?6)
         ORDER BY id DESC LIMIT ?7",
        &[
            &filter.call.map(Uuid::into_bytes),
            &filter.conversations,
            &filter.since.unwrap_or(i64::MIN),
            &filter.until.unwrap_or(i64::MAX),
            &filter.before.map(Uuid::into_bytes),
            &page(filter.limit),
        ],
        recording,
    )
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
