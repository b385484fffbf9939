//! Mailboxes and their messages.

use std::collections::BTreeMap;

use rusqlite::Row;
use uuid::Uuid;

use super::outbox::{self, Happened};
use super::recordings::{self, recording};
use super::records::{Records, Rows, id, optional_id, page};
use crate::secret::Seal;
use crate::{Error, MailboxRow, MessageCounts, MessageFilter, MessageRow, RecordingRow, Secret};

pub(super) fn put(
    records: &Records<'_>,
    tenant: &str,
    mailbox: &str,
    first_pin: Option<&Secret>,
) -> Result<(), Error> {
    let pin = first_pin
        .map(|pin| records.seal.close(&place(tenant, mailbox), pin))
        .transpose()?;
    records.of(tenant).change(
        "INSERT INTO mailboxes (tenant, mailbox, pin) VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant, mailbox) DO UPDATE SET pin = coalesce(mailboxes.pin, excluded.pin)",
        &[&mailbox, &pin],
    )?;
    Ok(())
}

pub(super) fn set_pin(
    records: &Records<'_>,
    tenant: &str,
    mailbox: &str,
    pin: Option<&Secret>,
) -> Result<(), Error> {
    let pin = pin
        .map(|pin| records.seal.close(&place(tenant, mailbox), pin))
        .transpose()?;
    records.of(tenant).change(
        "INSERT INTO mailboxes (tenant, mailbox, pin) VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant, mailbox) DO UPDATE SET pin = excluded.pin",
        &[&mailbox, &pin],
    )?;
    Ok(())
}

pub(super) fn set_greeting(
    rows: &Rows<'_>,
    mailbox: &str,
    kind: &str,
    recording: Option<Uuid>,
) -> Result<Option<RecordingRow>, Error> {
    let before = rows.first(
        "SELECT recording FROM greetings WHERE tenant = ?1 AND mailbox = ?2 AND kind = ?3",
        &[&mailbox, &kind],
        |row| id(row, "recording"),
    )?;
    match recording {
        Some(recording) => {
            make(rows, mailbox)?;
            rows.change(
                "INSERT INTO greetings (tenant, mailbox, kind, recording) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (tenant, mailbox, kind) DO UPDATE SET recording = excluded.recording",
                &[&mailbox, &kind, recording.as_bytes()],
            )?;
        }
        None => {
            rows.change(
                "DELETE FROM greetings WHERE tenant = ?1 AND mailbox = ?2 AND kind = ?3",
                &[&mailbox, &kind],
            )?;
        }
    }
    let Some(gone) = before.filter(|before| Some(*before) != recording) else {
        return Ok(None);
    };
    let row = recordings::one(rows, gone)?;
    recordings::delete(rows, gone)?;
    Ok(row)
}

/// Makes a mailbox if it is not there.
fn make(rows: &Rows<'_>, mailbox: &str) -> Result<(), Error> {
    rows.change(
        "INSERT INTO mailboxes (tenant, mailbox) VALUES (?1, ?2)
         ON CONFLICT (tenant, mailbox) DO NOTHING",
        &[&mailbox],
    )?;
    Ok(())
}

pub(super) fn one(
    records: &Records<'_>,
    tenant: &str,
    mailbox: &str,
) -> Result<Option<MailboxRow>, Error> {
    let rows = records.of(tenant);
    let found = rows.first(
        "SELECT * FROM mailboxes WHERE tenant = ?1 AND mailbox = ?2",
        &[&mailbox],
        |row| mailbox_row(row, records.seal),
    )?;
    let Some(mut found) = found else {
        return Ok(None);
    };
    let greetings = rows.all(
        "SELECT kind, recording FROM greetings WHERE tenant = ?1 AND mailbox = ?2",
        &[&mailbox],
        |row| Ok((row.get("kind")?, id(row, "recording")?)),
    )?;
    found.greetings = greetings.into_iter().collect();
    found.messages = rows.all(
        "SELECT * FROM messages WHERE tenant = ?1 AND mailbox = ?2 AND deleted_at IS NULL
         ORDER BY left_at, id",
        &[&mailbox],
        message_row,
    )?;
    Ok(Some(found))
}

