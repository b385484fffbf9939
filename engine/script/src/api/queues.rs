//! `queues.get("support").waiting`: how queues stand.

use std::rc::Rc;

use call::CallId;
use call::acd::{Callback, Medium, QueueStatus};
use call::desk::SwitchState;
use mlua::{Function, IntoLuaMulti, Lua, MultiValue, Table, Value};

use super::agents::too_busy;
use super::arguments::{Arguments, Names};
use super::queue::Queues;
use super::waits::{Waits, with_waits};
use super::while_running;
use crate::suggest::did_you_mean;
use crate::surroundings::Surroundings;
use crate::{fault, vm};

pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let queues = lua.create_table()?;
    queues.raw_set("get", get(lua, surroundings)?)?;
    queues.raw_set("list", list(lua, surroundings)?)?;
    queues.raw_set("switch", switch(lua, surroundings)?)?;
    queues.raw_set("call_back", call_back(lua, surroundings)?)?;
    lua.globals().raw_set("queues", queues)
}

fn get(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<Function> {
    const FUNCTION: &str = "queues.get";
    let surroundings = Rc::clone(surroundings);
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let surroundings = Rc::clone(&surroundings);
        let place = surroundings.place(&lua);
        let name = while_running(&surroundings, FUNCTION).and_then(|()| name(&lua, values));
        async move {
            let name = name.map_err(|error| fault::at(&place, error))?;
            let all = surroundings.exchange.queues(&surroundings.tenant).await;
            let all = all.map_err(|_| fault::at(&place, too_busy(FUNCTION)))?;
            let found = all.iter().find(|queue| *queue.plan.name.0 == *name);
            found.map(|queue| row(&lua, queue)).transpose()
        }
    })?;
    vm::waiting(lua, FUNCTION, function)
}

fn name(lua: &Lua, values: MultiValue) -> mlua::Result<String> {
    let arguments = Arguments::new("queues.get", values, 1)?;
    let name = arguments.text(0, "a queue such as \"support\"")?;
    match lua.app_data_ref::<Queues>().map(|known| known.check(&name)) {
        Some(Err(message)) => Err(arguments.refuse(message)),
        _ => Ok(name),
    }
}

fn list(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<Function> {
    const FUNCTION: &str = "queues.list";
    let surroundings = Rc::clone(surroundings);
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let surroundings = Rc::clone(&surroundings);
        let place = surroundings.place(&lua);
        let allowed = while_running(&surroundings, FUNCTION)
            .and_then(|()| Arguments::new(FUNCTION, values, 0).map(drop));
        async move {
            allowed.map_err(|error| fault::at(&place, error))?;
            let all = surroundings.exchange.queues(&surroundings.tenant).await;
            let all = all.map_err(|_| fault::at(&place, too_busy(FUNCTION)))?;
            let rows = all.iter().map(|queue| row(&lua, queue));
            lua.create_sequence_from(rows.collect::<mlua::Result<Vec<_>>>()?)
        }
    })?;
    vm::waiting(lua, FUNCTION, function)
}

fn switch(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<Function> {
    const FUNCTION: &str = "queues.switch";
    let surroundings = Rc::clone(surroundings);
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let surroundings = Rc::clone(&surroundings);
        let place = surroundings.place(&lua);
        let name = while_running(&surroundings, FUNCTION)
            .and_then(|()| switch_name(&surroundings.settings.switches, values));
        async move {
            let name = name.map_err(|error| fault::at(&place, error))?;
            let state = surroundings.exchange.switched(&surroundings.tenant, name);
            let state = state.await;
            state
                .map(SwitchState::word)
                .map_err(|_| fault::at(&place, too_busy(FUNCTION)))
        }
    })?;
    vm::waiting(lua, FUNCTION, function)
}

fn switch_name(known: &[String], values: MultiValue) -> mlua::Result<String> {
    let arguments = Arguments::new("queues.switch", values, 1)?;
    let name = arguments.text(0, "a switch such as \"hotline\"")?;
    if known.contains(&name) {
        return Ok(name);
    }
    let hint = did_you_mean(&name, known.iter().map(String::as_str));
    Err(arguments.refuse(format!(
        "no switch '{name}' in `switches` of config.lua{hint}"
    )))
}

/// The options of `queues.call_back`.
pub(crate) static CALL_BACK: Names = Names {
    class: "CallBackOptions",
    names: with_waits!["number"],
};

fn call_back(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<Function> {
    const FUNCTION: &str = "queues.call_back";
    let surroundings = Rc::clone(surroundings);
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let surroundings = Rc::clone(&surroundings);
        let place = surroundings.place(&lua);
        let wanted = while_running(&surroundings, FUNCTION)
            .and_then(|()| callback(&lua, &surroundings, values));
        async move {
            let wanted = wanted.map_err(|error| fault::at(&place, error))?;
            let exchange = &surroundings.exchange;
            let taken = exchange.call_back(&surroundings.tenant, wanted).await;
            match taken.map_err(|_| fault::at(&place, too_busy(FUNCTION)))? {
                Ok(position) => position.into_lua_multi(&lua),
                Err(why) => (Value::Nil, why.word()).into_lua_multi(&lua),
            }
        }
    })?;
    vm::waiting(lua, FUNCTION, function)
}

fn callback(lua: &Lua, surroundings: &Surroundings, values: MultiValue) -> mlua::Result<Callback> {
    let arguments = Arguments::new("queues.call_back", values, 2)?;
    let options = arguments.options(1, &CALL_BACK)?;
    let waits = Waits::read(lua, (&arguments, &options), Medium::Voice)?;
    let Some(number) = options.text("number")? else {
        return Err(options.refuse("number", "nobody can be called without one"));
    };
    Ok(Callback {
        call: surroundings
            .call()
            .unwrap_or_else(|| CallId(uuid::Uuid::now_v7())),
        queue: waits.queue,
        number,
        priority: waits.priority,
        wants: waits.wants,
    })
}

/// A queue as scripts see it.
fn row(lua: &Lua, queue: &QueueStatus) -> mlua::Result<Table> {
    let row = lua.create_table()?;
    row.raw_set("name", &*queue.plan.name.0)?;
    row.raw_set("gone", queue.is_gone)?;
    row.raw_set("waiting", queue.waiting.len())?;
    let waits = queue.waiting.iter().map(|caller| caller.waited);
    row.raw_set(
        "longest_wait",
        waits.max().unwrap_or_default().as_secs_f64(),
    )?;
    let seconds = |time: std::time::Duration| time.as_secs_f64();
    row.raw_set("expected_wait", queue.expected_wait.map(seconds))?;
    row.raw_set("handling", queue.handling.map(seconds))?;
    let agents = queue.members.iter().map(|agent| &*agent.0);
    row.raw_set("agents", lua.create_sequence_from(agents)?)?;
    let callers = lua.create_table()?;
    for caller in &queue.waiting {
        let entry = lua.create_table()?;
        entry.raw_set("call", caller.call.to_string())?;
        entry.raw_set("position", caller.position)?;
        entry.raw_set("waited", caller.waited.as_secs_f64())?;
        entry.raw_set("offered", caller.is_offered)?;
        entry.raw_set("callback", caller.is_away)?;
        callers.raw_push(entry)?;
    }
    row.raw_set("callers", callers)?;
    Ok(row)
}
