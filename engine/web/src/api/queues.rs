//! Queues: who waits, who serves, and what has happened there.

use axum::Json;
use serde::{Deserialize, Serialize};
use store::{QueueLogFilter, QueueLogRow};
use uuid::Uuid;

use super::agents;
use super::body::Named;
use super::own::Own;
use super::page::{self, Asked, Page, Plain};
use super::problem::Problem;
use crate::floor::{Queue, QueueDetails, QueueSwitch};
use crate::time;

/// Which lines of the log to list, newest first.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    kind: Option<String>,
    queue: Option<String>,
    agent: Option<String>,
    call: Option<String>,
    since: Option<String>,
    until: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// One line of the log.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    id: Uuid,
    at: String,
    kind: String,
    queue: Option<String>,
    call: Option<Uuid>,
    agent: Option<String>,
    why: Option<String>,
    position: Option<u32>,
    target: Option<String>,
    lasted_ms: Option<i64>,
    state: Option<String>,
    before: Option<String>,
    reachable: Option<bool>,
    by: Option<String>,
}

pub(super) async fn list(
    own: Own,
    Asked(asked): Asked<Plain>,
) -> Result<Json<Page<Queue>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let all = own.queues().await?;
    let page = Page::cut(all, asked.after.as_deref(), limit, |one| one.name.clone())?;
    Ok(Json(page))
}

pub(super) async fn switches(
    own: Own,
    Asked(asked): Asked<Plain>,
) -> Result<Json<Page<QueueSwitch>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let all = own.switches().await?;
    let page = Page::cut(all, asked.after.as_deref(), limit, |one| one.name.clone())?;
    Ok(Json(page))
}

pub(super) async fn one(own: Own, Named(name): Named) -> Result<Json<QueueDetails>, Problem> {
    let within = own.queues_within().await?;
    let mut found = own.queue(name).await?;
    let is_theirs = |within: &Vec<String>| within.contains(&found.queue.name);
    if !within.as_ref().is_none_or(is_theirs) {
        found.callers.clear();
        found.why = None;
    }
    let agents = found.agents.into_iter();
    found.agents = agents.map(|one| agents::shown(&own, one)).collect();
    Ok(Json(found))
}

pub(super) async fn log(
    own: Own,
    Asked(asked): Asked<Question>,
) -> Result<Json<Page<Line>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let filter = QueueLogFilter {
        since: page::moment(asked.since.as_deref(), "since")?,
        until: page::moment(asked.until.as_deref(), "until")?,
        kind: asked.kind,
        queue: asked.queue,
        agent: asked.agent,
        call: page::id(asked.call.as_deref(), "call")?,
        before: page::cursor(asked.after.as_deref())?,
        limit: limit + 1,
    };
    let rows = own.queue_log(filter).await?;
    let within = own.queues_within().await?;
    let page = Page::of(rows, limit, |row| row.id.to_string());
    let is_theirs = |row: &QueueLogRow| {
        let Some(within) = &within else {
            return true;
        };
        match (&row.agent, &row.queue) {
            (Some(agent), _) => own.reaches(agent),
            (None, Some(queue)) => within.contains(queue),
            (None, None) => false,
        }
    };
    Ok(Json(page.only(is_theirs).map(line)))
}

fn line(row: QueueLogRow) -> Line {
    Line {
        id: row.id,
        at: time::text(row.at),
        kind: row.kind,
        queue: row.queue,
        call: row.call,
        agent: row.agent,
        why: row.why,
        position: row.position,
        target: row.target,
        lasted_ms: row.lasted.map(|micros| micros / 1_000),
        state: row.state,
        before: row.was,
        reachable: row.reachable,
        by: row.by,
    }
}