pub(super) fn all(records: &Records<'_>, tenant: &str) -> Result<Vec<MailboxRow>, Error> {
    let rows = records.of(tenant);
    let mut found = rows.all(
        "SELECT * FROM mailboxes WHERE tenant = ?1 ORDER BY mailbox",
        &[],
        |row| mailbox_row(row, records.seal),
    )?;
    let greetings: Vec<(String, String, Uuid)> = rows.all(
        "SELECT mailbox, kind, recording FROM greetings WHERE tenant = ?1",
        &[],
        |row| {
            let (mailbox, kind) = (row.get("mailbox")?, row.get("kind")?);
            Ok((mailbox, kind, id(row, "recording")?))
        },
    )?;
    for (mailbox, kind, recording) in greetings {
        if let Ok(place) = found.binary_search_by(|row| row.mailbox.cmp(&mailbox)) {
            found[place].greetings.insert(kind, recording);
        }
    }
    Ok(found)
}

pub(super) fn count(rows: &Rows<'_>, mailbox: &str) -> Result<MessageCounts, Error> {
    let kinds = rows.all(
        "SELECT heard_at IS NOT NULL AS heard, urgent, count(*) AS messages FROM messages
         WHERE tenant = ?1 AND mailbox = ?2 AND deleted_at IS NULL GROUP BY heard, urgent",
        &[&mailbox],
        |row| Ok((row.get("heard")?, row.get("urgent")?, row.get("messages")?)),
    )?;
    let mut counts = MessageCounts::default();
    for (heard, urgent, messages) in kinds {
        let (heard, urgent): (bool, bool) = (heard, urgent);
        let (all, urgent_ones) = match heard {
            false => (&mut counts.new, &mut counts.urgent_new),
            true => (&mut counts.old, &mut counts.urgent_old),
        };
        *all += messages;
        *urgent_ones += if urgent { messages } else { 0 };
    }
    Ok(counts)
}

pub(super) fn leave(rows: &Rows<'_>, message: &MessageRow) -> Result<(), Error> {
    make(rows, &message.mailbox)?;
    tell(rows, "voicemail.recorded", message, None, message.left_at)?;
    rows.change(
        "INSERT INTO messages (tenant, id, mailbox, recording, call_id, from_number, left_at,
           duration, heard_at, deleted_at, urgent, assigned_to)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (tenant, id) DO NOTHING",
        &[
            message.id.as_bytes(),
            &message.mailbox,
            message.recording.as_bytes(),
            &message.call_id.map(Uuid::into_bytes),
            &message.from,
            &message.left_at,
            &message.duration,
            &message.heard_at,
            &message.deleted_at,
            &message.urgent,
            &message.assigned_to,
        ],
    )?;
    Ok(())
}

pub(super) fn message(rows: &Rows<'_>, id: Uuid) -> Result<Option<MessageRow>, Error> {
    rows.first(
        "SELECT * FROM messages WHERE tenant = ?1 AND id = ?2",
        &[id.as_bytes()],
        message_row,
    )
}

pub(super) fn deleted(rows: &Rows<'_>, mailbox: &str) -> Result<Vec<MessageRow>, Error> {
    rows.all(
        "SELECT * FROM messages WHERE tenant = ?1 AND mailbox = ?2 AND deleted_at IS NOT NULL
         ORDER BY left_at, id",
        &[&mailbox],
        message_row,
    )
}

/// Ids of version 7 sort by time, and one that was purged still marks its place.
pub(super) fn list(rows: &Rows<'_>, filter: &MessageFilter) -> Result<Vec<MessageRow>, Error> {
    rows.all(
        &list_sql(filter),
        &[
            &filter.mailbox,
            &filter.assigned_to,
            &filter.before.map(Uuid::into_bytes),
            &page(filter.limit),
        ],
        message_row,
    )
}

/// The statement for a filter: conditions that nobody asked for are left out, so that an index
/// serves those that are there.
pub(super) fn list_sql(filter: &MessageFilter) -> String {
    let mut sql = "SELECT * FROM messages WHERE tenant = ?1".to_owned();
    sql += match filter.deleted {
        true => " AND deleted_at IS NOT NULL",
        false => " AND deleted_at IS NULL",
    };
    for (asked, condition) in [
        (filter.mailbox.is_some(), " AND mailbox = ?2"),
        (filter.assigned_to.is_some(), " AND assigned_to = ?3"),
        (filter.is_heard == Some(true), " AND heard_at IS NOT NULL"),
        (filter.is_heard == Some(false), " AND heard_at IS NULL"),
        (filter.before.is_some(), " AND id < ?4"),
    ] {
        if asked {
            sql += condition;
        }
    }
    sql + " ORDER BY id DESC LIMIT ?5"
}

pub(super) fn assign(rows: &Rows<'_>, id: Uuid, to: Option<&str>) -> Result<(), Error> {
    let changed = rows.change(
        "UPDATE messages SET assigned_to = ?3 WHERE tenant = ?1 AND id = ?2",
        &[id.as_bytes(), &to],
    )?;
    found(changed, id)
}

