//! Customers' calls that nobody took (漏话), and whether somebody has seen to them.

use axum::Json;
use serde::{Deserialize, Serialize};
use store::{Direction, MissedFilter, MissedRow, MissedState, result_name};
use uuid::Uuid;

use super::body::{Given, Named};
use super::own::Own;
use super::page::{self, Asked, Page};
use super::problem::Problem;
use crate::time;

/// Which to list, newest first.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    queue: Option<String>,
    unsettled: Option<bool>,
    since: Option<String>,
    until: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// What somebody says of one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    state: Said,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Done,
    Open,
}

/// One of them.
#[derive(Debug, Serialize)]
pub(super) struct Missed {
    call: Uuid,
    at: String,
    from: String,
    from_number: Option<String>,
    to: String,
    result: String,
    result_name: String,
    queue: Option<String>,
    waited_ms: i64,
    state: &'static str,
    tries: u32,
    last_by: Option<String>,
    last_at: Option<String>,
    last_call: Option<Uuid>,
}

pub(super) async fn list(
    own: Own,
    Asked(asked): Asked<Question>,
) -> Result<Json<Page<Missed>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let filter = MissedFilter {
        since: page::moment(asked.since.as_deref(), "since")?,
        until: page::moment(asked.until.as_deref(), "until")?,
        queue: asked.queue,
        unsettled: asked.unsettled,
        before: page::place(asked.after.as_deref())?,
        limit: limit + 1,
    };
    let rows = own.missed(filter).await?;
    let page = Page::of(rows, limit, |row| format!("{:x}.{}", row.at, row.call));
    Ok(Json(page.map(missed)))
}

pub(super) async fn settle(
    own: Own,
    Named(id): Named,
    Given(wanted): Given<Wanted>,
) -> Result<Json<Missed>, Problem> {
    let call = Uuid::parse_str(&id).map_err(|_| Problem::not_found("call"))?;
    let state = match wanted.state {
        Said::Done => MissedState::Done,
        Said::Open => MissedState::Open,
    };
    let settled = own.settle_missed(call, state).await?;
    own.note("missed_call_settled", &call);
    Ok(Json(missed(settled)))
}

fn missed(row: MissedRow) -> Missed {
    Missed {
        call: row.call,
        at: time::text(row.at),
        from: row.raw,
        from_number: row.number,
        to: row.to,
        result_name: result_name(Direction::Inbound, &row.result).to_owned(),
        result: row.result,
        queue: row.queue,
        waited_ms: row.waited / 1_000,
        state: row.state.word(),
        tries: row.tries,
        last_by: row.last_by,
        last_at: row.last_at.map(time::text),
        last_call: row.last_call,
    }
}
