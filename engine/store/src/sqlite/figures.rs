//! The rows that figures are made of. There may be millions: each question reads its own interval only, by
//! an index, and row by row.

use rusqlite::Row;

use super::floor;
use super::records::{Rows, id};
use crate::{Contact, Direction, Error, Figures, FiguresOf, QueueLogRow, Stretch};

/// Everything that began between the first edge and the last, and what agents do at the end.
pub(super) fn of(rows: &Rows<'_>, of: FiguresOf) -> Result<Figures, Error> {
    let mut figures = Figures::new(of);
    let (since, until) = figures.range();
    if since >= until {
        return Ok(figures);
    }
    rows.all(STAYS, &[&since, &until], |row| {
        figures.stay(&floor::episode(row)?);
        Ok(())
    })?;
    contacts(rows, (since, until), &mut figures)?;
    for agent in rows.all(AGENTS, &[], |row| Ok(row.get::<_, String>(0)?))? {
        rows.all(STATES, &[&agent, &since, &until], |row| {
            figures.state(&QueueLogRow {
                agent: Some(agent.clone()),
                at: row.get("at")?,
                state: row.get("state")?,
                was: row.get("was")?,
                why: row.get("why")?,
                ..QueueLogRow::default()
            });
            Ok(())
        })?;
    }
    Ok(figures)
}

fn contacts(
    rows: &Rows<'_>,
    (since, until): (i64, i64),
    figures: &mut Figures,
) -> Result<(), Error> {
    let mut current: Option<(uuid::Uuid, Contact)> = None;
    rows.all(CONTACTS, &[&since, &until], |row| {
        let call = id(row, "id")?;
        if current.as_ref().is_none_or(|(known, _)| *known != call)
            && let Some((_, done)) = current.replace((call, contact(row)?))
        {
            figures.contact(&done);
        }
        if let (Some((_, contact)), Some(stretch)) = (&mut current, stretch(row)?) {
            contact.stretches.push(stretch);
        }
        Ok(())
    })?;
    if let Some((_, last)) = current {
        figures.contact(&last);
    }
    Ok(())
}

fn contact(row: &Row<'_>) -> Result<Contact, Error> {
    let direction: String = row.get("direction")?;
    Ok(Contact {
        started_at: row.get("started_at")?,
        direction: Direction::from_word(&direction)
            .ok_or_else(|| Error::Damaged(format!("direction is '{direction}'")))?,
        user: row.get("caller")?,
        to: row.get("dialled")?,
        result: row.get("result")?,
        stretches: Vec::new(),
    })
}

fn stretch(row: &Row<'_>) -> Result<Option<Stretch>, Error> {
    let Some(kind) = row.get::<_, Option<String>>("kind")? else {
        return Ok(None);
    };
    Ok(Some(Stretch {
        kind,
        lasted: row.get::<_, i64>("ended")? - row.get::<_, i64>("began")?,
        agent: row.get("agent")?,
        queue: row.get("queue")?,
    }))
}

pub(super) const STAYS: &str = "SELECT * FROM queue_episodes INDEXED BY queue_episodes_by_time
  WHERE tenant = ?1 AND entered_at >= ?2 AND entered_at < ?3 ORDER BY entered_at, id";
/// A cross join keeps this order.
pub(super) const CONTACTS: &str =
    "SELECT calls.id, calls.started_at, calls.direction, calls.caller,
    calls.dialled, calls.result, segments.kind, segments.began_at AS began,
    segments.ended_at AS ended, segments.agent, segments.queue
  FROM calls INDEXED BY calls_by_time
  LEFT JOIN segments ON segments.tenant = calls.tenant AND segments.call_id = calls.id
  WHERE calls.tenant = ?1 AND calls.started_at >= ?2 AND calls.started_at < ?3
    AND calls.ended_at IS NOT NULL
  ORDER BY calls.started_at, calls.id, segments.seq";
/// All who were ever an agent: from one to the next in the index, whatever lies between.
pub(super) const AGENTS: &str = "WITH RECURSIVE found (agent) AS (
    SELECT (SELECT min(agent) FROM queue_log INDEXED BY queue_log_states
      WHERE tenant = ?1 AND kind = 'state')
    UNION ALL
    SELECT (SELECT min(agent) FROM queue_log INDEXED BY queue_log_states
      WHERE tenant = ?1 AND kind = 'state' AND queue_log.agent > found.agent)
    FROM found WHERE found.agent IS NOT NULL)
  SELECT agent FROM found WHERE agent IS NOT NULL";
/// An agent's changes of state, and the last one before: what they did when it began.
pub(super) const STATES: &str = "SELECT at, state, was, why
  FROM queue_log INDEXED BY queue_log_states
  WHERE tenant = ?1 AND agent = ?2 AND kind = 'state' AND at < ?4
    AND at >= coalesce((SELECT max(before.at) FROM queue_log AS before INDEXED BY queue_log_states
      WHERE before.tenant = ?1 AND before.agent = ?2 AND before.kind = 'state' AND before.at < ?3), ?3)
  ORDER BY at, id";
