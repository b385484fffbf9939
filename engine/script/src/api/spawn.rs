//! `spawn(fn, ...)`: a side task that dies with its call.

use std::rc::Rc;

use mlua::{Function, Lua, MultiValue, Value};

use super::arguments::shown;
use crate::surroundings::Surroundings;

pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let surroundings = Rc::clone(surroundings);
    let spawn = move |_: &Lua, mut values: MultiValue| {
        super::while_running(&surroundings, "spawn")?;
        let function: Function = match values.pop_front() {
            Some(Value::Function(function)) => function,
            other => {
                let got = shown(&other.unwrap_or(Value::Nil));
                let message = format!("spawn expects a function, got {got}");
                return Err(mlua::Error::runtime(message));
            }
        };
        surroundings.spawn(function, values)
    };
    lua.globals().raw_set("spawn", lua.create_function(spawn)?)
}
