//! Messages in mailboxes, their sound, and what may be done with them.

use axum::Json;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use store::{MessageFilter, MessageRow};
use uuid::Uuid;

use super::audio;
use super::body::{Given, Named};
use super::own::Own;
use super::page::{self, Asked, Page};
use super::problem::Problem;
use crate::exchange::VoicemailChange;
use crate::time;

/// Which messages to list, newest first.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    mailbox: Option<String>,
    assigned_to: Option<String>,
    heard: Option<bool>,
    #[serde(default)]
    deleted: bool,
    after: Option<String>,
    limit: Option<usize>,
}

/// One message.
#[derive(Debug, Serialize)]
pub(super) struct Voicemail {
    id: Uuid,
    mailbox: String,
    call: Option<Uuid>,
    from: Option<String>,
    left_at: String,
    duration_ms: i64,
    urgent: bool,
    heard_at: Option<String>,
    deleted_at: Option<String>,
    assigned_to: Option<String>,
}

impl From<MessageRow> for Voicemail {
    fn from(row: MessageRow) -> Self {
        Self {
            id: row.id,
            mailbox: row.mailbox,
            call: row.call_id,
            from: row.from,
            left_at: time::text(row.left_at),
            duration_ms: row.duration / 1_000,
            urgent: row.urgent,
            heard_at: row.heard_at.map(time::text),
            deleted_at: row.deleted_at.map(time::text),
            assigned_to: row.assigned_to,
        }
    }
}

pub(super) async fn list(
    own: Own,
    Asked(asked): Asked<Question>,
) -> Result<Json<Page<Voicemail>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let filter = MessageFilter {
        mailbox: asked.mailbox,
        assigned_to: asked.assigned_to,
        is_heard: asked.heard,
        deleted: asked.deleted,
        before: page::cursor(asked.after.as_deref())?,
        limit: limit + 1,
    };
    let rows = own.messages(filter).await?;
    let page = Page::of(rows, limit, |row| row.id.to_string());
    Ok(Json(page.map(Voicemail::from)))
}

pub(super) async fn one(own: Own, Named(id): Named) -> Result<Json<Voicemail>, Problem> {
    Ok(Json(own.message(parse(&id)?).await?.into()))
}

pub(super) async fn sound(
    own: Own,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let message = own.message(parse(&id)?).await?;
    let row = own.recording(message.recording).await?;
    audio::serve(&own, &row, &headers).await
}

pub(super) async fn mark_heard(own: Own, Named(id): Named) -> Result<Json<Voicemail>, Problem> {
    change(&own, &id, VoicemailChange::Heard).await
}

pub(super) async fn delete(own: Own, Named(id): Named) -> Result<Json<Voicemail>, Problem> {
    change(&own, &id, VoicemailChange::Deleted).await
}

pub(super) async fn restore(own: Own, Named(id): Named) -> Result<Json<Voicemail>, Problem> {
    change(&own, &id, VoicemailChange::Restored).await
}

/// Whom to give a message to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assignment {
    /// A user; nobody in particular when it is null.
    to: Option<String>,
}

pub(super) async fn assign(
    own: Own,
    Named(id): Named,
    Given(wanted): Given<Assignment>,
) -> Result<Json<Voicemail>, Problem> {
    // Whether there is such a message is not to be found out by whom it could be given to.
    own.message(parse(&id)?).await?;
    if let Some(user) = &wanted.to
        && !own.users().await?.iter().any(|it| it.extension == *user)
    {
        let why = "to is one of the users, or null";
        return Err(Problem::unprocessable("no_such_user", why));
    }
    change(&own, &id, VoicemailChange::AssignedTo(wanted.to)).await
}

/// Done twice it is done once: the answer is the message as it is.
async fn change(own: &Own, id: &str, change: VoicemailChange) -> Result<Json<Voicemail>, Problem> {
    let act = match change {
        VoicemailChange::Heard => "voicemail_heard",
        VoicemailChange::Deleted => "voicemail_deleted",
        VoicemailChange::Restored => "voicemail_restored",
        VoicemailChange::AssignedTo(_) => "voicemail_assigned",
    };
    let row = own.change_voicemail(parse(id)?, change).await?;
    own.note(act, &row.id);
    Ok(Json(row.into()))
}

fn parse(id: &str) -> Result<Uuid, Problem> {
    Uuid::parse_str(id).map_err(|_| Problem::not_found("voicemail"))
}
