//! Opening hours: a week, holidays, make-up working days (调休), a time zone.

mod read;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::calendar::{Calendar, Decree, Missing};
pub use read::ScheduleError;

/// When somebody is there.
///
/// A day is decided by the first of these that knows it: the schedule's own `workdays`, its own
/// `holidays`, the country's calendar, the week. A period belongs to the day on which it begins:
/// `22:00-06:00` on a Friday runs into Saturday even where Saturday is a holiday.
#[derive(Clone, Debug)]
pub struct Schedule {
    zone: TimeZone,
    week: [Vec<Period>; 7],
    workday: Vec<Period>,
    holidays: BTreeMap<Feast, Holiday>,
    workdays: BTreeSet<Date>,
    calendar: Option<&'static Calendar>,
}

impl Schedule {
    /// Whether somebody is there. `at` is in microseconds since 1970, UTC.
    pub fn is_open(&self, at: i64) -> bool {
        self.open_at(timestamp(at))
    }

    /// The name of the holiday that is on, a half day included.
    pub fn holiday(&self, at: i64) -> Option<&str> {
        match self.day(self.local(timestamp(at)).date()) {
            Day::Holiday { name, .. } => Some(name),
            Day::Workday { .. } | Day::Usual => None,
        }
    }

    /// Why it is open or closed, in words: `holiday 国庆节`, `outside 09:00-18:00`, `workday
    /// instead of weekend (调休 for 春节), 09:00-18:00`.
    pub fn explain(&self, at: i64) -> String {
        let now = self.local(timestamp(at));
        let date = now.date();
        if let Some(period) = self.period_at(now) {
            let begun = if self.hours(date).contains(&period) && period.holds(minute(now)) {
                date
            } else {
                date.saturating_sub(1.day())
            };
            return match self.day(begun) {
                Day::Holiday { name, .. } => format!("holiday {name}, open {period}"),
                Day::Workday { feast } => format!("{}, {period}", instead_of_weekend(feast)),
                Day::Usual if begun != date => {
                    format!("open since {} {period}", day_key(begun.weekday()))
                }
                Day::Usual => format!("open {period}"),
            };
        }
        let hours = self.hours(date);
        let listed = hours
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        match self.day(date) {
            Day::Holiday { name, .. } if hours.is_empty() => format!("holiday {name}"),
            Day::Holiday { name, .. } => format!("holiday {name}, outside {listed}"),
            Day::Workday { feast } => format!("{}, outside {listed}", instead_of_weekend(feast)),
            Day::Usual if hours.is_empty() => {
                format!("no hours on {}", day_key(date.weekday()))
            }
            Day::Usual => format!("outside {listed}"),
        }
    }

    /// When it opens or closes next, in microseconds since 1970, UTC; `None` when it does neither
    /// within 400 days. What is written is the wall clock's, also where that is put forward or back.
    pub fn next_change(&self, at: i64) -> Option<i64> {
        let now = timestamp(at);
        let open = self.open_at(now);
        let mut date = self.local(now).date();
        let last = date.checked_add(400.days()).ok()?;
        while date < last {
            let next = date.tomorrow().ok()?;
            let begin = self
                .zone
                .to_ambiguous_timestamp(date.into())
                .earlier()
                .ok()?;
            let end = self.zone.to_ambiguous_timestamp(next.into()).later().ok()?;
            let found = self
                .turns(date, begin, end)
                .into_iter()
                .filter(|&turn| turn > now)
                .find(|&turn| self.open_at(turn) != open);
            if let Some(turn) = found {
                return Some(turn.as_microsecond());
            }
            date = next;
        }
        None
    }

    /// The next or this year, if its holidays should be known and are not.
    pub fn missing_calendar(&self, at: i64) -> Option<Missing> {
        self.calendar?.missing(self.local(timestamp(at)).date())
    }

    /// The instants of a day, in order, at which it can open or close: ends of periods under both
    /// readings of an hour that comes twice, and changes of the clock.
    fn turns(&self, date: Date, begin: Timestamp, end: Timestamp) -> Vec<Timestamp> {
        let mut turns = Vec::new();
        for (day, midnight) in [(date.yesterday().ok(), 1_440), (Some(date), 0)] {
            let Some(day) = day else { continue };
            for period in self.hours(day) {
                for minutes in [period.from, period.to] {
                    let since_midnight = i64::from(minutes) - midnight;
                    let wall = DateTime::from(date).checked_add(since_midnight.minutes());
                    let Ok(wall) = wall else { continue };
                    let read = self.zone.to_ambiguous_timestamp(wall);
                    turns.extend(read.earlier());
                    turns.extend(read.later());
                }
            }
        }
        let changes = self.zone.following(begin).map(|change| change.timestamp());
        turns.extend(changes.take_while(|&change| change <= end));
        turns.retain(|&turn| begin <= turn && turn <= end);
        turns.sort_unstable();
        turns
    }

