//! Users' own lists of calls, and calling somebody on them again.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use call::Cause;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::HistoryRow;
use uuid::Uuid;

use super::body::{Given, Named};
use super::masking::masked;
use super::own::Own;
use super::page::{self, Asked, Page, Plain};
use super::problem::Problem;
use crate::exchange::CallWanted;
use crate::time;

/// One call of a user's.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    call: Uuid,
    direction: &'static str,
    number: Option<String>,
    name: Option<String>,
    at: String,
    answered: bool,
    result: Option<String>,
    cause: Option<String>,
    outcome: Option<&'static str>,
    talked_ms: i64,
}

/// Whom to call again.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    call: Option<String>,
}

pub(super) async fn list(
    own: Own,
    Named(user): Named,
    Asked(asked): Asked<Plain>,
) -> Result<Json<Page<Entry>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let is_masked = own.user(&user).await?.masked;
    let before = page::cursor(asked.after.as_deref())?;
    let rows = rows(&own, &user, before, limit + 1).await?;
    let page = Page::of(rows, limit, |row| row.call.to_string());
    Ok(Json(page.map(|row| entry(row, is_masked))))
}

/// Calls whom the user has called last, or who was in that call: click to dial from the list. The number need not
/// be known for it.
pub(super) async fn again(
    own: Own,
    Named(user): Named,
    Given(wanted): Given<Again>,
) -> Result<impl IntoResponse, Problem> {
    own.user(&user).await?;
    let row = match wanted.call {
        Some(call) => {
            let id = page::id(Some(&call), "call")?.unwrap_or_default();
            let details = own.call(id).await?;
            let takes_part = |agent: &Option<String>| agent.as_deref() == Some(&*user);
            let begin = &details.call.begin;
            let is_theirs = takes_part(&begin.user)
                || begin.to == user
                || details
                    .segments
                    .iter()
                    .any(|segment| takes_part(&segment.agent));
            let row = HistoryRow::of(&user, &details.call).filter(|_| is_theirs);
            row.ok_or_else(|| Problem::not_found("call"))?
        }
        None => {
            let rows = rows(&own, &user, None, 100).await?;
            let last = rows.into_iter().find(|row| row.outgoing);
            last.ok_or_else(nobody)?
        }
    };
    let number = row.number.ok_or_else(nobody)?;
    let begin = own
        .originate(CallWanted {
            user,
            to: number,
            timeout: RINGING,
        })
        .await?;
    own.note("call_made", &begin.id);
    let place = [(LOCATION, format!("/api/v1/calls/{}", begin.id))];
    Ok((
        StatusCode::CREATED,
        place,
        Json(json!({ "call": begin.id })),
    ))
}

async fn rows(
    own: &Own,
    user: &str,
    before: Option<Uuid>,
    limit: usize,
) -> Result<Vec<HistoryRow>, Problem> {
    let [one, other] = HistoryRow::filters(user, before, limit);
    let found = [own.calls(one).await?, own.calls(other).await?];
    Ok(HistoryRow::merged(user, found, limit))
}

fn entry(row: HistoryRow, is_masked: bool) -> Entry {
    let outcome = match row.answered {
        true => Some("接通"),
        false => row
            .cause
            .as_deref()
            .and_then(Cause::from_word)
            .map(Cause::in_chinese),
    };
    Entry {
        call: row.call,
        direction: if row.outgoing { "out" } else { "in" },
        number: row.number.map(|number| match is_masked {
            true => masked(&number),
            false => number,
        }),
        name: row.name,
        at: time::text(row.at),
        answered: row.answered,
        outcome,
        result: row.result,
        cause: row.cause,
        talked_ms: row.talked / 1_000,
    }
}

fn nobody() -> Problem {
    Problem::conflict(
        "nobody_to_call",
        "there is nobody on this list with a number to call",
    )
}

/// How long the user's phone may ring.
const RINGING: Duration = Duration::from_secs(30);
