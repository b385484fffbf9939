//! Answers to requests that may be repeated.

use super::records::{Rows, number};
use crate::{Answer, AnswerClaim, Claimed, Error};

pub(super) fn claim(rows: &Rows<'_>, claim: &AnswerClaim) -> Result<Claimed, Error> {
    rows.change(
        "DELETE FROM answers WHERE tenant = ?1 AND token = ?2 AND key = ?3 AND at < ?4",
        &[&claim.token, &claim.key, &claim.forget_before],
    )?;
    let is_new = rows.change(
        "INSERT INTO answers (tenant, token, key, request, run, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (tenant, token, key) DO NOTHING",
        &[
            &claim.token,
            &claim.key,
            &claim.request,
            &claim.run,
            &claim.at,
        ],
    )?;
    if is_new > 0 {
        return Ok(Claimed::New);
    }
    let found = rows.first(
        "SELECT * FROM answers WHERE tenant = ?1 AND token = ?2 AND key = ?3",
        &[&claim.token, &claim.key],
        |row| {
            if row.get::<_, [u8; 32]>("request")? != claim.request {
                return Ok(Claimed::Different);
            }
            if row.get::<_, Option<i64>>("status")?.is_none() {
                return Ok(match row.get::<_, i64>("run")? == claim.run {
                    true => Claimed::Running,
                    false => Claimed::Unknown,
                });
            }
            Ok(Claimed::Answered(Answer {
                status: number(row, "status")?,
                kind: row.get("kind")?,
                location: row.get("location")?,
                body: row.get("body")?,
            }))
        },
    )?;
    found.ok_or_else(|| Error::Refused("an answer is there and is not".to_owned()))
}

pub(super) fn keep(
    rows: &Rows<'_>,
    (token, key): (&str, &str),
    answer: &Answer,
) -> Result<(), Error> {
    rows.change(
        "UPDATE answers SET status = ?4, kind = ?5, body = ?6, location = ?7
         WHERE tenant = ?1 AND token = ?2 AND key = ?3",
        &[
            &token,
            &key,
            &answer.status,
            &answer.kind,
            &answer.body,
            &answer.location,
        ],
    )?;
    Ok(())
}

pub(super) fn forget(rows: &Rows<'_>, (token, key): (&str, &str)) -> Result<(), Error> {
    rows.change(
        "DELETE FROM answers WHERE tenant = ?1 AND token = ?2 AND key = ?3",
        &[&token, &key],
    )?;
    Ok(())
}

pub(super) fn purge(everyone: &Rows<'_>, before: i64) -> Result<u64, Error> {
    let gone = everyone.change("DELETE FROM answers WHERE at < ?1", &[&before])?;
    Ok(u64::try_from(gone).unwrap_or(u64::MAX))
}
