//! The globals of scripts, one file each.

pub(crate) mod agents;
#[cfg(test)]
mod agents_tests;
pub(crate) mod arguments;
pub(crate) mod call;
pub(crate) mod calls;
#[cfg(test)]
mod calls_tests;
pub(crate) mod class;
mod clock;
mod codes;
mod config;
mod context;
mod db;
mod desk;
mod door;
mod emit;
mod every;
pub(crate) mod files;
mod http;
pub(crate) mod jobs;
mod json;
mod lamps;
mod lists;
mod log;
mod mail;
mod messages;
#[cfg(test)]
mod odd_tests;
mod offer;
pub(crate) mod on;
pub(crate) mod plugin;
pub(crate) mod queue;
mod queues;
mod recordings;
mod schedule;
#[cfg(test)]
mod shipped_tests;
pub(crate) mod smpp;
pub(crate) mod sound;
mod spawn;
pub(crate) mod statistics;
mod store;
#[cfg(test)]
mod stubs_tests;
pub(crate) mod target;
#[cfg(test)]
pub(crate) mod testbed;
#[cfg(test)]
mod tests;
pub(crate) mod voicemail;
mod waits;

use std::rc::Rc;

use mlua::{Error, Lua, Table, Value};

use crate::plugin::Owner;
use crate::read_only::read_only;
use crate::suggest::did_you_mean;
use crate::surroundings::{Phase, Surroundings};

/// Installs all globals. Everything that waits must be made here and not later: it is bound to
/// the raw `coroutine.yield`, which scripts do not get to see.
pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    context::register(lua, surroundings)?;
    codes::register(lua, surroundings)?;
    queue::register(lua, surroundings)?;
    schedule::register(lua, surroundings)?;
    let (globals, scripts) = (lua.globals(), Owner::script());
    globals.raw_set("on", on::function(lua, surroundings, &scripts)?)?;
    globals.raw_set("every", every::function(lua, surroundings, &scripts)?)?;
    globals.raw_set("emit", emit::function(lua, surroundings, &scripts)?)?;
    globals.raw_set("http", http::table(lua, surroundings, &scripts)?)?;
    globals.raw_set("jobs", jobs::table(lua, surroundings, &scripts)?)?;
    globals.raw_set("mail", mail::table(lua, surroundings, &scripts)?)?;
    globals.raw_set(
        "recordings",
        recordings::table(lua, surroundings, &scripts)?,
    )?;
    globals.raw_set("agents", agents::table(lua, surroundings, &scripts)?)?;
    globals.raw_set("desk", desk::table(lua, surroundings, &scripts)?)?;
    globals.raw_set("messages", messages::table(lua, surroundings, &scripts)?)?;
    globals.raw_set("calls", calls::table(lua, surroundings, &scripts)?)?;
    globals.raw_set("voicemail", voicemail::table(lua, surroundings, &scripts)?)?;
    globals.raw_set("statistics", statistics::table(lua, surroundings)?)?;
    queues::register(lua, surroundings)?;
    lamps::register(lua, surroundings)?;
    lists::register(lua, surroundings)?;
    spawn::register(lua, surroundings)?;
    store::register(lua, surroundings, &scripts)?;
    log::register(lua, surroundings)?;
    clock::register(lua, surroundings)?;
    json::register(lua)?;
    config::register(
        lua,
        &surroundings.tenant.to_string(),
        &surroundings.settings,
    )?;
    call::register(lua)?;
    db::register(lua)?;
    for name in LIBRARIES {
        let library = globals.raw_get(*name)?;
        globals.raw_set(*name, closed(lua, name, library)?)?;
    }
    plugin::register(lua, surroundings)
}

/// The globals that are tables of ours.
pub(crate) const LIBRARIES: &[&str] = &[
    "agents",
    "calls",
    "clock",
    "config",
    "desk",
    "http",
    "jobs",
    "json",
    "lamps",
    "lists",
    "log",
    "mail",
    "messages",
    "queues",
    "recordings",
    "statistics",
    "voicemail",
];

/// Refuses a declaration outside of loading.
fn while_loading(surroundings: &Surroundings, function: &str) -> mlua::Result<()> {
    match surroundings.phase() {
        Phase::Loading => Ok(()),
        Phase::Call | Phase::Hook => refuse(function, "in a call (only while files load)"),
        Phase::Task => refuse(function, "in a task (only while files load)"),
    }
}

/// Refuses while files load what only a running script may do.
fn while_running(surroundings: &Surroundings, function: &str) -> mlua::Result<()> {
    match surroundings.phase() {
        Phase::Loading => refuse(function, "while files load (only in: a call, a task)"),
        Phase::Call | Phase::Hook | Phase::Task => Ok(()),
    }
}

fn refuse(function: &str, place: &str) -> mlua::Result<()> {
    Err(Error::runtime(format!("{function} cannot be used {place}")))
}

/// A read-only table that says what it has when asked for something else.
pub(crate) fn closed(lua: &Lua, name: &str, content: Table) -> mlua::Result<Table> {
    let closed = read_only(lua, name, content.clone())?;
    let name = name.to_owned();
    let index = move |_: &Lua, (_, key): (Value, Value)| -> mlua::Result<Value> {
        let found = content.raw_get::<Value>(&key)?;
        if !found.is_nil() {
            return Ok(found);
        }
        let names: Vec<String> = content
            .pairs::<String, Value>()
            .flatten()
            .map(|(name, _)| name)
            .collect();
        let key = key.to_string()?;
        let hint = did_you_mean(&key, names.iter().map(String::as_str));
        Err(Error::runtime(format!("{name} has no '{key}'{hint}")))
    };
    if let Some(meta) = closed.metatable() {
        meta.raw_set("__index", lua.create_function(index)?)?;
    }
    Ok(closed)
}
