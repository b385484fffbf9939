//! Users and where their phones are.

use rusqlite::Row;

use super::records::{Records, Rows, json, number};
use crate::secret::Seal;
use crate::{Error, RegistrationRow, UserRecord};

pub(super) fn put(records: &Records<'_>, user: &UserRecord) -> Result<(), Error> {
    let md5 = records.seal.close(&place(user, "md5"), &user.ha1_md5)?;
    let sha256 = records
        .seal
        .close(&place(user, "sha256"), &user.ha1_sha256)?;
    records.of(&user.tenant).change(
        "INSERT INTO users (tenant, extension, name, realm, ha1_md5, ha1_sha256, context, created_at,
           role, team)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (tenant, extension) DO UPDATE SET
           name = excluded.name, realm = excluded.realm, ha1_md5 = excluded.ha1_md5,
           ha1_sha256 = excluded.ha1_sha256, context = excluded.context, role = excluded.role,
           team = excluded.team",
        &[
            &user.extension, &user.name, &user.realm, &md5, &sha256, &user.context,
            &user.created_at, &user.role, &user.team,
        ],
    )?;
    Ok(())
}

pub(super) fn one(
    records: &Records<'_>,
    tenant: &str,
    extension: &str,
) -> Result<Option<UserRecord>, Error> {
    records.of(tenant).first(
        "SELECT * FROM users WHERE tenant = ?1 AND extension = ?2",
        &[&extension],
        |row| user(row, records.seal),
    )
}

pub(super) fn all(records: &Records<'_>, tenant: &str) -> Result<Vec<UserRecord>, Error> {
    records.of(tenant).all(
        "SELECT * FROM users WHERE tenant = ?1 ORDER BY extension",
        &[],
        |row| user(row, records.seal),
    )
}

/// Gives a user a role and a team; false when there is no such user.
pub(super) fn give_role(
    rows: &Rows<'_>,
    extension: &str,
    role: &str,
    team: Option<&str>,
) -> Result<bool, Error> {
    let changed = rows.change(
        "UPDATE users SET role = ?3, team = ?4 WHERE tenant = ?1 AND extension = ?2",
        &[&extension, &role, &team],
    )?;
    Ok(changed > 0)
}

pub(super) fn delete(rows: &Rows<'_>, extension: &str) -> Result<bool, Error> {
    let gone = rows.change(
        "DELETE FROM users WHERE tenant = ?1 AND extension = ?2",
        &[&extension],
    )?;
    Ok(gone > 0)
}

pub(super) fn save_registration(
    rows: &Rows<'_>,
    registration: &RegistrationRow,
) -> Result<(), Error> {
    let path = serde_json::to_string(&registration.path)
        .map_err(|error| Error::Refused(error.to_string()))?;
    rows.change(
        "INSERT INTO registrations (tenant, extension, contact, instance, call_id, cseq, path,
           source, expires_at, user_agent)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (tenant, extension, contact) DO UPDATE SET
           instance = excluded.instance, call_id = excluded.call_id, cseq = excluded.cseq,
           path = excluded.path, source = excluded.source, expires_at = excluded.expires_at,
           user_agent = excluded.user_agent",
        &[
            &registration.user,
            &registration.contact,
            &registration.instance,
            &registration.call_id,
            &registration.cseq,
            &path,
            &registration.source,
            &registration.expires_at,
            &registration.user_agent,
        ],
    )?;
    Ok(())
}

pub(super) fn delete_registration(
    rows: &Rows<'_>,
    user: &str,
    contact: &str,
) -> Result<bool, Error> {
    let gone = rows.change(
        "DELETE FROM registrations WHERE tenant = ?1 AND extension = ?2 AND contact = ?3",
        &[&user, &contact],
    )?;
    Ok(gone > 0)
}

pub(super) fn all_registrations(
    everyone: &Rows<'_>,
    now: i64,
) -> Result<Vec<RegistrationRow>, Error> {
    everyone.change("DELETE FROM registrations WHERE expires_at <= ?1", &[&now])?;
    everyone.all(
        "SELECT * FROM registrations ORDER BY tenant, extension, contact",
        &[],
        |row| {
            Ok(RegistrationRow {
                tenant: row.get("tenant")?,
                user: row.get("extension")?,
                contact: row.get("contact")?,
                instance: row.get("instance")?,
                call_id: row.get("call_id")?,
                cseq: number(row, "cseq")?,
                path: json(&row.get::<_, String>("path")?)?,
                source: row.get("source")?,
                expires_at: row.get("expires_at")?,
                user_agent: row.get("user_agent")?,
            })
        },
    )
}

fn user(row: &Row<'_>, seal: &Seal) -> Result<UserRecord, Error> {
    let (tenant, extension): (String, String) = (row.get("tenant")?, row.get("extension")?);
    let open = |column: &str, hash: &str| {
        let sealed: Vec<u8> = row.get(column)?;
        seal.open(&place_of(&tenant, &extension, hash), &sealed)
    };
    Ok(UserRecord {
        name: row.get("name")?,
        realm: row.get("realm")?,
        ha1_md5: open("ha1_md5", "md5")?,
        ha1_sha256: open("ha1_sha256", "sha256")?,
        context: row.get("context")?,
        role: row.get("role")?,
        team: row.get("team")?,
        created_at: row.get("created_at")?,
        tenant,
        extension,
    })
}

fn place(user: &UserRecord, hash: &str) -> String {
    place_of(&user.tenant, &user.extension, hash)
}

/// Which record a sealed hash belongs to.
fn place_of(tenant: &str, extension: &str, hash: &str) -> String {
    format!("users\0{tenant}\0{extension}\0{hash}")
}
