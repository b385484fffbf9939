//! Customers' calls that nobody took, and what became of them.

use rusqlite::{Row, ToSql};
use uuid::Uuid;

use super::records::{Rows, id, number, optional_id, page};
use crate::{
    CalledBack, Direction, Error, FinishedCall, MissedFilter, MissedRow, MissedState, is_missed,
};

/// A call is over: it was missed, or settles those of the same customer that were.
pub(super) fn finished(rows: &Rows<'_>, call: &FinishedCall) -> Result<(), Error> {
    let (begin, end) = (&call.begin, &call.end);
    if begin.direction != Direction::Inbound {
        return Ok(());
    }
    if is_missed(&end.result) {
        let mut queues = call.segments.iter().filter(|it| it.kind == "queue");
        let waited: i64 = queues.clone().map(|it| it.to - it.from).sum();
        let queue = queues.next_back().and_then(|it| it.queue.as_deref());
        rows.change(
            "INSERT INTO missed_calls (tenant, call_id, number, raw, at, dialled, result, queue,
               waited, state, tries)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'open', 0)
             ON CONFLICT (tenant, call_id) DO NOTHING",
            &[
                begin.id.as_bytes(),
                &begin.from_number,
                &begin.from_raw,
                &begin.started_at,
                &begin.to,
                &end.result,
                &queue,
                &waited,
            ],
        )?;
        return Ok(());
    }
    let mut stretches = call.segments.iter();
    let talked = stretches.any(|it| matches!(it.kind.as_str(), "talk" | "conference"));
    if let (Some(number), true) = (&begin.from_number, talked) {
        rows.change(
            "UPDATE missed_calls SET state = 'came_again', last_by = NULL, last_at = ?3,
               last_call = ?4
             WHERE tenant = ?1 AND number = ?2 AND at < ?3 AND state IN ('open', 'tried')",
            &[number, &begin.started_at, begin.id.as_bytes()],
        )?;
    }
    Ok(())
}

/// The number was called.
pub(super) fn called_back(rows: &Rows<'_>, back: &CalledBack) -> Result<u64, Error> {
    let state = match back.answered {
        true => MissedState::CalledBack,
        false => MissedState::Tried,
    };
    let changed = rows.change(
        "UPDATE missed_calls SET state = ?3, tries = tries + 1, last_by = ?4, last_at = ?5,
           last_call = ?6
         WHERE tenant = ?1 AND number = ?2 AND at < ?5 AND state IN ('open', 'tried')",
        &[
            &back.number,
            &state.word(),
            &back.by,
            &back.at,
            back.call.as_bytes(),
        ],
    )?;
    Ok(changed as u64)
}

/// Somebody says that one is settled, or open again; it as it is then.
pub(super) fn settle(
    rows: &Rows<'_>,
    call: Uuid,
    state: MissedState,
    (by, at): (&str, i64),
) -> Result<Option<MissedRow>, Error> {
    rows.change(
        "UPDATE missed_calls SET state = ?3, last_by = ?4, last_at = ?5
         WHERE tenant = ?1 AND call_id = ?2",
        &[call.as_bytes(), &state.word(), &by, &at],
    )?;
    rows.first(
        "SELECT * FROM missed_calls WHERE tenant = ?1 AND call_id = ?2",
        &[call.as_bytes()],
        missed_row,
    )
}

pub(super) fn list(rows: &Rows<'_>, filter: &MissedFilter) -> Result<Vec<MissedRow>, Error> {
    let (at, call) = filter.before.unzip();
    let parameters: [&dyn ToSql; 6] = [
        &filter.queue,
        &filter.since,
        &filter.until,
        &at,
        &call.map(Uuid::into_bytes),
        &page(filter.limit),
    ];
    rows.all(&list_sql(filter), &parameters, missed_row)
}

/// The statement for a filter: only what is asked for stands in it, so that the index of the narrowest is
/// used.
pub(super) fn list_sql(filter: &MissedFilter) -> String {
    let index = match (&filter.queue, filter.unsettled) {
        (_, Some(true)) => "missed_unsettled",
        (Some(_), _) => "missed_by_queue",
        (None, _) => "missed_by_time",
    };
    let conditions = [
        (filter.queue.is_some(), "queue = ?2"),
        (filter.since.is_some(), "at >= ?3"),
        (filter.until.is_some() && filter.before.is_none(), "at < ?4"),
        (filter.before.is_some(), "(at, call_id) < (?5, ?6)"),
        (filter.unsettled == Some(true), "state IN ('open', 'tried')"),
        (
            filter.unsettled == Some(false),
            "state NOT IN ('open', 'tried')",
        ),
    ];
    let asked = conditions.iter().filter(|(is_asked, _)| *is_asked);
    let asked: String = asked.map(|(_, text)| format!(" AND {text}")).collect();
    format!(
        "SELECT * FROM missed_calls INDEXED BY {index} WHERE tenant = ?1{asked}
         ORDER BY at DESC, call_id DESC LIMIT ?7"
    )
}

fn missed_row(row: &Row<'_>) -> Result<MissedRow, Error> {
    let state: String = row.get("state")?;
    Ok(MissedRow {
        call: id(row, "call_id")?,
        number: row.get("number")?,
        raw: row.get("raw")?,
        at: row.get("at")?,
        to: row.get("dialled")?,
        result: row.get("result")?,
        queue: row.get("queue")?,
        waited: row.get("waited")?,
        state: MissedState::from_word(&state)
            .ok_or_else(|| Error::Damaged(format!("state is '{state}'")))?,
        tries: number(row, "tries")?,
        last_by: row.get("last_by")?,
        last_at: row.get("last_at")?,
        last_call: optional_id(row, "last_call")?,
    })
}
