//! `emit("order.paid", { id = 7 })`: tells the tenant's own `on` handlers, its plugins' among them.

use std::rc::Rc;

use mlua::{Function, IntoLuaMulti, Lua, MultiValue};

use super::arguments::Arguments;
use super::on::{EVENTS, is_own, noun, subscriptions};
use crate::convert::{from_json, to_json};
use crate::plugin::Owner;
use crate::surroundings::{Phase, Run, Surroundings};

/// Makes `emit` for one owner.
pub(crate) fn function(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Function> {
    let (surroundings, owner) = (Rc::clone(surroundings), Rc::clone(owner));
    let emit = move |lua: &Lua, values: MultiValue| {
        super::while_running(&surroundings, "emit")?;
        let arguments = Arguments::new("emit", values, 2)?;
        let name = arguments.text(0, "an event such as \"order.paid\"")?;
        may_emit(&owner, &surroundings, &name).map_err(|message| arguments.refuse(message))?;
        let about =
            to_json(lua, arguments.value(1)).map_err(|message| arguments.refuse(message))?;
        let spawner = surroundings.spawner.borrow();
        let Some(spawner) = &*spawner else {
            return Ok(());
        };
        let subscriptions = subscriptions(lua);
        for wanted in subscriptions
            .0
            .borrow()
            .iter()
            .filter(|it| it.event == name)
        {
            // Each handler gets a copy of its own, and does not end with the call that emits.
            let copy = from_json(lua, &about)?.into_lua_multi(lua)?;
            let origin = format!("from on(\"{name}\")");
            spawner(
                Rc::new(Run {
                    phase: Phase::Task,
                    call: None,
                    plugin: wanted.owner.plugin_name(),
                    origin,
                }),
                wanted.handler.clone(),
                copy,
            );
        }
        Ok(())
    };
    lua.create_function(emit)
}

/// A plugin's events carry its name, so that nobody can tell them in its place.
fn may_emit(owner: &Owner, surroundings: &Surroundings, name: &str) -> Result<(), String> {
    if owner.is_plugin() {
        let own = noun(name) == Some(&*owner.name) && !EVENTS.contains(&name);
        return match own {
            true => Ok(()),
            false => Err(format!(
                "'{name}' cannot be emitted by plugin '{0}': its events are called {0}.past",
                owner.name
            )),
        };
    }
    let plugins = &surroundings.settings.plugins;
    let is_plugins = noun(name).is_some_and(|noun| plugins.contains_key(noun));
    match is_own(name) && !is_plugins {
        true => Ok(()),
        false => Err(format!(
            "'{name}' cannot be emitted: an event of your own is noun.past, such as \"order.paid\", with a noun that the exchange and its plugins do not use"
        )),
    }
}
