//! People at their desks: passwords, sessions, the audit log.

use rusqlite::Row;
use uuid::Uuid;

use super::newest::Newest;
use super::records::{Rows, id};
use super::{Sqlite, WRITES_THAT_END, users};
use crate::{AuditFilter, AuditRow, Begun, Desks, Error, Pending, SessionRow};

impl Desks for Sqlite {
    fn desk_password(&self, tenant: &str, extension: &str) -> Pending<Option<String>> {
        let (tenant, extension) = (tenant.to_owned(), extension.to_owned());
        self.read(move |records| {
            records.of(&tenant).first(
                "SELECT hash FROM desk_passwords WHERE tenant = ?1 AND extension = ?2",
                &[&extension],
                |row| Ok(row.get(0)?),
            )
        })
    }

    fn put_desk_password(
        &self,
        (tenant, extension): (&str, &str),
        hash: String,
        at: i64,
        keep: Option<[u8; 32]>,
    ) -> Pending<()> {
        let (tenant, extension) = (tenant.to_owned(), extension.to_owned());
        self.write(move |records| {
            let rows = records.of(&tenant);
            rows.change(
                "INSERT INTO desk_passwords (tenant, extension, hash, changed_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (tenant, extension) DO UPDATE SET
                   hash = excluded.hash, changed_at = excluded.changed_at",
                &[&extension, &hash, &at],
            )?;
            rows.change(
                "UPDATE desk_sessions SET ended_at = ?3
                 WHERE tenant = ?1 AND extension = ?2 AND ended_at IS NULL AND id IS NOT ?4",
                &[&extension, &at, &keep],
            )?;
            Ok(())
        })
    }

    fn give_role(
        &self,
        (tenant, extension): (&str, &str),
        role: &str,
        team: Option<&str>,
    ) -> Pending<bool> {
        let (tenant, extension, role) = (tenant.to_owned(), extension.to_owned(), role.to_owned());
        let team = team.map(str::to_owned);
        self.write(move |records| {
            users::give_role(&records.of(&tenant), &extension, &role, team.as_deref())
        })
    }

    fn begin_session(
        &self,
        session: SessionRow,
        take_over: bool,
        alive_since: i64,
    ) -> Pending<Begun> {
        self.write(move |records| {
            let rows = records.of(&session.tenant);
            begin(&rows, &session, take_over, alive_since)
        })
    }

    fn session(&self, id: [u8; 32]) -> Pending<Option<SessionRow>> {
        self.read(move |records| {
            let everyone = records.everyone();
            everyone.first("SELECT * FROM desk_sessions WHERE id = ?1", &[&id], session)
        })
    }

    fn touch_session(&self, id: [u8; 32], at: i64) -> Pending<()> {
        self.write(move |records| {
            let everyone = records.everyone();
            everyone.change(
                "UPDATE desk_sessions SET seen_at = ?2 WHERE id = ?1 AND seen_at < ?2",
                &[&id, &at],
            )?;
            Ok(())
        })
    }

    fn end_session(&self, id: [u8; 32], at: i64) -> Pending<()> {
        self.write_end(move |records| {
            let everyone = records.everyone();
            everyone.change(
                "UPDATE desk_sessions SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL",
                &[&id, &at],
            )?;
            Ok(())
        })
    }

    fn note_audit(&self, line: AuditRow) -> Pending<()> {
        self.keep(WRITES_THAT_END, move |records| {
            records.of(&line.tenant).change(
                "INSERT INTO audit (tenant, id, at, by_whom, act, about, outcome, source)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                &[
                    line.id.as_bytes(),
                    &line.at,
                    &line.by,
                    &line.act,
                    &line.about,
                    &line.outcome,
                    &line.source,
                ],
            )?;
            Ok(())
        })
    }

    fn audit(&self, tenant: &str, filter: AuditFilter) -> Pending<Vec<AuditRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| lines(&records.of(&tenant), &filter))
    }
}

fn begin(
    rows: &Rows<'_>,
    new: &SessionRow,
    take_over: bool,
    alive_since: i64,
) -> Result<Begun, Error> {
    let there = rows.first(
        "SELECT * FROM desk_sessions WHERE tenant = ?1 AND extension = ?2 AND ended_at IS NULL
         AND taken_over_at IS NULL AND seen_at >= ?3 ORDER BY seen_at DESC",
        &[&new.extension, &alive_since],
        session,
    )?;
    let mut taken = 0;
    if let Some(there) = there {
        if !take_over {
            return Ok(Begun::There(there));
        }
        taken = rows.change(
            "UPDATE desk_sessions SET taken_over_at = ?3
             WHERE tenant = ?1 AND extension = ?2 AND ended_at IS NULL AND taken_over_at IS NULL",
            &[&new.extension, &new.began_at],
        )?;
    }
    rows.change(
        "INSERT INTO desk_sessions (tenant, id, extension, source, began_at, seen_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &[
            &new.id,
            &new.extension,
            &new.source,
            &new.began_at,
            &new.seen_at,
        ],
    )?;
    Ok(Begun::New(taken))
}

fn lines(rows: &Rows<'_>, filter: &AuditFilter) -> Result<Vec<AuditRow>, Error> {
    let before = filter.before.map(Uuid::into_bytes);
    let lines = Newest::of("audit")
        .only("by_whom =", filter.by.as_ref())
        .only("act =", filter.act.as_ref())
        .only("about =", filter.about.as_ref())
        .only("at >=", filter.since.as_ref())
        .only("at <", filter.until.as_ref())
        .older_than(before.as_ref());
    lines.read(rows, filter.limit, |row| {
        Ok(AuditRow {
            id: id(row, "id")?,
            tenant: row.get("tenant")?,
            at: row.get("at")?,
            by: row.get("by_whom")?,
            act: row.get("act")?,
            about: row.get("about")?,
            outcome: row.get("outcome")?,
            source: row.get("source")?,
        })
    })
}

fn session(row: &Row<'_>) -> Result<SessionRow, Error> {
    Ok(SessionRow {
        id: row.get("id")?,
        tenant: row.get("tenant")?,
        extension: row.get("extension")?,
        source: row.get("source")?,
        began_at: row.get("began_at")?,
        seen_at: row.get("seen_at")?,
        ended_at: row.get("ended_at")?,
        taken_over_at: row.get("taken_over_at")?,
    })
}
