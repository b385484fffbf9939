//! `statistics.queues { since = clock.now() - 3600 }`: figures of queues and agents, how far these keep to
//! their shifts, and the calls that nobody took.

use std::collections::BTreeMap;
use std::rc::Rc;

use ::store::{
    Adherence, AgentSums, Figures, FiguresOf, Line, Measure, MissedFilter, MissedRow, QueueSums,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mlua::{Error, Lua, MultiValue, Table, Value};

use super::arguments::{self, Arguments, Names, Options};
use super::while_running;
use crate::surroundings::Surroundings;
use crate::{fault, vm};

/// What narrows figures.
pub(crate) static FIGURES: Names = Names {
    class: "StatisticsOptions",
    names: &["since", "until", "within", "short"],
};

/// What narrows adherence.
pub(crate) static ADHERENCE: Names = Names {
    class: "AdherenceOptions",
    names: &["since", "until"],
};

/// What narrows missed calls.
pub(crate) static MISSED: Names = Names {
    class: "MissedOptions",
    names: &["since", "until", "queue", "unsettled", "limit"],
};

/// Makes the table.
pub(crate) fn table(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (name, function, wish) in [
        ("queues", "statistics.queues", Wish::Queues),
        ("agents", "statistics.agents", Wish::Agents),
        ("adherence", "statistics.adherence", Wish::Adherence),
        ("missed", "statistics.missed", Wish::Missed),
    ] {
        let surroundings = Rc::clone(surroundings);
        let run = lua.create_async_function(move |lua: Lua, values: MultiValue| {
            let surroundings = Rc::clone(&surroundings);
            let place = surroundings.place(&lua);
            let wanted = wanted(function, wish, &surroundings, values);
            async move {
                let _waited = surroundings.outside.wait();
                let asked = async {
                    let tenant = surroundings.tenant.to_string();
                    let store = &surroundings.store;
                    let wrong = |error| Error::runtime(format!("{function}: {error}"));
                    match wanted? {
                        Wanted::Figures(of, now) => {
                            let figures = store.figures(&tenant, of).await.map_err(wrong)?;
                            let figures = figures.at(now.min(figures.range().1));
                            by_name(&lua, wish, &figures)
                        }
                        Wanted::Adherence(between) => {
                            let found = store.adherence(&tenant, between).await;
                            let found = found.map_err(wrong)?;
                            let found = found.iter();
                            let found = found
                                .map(|(agent, sums)| Ok((agent.as_str(), adherence(&lua, sums)?)));
                            let found = found.collect::<mlua::Result<Vec<_>>>()?;
                            lua.create_table_from(found)
                        }
                        Wanted::Missed(filter) => {
                            let rows = store.missed_calls(&tenant, filter).await;
                            let rows = rows.map_err(wrong)?;
                            let rows = rows.iter().map(|row| missed(&lua, row));
                            lua.create_sequence_from(rows.collect::<mlua::Result<Vec<_>>>()?)
                        }
                    }
                };
                asked.await.map_err(|error| fault::at(&place, error))
            }
        })?;
        table.raw_set(name, vm::waiting(lua, function, run)?)?;
    }
    Ok(table)
}

/// What is wanted.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Wish {
    Queues,
    Agents,
    Adherence,
    Missed,
}

/// The same, of what.
enum Wanted {
    /// Up to now.
    Figures(FiguresOf, i64),
    /// From when to when.
    Adherence((i64, i64)),
    Missed(MissedFilter),
}

fn wanted(
    function: &'static str,
    wish: Wish,
    surroundings: &Surroundings,
    values: MultiValue,
) -> mlua::Result<Wanted> {
    while_running(surroundings, function)?;
    let arguments = Arguments::new(function, values, 1)?;
    let now = surroundings.clock.unix_micros();
    if wish == Wish::Missed {
        let options = arguments.options(0, &MISSED)?;
        return Ok(Wanted::Missed(MissedFilter {
            since: moment(&options, "since")?,
            until: moment(&options, "until")?,
            queue: options.text("queue")?,
            unsettled: match options.value("unsettled")? {
                Value::Nil => None,
                _ => Some(options.boolean("unsettled", true)?),
            },
            before: None,
            limit: usize::try_from(options.whole("limit", 100, 1..=1_000)?).unwrap_or(100),
        }));
    }
    let names = match wish {
        Wish::Adherence => &ADHERENCE,
        _ => &FIGURES,
    };
    let options = arguments.options(0, names)?;
    let watch = &surroundings.settings.watch;
    let span = |name, usual| -> mlua::Result<i64> {
        let span: std::time::Duration = options.duration(name, usual)?;
        Ok(i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
    };
    let since = match moment(&options, "since")? {
        Some(since) => since,
        None => midnight(surroundings, now),
    };
    let until = moment(&options, "until")?.unwrap_or(now);
    if until.saturating_sub(since) > LONGEST {
        return Err(options.refuse("since", "is 92 days before `until` at most"));
    }
    if wish == Wish::Adherence {
        // What is still to come is neither kept nor missed.
        return Ok(Wanted::Adherence((since, until.min(now))));
    }
    let of = FiguresOf {
        measure: Measure {
            short: span("short", watch.short)?,
            within: span("within", watch.within)?,
        },
        edges: vec![since, until.max(since)],
    };
    Ok(Wanted::Figures(of, now))
}

/// Seconds since 1970.
fn moment(options: &Options, name: &str) -> mlua::Result<Option<i64>> {
    match options.value(name)? {
        Value::Nil => Ok(None),
        given => arguments::moment(&given).map(Some).ok_or_else(|| {
            options.refuse(name, "is seconds since 1970, such as clock.now() - 3600")
        }),
    }
}

/// When the tenant's day began.
fn midnight(surroundings: &Surroundings, now: i64) -> i64 {
    let zone = TimeZone::get(&surroundings.settings.timezone).unwrap_or(TimeZone::UTC);
    let here = Timestamp::from_microsecond(now).unwrap_or_default();
    let day = here.to_zoned(zone.clone()).date();
    let midnight = day.to_zoned(zone);
    midnight.map_or(0, |day| day.timestamp().as_microsecond())
}

fn by_name(lua: &Lua, wish: Wish, figures: &Figures) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    match wish {
        Wish::Queues => {
            for Line { name, sums, .. } in figures.queues() {
                table.raw_set(name, queue(lua, &sums)?)?;
            }
        }
        _ => {
            for Line { name, sums, .. } in figures.agents() {
                table.raw_set(name, agent(lua, &sums)?)?;
            }
        }
    }
    Ok(table)
}

