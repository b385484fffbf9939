//! A schedule as an admin writes it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::{Feast, Holiday, Period, Schedule, day_key};
use crate::calendar::Calendar;
use crate::nearest::nearest;

/// What is wrong with a schedule, and what to write instead.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ScheduleError {
    /// Not a table with keys.
    #[error("a schedule is a table such as {{ [\"mon-fri\"] = \"09:00-18:00\" }}")]
    NotATable,
    /// A key that means nothing.
    #[error("schedule: unknown key '{key}'{}", did_you_mean(.suggestion.as_deref()))]
    UnknownKey {
        /// The key.
        key: String,
        /// What was likely meant.
        suggestion: Option<String>,
    },
    /// A day is set by two keys that are equally wide.
    #[error("schedule: {day} is set by '{first}' and by '{second}'; keep one of them")]
    DayTwice {
        /// `fri`.
        day: &'static str,
        /// One key.
        first: String,
        /// The other.
        second: String,
    },
    /// Hours that cannot be read.
    #[error(
        "schedule: {key}: '{period}' is not a period; write '09:00-18:00', past midnight '22:00-06:00', all day '00:00-24:00'"
    )]
    Period {
        /// Under which key.
        key: String,
        /// What stands there.
        period: String,
    },
    /// A value of the wrong kind.
    #[error("schedule: {key}: {wanted} is wanted")]
    Kind {
        /// Under which key.
        key: String,
        /// What should stand there.
        wanted: &'static str,
    },
    /// A date that cannot be read, or that no calendar has.
    #[error(
        "schedule: {key}: '{date}' is no date; write '12-25' for every year or '2026-12-25' for one"
    )]
    Date {
        /// Under which key.
        key: String,
        /// What stands there.
        date: String,
    },
    /// The same day is a holiday and a workday, or a holiday twice.
    #[error("schedule: {0} is listed twice in 'holidays' and 'workdays'")]
    DateTwice(String),
    /// No such time zone.
    #[error("schedule: no time zone '{zone}'{}", did_you_mean(.suggestion.as_deref()))]
    UnknownZone {
        /// What stands there.
        zone: String,
        /// What was likely meant.
        suggestion: Option<String>,
    },
    /// No such calendar.
    #[error("schedule: no calendar '{0}'; there is 'cn'")]
    UnknownCalendar(String),
}

impl Schedule {
    /// Reads a schedule from its table.
    ///
    /// - `mon` … `sun`, `mon-fri`, `mon,wed`: `"09:00-12:00,13:30-18:00"`, a list of such, or
    ///   `"closed"`. A key for fewer days beats one for more.
    /// - `workday`: the hours of a make-up working day; those of the first open weekday otherwise.
    /// - `holidays`: a list of dates, or of `{ date=, name=, hours= }` (half days), or a table from
    ///   date to name. Dates are `"12-25"` or `"2026-12-25"`.
    /// - `workdays`: dates that are worked, whatever the calendar and the week say.
    /// - `calendar = "cn"`, `timezone = "Asia/Shanghai"` (the tenant's otherwise).
    ///
    /// # Errors
    /// With a sentence that names the key and what to write there.
    pub fn read(table: &Value, timezone: &str) -> Result<Self, ScheduleError> {
        // An empty Lua table arrives as an empty list.
        let table = match table {
            Value::Object(table) => table,
            Value::Array(list) if list.is_empty() => &Map::new(),
            _ => return Err(ScheduleError::NotATable),
        };
        let week = read_week(table)?;
        let workday = match table.get("workday") {
            Some(hours) => read_hours("workday", hours)?,
            None => week
                .iter()
                .take(5)
                .find(|day| !day.is_empty())
                .cloned()
                .unwrap_or_default(),
        };
        let holidays = table
            .get("holidays")
            .map(read_holidays)
            .transpose()?
            .unwrap_or_default();
        let workdays = table
            .get("workdays")
            .map(read_workdays)
            .transpose()?
            .unwrap_or_default();
        if let Some(both) = workdays
            .iter()
            .find(|day| holidays.contains_key(&Feast::Once(**day)))
        {
            return Err(ScheduleError::DateTwice(both.to_string()));
        }
        let calendar = match table.get("calendar") {
            None | Some(Value::Bool(false) | Value::Null) => None,
            Some(name) => {
                let name = text("calendar", name)?;
                let known = Calendar::named(name);
                Some(known.ok_or_else(|| ScheduleError::UnknownCalendar(name.to_owned()))?)
            }
        };
        let zone = match table.get("timezone") {
            Some(zone) => read_zone(text("timezone", zone)?)?,
            None => read_zone(timezone)?,
        };
        Ok(Self {
            zone,
            week,
            workday,
            holidays,
            workdays,
            calendar,
        })
    }
}

