//! What agents are to do when, and how far they do it (遵时率).

use std::collections::BTreeMap;

use axum::Json;
use serde::{Deserialize, Serialize};
use store::{Adherence, ShiftRow};

use super::body::{Given, Named};
use super::own::Own;
use super::page::{self, Asked};
use super::problem::Problem;
use super::statistics::{self, Period};
use crate::time;

/// Which time.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    period: Option<Period>,
    since: Option<String>,
    until: Option<String>,
    agent: Option<String>,
}

/// An agent's shifts in a time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    since: String,
    until: String,
    shifts: Vec<ShiftWanted>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShiftWanted {
    from: String,
    until: String,
    activity: Option<String>,
}

/// What was planned.
#[derive(Debug, Serialize)]
pub(super) struct Plan {
    since: String,
    until: String,
    items: Vec<Shift>,
}

#[derive(Debug, Serialize)]
struct Shift {
    from: String,
    until: String,
    activity: String,
}

/// How far agents have kept to it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    since: String,
    until: String,
    items: Vec<Line>,
}

/// One agent's part.
#[derive(Debug, Serialize)]
struct Line {
    agent: String,
    #[serde(flatten)]
    sums: Sums,
    adherence: Option<f64>,
    activities: BTreeMap<String, Sums>,
}

#[derive(Debug, Serialize)]
struct Sums {
    planned_ms: i64,
    kept_ms: i64,
}

pub(super) async fn list(
    own: Own,
    Named(agent): Named,
    Asked(asked): Asked<Question>,
) -> Result<Json<Plan>, Problem> {
    if asked.agent.is_some() {
        return Err(wrong("agent narrows nothing here"));
    }
    let (between, _) = between(&own, &asked).await?;
    own.is_user(&agent).await?;
    let rows = own.shifts(&agent, between).await?;
    Ok(Json(plan(between, rows)))
}

/// What was planned to begin in this time before is planned no more.
pub(super) async fn replace(
    own: Own,
    Named(agent): Named,
    Given(wanted): Given<Wanted>,
) -> Result<Json<Plan>, Problem> {
    let between = (
        moment(&wanted.since, "since")?,
        moment(&wanted.until, "until")?,
    );
    if between.0 >= between.1 || between.1 - between.0 > LONGEST {
        return Err(wrong("since is earlier than until, by 92 days at most"));
    }
    let shifts = shifts(&agent, between, wanted.shifts)?;
    own.is_user(&agent).await?;
    own.plan_shifts(&agent, between, shifts).await?;
    own.note("shifts_planned", &agent);
    let rows = own.shifts(&agent, between).await?;
    Ok(Json(plan(between, rows)))
}

/// Up to now: what is still to come is neither kept nor missed.
pub(super) async fn adherence(
    own: Own,
    Asked(asked): Asked<Question>,
) -> Result<Json<Report>, Problem> {
    let ((since, until), now) = between(&own, &asked).await?;
    let found = own.adherence((since, until.min(now))).await?;
    let is_asked = |agent: &str| asked.agent.as_deref().is_none_or(|only| only == agent);
    let items = found
        .into_iter()
        .filter(|(agent, _)| is_asked(agent) && own.reaches(agent))
        .map(line);
    Ok(Json(Report {
        since: time::text(since),
        until: time::text(until),
        items: items.collect(),
    }))
}

async fn between(own: &Own, asked: &Question) -> Result<((i64, i64), i64), Problem> {
    let yardstick = own.yardstick().await?;
    let said = (asked.since.as_deref(), asked.until.as_deref());
    let between = statistics::range(asked.period, said, &yardstick)?;
    Ok((between, yardstick.now))
}

fn shifts(
    agent: &str,
    (since, until): (i64, i64),
    wanted: Vec<ShiftWanted>,
) -> Result<Vec<ShiftRow>, Problem> {
    if wanted.len() > MOST {
        return Err(wrong(&format!("{MOST} shifts at most")));
    }
    let mut rows = Vec::new();
    for shift in wanted {
        let activity = shift.activity.unwrap_or_else(|| ShiftRow::WORK.to_owned());
        if activity.is_empty() || activity.chars().count() > 64 {
            return Err(wrong("activity is \"work\", or a reason for being busy"));
        }
        rows.push(ShiftRow {
            agent: agent.to_owned(),
            from: moment(&shift.from, "from")?,
            until: moment(&shift.until, "until")?,
            activity,
        });
    }
    rows.sort_by_key(|row| row.from);
    let is_within =
        |row: &ShiftRow| since <= row.from && row.from < row.until && row.until <= until;
    if !rows.iter().all(is_within) {
        return Err(wrong(
            "a shift begins before it ends, and lies between since and until",
        ));
    }
    match rows.windows(2).all(|two| two[0].until <= two[1].from) {
        true => Ok(rows),
        false => Err(wrong("two of these shifts overlap")),
    }
}

fn moment(text: &str, name: &str) -> Result<i64, Problem> {
    page::moment(Some(text), name)?.ok_or_else(|| wrong("since and until are times"))
}

fn plan((since, until): (i64, i64), rows: Vec<ShiftRow>) -> Plan {
    let items = rows.into_iter().map(|row| Shift {
        from: time::text(row.from),
        until: time::text(row.until),
        activity: row.activity,
    });
    Plan {
        since: time::text(since),
        until: time::text(until),
        items: items.collect(),
    }
}

fn line((agent, kept): (String, Adherence)) -> Line {
    let sums = |(planned, kept): (i64, i64)| Sums {
        planned_ms: planned / 1_000,
        kept_ms: kept / 1_000,
    };
    Line {
        agent,
        sums: sums((kept.planned(), kept.kept())),
        adherence: kept.share(),
        activities: kept
            .activities
            .into_iter()
            .map(|(activity, both)| (activity, sums(both)))
            .collect(),
    }
}

fn wrong(why: &str) -> Problem {
    Problem::bad_request("wrong_shifts", why.to_owned())
}

/// Of one agent, at once.
const MOST: usize = 1_000;
const LONGEST: i64 = 92 * 24 * 3_600 * 1_000_000;