fn queue(lua: &Lua, sums: &QueueSums) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (name, count) in [
        ("entered", sums.entered),
        ("offered", sums.offered()),
        ("answered", sums.answered),
        ("abandoned", sums.abandoned),
        ("short", sums.short),
        ("timed_out", sums.timed_out),
        ("no_agent", sums.no_agent),
        ("by_key", sums.by_key),
        ("overflowed", sums.overflowed),
        ("full", sums.full),
        ("handled", sums.handled),
    ] {
        table.raw_set(name, count)?;
    }
    for (name, part) in [
        ("service_level", sums.service_level()),
        ("abandon_rate", sums.abandon_rate()),
        ("transfer_rate", sums.transfer_rate()),
        ("hold_rate", sums.hold_rate()),
        ("average_wait", sums.average_wait().map(seconds)),
        ("average_handling", sums.average_handling().map(seconds)),
        ("longest_wait", Some(seconds(sums.longest_wait))),
        ("talk", Some(seconds(sums.talk))),
        ("hold", Some(seconds(sums.hold))),
        ("wrap_up", Some(seconds(sums.wrap_up))),
    ] {
        table.raw_set(name, part)?;
    }
    Ok(table)
}

fn agent(lua: &Lua, sums: &AgentSums) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (name, count) in [
        ("outbound", sums.outbound),
        ("outbound_answered", sums.outbound_answered),
        ("inbound_answered", sums.inbound_answered),
        ("offers", sums.offers),
        ("no_answer", sums.no_answer),
        ("rejected", sums.rejected),
    ] {
        table.raw_set(name, count)?;
    }
    for (name, part) in [
        ("average_talk", sums.average_talk().map(seconds)),
        ("average_handling", sums.average_handling().map(seconds)),
        ("occupancy", sums.occupancy()),
        ("utilisation", sums.utilisation()),
        ("talk", Some(seconds(sums.talk))),
        ("hold", Some(seconds(sums.hold))),
        ("wrap_up", Some(seconds(sums.wrap_up()))),
        ("logged_in", Some(seconds(sums.logged_in_for()))),
        ("first_login", sums.first_login.map(seconds)),
        ("last_login", sums.last_login.map(seconds)),
    ] {
        table.raw_set(name, part)?;
    }
    table.raw_set("states", spans(lua, &sums.states)?)?;
    table.raw_set("busy", spans(lua, &sums.reasons)?)?;
    Ok(table)
}

fn adherence(lua: &Lua, sums: &Adherence) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("planned", seconds(sums.planned()))?;
    table.raw_set("kept", seconds(sums.kept()))?;
    table.raw_set("adherence", sums.share())?;
    Ok(table)
}

fn spans(lua: &Lua, spans: &BTreeMap<String, i64>) -> mlua::Result<Table> {
    let spans = spans.iter();
    lua.create_table_from(spans.map(|(name, time)| (name.as_str(), seconds(*time))))
}

fn missed(lua: &Lua, row: &MissedRow) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("call", row.call.to_string())?;
    table.raw_set("from", row.number.as_deref())?;
    table.raw_set("to", row.to.as_str())?;
    table.raw_set("at", seconds(row.at))?;
    table.raw_set("outcome", row.result.as_str())?;
    table.raw_set("queue", row.queue.as_deref())?;
    table.raw_set("waited", seconds(row.waited))?;
    table.raw_set("state", row.state.word())?;
    table.raw_set("tries", row.tries)?;
    table.raw_set("last_by", row.last_by.as_deref())?;
    table.raw_set("last_at", row.last_at.map(seconds))?;
    Ok(table)
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

/// A report is read by one of few readers, and others wait for it. Microseconds.
const LONGEST: i64 = 92 * 24 * 3_600 * 1_000_000;
