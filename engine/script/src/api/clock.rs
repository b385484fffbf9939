//! `clock`: what time it is where the tenant is, and waiting for it to pass.

use std::rc::Rc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use jiff::{Zoned, civil::Weekday};
use mlua::{Lua, MultiValue, Table, Value};

use super::arguments::{Arguments, moment};
use super::while_running;
use crate::surroundings::Surroundings;
use crate::vm;

pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let clock = lua.create_table()?;

    let around = Rc::clone(surroundings);
    let now = move |_: &Lua, values: MultiValue| {
        Arguments::new("clock.now", values, 0)?;
        Ok(around.clock.unix_micros() as f64 / 1e6)
    };
    clock.raw_set("now", lua.create_function(now)?)?;

    let around = Rc::clone(surroundings);
    let date = move |lua: &Lua, values: MultiValue| {
        let arguments = Arguments::new("clock.date", values, 1)?;
        parts(lua, &local(&around, &arguments, 0)?)
    };
    clock.raw_set("date", lua.create_function(date)?)?;

    let around = Rc::clone(surroundings);
    let text = move |_: &Lua, values: MultiValue| {
        let arguments = Arguments::new("clock.text", values, 2)?;
        let format = arguments.text(0, "a format such as \"%Y-%m-%d %H:%M\"")?;
        let at = local(&around, &arguments, 1)?;
        jiff::fmt::strtime::format(&format, &at).map_err(|error| arguments.refuse(error))
    };
    clock.raw_set("text", lua.create_function(text)?)?;

    let around = Rc::clone(surroundings);
    let sleep = lua.create_async_function(move |_, values: MultiValue| {
        let asked = while_running(&around, "clock.sleep")
            .and_then(|()| Arguments::new("clock.sleep", values, 1)?.duration(0));
        let clock = Rc::clone(&around);
        async move {
            clock.clock.sleep(asked?).await;
            Ok(())
        }
    })?;
    clock.raw_set("sleep", vm::waiting(lua, "clock.sleep", sleep)?)?;

    lua.globals().raw_set("clock", clock)
}

/// The time given in seconds since 1970, or now, in the tenant's zone.
fn local(around: &Surroundings, arguments: &Arguments, index: usize) -> mlua::Result<Zoned> {
    let micros = micros(around, arguments, index)?;
    let zone = TimeZone::get(&around.settings.timezone).map_err(|error| arguments.refuse(error))?;
    let instant = Timestamp::from_microsecond(micros).map_err(|error| arguments.refuse(error))?;
    Ok(instant.to_zoned(zone))
}

/// The time given in seconds since 1970, or now, in microseconds.
pub(crate) fn micros(
    around: &Surroundings,
    arguments: &Arguments,
    index: usize,
) -> mlua::Result<i64> {
    match arguments.value(index) {
        Value::Nil => Ok(around.clock.unix_micros()),
        given => moment(given)
            .ok_or_else(|| arguments.wrong("seconds since 1970, or nothing for now", given)),
    }
}

fn parts(lua: &Lua, at: &Zoned) -> mlua::Result<Table> {
    let date = lua.create_table()?;
    date.raw_set("year", at.year())?;
    date.raw_set("month", at.month())?;
    date.raw_set("day", at.day())?;
    date.raw_set("hour", at.hour())?;
    date.raw_set("minute", at.minute())?;
    date.raw_set("second", at.second())?;
    date.raw_set("weekday", short(at.weekday()))?;
    Ok(date)
}

fn short(day: Weekday) -> &'static str {
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