/// Tells of what has happened to a message; `again` tells one time from another, where it can
/// happen more than once.
fn tell(
    rows: &Rows<'_>,
    event: &str,
    message: &MessageRow,
    again: Option<i64>,
    at: i64,
) -> Result<(), Error> {
    let again = again.map_or_else(String::new, |again| format!(" {again}"));
    let happened = Happened {
        tenant: &message.tenant,
        event,
        of: message.id,
        key: format!("{event} {}{again}", message.id),
        at,
        told: message.told(),
    };
    outbox::tell(rows, happened)
}

pub(super) fn mark_heard(rows: &Rows<'_>, id: Uuid, at: i64) -> Result<(), Error> {
    let unheard = message(rows, id)?.filter(|it| it.heard_at.is_none());
    if let Some(unheard) = unheard {
        tell(rows, "voicemail.heard", &unheard, None, at)?;
    }
    let changed = rows.change(
        "UPDATE messages SET heard_at = coalesce(heard_at, ?3) WHERE tenant = ?1 AND id = ?2",
        &[id.as_bytes(), &at],
    )?;
    found(changed, id)
}

pub(super) fn delete(rows: &Rows<'_>, id: Uuid, at: i64) -> Result<(), Error> {
    let kept = message(rows, id)?.filter(|it| it.deleted_at.is_none());
    if let Some(kept) = kept {
        tell(rows, "voicemail.deleted", &kept, Some(at), at)?;
    }
    let changed = rows.change(
        "UPDATE messages SET deleted_at = coalesce(deleted_at, ?3) WHERE tenant = ?1 AND id = ?2",
        &[id.as_bytes(), &at],
    )?;
    found(changed, id)
}

pub(super) fn restore(rows: &Rows<'_>, id: Uuid) -> Result<(), Error> {
    let changed = rows.change(
        "UPDATE messages SET deleted_at = NULL WHERE tenant = ?1 AND id = ?2",
        &[id.as_bytes()],
    )?;
    found(changed, id)
}

pub(super) fn purge(everyone: &Rows<'_>, before: i64) -> Result<Vec<RecordingRow>, Error> {
    let gone = everyone.all(
        "SELECT recordings.* FROM messages
         JOIN recordings ON recordings.tenant = messages.tenant
           AND recordings.id = messages.recording
         WHERE messages.deleted_at < ?1
         ORDER BY recordings.started_at, recordings.id",
        &[&before],
        recording,
    )?;
    everyone.change(
        "DELETE FROM recordings WHERE EXISTS (SELECT 1 FROM messages
           WHERE messages.tenant = recordings.tenant AND messages.recording = recordings.id
             AND messages.deleted_at < ?1)",
        &[&before],
    )?;
    everyone.change("DELETE FROM messages WHERE deleted_at < ?1", &[&before])?;
    Ok(gone)
}

fn found(changed: usize, id: Uuid) -> Result<(), Error> {
    match changed {
        0 => Err(Error::NotFound {
            what: "message",
            name: id.to_string(),
        }),
        _ => Ok(()),
    }
}

fn mailbox_row(row: &Row<'_>, seal: &Seal) -> Result<MailboxRow, Error> {
    let (tenant, mailbox): (String, String) = (row.get("tenant")?, row.get("mailbox")?);
    let sealed: Option<Vec<u8>> = row.get("pin")?;
    let pin = sealed
        .map(|sealed| seal.open(&place(&tenant, &mailbox), &sealed))
        .transpose()?;
    Ok(MailboxRow {
        tenant,
        mailbox,
        pin,
        greetings: BTreeMap::new(),
        messages: Vec::new(),
    })
}

fn message_row(row: &Row<'_>) -> Result<MessageRow, Error> {
    Ok(MessageRow {
        id: id(row, "id")?,
        tenant: row.get("tenant")?,
        mailbox: row.get("mailbox")?,
        recording: id(row, "recording")?,
        call_id: optional_id(row, "call_id")?,
        from: row.get("from_number")?,
        left_at: row.get("left_at")?,
        duration: row.get("duration")?,
        urgent: row.get("urgent")?,
        heard_at: row.get("heard_at")?,
        deleted_at: row.get("deleted_at")?,
        assigned_to: row.get("assigned_to")?,
    })
}

/// Which record a sealed PIN belongs to.
fn place(tenant: &str, mailbox: &str) -> String {
    format!("mailboxes\0{tenant}\0{mailbox}\0pin")
}
