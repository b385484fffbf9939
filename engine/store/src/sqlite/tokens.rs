//! Tokens of the HTTP API.

use rusqlite::Row;

use super::records::{Rows, json};
use crate::{Error, TokenRow};

pub(super) fn put(rows: &Rows<'_>, token: &TokenRow) -> Result<(), Error> {
    let scopes =
        serde_json::to_string(&token.scopes).map_err(|error| Error::Refused(error.to_string()))?;
    rows.change(
        "INSERT INTO tokens (tenant, id, name, hash, scopes, created_at, expires_at, revoked_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &[
            &token.id,
            &token.name,
            &token.hash,
            &scopes,
            &token.created_at,
            &token.expires_at,
            &token.revoked_at,
        ],
    )?;
    Ok(())
}

pub(super) fn by_id(everyone: &Rows<'_>, id: &str) -> Result<Option<TokenRow>, Error> {
    everyone.first("SELECT * FROM tokens WHERE id = ?1", &[&id], token)
}

pub(super) fn all(rows: &Rows<'_>) -> Result<Vec<TokenRow>, Error> {
    rows.all(
        "SELECT * FROM tokens WHERE tenant = ?1 ORDER BY created_at, id",
        &[],
        token,
    )
}

pub(super) fn revoke(rows: &Rows<'_>, id: &str, at: i64) -> Result<bool, Error> {
    let changed = rows.change(
        "UPDATE tokens SET revoked_at = ?3 WHERE tenant = ?1 AND id = ?2 AND revoked_at IS NULL",
        &[&id, &at],
    )?;
    Ok(changed > 0)
}

fn token(row: &Row<'_>) -> Result<TokenRow, Error> {
    Ok(TokenRow {
        id: row.get("id")?,
        tenant: row.get("tenant")?,
        name: row.get("name")?,
        hash: row.get("hash")?,
        scopes: json(&row.get::<_, String>("scopes")?)?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        revoked_at: row.get("revoked_at")?,
    })
}
