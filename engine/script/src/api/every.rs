//! `every("5m", fn)`, `every("day 03:00", fn)`, `every("mon 08:30", fn)`: timers.

use std::rc::Rc;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use mlua::{Function, Lua, MultiValue, Value};

use super::arguments::{Arguments, shown, text};
use super::while_loading;
use crate::config::unit;
use crate::plugin::Owner;
use crate::surroundings::{DeclaredTimer, Surroundings};

/// Makes `every` for one owner.
pub(crate) fn function(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Function> {
    let (surroundings, owner) = (Rc::clone(surroundings), Rc::clone(owner));
    let every = move |_: &Lua, values: MultiValue| {
        while_loading(&surroundings, "every")?;
        let arguments = Arguments::new("every", values, 2)?;
        let rhythm = arguments.value(0);
        let (name, next) = read(rhythm, &surroundings.settings.timezone)
            .map_err(|message| arguments.refuse(message))?;
        let handler = arguments.function(1)?;
        surroundings
            .declared
            .borrow_mut()
            .timers
            .push(DeclaredTimer {
                name,
                owner: Rc::clone(&owner),
                next,
                handler,
            });
        Ok(())
    };
    lua.create_function(every)
}

type Next = Box<dyn Fn(i64) -> i64>;

fn read(rhythm: &Value, timezone: &str) -> Result<(String, Next), String> {
    let wanted = || {
        let got = shown(rhythm);
        format!("expected a rhythm such as \"5m\", \"day 03:00\" or \"mon 08:30\", got {got}")
    };
    let name = match rhythm {
        Value::Number(seconds) => seconds.to_string(),
        other => text(other).ok_or_else(wanted)?,
    };
    if let Some((day, time)) = name.split_once(' ') {
        let weekday = match day {
            "day" => None,
            _ => Some(weekday(day).ok_or_else(wanted)?),
        };
        let time = time_of_day(time.trim()).ok_or_else(wanted)?;
        let zone = TimeZone::get(timezone).map_err(|error| error.to_string())?;
        return Ok((
            name,
            Box::new(move |now| next_day(now, weekday, time, &zone)),
        ));
    }
    let period = unit::duration(&name).ok_or_else(wanted)?;
    if period.as_millis() < SHORTEST_MILLIS {
        return Err(format!(
            "every \"{name}\" is too often: once a second at most"
        ));
    }
    let period = i64::try_from(period.as_micros()).map_err(|_| wanted())?;
    Ok((
        name,
        Box::new(move |now| (now.div_euclid(period) + 1).saturating_mul(period)),
    ))
}

const SHORTEST_MILLIS: u128 = 1000;

/// The next time of day after `now`, on that day of the week or on any. A time that the clock
/// jumps over is an hour later that day.
fn next_day(now: i64, weekday: Option<Weekday>, time: Time, zone: &TimeZone) -> i64 {
    let never = now.saturating_add(86_400_000_000);
    let Ok(instant) = Timestamp::from_microsecond(now) else {
        return never;
    };
    let mut date = zone.to_datetime(instant).date();
    // A week and a day: today's time may have passed.
    for _ in 0..=7 {
        let due = zone
            .to_ambiguous_timestamp(date.to_datetime(time))
            .compatible();
        if let Ok(due) = due
            && due > instant
            && weekday.is_none_or(|weekday| weekday == date.weekday())
        {
            return due.as_microsecond();
        }
        date = date.saturating_add(1.day());
    }
    never
}

fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn weekday(word: &str) -> Option<Weekday> {
    let week = [
        ("mon", Weekday::Monday),
        ("tue", Weekday::Tuesday),
        ("wed", Weekday::Wednesday),
        ("thu", Weekday::Thursday),
        ("fri", Weekday::Friday),
        ("sat", Weekday::Saturday),
        ("sun", Weekday::Sunday),
    ];
    week.iter()
        .find(|(name, _)| *name == word)
        .map(|(_, day)| *day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    fn next(rhythm: &str, now: &str) -> i64 {
        let lua = Lua::new();
        let rhythm = Value::String(lua.create_string(rhythm).unwrap());
        let (_, next) = read(&rhythm, "Asia/Shanghai").unwrap();
        next(micros(now))
    }

    #[test]
    fn a_period_is_counted_from_the_clock_and_not_from_loading() {
        assert_eq!(
            next("5m", "2026-03-02T10:03:20Z"),
            micros("2026-03-02T10:05:00Z")
        );
        assert_eq!(
            next("5m", "2026-03-02T10:05:00Z"),
            micros("2026-03-02T10:10:00Z")
        );
        assert_eq!(
            next("1h", "2026-03-02T23:59:59Z"),
            micros("2026-03-03T00:00:00Z")
        );
    }

    #[test]
    fn a_time_of_day_is_the_tenants() {
        // 03:00 in Shanghai is 19:00 UTC of the day before.
        assert_eq!(
            next("day 03:00", "2026-03-02T18:59:00Z"),
            micros("2026-03-02T19:00:00Z")
        );
        assert_eq!(
            next("day 03:00", "2026-03-02T19:00:00Z"),
            micros("2026-03-03T19:00:00Z")
        );
        // 2 March 2026 is a Monday.
        assert_eq!(
            next("mon 08:30", "2026-03-02T00:31:00Z"),
            micros("2026-03-09T00:30:00Z")
        );
    }

    #[test]
    fn what_is_no_rhythm_is_refused() {
        let lua = Lua::new();
        for rhythm in [
            "sometimes",
            "day 3:00",
            "day 25:00",
            "noday 03:00",
            "500ms",
            "0",
            "",
        ] {
            let rhythm = Value::String(lua.create_string(rhythm).unwrap());
            assert!(read(&rhythm, "Asia/Shanghai").is_err(), "{rhythm:?}");
        }
    }
}
