//! The audit log: what was done and looked at, by whom.

use axum::Json;
use serde::{Deserialize, Serialize};
use store::{AuditFilter, AuditRow};
use uuid::Uuid;

use super::own::Own;
use super::page::{self, Asked, Page};
use super::problem::Problem;
use crate::time;

/// Which lines to list, newest first.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    by: Option<String>,
    act: Option<String>,
    about: Option<String>,
    since: Option<String>,
    until: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// One line.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    id: Uuid,
    at: String,
    by: String,
    act: String,
    about: String,
    outcome: String,
    source: Option<String>,
}

impl From<AuditRow> for Line {
    fn from(row: AuditRow) -> Self {
        Self {
            id: row.id,
            at: time::text(row.at),
            by: row.by,
            act: row.act,
            about: row.about,
            outcome: row.outcome,
            source: row.source,
        }
    }
}

pub(super) async fn list(
    own: Own,
    Asked(asked): Asked<Question>,
) -> Result<Json<Page<Line>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let filter = AuditFilter {
        since: page::moment(asked.since.as_deref(), "since")?,
        until: page::moment(asked.until.as_deref(), "until")?,
        by: asked.by,
        act: asked.act,
        about: asked.about,
        before: page::cursor(asked.after.as_deref())?,
        limit: limit + 1,
    };
    let rows = own.audit(filter).await?;
    let page = Page::of(rows, limit, |row| row.id.to_string());
    Ok(Json(page.map(Line::from)))
}
