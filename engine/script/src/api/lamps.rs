//! `lamps.set("*281", true)`: lamps of phones' keys that stand for no user.

use std::rc::Rc;

use call::Light;
use mlua::{Lua, MultiValue, Value};

use super::arguments::Arguments;
use super::while_running;
use crate::surroundings::Surroundings;

pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let lamps = lua.create_table()?;
    let surroundings = Rc::clone(surroundings);
    let set = move |_: &Lua, values: MultiValue| {
        while_running(&surroundings, FUNCTION)?;
        let arguments = Arguments::new(FUNCTION, values, 2)?;
        let name = arguments.text(0, "what a phone's key dials, such as \"*281\"")?;
        if !is_name(&name) {
            let message = format!("'{name}' is no lamp's name: letters, digits, * # - _ and . are");
            return Err(arguments.refuse(message));
        }
        let light = light(arguments.value(1))
            .ok_or_else(|| arguments.wrong("true, false or \"blinking\"", arguments.value(1)))?;
        let tenant = &surroundings.tenant;
        surroundings.exchange.set_lamp(tenant, name, light);
        Ok(())
    };
    lamps.raw_set("set", lua.create_function(set)?)?;
    lua.globals().raw_set("lamps", lamps)
}

fn light(value: &Value) -> Option<Light> {
    match value {
        Value::Boolean(is_on) => Some(Light::from(*is_on)),
        Value::String(word) if *word == "blinking" => Some(Light::Blinking),
        _ => None,
    }
}

/// What can stand in a request's URI without being written otherwise.
fn is_name(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "*#-_.".contains(letter);
    (1..=64).contains(&text.len()) && text.chars().all(plain)
}

const FUNCTION: &str = "lamps.set";
