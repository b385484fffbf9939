//! Values that scripts and plugins keep.

use serde_json::Value;

use super::records::{Records, Rows, json};
use crate::{Error, KvEntry, KvKey};

/// Refuses what is too long, before it waits for anything. Returns the value as JSON.
pub(super) fn checked(key: &KvKey, value: &Value) -> Result<String, Error> {
    check_key(key)?;
    let text = value.to_string();
    if text.len() > VALUE_LIMIT {
        return Err(Error::TooLarge {
            what: "value",
            bytes: text.len(),
            limit: VALUE_LIMIT,
        });
    }
    Ok(text)
}

/// Refuses a key that is too long.
pub(super) fn check_key(key: &KvKey) -> Result<(), Error> {
    if key.key.len() > KEY_LIMIT {
        return Err(Error::TooLarge {
            what: "key",
            bytes: key.key.len(),
            limit: KEY_LIMIT,
        });
    }
    Ok(())
}

const KEY_LIMIT: usize = 512;
const VALUE_LIMIT: usize = 64 * 1024;

pub(super) fn get(records: &Records<'_>, key: &KvKey, now: i64) -> Result<Option<Value>, Error> {
    let text = current(&records.of(&key.tenant), key, now)?;
    text.map(|text| json(&text)).transpose()
}

pub(super) fn set(
    records: &Records<'_>,
    key: &KvKey,
    value: &str,
    expires_at: Option<i64>,
) -> Result<(), Error> {
    records.of(&key.tenant).change(
        "INSERT INTO kv (tenant, scope, key, value, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (tenant, scope, key) DO UPDATE SET
           value = excluded.value, expires_at = excluded.expires_at",
        &[&key.scope, &key.key, &value, &expires_at],
    )?;
    Ok(())
}

pub(super) fn add(
    records: &Records<'_>,
    key: &KvKey,
    value: &str,
    expires_at: Option<i64>,
    now: i64,
) -> Result<bool, Error> {
    let added = records.of(&key.tenant).change(
        "INSERT INTO kv (tenant, scope, key, value, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (tenant, scope, key) DO UPDATE SET
           value = excluded.value, expires_at = excluded.expires_at
         WHERE kv.expires_at <= ?6",
        &[&key.scope, &key.key, &value, &expires_at, &now],
    )?;
    Ok(added > 0)
}

pub(super) fn delete(records: &Records<'_>, key: &KvKey, now: i64) -> Result<bool, Error> {
    let rows = records.of(&key.tenant);
    let was = current(&rows, key, now)?.is_some();
    rows.change(
        "DELETE FROM kv WHERE tenant = ?1 AND scope = ?2 AND key = ?3",
        &[&key.scope, &key.key],
    )?;
    Ok(was)
}

pub(super) fn incr(
    records: &Records<'_>,
    key: &KvKey,
    by: i64,
    expires_at: Option<i64>,
    now: i64,
) -> Result<i64, Error> {
    let rows = records.of(&key.tenant);
    let Some(text) = current(&rows, key, now)? else {
        set(records, key, &by.to_string(), expires_at)?;
        return Ok(by);
    };
    let number = json::<Value>(&text)?.as_i64();
    let sum = number
        .and_then(|number| number.checked_add(by))
        .ok_or_else(|| Error::NotANumber {
            key: key.key.clone(),
        })?;
    rows.change(
        "UPDATE kv SET value = ?4 WHERE tenant = ?1 AND scope = ?2 AND key = ?3",
        &[&key.scope, &key.key, &sum.to_string()],
    )?;
    Ok(sum)
}

pub(super) fn each(
    records: &Records<'_>,
    prefix: &KvKey,
    after: Option<&str>,
    now: i64,
) -> Result<Vec<KvEntry>, Error> {
    records.of(&prefix.tenant).all(
        "SELECT key, value, expires_at FROM kv
         WHERE tenant = ?1 AND scope = ?2
           AND key >= ?3 AND (?4 IS NULL OR key < ?4) AND (?5 IS NULL OR key > ?5)
           AND (expires_at IS NULL OR expires_at > ?6)
         ORDER BY key LIMIT 1000",
        &[
            &prefix.scope,
            &prefix.key,
            &successor(&prefix.key),
            &after,
            &now,
        ],
        |row| {
            Ok(KvEntry {
                key: row.get("key")?,
                value: json(&row.get::<_, String>("value")?)?,
                expires_at: row.get("expires_at")?,
            })
        },
    )
}

pub(super) fn purge(everyone: &Rows<'_>, now: i64) -> Result<u64, Error> {
    let gone = everyone.change("DELETE FROM kv WHERE expires_at <= ?1", &[&now])?;
    Ok(u64::try_from(gone).unwrap_or(u64::MAX))
}

/// The value's JSON, unless it has expired.
fn current(rows: &Rows<'_>, key: &KvKey, now: i64) -> Result<Option<String>, Error> {
    rows.first(
        "SELECT value FROM kv WHERE tenant = ?1 AND scope = ?2 AND key = ?3
           AND (expires_at IS NULL OR expires_at > ?4)",
        &[&key.scope, &key.key, &now],
        |row| Ok(row.get(0)?),
    )
}

/// The first text after all that begin with `prefix`; `None` when there is none.
fn successor(prefix: &str) -> Option<String> {
    let mut text: Vec<char> = prefix.chars().collect();
    while let Some(last) = text.pop() {
        // A step over the surrogates, which are no characters.
        let next = if last == '\u{d7ff}' {
            Some('\u{e000}')
        } else {
            char::from_u32(u32::from(last) + 1)
        };
        if let Some(next) = next {
            text.push(next);
            return Some(text.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::successor;

    #[test]
    fn the_successor_of_a_prefix_comes_after_all_that_begin_with_it() {
        assert_eq!(successor("ab").as_deref(), Some("ac"));
        assert_eq!(successor("号").as_deref(), Some("司"));
        assert_eq!(successor("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(successor("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(successor(""), None);
    }
}