/// Keys that are not days.
const SETTINGS: &[&str] = &["workday", "holidays", "workdays", "calendar", "timezone"];

const DAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

fn read_week(table: &Map<String, Value>) -> Result<[Vec<Period>; 7], ScheduleError> {
    let mut week: [Vec<Period>; 7] = Default::default();
    // Who set the day, and for how many days at once.
    let mut setters: [Option<(&str, usize)>; 7] = [None; 7];
    for (key, hours) in table
        .iter()
        .filter(|(key, _)| !SETTINGS.contains(&key.as_str()))
    {
        let days = read_days(key)?;
        let hours = read_hours(key, hours)?;
        for &day in &days {
            match setters[day] {
                Some((first, width)) if width == days.len() => {
                    return Err(ScheduleError::DayTwice {
                        day: day_key(DAYS[day]),
                        first: first.to_owned(),
                        second: key.clone(),
                    });
                }
                Some((_, width)) if width < days.len() => {}
                _ => {
                    setters[day] = Some((key, days.len()));
                    week[day].clone_from(&hours);
                }
            }
        }
    }
    Ok(week)
}

/// `mon-fri,sun` to the days' places in the week, each once.
fn read_days(key: &str) -> Result<Vec<usize>, ScheduleError> {
    let unknown = || ScheduleError::UnknownKey {
        key: key.to_owned(),
        suggestion: suggest_key(key),
    };
    let day = |name: &str| DAYS.iter().position(|&day| day_key(day) == name.trim());
    let mut days = BTreeSet::new();
    for part in key.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (day(from).ok_or_else(unknown)?, day(to).ok_or_else(unknown)?);
        // `sat-mon` runs over the end of the week.
        let length = (to + 7 - from) % 7;
        days.extend((0..=length).map(|step| (from + step) % 7));
    }
    Ok(days.into_iter().collect())
}

fn suggest_key(key: &str) -> Option<String> {
    let names = || {
        DAYS.iter()
            .map(|&day| day_key(day))
            .chain(SETTINGS.iter().copied())
    };
    let mend = |word: &str| {
        let word = word.trim().to_lowercase();
        let long = DAYS
            .iter()
            .find(|&&day| word.len() > 3 && format!("{day:?}").to_lowercase() == word);
        long.map(|&day| day_key(day))
            .or_else(|| nearest(&word, names()))
    };
    match key.split_once('-') {
        Some((from, to)) => Some(format!("{}-{}", mend(from)?, mend(to)?)),
        None => mend(key).map(str::to_owned),
    }
}

fn read_hours(key: &str, hours: &Value) -> Result<Vec<Period>, ScheduleError> {
    let wanted = ScheduleError::Kind {
        key: key.to_owned(),
        wanted: "a period such as '09:00-18:00', a list of periods, or 'closed'",
    };
    match hours {
        Value::Bool(false) => Ok(Vec::new()),
        Value::String(text) if matches!(text.trim(), "" | "closed") => Ok(Vec::new()),
        Value::String(text) => text
            .split(',')
            .map(|period| read_period(key, period))
            .collect(),
        Value::Array(list) => {
            let periods = list.iter().map(|period| match period {
                Value::String(text) => read_period(key, text),
                _ => Err(wanted.clone()),
            });
            periods.collect()
        }
        _ => Err(wanted),
    }
}

fn read_period(key: &str, text: &str) -> Result<Period, ScheduleError> {
    let read = || {
        let (from, to) = text.trim().split_once('-')?;
        let (from, to) = (read_time(from)?, read_time(to)?);
        match to {
            _ if from == 1_440 || from == to => None,
            to if to > from => Some(Period { from, to }),
            to => Some(Period {
                from,
                to: to + 1_440,
            }),
        }
    };
    read().ok_or_else(|| ScheduleError::Period {
        key: key.to_owned(),
        period: text.to_owned(),
    })
}

