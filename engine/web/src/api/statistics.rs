//! Figures of the past, by the interval, and of today: the wallboard.

use axum::Json;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize};
use store::{AgentSums, Figures, FiguresOf, Line, Measure, NumberSums, QueueSums};

use super::body::Named;
use super::own::Own;
use super::page::{self, Asked};
use super::problem::Problem;
use crate::figures::{AgentFigures, BoardAgent, NumberFigures, QueueFigures, Wallboard, Yardstick};
use crate::time;

/// Which time, and which of them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    period: Option<Period>,
    since: Option<String>,
    until: Option<String>,
    queue: Option<String>,
    agent: Option<String>,
    number: Option<String>,
    within: Option<u32>,
    short: Option<u32>,
    by: Option<By>,
    minutes: Option<i64>,
}

/// A time by its name, in the tenant's time zone. Weeks begin on Mondays.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Period {
    Today,
    Yesterday,
    ThisWeek,
    LastWeek,
}

/// Whose intervals.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum By {
    #[default]
    Queue,
    Agent,
    Number,
}

/// A report.
#[derive(Debug, Serialize)]
pub(super) struct Report<F> {
    since: String,
    until: String,
    within_ms: i64,
    short_ms: i64,
    items: Vec<Row<F>>,
}

/// One line of it.
#[derive(Debug, Serialize)]
pub(super) struct Row<F> {
    name: String,
    from: String,
    until: String,
    figures: F,
}

/// A line of any report.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Any {
    Queue(Box<QueueFigures>),
    Agent(Box<AgentFigures>),
    Number(Box<NumberFigures>),
}

/// An agent's day so far.
#[derive(Debug, Serialize)]
pub(super) struct Today {
    #[serde(flatten)]
    agent: BoardAgent,
    /// How long the conversation that goes on has lasted (当前通话时长); 0 in none.
    talking_ms: i64,
}

pub(super) async fn queues(
    own: Own,
    Asked(asked): Asked<Question>,
) -> Result<Json<Report<QueueFigures>>, Problem> {
    asked.has_only(&["queue"])?;
    let report = Wanted::whole(&own, &asked).await?.report(&own).await?;
    let only = asked.queue.as_deref();
    Ok(Json(report.lines(
        only,
        Figures::queues,
        |it: &QueueSums| QueueFigures::from(it),
    )))
}

pub(super) async fn agents(
    own: Own,
    Asked(asked): Asked<Question>,
) -> Result<Json<Report<AgentFigures>>, Problem> {
    asked.has_only(&["agent"])?;
    let report = Wanted::whole(&own, &asked).await?.report(&own).await?;
    let only = asked.agent.as_deref();
    Ok(Json(report.lines(
        only,
        |figures: &Figures| within_reach(&own, figures),
        |it: &AgentSums| AgentFigures::from(it),
    )))
}

pub(super) async fn intervals(
    own: Own,
    Asked(asked): Asked<Question>,
) -> Result<Json<Report<Any>>, Problem> {
    let by = asked.by.unwrap_or_default();
    let only = match by {
        By::Queue => "queue",
        By::Agent => "agent",
        By::Number => "number",
    };
    asked.has_only(&["by", "minutes", only])?;
    let report = Wanted::in_parts(&own, &asked).await?.report(&own).await?;
    Ok(Json(match by {
        By::Queue => report.lines(asked.queue.as_deref(), Figures::queues, |it: &QueueSums| {
            Any::Queue(Box::new(it.into()))
        }),
        By::Agent => report.lines(
            asked.agent.as_deref(),
            |figures: &Figures| within_reach(&own, figures),
            |it: &AgentSums| Any::Agent(Box::new(it.into())),
        ),
        By::Number => report.lines(
            asked.number.as_deref(),
            Figures::numbers,
            |it: &NumberSums| Any::Number(Box::new(it.into())),
        ),
    }))
}

/// Agents see their own figures, leaders their team's.
fn within_reach(own: &Own, figures: &Figures) -> Vec<Line<AgentSums>> {
    let mut lines = figures.agents();
    lines.retain(|line| own.reaches(&line.name));
    lines
}

pub(super) async fn wallboard(own: Own) -> Result<Json<Wallboard>, Problem> {
    let mut board = own.wallboard().await?;
    board.agents.retain(|agent| own.reaches(&agent.id));
    Ok(Json(board))
}

