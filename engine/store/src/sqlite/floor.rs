//! Agents and queues.

use std::collections::HashSet;

use rusqlite::Row;
use uuid::Uuid;

use super::newest::Newest;
use super::records::{Rows, id, json, number, optional_id};
use crate::{
    AgentNote, EpisodeRow, Error, FloorNotes, FloorRow, KeptNote, MOST_FAMILIAR, OfferRow,
    QueueLogFilter, QueueLogRow,
};

pub(super) fn note(rows: &Rows<'_>, notes: &FloorNotes) -> Result<(), Error> {
    for agent in &notes.agents {
        note_agent(rows, agent)?;
    }
    for (queue, agent) in &notes.last_offered {
        rows.change(
            "INSERT INTO queue_marks (tenant, queue, agent) VALUES (?1, ?2, ?3)
             ON CONFLICT (tenant, queue) DO UPDATE SET agent = excluded.agent",
            &[queue, agent],
        )?;
    }
    for kept in &notes.kept {
        note_kept(rows, kept)?;
    }
    for episode in &notes.episodes {
        note_episode(rows, episode)?;
    }
    for line in &notes.log {
        note_line(rows, line)?;
    }
    Ok(())
}

fn note_agent(rows: &Rows<'_>, note: &AgentNote) -> Result<(), Error> {
    match &note.state {
        Some(state) => rows.change(
            "INSERT INTO agents (tenant, agent, state, saved_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant, agent) DO UPDATE
             SET state = excluded.state, saved_at = excluded.saved_at",
            &[&note.agent, &state.to_string(), &note.at],
        )?,
        None => rows.change(
            "DELETE FROM agents WHERE tenant = ?1 AND agent = ?2",
            &[&note.agent],
        )?,
    };
    Ok(())
}

fn note_kept(rows: &Rows<'_>, note: &KeptNote) -> Result<(), Error> {
    match &note.state {
        Some(state) => rows.change(
            "INSERT INTO queue_kept (tenant, kind, key, state, saved_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (tenant, kind, key) DO UPDATE
             SET state = excluded.state, saved_at = excluded.saved_at",
            &[&note.kind, &note.key, &state.to_string(), &note.at],
        )?,
        None => rows.change(
            "DELETE FROM queue_kept WHERE tenant = ?1 AND kind = ?2 AND key = ?3",
            &[&note.kind, &note.key],
        )?,
    };
    Ok(())
}

fn note_episode(rows: &Rows<'_>, episode: &EpisodeRow) -> Result<(), Error> {
    let offers = serde_json::to_string(&episode.offers)
        .map_err(|error| Error::Refused(error.to_string()))?;
    rows.change(
        "INSERT INTO queue_episodes (tenant, id, call_id, queue, entered_at, place, priority,
           offers, outcome, waited, waited_before, agent)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (tenant, id) DO NOTHING",
        &[
            episode.id.as_bytes(),
            episode.call.as_bytes(),
            &episode.queue,
            &episode.entered_at,
            &episode.position,
            &episode.priority,
            &offers,
            &episode.outcome,
            &episode.waited,
            &episode.waited_before,
            &episode.agent,
        ],
    )?;
    Ok(())
}

fn note_line(rows: &Rows<'_>, line: &QueueLogRow) -> Result<(), Error> {
    rows.change(
        "INSERT INTO queue_log (tenant, id, at, kind, queue, call_id, agent, why, place, lasted,
           state, was, reachable, by_whom, target)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
         ON CONFLICT (tenant, id) DO NOTHING",
        &[
            line.id.as_bytes(),
            &line.at,
            &line.kind,
            &line.queue,
            &line.call.map(Uuid::into_bytes),
            &line.agent,
            &line.why,
            &line.position,
            &line.lasted,
            &line.state,
            &line.was,
            &line.reachable,
            &line.by,
            &line.target,
        ],
    )?;
    Ok(())
}

