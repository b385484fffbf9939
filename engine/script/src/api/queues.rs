//! `queues.get("support").waiting`: how queues stand.

use std::rc::Rc;

use call::acd::QueueStatus;
use mlua::{Function, Lua, MultiValue, Table};

use super::agents::too_busy;
use super::arguments::Arguments;
use super::queue::Queues;
use super::while_running;
use crate::surroundings::Surroundings;
use crate::{fault, vm};

pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let queues = lua.create_table()?;
    queues.raw_set("get", get(lua, surroundings)?)?;
    queues.raw_set("list", list(lua, surroundings)?)?;
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
    let agents = queue.members.iter().map(|agent| &*agent.0);
    row.raw_set("agents", lua.create_sequence_from(agents)?)?;
    let callers = lua.create_table()?;
    for caller in &queue.waiting {
        let entry = lua.create_table()?;
        entry.raw_set("call", caller.call.to_string())?;
        entry.raw_set("position", caller.position)?;
        entry.raw_set("waited", caller.waited.as_secs_f64())?;
        entry.raw_set("offered", caller.is_offered)?;
        callers.raw_push(entry)?;
    }
    row.raw_set("callers", callers)?;
    Ok(row)
}
