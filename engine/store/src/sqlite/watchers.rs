//! Phones that watch something.

use super::records::{Rows, json};
use crate::{Error, WatcherRow};

pub(super) fn save(rows: &Rows<'_>, watcher: &WatcherRow) -> Result<(), Error> {
    rows.change(
        "INSERT INTO watchers (tenant, name, state, expires_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (tenant, name) DO UPDATE SET
           state = excluded.state, expires_at = excluded.expires_at",
        &[
            &watcher.name,
            &watcher.state.to_string(),
            &watcher.expires_at,
        ],
    )?;
    Ok(())
}

pub(super) fn delete(rows: &Rows<'_>, name: &str) -> Result<bool, Error> {
    let gone = rows.change(
        "DELETE FROM watchers WHERE tenant = ?1 AND name = ?2",
        &[&name],
    )?;
    Ok(gone > 0)
}

pub(super) fn all(everyone: &Rows<'_>, now: i64) -> Result<Vec<WatcherRow>, Error> {
    everyone.change("DELETE FROM watchers WHERE expires_at <= ?1", &[&now])?;
    everyone.all("SELECT * FROM watchers ORDER BY tenant, name", &[], |row| {
        Ok(WatcherRow {
            tenant: row.get("tenant")?,
            name: row.get("name")?,
            state: json(&row.get::<_, String>("state")?)?,
            expires_at: row.get("expires_at")?,
        })
    })
}
