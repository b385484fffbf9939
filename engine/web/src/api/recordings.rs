//! Recordings of conversations, and their sound.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use store::{RecordingFilter, RecordingRow};
use uuid::Uuid;

use super::audio;
use super::body::Named;
use super::own::Own;
use super::page::{self, Asked, Page};
use super::problem::Problem;
use crate::time;

/// Which recordings to list, newest first.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    call: Option<String>,
    since: Option<String>,
    until: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// One recording.
#[derive(Debug, Serialize)]
pub(super) struct Recording {
    id: Uuid,
    call: Uuid,
    purpose: String,
    started_at: String,
    channels: u16,
    rate: u32,
    end: Option<End>,
}

/// What a closed recording holds.
#[derive(Debug, Serialize)]
struct End {
    duration_ms: i64,
    bytes: u64,
    sha256: Option<String>,
    lost: bool,
}

impl From<RecordingRow> for Recording {
    fn from(row: RecordingRow) -> Self {
        Self {
            id: row.id,
            call: row.call_id,
            purpose: row.purpose,
            started_at: time::text(row.started_at),
            channels: row.channels,
            rate: row.rate,
            end: row.end.map(|end| End {
                duration_ms: end.duration / 1_000,
                bytes: end.bytes,
                sha256: end.sha256.as_ref().map(audio::hex),
                lost: end.lost,
            }),
        }
    }
}

pub(super) async fn list(
    own: Own,
    Asked(asked): Asked<Question>,
) -> Result<Json<Page<Recording>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let filter = RecordingFilter {
        among: Vec::new(),
        call: page::id(asked.call.as_deref(), "call")?,
        conversations: true,
        since: page::moment(asked.since.as_deref(), "since")?,
        until: page::moment(asked.until.as_deref(), "until")?,
        before: page::place(asked.after.as_deref())?,
        limit: limit + 1,
    };
    let rows = own.recordings(filter).await?;
    let page = Page::of(rows, limit, |row| {
        format!("{:x}.{}", row.started_at, row.id)
    });
    Ok(Json(page.map(Recording::from)))
}

pub(super) async fn one(own: Own, Named(id): Named) -> Result<Json<Recording>, Problem> {
    Ok(Json(find(&own, &id).await?.into()))
}

pub(super) async fn delete(own: Own, Named(id): Named) -> Result<StatusCode, Problem> {
    let row = find(&own, &id).await?;
    own.delete_recording(row.id).await?;
    own.note("recording_deleted", &row.id);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn sound(
    own: Own,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let row = find(&own, &id).await?;
    audio::serve(&own, &row, &headers).await
}

/// Messages and greetings are recordings too, and not to be had by this scope.
async fn find(own: &Own, id: &str) -> Result<RecordingRow, Problem> {
    let none = || Problem::not_found("recording");
    let id = Uuid::parse_str(id).map_err(|_| none())?;
    let row = own.recording(id).await?;
    match row.purpose.as_str() {
        "call" | "script" | "whisper" => Ok(row),
        _ => Err(none()),
    }
}
