//! Times as tests write them: "2026-03-02 10:00", "mon 22:00", "22:00", in the tenant's zone.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Reads a time; `now` and the answer are in microseconds since 1970, UTC. A day of the week is
/// the next one, today included, and a time alone is today's.
///
/// # Errors
/// The sentence that says what can be written.
pub(crate) fn read(text: &str, timezone: &str, now: i64) -> Result<i64, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_microsecond());
    }
    let zone = TimeZone::get(timezone).map_err(|error| error.to_string())?;
    let today = Timestamp::from_microsecond(now)
        .map_err(|error| error.to_string())
        .map(|now| zone.to_datetime(now).date())?;
    let at = civil(text.trim(), today).ok_or_else(|| {
        format!("expected a time such as \"2026-03-02 10:00\", \"mon 22:00\" or \"22:00\", got \"{text}\"")
    })?;
    let at = zone
        .to_ambiguous_timestamp(at)
        .compatible()
        .map_err(|error| error.to_string())?;
    Ok(at.as_microsecond())
}

fn civil(text: &str, today: Date) -> Option<DateTime> {
    let (day, time) = match text.split_once([' ', 'T']) {
        Some((day, time)) => (Some(day), time.trim()),
        None => (None, text),
    };
    let date = match day {
        None => today,
        Some(day) => match weekday(day) {
            Some(weekday) => (0..7)
                .map(|days| today.saturating_add(days.days()))
                .find(|date| date.weekday() == weekday)?,
            None => day.parse().ok()?,
        },
    };
    Some(date.to_datetime(time_of_day(time)?))
}

fn time_of_day(text: &str) -> Option<Time> {
    let mut parts = text.split(':').map(|part| match part.len() {
        1 | 2 => part.parse::<i8>().ok(),
        _ => None,
    });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = match parts.next() {
        Some(second) => second?,
        None => 0,
    };
    match parts.next() {
        None => Time::new(hour, minute, second, 0).ok(),
        Some(_) => None,
    }
}

fn weekday(word: &str) -> Option<Weekday> {
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let place = week.iter().position(|day| day.eq_ignore_ascii_case(word))?;
    let offset = i8::try_from(place).ok()?;
    Weekday::from_monday_zero_offset(offset).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 2 March 2026, 12:00 in Shanghai.
    const NOON: i64 = 1_772_424_000_000_000;

    fn at(text: &str) -> String {
        let micros = read(text, "Asia/Shanghai", NOON).unwrap();
        Timestamp::from_microsecond(micros).unwrap().to_string()
    }

    #[test]
    fn times_are_the_tenants_and_days_are_the_next_of_their_name() {
        assert_eq!(at("2026-10-01 12:00"), "2026-10-01T04:00:00Z");
        assert_eq!(at("mon 10:00"), "2026-03-02T02:00:00Z");
        assert_eq!(at("sun 22:30:15"), "2026-03-08T14:30:15Z");
        assert_eq!(at("9:05"), "2026-03-02T01:05:00Z");
        assert_eq!(at("2026-03-02T10:00:00Z"), "2026-03-02T10:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_answered_with_what_is() {
        for text in [
            "",
            "moonday 10:00",
            "mon",
            "25:00",
            "2026-02-30 10:00",
            "10:00:00:00",
        ] {
            let why = read(text, "Asia/Shanghai", NOON).unwrap_err();
            assert!(why.contains("\"mon 22:00\""), "{text}: {why}");
        }
    }
}
