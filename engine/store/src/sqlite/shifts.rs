//! Shifts of agents, and how far they keep to them.

use rusqlite::Row;

use super::records::Rows;
use super::{Sqlite, figures};
use crate::shifts::StateChange;
use crate::{Adherence, Error, Pending, ShiftRow, Shifts};

impl Shifts for Sqlite {
    fn plan_shifts(
        &self,
        tenant: &str,
        agent: &str,
        between: (i64, i64),
        shifts: Vec<ShiftRow>,
    ) -> Pending<bool> {
        let (tenant, agent) = (tenant.to_owned(), agent.to_owned());
        self.write(move |records| plan(&records.of(&tenant), &agent, between, &shifts))
    }

    fn shifts(
        &self,
        tenant: &str,
        agent: Option<&str>,
        between: (i64, i64),
    ) -> Pending<Vec<ShiftRow>> {
        let (tenant, agent) = (tenant.to_owned(), agent.map(str::to_owned));
        self.read(move |records| planned(&records.of(&tenant), agent.as_deref(), between))
    }

    fn adherence(&self, tenant: &str, between: (i64, i64)) -> Pending<Vec<(String, Adherence)>> {
        let tenant = tenant.to_owned();
        self.read(move |records| {
            let rows = records.of(&tenant);
            let all = planned(&rows, None, between)?;
            let each = all.chunk_by(|one, next| one.agent == next.agent);
            let each = each.map(|shifts| {
                let agent = shifts[0].agent.clone();
                let changes =
                    rows.all(figures::STATES, &[&agent, &between.0, &between.1], change)?;
                Ok((agent, Adherence::of(shifts, &changes, between)))
            });
            each.collect()
        })
    }
}

fn plan(
    rows: &Rows<'_>,
    agent: &str,
    (since, until): (i64, i64),
    shifts: &[ShiftRow],
) -> Result<bool, Error> {
    let is_wrong = shifts.iter().any(|it| it.from >= it.until)
        || shifts.windows(2).any(|two| two[0].until > two[1].from);
    if is_wrong {
        return Err(Error::Refused("a shift overlaps another".into()));
    }
    if let Some(first) = shifts.first() {
        let before = rows.first(REACHES, &[&agent, &first.from, &since], shift_row)?;
        if before.is_some() {
            return Ok(false);
        }
    }
    rows.change(
        "DELETE FROM shifts WHERE tenant = ?1 AND agent = ?2 AND began_at >= ?3 AND began_at < ?4",
        &[&agent, &since, &until],
    )?;
    for shift in shifts {
        rows.change(
            "INSERT INTO shifts (tenant, agent, began_at, ended_at, activity) VALUES (?1, ?2, ?3, ?4, ?5)",
            &[&agent, &shift.from, &shift.until, &shift.activity],
        )?;
    }
    Ok(true)
}

fn planned(
    rows: &Rows<'_>,
    agent: Option<&str>,
    (since, until): (i64, i64),
) -> Result<Vec<ShiftRow>, Error> {
    match agent {
        Some(agent) => rows.all(OF_ONE, &[&agent, &since, &until], shift_row),
        None => rows.all(OF_ALL, &[&since, &until], shift_row),
    }
}

fn shift_row(row: &Row<'_>) -> Result<ShiftRow, Error> {
    Ok(ShiftRow {
        agent: row.get("agent")?,
        from: row.get("began_at")?,
        until: row.get("ended_at")?,
        activity: row.get("activity")?,
    })
}

fn change(row: &Row<'_>) -> Result<StateChange, Error> {
    Ok(StateChange {
        at: row.get("at")?,
        state: row.get("state")?,
        reason: row.get("why")?,
    })
}

const REACHES: &str = "SELECT * FROM shifts
  WHERE tenant = ?1 AND agent = ?2 AND ended_at > ?3 AND began_at < ?4 LIMIT 1";
const OF_ONE: &str = "SELECT * FROM shifts
  WHERE tenant = ?1 AND agent = ?2 AND ended_at > ?3 AND began_at < ?4 ORDER BY began_at";
const OF_ALL: &str = "SELECT * FROM shifts INDEXED BY shifts_by_time
  WHERE tenant = ?1 AND ended_at > ?2 AND began_at < ?3 ORDER BY agent, began_at";