    fn open_at(&self, at: Timestamp) -> bool {
        self.period_at(self.local(at)).is_some()
    }

    /// The period that holds a local time: one of this day, or one of yesterday past midnight.
    fn period_at(&self, now: DateTime) -> Option<Period> {
        let minute = minute(now);
        let today = self
            .hours(now.date())
            .iter()
            .find(|period| period.holds(minute));
        let found = today.or_else(|| {
            let yesterday = now.date().yesterday().ok()?;
            self.hours(yesterday)
                .iter()
                .find(|period| period.holds(minute + 1_440))
        });
        found.copied()
    }

    fn hours(&self, date: Date) -> &[Period] {
        match self.day(date) {
            Day::Holiday { hours, .. } => hours,
            Day::Workday { .. } => &self.workday,
            Day::Usual => self.usual(date),
        }
    }

    fn usual(&self, date: Date) -> &[Period] {
        let index = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        self.week.get(index).map_or(&[], Vec::as_slice)
    }

    fn day(&self, date: Date) -> Day<'_> {
        if self.workdays.contains(&date) {
            return Day::Workday { feast: None };
        }
        let own = self
            .holidays
            .get(&Feast::Once(date))
            .or_else(|| self.holidays.get(&Feast::Yearly(date.month(), date.day())));
        if let Some(holiday) = own {
            return Day::Holiday {
                name: &holiday.name,
                hours: &holiday.hours,
            };
        }
        match self.calendar.and_then(|calendar| calendar.decree(date)) {
            Some((Decree::Holiday, name)) => Day::Holiday { name, hours: &[] },
            // One who works on Saturdays anyway keeps Saturday's hours.
            Some((Decree::Workday, name)) if self.usual(date).is_empty() => {
                Day::Workday { feast: Some(name) }
            }
            Some((Decree::Workday, _)) | None => Day::Usual,
        }
    }

    fn local(&self, at: Timestamp) -> DateTime {
        self.zone.to_datetime(at)
    }
}

/// What a day is.
enum Day<'s> {
    Usual,
    Holiday { name: &'s str, hours: &'s [Period] },
    Workday { feast: Option<&'s str> },
}

/// A holiday of the schedule's own.
#[derive(Clone, Debug)]
struct Holiday {
    name: String,
    /// Empty: closed. Otherwise a half day.
    hours: Vec<Period>,
}

/// When a holiday is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Feast {
    /// `12-25`: month and day.
    Yearly(i8, i8),
    /// `2026-12-25`.
    Once(Date),
}

/// From and to, in minutes since the midnight with which its day began; past midnight `to` is
/// over 1,440.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Period {
    from: u16,
    to: u16,
}

impl Period {
    fn holds(self, minute: u16) -> bool {
        (self.from..self.to).contains(&minute)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = if self.to > 1_440 {
            self.to - 1_440
        } else {
            self.to
        };
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            self.from / 60,
            self.from % 60,
            to / 60,
            to % 60
        )
    }
}

fn minute(at: DateTime) -> u16 {
    u16::from(at.hour().unsigned_abs()) * 60 + u16::from(at.minute().unsigned_abs())
}

fn instead_of_weekend(feast: Option<&str>) -> String {
    match feast {
        Some(feast) => format!("workday instead of weekend (调休 for {feast})"),
        None => "workday by the schedule's own list".to_owned(),
    }
}

/// As it is written in a schedule.
fn day_key(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "mon",
        Weekday::Tuesday => "tue",
        Weekday::Wednesday => "wed",
        Weekday::Thursday => "thu",
        Weekday::Friday => "fri",
        Weekday::Saturday => "sat",
        Weekday::Sunday => "sun",
    }
}

/// The instant, or the nearest that a calendar can tell (years -9999 to 9999).
fn timestamp(unix_micros: i64) -> Timestamp {
    let farthest = if unix_micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_microsecond(unix_micros).unwrap_or(farthest)
}
