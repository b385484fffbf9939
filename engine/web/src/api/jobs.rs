//! Jobs: what waits, what runs, and what was given up.

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{JobFilter, JobRow, JobState};
use uuid::Uuid;

use super::body::Named;
use super::own::Own;
use super::page::{self, Asked, Page};
use super::problem::Problem;
use crate::time;

/// Which jobs to list, newest first.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    state: Option<String>,
    owner: Option<String>,
    name: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// One job.
#[derive(Debug, Serialize)]
pub(super) struct Job {
    id: Uuid,
    owner: String,
    name: String,
    key: Option<String>,
    data: Value,
    state: &'static str,
    attempts: u32,
    added_at: String,
    due_at: String,
    ended_at: Option<String>,
    last_error: Option<String>,
}

impl From<JobRow> for Job {
    fn from(row: JobRow) -> Self {
        let job = row.job;
        Self {
            id: job.id,
            owner: job.owner,
            name: job.name,
            key: job.key,
            data: job.data,
            state: row.state.word(),
            attempts: row.attempts,
            added_at: time::text(job.added_at),
            due_at: time::text(job.due_at),
            ended_at: row.ended_at.map(time::text),
            last_error: row.last_error,
        }
    }
}

pub(super) async fn list(
    own: Own,
    Asked(asked): Asked<Question>,
) -> Result<Json<Page<Job>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let state = asked.state.as_deref().map(|word| {
        let words = JobState::ALL.iter().map(|state| state.word());
        let words: Vec<&str> = words.collect();
        let wrong = || format!("state is one of {}", words.join(", "));
        JobState::of(word).ok_or_else(|| Problem::bad_request("wrong_query", wrong()))
    });
    let filter = JobFilter {
        state: state.transpose()?,
        owner: asked.owner,
        name: asked.name,
        before: page::cursor(asked.after.as_deref())?,
        limit: limit + 1,
    };
    let page = Page::of(own.jobs(filter).await?, limit, |row| row.job.id.to_string());
    Ok(Json(page.map(Job::from)))
}

pub(super) async fn one(own: Own, Named(id): Named) -> Result<Json<Job>, Problem> {
    Ok(Json(own.job(parse(&id)?).await?.into()))
}

pub(super) async fn retry(own: Own, Named(id): Named) -> Result<Json<Job>, Problem> {
    let id = parse(&id)?;
    let job = own.job(id).await?;
    if !own.retry_job(id).await? {
        let state = job.state.word();
        let why = format!("only a job that has failed can run again; this one is {state}");
        return Err(Problem::conflict("job_has_not_failed", why));
    }
    own.note("job_retried", &id);
    Ok(Json(own.job(id).await?.into()))
}

fn parse(id: &str) -> Result<Uuid, Problem> {
    Uuid::parse_str(id).map_err(|_| Problem::not_found("job"))
}
