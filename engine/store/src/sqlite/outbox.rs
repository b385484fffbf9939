//! Events in the transaction of their cause: each becomes a job of everybody who is told of it.

use serde_json::Value;
use uuid::Uuid;

use super::jobs;
use super::records::Rows;
use crate::row::job_id;
use crate::{Error, NewJob, Subscriber, event_job};

/// Something that has happened to a record.
pub(super) struct Happened<'a> {
    pub(super) tenant: &'a str,
    pub(super) event: &'a str,
    /// The record.
    pub(super) of: Uuid,
    /// What makes it one event: a second one with this key is not told of.
    pub(super) key: String,
    pub(super) at: i64,
    pub(super) told: Value,
}

/// Adds the jobs that tell of an event.
pub(super) fn tell(rows: &Rows<'_>, happened: Happened<'_>) -> Result<(), Error> {
    let owners = rows.all(
        "SELECT owner FROM subscribers WHERE tenant = ?1 AND event = ?2 ORDER BY owner",
        &[&happened.event],
        |row| Ok(row.get::<_, String>(0)?),
    )?;
    if owners.is_empty() {
        return Ok(());
    }
    let told = within_limit(happened.told);
    for owner in owners {
        let job = NewJob {
            tenant: happened.tenant.to_owned(),
            id: job_id(happened.of, &happened.key, &owner),
            name: event_job(happened.event),
            owner,
            key: Some(happened.key.clone()),
            data: Value::Null,
            added_at: happened.at,
            due_at: happened.at,
        };
        jobs::add(rows, &job, &told)?;
    }
    Ok(())
}

/// Whoever is told can do without what a script has left, but not without the event.
fn within_limit(mut told: Value) -> String {
    let text = told.to_string();
    if text.len() <= jobs::DATA_LIMIT {
        return text;
    }
    if let Some(vars) = told.get_mut("vars") {
        *vars = Value::Null;
    }
    told.to_string()
}

/// Puts the subscribers of a tenant in the place of those that there were.
pub(super) fn set_subscribers(rows: &Rows<'_>, subscribers: &[Subscriber]) -> Result<(), Error> {
    rows.change("DELETE FROM subscribers WHERE tenant = ?1", &[])?;
    for Subscriber { event, owner } in subscribers {
        rows.change(
            "INSERT INTO subscribers (tenant, event, owner) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
            &[event, owner],
        )?;
    }
    Ok(())
}

/// Forgets what nobody has wanted to be told of for long.
pub(super) fn purge(everyone: &Rows<'_>, before: i64) -> Result<usize, Error> {
    everyone.change(
        "DELETE FROM jobs WHERE state = 'waiting' AND name LIKE 'on %' AND added_at < ?1
         AND NOT EXISTS (SELECT 1 FROM subscribers WHERE subscribers.tenant = jobs.tenant
           AND subscribers.owner = jobs.owner AND 'on ' || subscribers.event = jobs.name)",
        &[&before],
    )
}
