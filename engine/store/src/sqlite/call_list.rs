//! Lists of calls. There may be millions, so each question is asked of the index that answers it,
//! and only as many calls are looked at as the page has, or as the rarest of its parties has made.

use std::collections::BTreeSet;

use rusqlite::Row;
use uuid::Uuid;

use super::calls::call_row;
use super::records::{Rows, json_list, page};
use crate::{CallFilter, CallRow, Error};

/// A tenant's calls, newest first.
pub(super) fn list(rows: &Rows<'_>, filter: &CallFilter) -> Result<Vec<CallRow>, Error> {
    let mut place = None;
    if let Some(before) = filter.before {
        place = rows.first(
            "SELECT started_at FROM calls WHERE tenant = ?1 AND id = ?2",
            &[before.as_bytes()],
            |row| Ok(row.get::<_, i64>(0)?),
        )?;
        if place.is_none() {
            return Ok(Vec::new());
        }
    }
    if asks_each(filter) {
        return of_team(rows, filter, place);
    }
    ask(rows, &sql(filter), filter, place, call_row)
}

/// Asks a statement of [`sql`] or [`of_member`].
fn ask<T>(
    rows: &Rows<'_>,
    sql: &str,
    filter: &CallFilter,
    place: Option<i64>,
    read: impl FnMut(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    rows.all(
        sql,
        &[
            &filter.since,
            &filter.until,
            &place,
            &filter.before.map(Uuid::into_bytes),
            &filter.from,
            &filter.to,
            &filter.user,
            &filter.number,
            &filter.result,
            &json_list(&filter.among),
            &page(filter.limit),
        ],
        read,
    )
}

/// Whether a team's calls are found by asking for each one's. By time alone one would look at all calls
/// for those of somebody who has hardly any; where another party, an end that is rare or the calls that
/// go on are asked for, those are fewer.
fn asks_each(filter: &CallFilter) -> bool {
    let has_party = filter.user.is_some() || filter.from.is_some() || filter.number.is_some();
    let is_few = has_party || has_rare_result(filter) || filter.is_over == Some(false);
    !filter.among.is_empty() && !is_few
}

/// Most calls are answered; those with another end are few.
fn has_rare_result(filter: &CallFilter) -> bool {
    let result = filter.result.as_deref();
    result.is_some_and(|result| result != "answered")
}

/// The newest calls of each member in turn. Who comes later is asked for what is newer than the page
/// that those before them have filled.
fn of_team(
    rows: &Rows<'_>,
    filter: &CallFilter,
    place: Option<i64>,
) -> Result<Vec<CallRow>, Error> {
    let most = usize::try_from(page(filter.limit)).unwrap_or_default();
    let mut newest: BTreeSet<(i64, [u8; 16])> = BTreeSet::new();
    let members: BTreeSet<&String> = filter.among.iter().collect();
    for member in members {
        let mut own = CallFilter {
            user: Some(member.clone()),
            among: Vec::new(),
            ..filter.clone()
        };
        for sql in of_member(filter) {
            own.since = match newest.first() {
                Some((oldest, _)) if newest.len() >= most => Some(*oldest),
                _ => Some(filter.since.unwrap_or(i64::MIN)),
            };
            let found = ask(rows, &sql, &own, place, |row| {
                Ok((row.get("began")?, row.get("found")?))
            })?;
            newest.extend(found);
            while newest.len() > most {
                newest.pop_first();
            }
        }
    }
    let mut calls = Vec::new();
    for (_, id) in newest.into_iter().rev() {
        calls.extend(rows.first(ONE, &[&id], call_row)?);
    }
    Ok(calls)
}

/// The statements for one member of a team: the calls that they have made, and those in which they took
/// part.
pub(super) fn of_member(filter: &CallFilter) -> Vec<String> {
    let own = CallFilter {
        since: Some(i64::MIN),
        user: Some(String::new()),
        among: Vec::new(),
        ..filter.clone()
    };
    arms(&own).iter().map(|arm| arm.found(&own)).collect()
}

/// The statement for a filter. Who took part in a call stands in several columns and in another
/// table: each has an index in the calls' order, and gives as many calls as the page has.
pub(super) fn sql(filter: &CallFilter) -> String {
    let arms = arms(filter);
    if let [only] = arms.as_slice() {
        return format!("SELECT calls.* {}", only.rest(filter));
    }
    let found = arms.iter().map(|arm| {
        let found = arm.found(filter);
        format!("SELECT * FROM ({found}) AS arm")
    });
    format!(
        "SELECT calls.* FROM ({}) AS found_by_arms
         CROSS JOIN calls ON calls.tenant = ?1 AND calls.id = found
         ORDER BY began DESC, found DESC LIMIT ?12",
        found.collect::<Vec<_>>().join(" UNION ")
    )
}

/// What was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Asked {
    Nothing,
    From,
    To,
    User,
    Number,
    Result,
    Live,
    Over,
    Among,
}

/// One index that is asked.
#[derive(Clone, Copy, Debug)]
struct Arm {
    source: &'static str,
    tenant: &'static str,
    at: &'static str,
    id: &'static str,
    /// What it is asked for.
    condition: &'static str,
    /// The question that this answers.
    answers: Asked,
}

impl Arm {
    /// The index is named: without statistics SQLite may think time alone the better one.
    const fn calls(answers: Asked, source: &'static str, condition: &'static str) -> Self {
        Self {
            source,
            tenant: "calls.tenant",
            at: "calls.started_at",
            id: "calls.id",
            condition,
            answers,
        }
    }

