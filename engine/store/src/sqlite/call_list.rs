//! Lists of calls. There may be millions, so each question is asked of the index that answers it,
//! and only as many calls are looked at as the page has, or as the rarest of its parties has made.

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
    rows.all(
        &sql(filter),
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
        call_row,
    )
}

/// The statement for a filter. Who took part in a call stands in several columns and in another
/// table: each has an index in the calls' order, and gives as many calls as the page has.
pub(super) fn sql(filter: &CallFilter) -> String {
    let arms = arms(filter);
    if let [only] = arms.as_slice() {
        return format!("SELECT calls.* {}", only.rest(filter));
    }
    let found = arms.iter().map(|arm| {
        let Arm { at, id, .. } = arm;
        let rest = arm.rest(filter);
        format!("SELECT * FROM (SELECT DISTINCT {at} AS began, {id} AS found {rest}) AS arm")
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
    if filter.to.is_some() {
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