pub(super) async fn today(own: Own, Named(id): Named) -> Result<Json<Today>, Problem> {
    let board = own.wallboard().await?;
    let mut agents = board.agents.into_iter();
    let agent = agents.find(|it| it.id == id && own.reaches(&id));
    let agent = agent.ok_or_else(|| Problem::not_found("agent"))?;
    let talking = agent.talking_since.map(|since| (board.at - since).max(0));
    let talking_ms = talking.unwrap_or_default() / 1_000;
    Ok(Json(Today { agent, talking_ms }))
}

impl Question {
    /// What one route asks, another has no use for, and it must not seem as if it had.
    fn has_only(&self, known: &[&str]) -> Result<(), Problem> {
        let given = [
            ("queue", self.queue.is_some()),
            ("agent", self.agent.is_some()),
            ("number", self.number.is_some()),
            ("by", self.by.is_some()),
            ("minutes", self.minutes.is_some()),
        ];
        let unknown = given.iter().find(|(name, is)| *is && !known.contains(name));
        match unknown {
            None => Ok(()),
            Some((name, _)) => Err(Problem::bad_request(
                "wrong_query",
                format!("{name} narrows nothing here"),
            )),
        }
    }
}

/// What is to be counted, and up to when.
#[derive(Debug)]
struct Wanted {
    of: FiguresOf,
    now: i64,
}

impl Wanted {
    async fn whole(own: &Own, asked: &Question) -> Result<Self, Problem> {
        let yardstick = own.yardstick().await?;
        let said = (asked.since.as_deref(), asked.until.as_deref());
        let (since, until) = range(asked.period, said, &yardstick)?;
        Ok(Self {
            now: yardstick.now,
            of: FiguresOf {
                measure: measure(asked, yardstick.measure),
                edges: vec![since, until],
            },
        })
    }

    async fn in_parts(own: &Own, asked: &Question) -> Result<Self, Problem> {
        let mut whole = Self::whole(own, asked).await?;
        let minutes = asked.minutes.unwrap_or(30);
        if ![15, 30, 60].contains(&minutes) {
            return Err(Problem::bad_request(
                "wrong_query",
                "minutes is 15, 30 or 60",
            ));
        }
        let [since, until] = whole.of.edges[..] else {
            return Ok(whole);
        };
        if (until - since) / (minutes * MINUTE) > MOST_INTERVALS {
            let why = format!("a report has {MOST_INTERVALS} intervals at most");
            return Err(Problem::bad_request("too_long", why));
        }
        let zone = zone(&own.yardstick().await?);
        whole.of.edges = edges(since, until, minutes, &zone);
        Ok(whole)
    }

    async fn report(self, own: &Own) -> Result<Counted, Problem> {
        let until = self.of.edges.last().copied().unwrap_or_default();
        let figures = own.figures(self.of).await?;
        Ok(Counted(figures.at(until.min(self.now))))
    }
}

/// What was counted.
struct Counted(Figures);

impl Counted {
    fn lines<S, F>(
        &self,
        only: Option<&str>,
        lines: impl FnOnce(&Figures) -> Vec<Line<S>>,
        figures: impl Fn(&S) -> F,
    ) -> Report<F> {
        let (since, until) = self.0.range();
        let Measure { short, within } = self.0.measure();
        let lines = lines(&self.0).into_iter();
        let wanted = lines.filter(|line| only.is_none_or(|name| line.name == name));
        let items = wanted.map(|line| Row {
            figures: figures(&line.sums),
            name: line.name,
            from: time::text(line.from),
            until: time::text(line.until),
        });
        Report {
            since: time::text(since),
            until: time::text(until),
            within_ms: within / 1_000,
            short_ms: short / 1_000,
            items: items.collect(),
        }
    }
}

/// From when to when.
pub(super) fn range(
    period: Option<Period>,
    (since, until): (Option<&str>, Option<&str>),
    yardstick: &Yardstick,
) -> Result<(i64, i64), Problem> {
    let since = page::moment(since, "since")?;
    let until = page::moment(until, "until")?;
    if period.is_some() && (since.is_some() || until.is_some()) {
        let why = "either period, or since and until";
        return Err(Problem::bad_request("wrong_query", why));
    }
    let (from, to) = named(period.unwrap_or(Period::Today), yardstick);
    let (since, until) = match (since, until) {
        (None, None) => (from, to),
        (since, until) => (since.unwrap_or(from), until.unwrap_or(yardstick.now)),
    };
    if since >= until {
        let why = "since is earlier than until";
        return Err(Problem::bad_request("wrong_query", why));
    }
    if until - since > LONGEST {
        let why = "a report is of 92 days at most";
        return Err(Problem::bad_request("too_long", why));
    }
    Ok((since, until))
}