    const fn segments(answers: Asked, condition: &'static str) -> Self {
        Self {
            // A cross join keeps this order.
            source: "segments INDEXED BY segments_by_agent CROSS JOIN calls ON calls.tenant = segments.tenant \
                     AND calls.id = segments.call_id",
            tenant: "segments.tenant",
            at: "segments.call_started_at",
            id: "segments.call_id",
            condition,
            answers,
        }
    }

    /// The times and ids of the calls that it finds.
    fn found(&self, filter: &CallFilter) -> String {
        let Self { at, id, .. } = self;
        let rest = self.rest(filter);
        format!("SELECT DISTINCT {at} AS began, {id} AS found {rest}")
    }

    /// Everything after the columns: its own condition, and those that it does not answer.
    fn rest(&self, filter: &CallFilter) -> String {
        let Self { source, at, id, .. } = *self;
        let mut conditions = vec![format!("{} = ?1", self.tenant), self.condition.to_owned()];
        if filter.since.is_some() {
            conditions.push(format!("{at} >= ?2"));
        }
        match (filter.before, filter.until) {
            // The place of the page before is earlier than `until`.
            (Some(_), _) => conditions.push(format!("({at}, {id}) < (?4, ?5)")),
            (None, Some(_)) => conditions.push(format!("{at} < ?3")),
            (None, None) => {}
        }
        let others = [
            (filter.from.is_some(), Asked::From, FROM),
            (filter.to.is_some(), Asked::To, "calls.dialled = ?7"),
            (filter.user.is_some(), Asked::User, USER),
            (filter.number.is_some(), Asked::Number, NUMBER),
            (filter.result.is_some(), Asked::Result, "calls.result = ?10"),
            (filter.is_over == Some(false), Asked::Live, GOES_ON),
            (filter.is_over == Some(true), Asked::Over, IS_OVER),
            (!filter.among.is_empty(), Asked::Among, AMONG),
        ];
        let others = others
            .iter()
            .filter(|(is_asked, question, _)| *is_asked && *question != self.answers);
        conditions.extend(others.map(|(_, _, condition)| (*condition).to_owned()));
        let all = conditions.join(" AND ");
        format!("FROM {source} WHERE {all} ORDER BY {at} DESC, {id} DESC LIMIT ?12")
    }
}

/// The question that has the fewest answers decides which indexes are asked.
fn arms(filter: &CallFilter) -> Vec<Arm> {
    if filter.is_over == Some(false) {
        return vec![Arm::calls(
            Asked::Live,
            "calls INDEXED BY calls_going_on",
            GOES_ON,
        )];
    }
    if filter.user.is_some() {
        return vec![
            Arm::calls(Asked::User, BY_CALLER, "calls.caller = ?8"),
            Arm::segments(Asked::User, "segments.agent = ?8"),
        ];
    }
    if filter.from.is_some() {
        return vec![
            Arm::calls(Asked::From, BY_FROM_NUMBER, "calls.from_number = ?6"),
            Arm::calls(Asked::From, BY_FROM_RAW, "calls.from_raw = ?6"),
        ];
    }
    if filter.number.is_some() {
        return vec![
            Arm::calls(Asked::Number, BY_FROM_NUMBER, "calls.from_number = ?9"),
            Arm::calls(Asked::Number, BY_FROM_RAW, "calls.from_raw = ?9"),
            Arm::calls(Asked::Number, BY_DIALLED, "calls.dialled = ?9"),
            Arm::calls(Asked::Number, BY_CALLER, "calls.caller = ?9"),
            Arm::segments(Asked::Number, "segments.agent = ?9"),
        ];
    }
    if filter.to.is_some() && !has_rare_result(filter) {
        return vec![Arm::calls(Asked::To, BY_DIALLED, "calls.dialled = ?7")];
    }
    if filter.result.is_some() {
        return vec![Arm::calls(
            Asked::Result,
            "calls INDEXED BY calls_by_result",
            "calls.result = ?10",
        )];
    }
    vec![Arm::calls(
        Asked::Nothing,
        "calls INDEXED BY calls_by_time",
        "TRUE",
    )]
}

const ONE: &str = "SELECT * FROM calls WHERE tenant = ?1 AND id = ?2";
const BY_FROM_NUMBER: &str = "calls INDEXED BY calls_by_from_number";
const BY_FROM_RAW: &str = "calls INDEXED BY calls_by_from_raw";
const BY_DIALLED: &str = "calls INDEXED BY calls_by_dialled";
const BY_CALLER: &str = "calls INDEXED BY calls_by_caller";
const GOES_ON: &str = "calls.ended_at IS NULL";
const IS_OVER: &str = "calls.ended_at IS NOT NULL";
const FROM: &str = "(calls.from_number = ?6 OR calls.from_raw = ?6)";
const USER: &str = "(calls.caller = ?8 OR EXISTS (SELECT 1 FROM segments AS taken \
                    WHERE taken.tenant = calls.tenant AND taken.call_id = calls.id \
                    AND taken.agent = ?8))";
const AMONG: &str = "(calls.caller IN (SELECT value FROM json_each(?11)) OR EXISTS \
                     (SELECT 1 FROM segments AS taken WHERE taken.tenant = calls.tenant \
                     AND taken.call_id = calls.id \
                     AND taken.agent IN (SELECT value FROM json_each(?11))))";
const NUMBER: &str = "(calls.from_number = ?9 OR calls.from_raw = ?9 OR calls.dialled = ?9 \
                      OR calls.caller = ?9 OR EXISTS (SELECT 1 FROM segments AS taken \
                      WHERE taken.tenant = calls.tenant AND taken.call_id = calls.id \
                      AND taken.agent = ?9))";
