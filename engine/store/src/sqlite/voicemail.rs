//! Mailboxes and their messages.

use rusqlite::Row;
use uuid::Uuid;

use super::recordings::recording;
use super::records::{Records, Rows, id, optional_id};
use crate::secret::Seal;
use crate::{Error, MailboxRow, MessageRow, RecordingRow, Secret};

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
    pin: &Secret,
) -> Result<(), Error> {
    let pin = records.seal.close(&place(tenant, mailbox), pin)?;
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
    recording: Option<Uuid>,
) -> Result<(), Error> {
    rows.change(
        "INSERT INTO mailboxes (tenant, mailbox, greeting) VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant, mailbox) DO UPDATE SET greeting = excluded.greeting",
        &[&mailbox, &recording.map(Uuid::into_bytes)],
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
    found.messages = rows.all(
        "SELECT * FROM messages WHERE tenant = ?1 AND mailbox = ?2 AND deleted_at IS NULL
         ORDER BY left_at, id",
        &[&mailbox],
        message_row,
    )?;
    Ok(Some(found))
}

pub(super) fn all(records: &Records<'_>, tenant: &str) -> Result<Vec<MailboxRow>, Error> {
    records.of(tenant).all(
        "SELECT * FROM mailboxes WHERE tenant = ?1 ORDER BY mailbox",
        &[],
        |row| mailbox_row(row, records.seal),
    )
}

pub(super) fn leave(rows: &Rows<'_>, message: &MessageRow) -> Result<(), Error> {
    rows.change(
        "INSERT INTO mailboxes (tenant, mailbox) VALUES (?1, ?2)
         ON CONFLICT (tenant, mailbox) DO NOTHING",
        &[&message.mailbox],
    )?;
    rows.change(
        "INSERT INTO messages (tenant, id, mailbox, recording, call_id, from_number, left_at,
           duration, heard_at, deleted_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
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

pub(super) fn mark_heard(rows: &Rows<'_>, id: Uuid, at: i64) -> Result<(), Error> {
    let changed = rows.change(
        "UPDATE messages SET heard_at = coalesce(heard_at, ?3) WHERE tenant = ?1 AND id = ?2",
        &[id.as_bytes(), &at],
    )?;
    found(changed, id)
}

pub(super) fn delete(rows: &Rows<'_>, id: Uuid, at: i64) -> Result<(), Error> {
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
    let greeting = optional_id(row, "greeting")?;
    Ok(MailboxRow {
        tenant,
        mailbox,
        pin,
        greeting,
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
        heard_at: row.get("heard_at")?,
        deleted_at: row.get("deleted_at")?,
    })
}

/// Which record a sealed PIN belongs to.
fn place(tenant: &str, mailbox: &str) -> String {
    format!("mailboxes\0{tenant}\0{mailbox}\0pin")
}