/// Minutes since midnight of `9:00`, `24:00`.
fn read_time(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let is_number = |text: &str, most| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_number(hour, 2) || !is_number(minute, 2) || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= 1_440).then_some(total)
}

fn read_holidays(holidays: &Value) -> Result<BTreeMap<Feast, Holiday>, ScheduleError> {
    const WANTED: &str =
        "a list of dates such as { '05-01', '2026-12-24' }, or a table from date to name";
    let wanted = || ScheduleError::Kind {
        key: "holidays".to_owned(),
        wanted: WANTED,
    };
    let mut read = BTreeMap::new();
    let mut add = |date: &str, holiday: Option<&Value>| {
        let mut name = date;
        let mut hours = Vec::new();
        match holiday {
            None | Some(Value::Bool(true)) => {}
            Some(Value::String(given)) => name = given,
            Some(Value::Object(half)) => {
                let key = format!("holidays: {date}");
                name = half
                    .get("name")
                    .map(|name| text(&key, name))
                    .transpose()?
                    .unwrap_or(date);
                hours = half
                    .get("hours")
                    .map(|hours| read_hours(&key, hours))
                    .transpose()?
                    .unwrap_or_default();
                if let Some(other) = half
                    .keys()
                    .find(|k| !matches!(k.as_str(), "date" | "name" | "hours"))
                {
                    return Err(ScheduleError::UnknownKey {
                        key: other.clone(),
                        suggestion: nearest(other, ["date", "name", "hours"].into_iter())
                            .map(str::to_owned),
                    });
                }
            }
            Some(_) => return Err(wanted()),
        }
        match read.insert(
            read_feast("holidays", date)?,
            Holiday {
                name: name.to_owned(),
                hours,
            },
        ) {
            Some(_) => Err(ScheduleError::DateTwice(date.to_owned())),
            None => Ok(()),
        }
    };
    match holidays {
        Value::Array(list) => {
            for holiday in list {
                match holiday {
                    Value::String(date) => add(date, None)?,
                    Value::Object(half) => {
                        let date = half.get("date").ok_or_else(wanted)?;
                        add(text("holidays: date", date)?, Some(holiday))?;
                    }
                    _ => return Err(wanted()),
                }
            }
        }
        Value::Object(table) => {
            for (date, holiday) in table {
                add(date, Some(holiday))?;
            }
        }
        _ => return Err(wanted()),
    }
    Ok(read)
}

fn read_workdays(workdays: &Value) -> Result<BTreeSet<Date>, ScheduleError> {
    const WANTED: &str = "a list of dates such as { '2026-02-14' }";
    let wanted = || ScheduleError::Kind {
        key: "workdays".to_owned(),
        wanted: WANTED,
    };
    let mut read = BTreeSet::new();
    for day in workdays.as_array().ok_or_else(wanted)? {
        let text = day.as_str().ok_or_else(wanted)?;
        let Feast::Once(date) = read_feast("workdays", text)? else {
            return Err(wanted());
        };
        if !read.insert(date) {
            return Err(ScheduleError::DateTwice(text.to_owned()));
        }
    }
    Ok(read)
}

fn read_feast(key: &str, text: &str) -> Result<Feast, ScheduleError> {
    let bad = || ScheduleError::Date {
        key: key.to_owned(),
        date: text.to_owned(),
    };
    if text.len() == 5 {
        // 2024 is a leap year: `02-29` is a date.
        let date: Date = format!("2024-{text}").parse().map_err(|_| bad())?;
        return Ok(Feast::Yearly(date.month(), date.day()));
    }
    if text.len() != 10 {
        return Err(bad());
    }
    text.parse().map(Feast::Once).map_err(|_| bad())
}

fn read_zone(name: &str) -> Result<TimeZone, ScheduleError> {
    TimeZone::get(name).map_err(|_| {
        let known: Vec<String> = jiff::tz::db()
            .available()
            .map(|zone| zone.to_string())
            .collect();
        ScheduleError::UnknownZone {
            zone: name.to_owned(),
            suggestion: nearest(name, known.iter().map(String::as_str)).map(str::to_owned),
        }
    })
}

fn text<'v>(key: &str, value: &'v Value) -> Result<&'v str, ScheduleError> {
    value.as_str().ok_or_else(|| ScheduleError::Kind {
        key: key.to_owned(),
        wanted: "a text",
    })
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |word| format!(" (did you mean '{word}'?)"))
}