/// A time by its name.
fn named(period: Period, yardstick: &Yardstick) -> (i64, i64) {
    let now = Timestamp::from_microsecond(yardstick.now).unwrap_or_default();
    let now = now.to_zoned(zone(yardstick));
    let weekday = i64::from(now.weekday().to_monday_zero_offset());
    let (back, days) = match period {
        Period::Today => (0, 1),
        Period::Yesterday => (1, 1),
        Period::ThisWeek => (weekday, 7),
        Period::LastWeek => (weekday + 7, 7),
    };
    let midnight = |days: i64| -> i64 {
        let day = now.date().checked_add(days.days()).ok();
        let day = day.and_then(|day| day.to_zoned(now.time_zone().clone()).ok());
        day.as_ref().map_or(0, micros)
    };
    (midnight(-back), midnight(days - back))
}

/// Where intervals begin: at full hours and their parts on the tenant's clock, whatever that does
/// meanwhile.
fn edges(since: i64, until: i64, minutes: i64, zone: &TimeZone) -> Vec<i64> {
    let mut edges = vec![since];
    let mut at = since;
    // At most one turn an interval: each step is at least a minute.
    while at < until {
        let Ok(here) = Timestamp::from_microsecond(at) else {
            break;
        };
        let here = here.to_zoned(zone.clone());
        let into = i64::from(here.minute()) % minutes * MINUTE
            + i64::from(here.second()) * SECOND
            + at.rem_euclid(SECOND);
        let next = here.checked_add(SignedDuration::from_micros(minutes * MINUTE - into));
        at = next.as_ref().map_or(until, micros).min(until);
        edges.push(at);
    }
    edges
}

fn zone(yardstick: &Yardstick) -> TimeZone {
    TimeZone::get(&yardstick.zone).unwrap_or(TimeZone::UTC)
}

fn micros(at: &Zoned) -> i64 {
    at.timestamp().as_microsecond()
}

fn measure(asked: &Question, usual: Measure) -> Measure {
    let span = |seconds: Option<u32>, usual| seconds.map_or(usual, |it| i64::from(it) * SECOND);
    Measure {
        short: span(asked.short, usual.short),
        within: span(asked.within, usual.within),
    }
}

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
/// A report is read by one of few readers, and others wait for it.
const LONGEST: i64 = 92 * 24 * 60 * MINUTE;
const MOST_INTERVALS: i64 = 3_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        time::parse(text).unwrap()
    }

    fn yardstick(now: &str) -> Yardstick {
        Yardstick {
            zone: "Asia/Shanghai".to_owned(),
            now: at(now),
            measure: Measure::default(),
        }
    }

    #[test]
    fn weeks_begin_on_monday_and_days_at_the_tenants_midnight() {
        // A Sunday evening; in UTC it is still the afternoon.
        let sunday = yardstick("2026-11-29T23:59:59+08:00");
        for (period, since, until) in [
            (Period::Today, "2026-11-29", "2026-11-30"),
            (Period::Yesterday, "2026-11-28", "2026-11-29"),
            (Period::ThisWeek, "2026-11-23", "2026-11-30"),
            (Period::LastWeek, "2026-11-16", "2026-11-23"),
        ] {
            let day = |day| at(&format!("{day}T00:00:00+08:00"));
            assert_eq!(
                named(period, &sunday),
                (day(since), day(until)),
                "{period:?}"
            );
        }
        let monday = yardstick("2026-11-30T00:00:00+08:00");
        let week = named(Period::ThisWeek, &monday);
        assert_eq!(week.0, at("2026-11-30T00:00:00+08:00"));
    }

    #[test]
    fn intervals_begin_at_parts_of_the_tenants_hours() {
        // Half an hour from UTC's.
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        let (since, until) = (
            at("2026-11-24T10:10:00+05:30"),
            at("2026-11-24T11:20:00+05:30"),
        );

        let found = edges(since, until, 30, &zone);

        let wanted = ["10:10", "10:30", "11:00", "11:20"];
        let wanted = wanted.map(|time| at(&format!("2026-11-24T{time}:00+05:30")));
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_day_on_which_clocks_are_put_back_has_its_hour_twice() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let (since, until) = (
            at("2026-10-25T00:00:00+02:00"),
            at("2026-10-26T00:00:00+01:00"),
        );

        assert_eq!(edges(since, until, 60, &zone).len(), 25 + 1);
        assert_eq!(edges(since, until, 15, &zone).len(), 4 * 25 + 1);
    }
}
