//! Jobs, and what plugins were allowed.

use rusqlite::Row;
use serde_json::Value;
use uuid::Uuid;

use super::outbox;
use super::records::{Rows, id, json, number, page};
use crate::{DueJobs, Error, JobFilter, JobRow, JobState, NewJob};

/// Refuses what is too long, before it waits for anything. Returns the data as JSON.
pub(super) fn checked(job: &NewJob) -> Result<String, Error> {
    let text = job.data.to_string();
    let key = job.key.as_deref().unwrap_or_default();
    for (what, bytes, limit) in [
        ("value", text.len(), DATA_LIMIT),
        ("key", key.len(), KEY_LIMIT),
    ] {
        if bytes > limit {
            return Err(Error::TooLarge { what, bytes, limit });
        }
    }
    Ok(text)
}

const KEY_LIMIT: usize = 512;
pub(super) const DATA_LIMIT: usize = 64 * 1024;

pub(super) fn add(rows: &Rows<'_>, job: &NewJob, data: &str) -> Result<bool, Error> {
    let added = rows.change(
        "INSERT INTO jobs
           (tenant, id, owner, name, key, data, state, attempts, added_at, due_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting', 0, ?7, ?8)
         ON CONFLICT DO NOTHING",
        &[
            job.id.as_bytes(),
            &job.owner,
            &job.name,
            &job.key,
            &data,
            &job.added_at,
            &job.due_at,
        ],
    )?;
    Ok(added > 0)
}

pub(super) fn due(everyone: &Rows<'_>, now: i64) -> Result<Vec<DueJobs>, Error> {
    everyone.all(
        "SELECT DISTINCT tenant, owner, name FROM jobs
         WHERE state = 'waiting' AND due_at <= ?1
         ORDER BY tenant, owner, name",
        &[&now],
        |row| {
            Ok(DueJobs {
                tenant: row.get("tenant")?,
                owner: row.get("owner")?,
                name: row.get("name")?,
            })
        },
    )
}

pub(super) fn claim(
    rows: &Rows<'_>,
    (owner, name): (&str, &str),
    node: &str,
    now: i64,
    most: u32,
) -> Result<Vec<JobRow>, Error> {
    let due = rows.all(
        "SELECT * FROM jobs
         WHERE tenant = ?1 AND owner = ?2 AND name = ?3 AND state = 'waiting' AND due_at <= ?4
         ORDER BY due_at, id LIMIT ?5",
        &[&owner, &name, &now, &most],
        job,
    )?;
    let mut claimed = Vec::with_capacity(due.len());
    for mut row in due {
        let won = rows.change(
            "UPDATE jobs SET state = 'running', node = ?3, attempts = attempts + 1
             WHERE tenant = ?1 AND id = ?2 AND state = 'waiting'",
            &[row.job.id.as_bytes(), &node],
        )?;
        if won > 0 {
            row.state = JobState::Running;
            row.attempts += 1;
            claimed.push(row);
        }
    }
    Ok(claimed)
}

pub(super) fn finish(rows: &Rows<'_>, id: Uuid, now: i64) -> Result<(), Error> {
    // What has no key is not needed any more; a key is kept, so that nothing is done twice.
    rows.change(
        "DELETE FROM jobs WHERE tenant = ?1 AND id = ?2 AND state = 'running' AND key IS NULL",
        &[id.as_bytes()],
    )?;
    rows.change(
        "UPDATE jobs SET state = 'done', ended_at = ?3, node = NULL, last_error = NULL
         WHERE tenant = ?1 AND id = ?2 AND state = 'running'",
        &[id.as_bytes(), &now],
    )?;
    Ok(())
}

pub(super) fn fail(
    rows: &Rows<'_>,
    id: Uuid,
    error: &str,
    retry_at: Option<i64>,
    now: i64,
) -> Result<(), Error> {
    let error: String = error.chars().take(ERROR_LIMIT).collect();
    match retry_at {
        Some(retry_at) => rows.change(
            "UPDATE jobs SET state = 'waiting', node = NULL, last_error = ?3, due_at = ?4
             WHERE tenant = ?1 AND id = ?2 AND state = 'running'",
            &[id.as_bytes(), &error, &retry_at],
        )?,
        None => rows.change(
            "UPDATE jobs SET state = 'failed', node = NULL, last_error = ?3, ended_at = ?4
             WHERE tenant = ?1 AND id = ?2 AND state = 'running'",
            &[id.as_bytes(), &error, &now],
        )?,
    };
    Ok(())
}

const ERROR_LIMIT: usize = 2_000;

pub(super) fn put_back(rows: &Rows<'_>, id: Uuid) -> Result<(), Error> {
    rows.change(
        "UPDATE jobs SET state = 'waiting', node = NULL, attempts = attempts - 1
         WHERE tenant = ?1 AND id = ?2 AND state = 'running'",
        &[id.as_bytes()],
    )?;
    Ok(())
}

pub(super) fn put_off(rows: &Rows<'_>, id: Uuid, why: &str, due_at: i64) -> Result<(), Error> {
    let why: String = why.chars().take(ERROR_LIMIT).collect();
    rows.change(
        "UPDATE jobs SET state = 'waiting', node = NULL, attempts = attempts - 1, last_error = ?3,
           due_at = ?4
         WHERE tenant = ?1 AND id = ?2 AND state = 'running'",
        &[id.as_bytes(), &why, &due_at],
    )?;
    Ok(())
}

pub(super) fn release(everyone: &Rows<'_>, node: &str) -> Result<u64, Error> {
    let released = everyone.change(
        "UPDATE jobs SET state = 'waiting', node = NULL WHERE node = ?1 AND state = 'running'",
        &[&node],
    )?;
    Ok(u64::try_from(released).unwrap_or(u64::MAX))
}

pub(super) fn list(rows: &Rows<'_>, state: Option<JobState>) -> Result<Vec<JobRow>, Error> {
    rows.all(
        "SELECT * FROM jobs
         WHERE tenant = ?1 AND (?2 IS NULL OR state = ?2) AND (?2 IS NOT NULL OR state <> 'done')
         ORDER BY added_at, id LIMIT 1000",
        &[&state.map(JobState::word)],
        job,
    )
}

/// Ids of version 7 sort by time, and one whose row has gone still marks its place.
pub(super) fn page_of(rows: &Rows<'_>, filter: &JobFilter) -> Result<Vec<JobRow>, Error> {
    rows.all(
        &page_sql(filter),
        &[
            &filter.state.map(JobState::word),
            &filter.owner,
            &filter.name,
            &filter.before.map(Uuid::into_bytes),
            &page(filter.limit),
        ],
        job,
    )
}

/// The statement for a filter: conditions that nobody asked for are left out, so that an index
/// serves those that are there.
pub(super) fn page_sql(filter: &JobFilter) -> String {
    let mut sql = "SELECT * FROM jobs WHERE tenant = ?1".to_owned();
    sql += match filter.state {
        Some(_) => " AND state = ?2",
        None => " AND state <> 'done'",
    };
    for (asked, condition) in [
        (filter.owner.is_some(), " AND owner = ?3"),
        (filter.name.is_some(), " AND name = ?4"),
        (filter.before.is_some(), " AND id < ?5"),
    ] {
        if asked {
            sql += condition;
        }
    }
    sql + " ORDER BY id DESC LIMIT ?6"
}

pub(super) fn one(rows: &Rows<'_>, id: Uuid) -> Result<Option<JobRow>, Error> {
    rows.first(
        "SELECT * FROM jobs WHERE tenant = ?1 AND id = ?2",
        &[id.as_bytes()],
        job,
    )
}

pub(super) fn retry(rows: &Rows<'_>, id: Uuid, now: i64) -> Result<bool, Error> {
    let retried = rows.change(
        "UPDATE jobs SET state = 'waiting', attempts = 0, due_at = ?3, ended_at = NULL
         WHERE tenant = ?1 AND id = ?2 AND state = 'failed'",
        &[id.as_bytes(), &now],
    )?;
    Ok(retried > 0)
}

pub(super) fn purge(everyone: &Rows<'_>, before: i64) -> Result<u64, Error> {
    let gone = everyone.change(
        "DELETE FROM jobs WHERE state = 'done' AND ended_at < ?1",
        &[&before],
    )?;
    let unheard = outbox::purge(everyone, before)?;
    Ok(u64::try_from(gone + unheard).unwrap_or(u64::MAX))
}

pub(super) fn grant(rows: &Rows<'_>, plugin: &str) -> Result<Option<Value>, Error> {
    rows.first(
        "SELECT permissions FROM plugin_grants WHERE tenant = ?1 AND plugin = ?2",
        &[&plugin],
        |row| json(&row.get::<_, String>(0)?),
    )
}

pub(super) fn put_grant(rows: &Rows<'_>, plugin: &str, permissions: &str) -> Result<(), Error> {
    rows.change(
        "INSERT INTO plugin_grants (tenant, plugin, permissions) VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant, plugin) DO UPDATE SET permissions = excluded.permissions",
        &[&plugin, &permissions],
    )?;
    Ok(())
}

fn job(row: &Row<'_>) -> Result<JobRow, Error> {
    let state: String = row.get("state")?;
    Ok(JobRow {
        job: NewJob {
            tenant: row.get("tenant")?,
            id: id(row, "id")?,
            owner: row.get("owner")?,
            name: row.get("name")?,
            key: row.get("key")?,
            data: json(&row.get::<_, String>("data")?)?,
            added_at: row.get("added_at")?,
            due_at: row.get("due_at")?,
        },
        state: JobState::of(&state).ok_or_else(|| Error::Damaged(format!("a job is '{state}'")))?,
        attempts: number(row, "attempts")?,
        ended_at: row.get("ended_at")?,
        last_error: row.get("last_error")?,
    })
}