pub(super) fn kept(rows: &Rows<'_>) -> Result<FloorRow, Error> {
    let agents = rows.all(
        "SELECT agent, state, saved_at FROM agents WHERE tenant = ?1 ORDER BY agent",
        &[],
        |row| {
            Ok(AgentNote {
                agent: row.get("agent")?,
                state: Some(json(&row.get::<_, String>("state")?)?),
                at: row.get("saved_at")?,
            })
        },
    )?;
    let last_offered = rows.all(
        "SELECT queue, agent FROM queue_marks WHERE tenant = ?1 ORDER BY queue",
        &[],
        |row| Ok((row.get("queue")?, row.get("agent")?)),
    )?;
    let kept = rows.all(
        "SELECT kind, key, state, saved_at FROM queue_kept WHERE tenant = ?1 ORDER BY kind, key",
        &[],
        |row| {
            Ok(KeptNote {
                kind: row.get("kind")?,
                key: row.get("key")?,
                state: Some(json(&row.get::<_, String>("state")?)?),
                at: row.get("saved_at")?,
            })
        },
    )?;
    let answered = rows.all(
        &format!(
            "SELECT calls.from_number, answered.agent FROM (
               SELECT id, call_id, agent FROM queue_episodes
               WHERE tenant = ?1 AND outcome = 'answered' AND agent IS NOT NULL
               ORDER BY id DESC LIMIT {MOST_FAMILIAR}) AS answered
             JOIN calls ON calls.tenant = ?1 AND calls.id = answered.call_id
             WHERE calls.from_number IS NOT NULL ORDER BY answered.id DESC"
        ),
        &[],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
    )?;
    let mut known = HashSet::new();
    let familiar = answered
        .into_iter()
        .filter(|(number, _)| known.insert(number.clone()));
    Ok(FloorRow {
        agents,
        last_offered,
        familiar: familiar.collect(),
        kept,
    })
}

pub(super) fn episodes_of(rows: &Rows<'_>, call: Uuid) -> Result<Vec<EpisodeRow>, Error> {
    rows.all(
        "SELECT * FROM queue_episodes WHERE tenant = ?1 AND call_id = ?2 ORDER BY entered_at, id",
        &[call.as_bytes()],
        episode,
    )
}

pub(super) fn episode(row: &Row<'_>) -> Result<EpisodeRow, Error> {
    Ok(EpisodeRow {
        id: id(row, "id")?,
        call: id(row, "call_id")?,
        queue: row.get("queue")?,
        entered_at: row.get("entered_at")?,
        position: number(row, "place")?,
        priority: number(row, "priority")?,
        offers: json::<Vec<OfferRow>>(&row.get::<_, String>("offers")?)?,
        outcome: row.get("outcome")?,
        waited: row.get("waited")?,
        waited_before: row.get("waited_before")?,
        agent: row.get("agent")?,
    })
}

pub(super) fn log(rows: &Rows<'_>, filter: &QueueLogFilter) -> Result<Vec<QueueLogRow>, Error> {
    let (call, before) = (
        filter.call.map(Uuid::into_bytes),
        filter.before.map(Uuid::into_bytes),
    );
    Newest::of("queue_log")
        .only("call_id =", call.as_ref())
        .only("agent =", filter.agent.as_ref())
        .only("queue =", filter.queue.as_ref())
        .only("kind =", filter.kind.as_ref())
        .only("at >=", filter.since.as_ref())
        .only("at <", filter.until.as_ref())
        .older_than(before.as_ref())
        .read(rows, filter.limit, line)
}

fn line(row: &Row<'_>) -> Result<QueueLogRow, Error> {
    let position = match row.get::<_, Option<i64>>("place")? {
        None => None,
        Some(_) => Some(number(row, "place")?),
    };
    Ok(QueueLogRow {
        id: id(row, "id")?,
        at: row.get("at")?,
        kind: row.get("kind")?,
        queue: row.get("queue")?,
        call: optional_id(row, "call_id")?,
        agent: row.get("agent")?,
        why: row.get("why")?,
        position,
        target: row.get("target")?,
        lasted: row.get("lasted")?,
        state: row.get("state")?,
        was: row.get("was")?,
        reachable: row.get("reachable")?,
        by: row.get("by_whom")?,
    })
}
