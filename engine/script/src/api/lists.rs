//! `lists.check(call.from)`: what the lists of callers say. Desks change them (`desk.order`).

use std::rc::Rc;

use call::screen::{List, Listed, Question};
use mlua::{Function, Lua, MultiValue, Table};

use super::agents::too_busy;
use super::arguments::Arguments;
use super::while_running;
use crate::suggest::did_you_mean;
use crate::surroundings::Surroundings;
use crate::{fault, vm};

pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let lists = lua.create_table()?;
    lists.raw_set(
        "check",
        function(lua, surroundings, "lists.check", check, by_list)?,
    )?;
    lists.raw_set(
        "all",
        function(lua, surroundings, "lists.all", all, in_order)?,
    )?;
    lua.globals().raw_set("lists", lists)
}

fn function(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    name: &'static str,
    read: fn(&Arguments) -> mlua::Result<Question>,
    show: fn(&Lua, &[Listed]) -> mlua::Result<Table>,
) -> mlua::Result<Function> {
    let surroundings = Rc::clone(surroundings);
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let surroundings = Rc::clone(&surroundings);
        let place = surroundings.place(&lua);
        let asked = while_running(&surroundings, name)
            .and_then(|()| Arguments::new(name, values, 1))
            .and_then(|arguments| read(&arguments));
        async move {
            let question = asked.map_err(|error| fault::at(&place, error))?;
            let found = surroundings.exchange.listed(&surroundings.tenant, question);
            let found = found.await.map_err(|_| fault::at(&place, too_busy(name)))?;
            show(&lua, &found)
        }
    })?;
    vm::waiting(lua, name, function)
}

fn check(arguments: &Arguments) -> mlua::Result<Question> {
    // Who shows no number has none.
    if arguments.value(0).is_nil() {
        return Ok(Question::Of(String::new()));
    }
    let number = arguments.text(0, "a number such as \"13800138000\", or nil")?;
    Ok(Question::Of(number))
}

fn all(arguments: &Arguments) -> mlua::Result<Question> {
    let word = arguments.text(0, "a list such as \"blacklist\"")?;
    List::from_word(&word).map(Question::All).ok_or_else(|| {
        let hint = did_you_mean(&word, List::ALL.into_iter().map(List::word));
        arguments.refuse(format!("no list '{word}'{hint}"))
    })
}

fn by_list(lua: &Lua, found: &[Listed]) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for listed in found {
        table.raw_set(listed.list.word(), row(lua, listed)?)?;
    }
    Ok(table)
}

fn in_order(lua: &Lua, found: &[Listed]) -> mlua::Result<Table> {
    let rows = found.iter().map(|listed| row(lua, listed));
    lua.create_sequence_from(rows.collect::<mlua::Result<Vec<_>>>()?)
}

fn row(lua: &Lua, listed: &Listed) -> mlua::Result<Table> {
    let row = lua.create_table()?;
    row.raw_set("number", listed.number.as_str())?;
    row.raw_set("prefix", listed.is_prefix)?;
    row.raw_set("reason", listed.reason.as_deref())?;
    row.raw_set("added_by", listed.added_by.as_str())?;
    row.raw_set("added_at", listed.added_at as f64 / 1e6)?;
    let expires = listed.expires_at.map(|at| at as f64 / 1e6);
    row.raw_set("expires_at", expires).map(|()| row)
}
