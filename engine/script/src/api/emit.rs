//! `emit("order.paid", { id = 7 })`: tells the tenant's own `on` handlers.

use std::rc::Rc;

use mlua::{IntoLuaMulti, Lua, MultiValue};

use super::arguments::Arguments;
use super::on::{Subscriptions, is_own};
use crate::convert::{from_json, to_json};
use crate::surroundings::{Phase, Run, Surroundings};

pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let surroundings = Rc::clone(surroundings);
    let emit = move |lua: &Lua, values: MultiValue| {
        super::while_running(&surroundings, "emit")?;
        let arguments = Arguments::new("emit", values, 2)?;
        let name = arguments.text(0, "an event such as \"order.paid\"")?;
        if !is_own(&name) {
            let message = format!(
                "'{name}' cannot be emitted: an event of your own is noun.past, such as \"order.paid\", with a noun that the exchange does not use"
            );
            return Err(arguments.refuse(message));
        }
        let about =
            to_json(lua, arguments.value(1)).map_err(|message| arguments.refuse(message))?;
        let Some(subscriptions) = lua.app_data_ref::<Subscriptions>().map(|it| it.clone()) else {
            return Ok(());
        };
        let spawner = surroundings.spawner.borrow();
        let Some(spawner) = &*spawner else {
            return Ok(());
        };
        for (_, handler) in subscriptions
            .0
            .borrow()
            .iter()
            .filter(|(wanted, _)| *wanted == name)
        {
            // Each handler gets a copy of its own, and does not end with the call that emits.
            let copy = from_json(lua, &about)?.into_lua_multi(lua)?;
            let origin = format!("from on(\"{name}\")");
            spawner(
                Rc::new(Run {
                    phase: Phase::Task,
                    call: None,
                    origin,
                }),
                handler.clone(),
                copy,
            );
        }
        Ok(())
    };
    lua.globals().raw_set("emit", lua.create_function(emit)?)
}
