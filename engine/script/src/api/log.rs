//! `log.info("...")`: lines in the exchange's log, with tenant and call.

use std::rc::Rc;

use mlua::{Lua, MultiValue, Value};

use crate::convert::to_json;
use crate::surroundings::Surroundings;

pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let log = lua.create_table()?;
    for level in LEVELS {
        let surroundings = Rc::clone(surroundings);
        let write = move |lua: &Lua, values: MultiValue| {
            let words: Vec<String> = values.iter().map(|value| word(lua, value)).collect();
            let text = words.join(" ");
            let tenant = &surroundings.tenant;
            let call = surroundings
                .call()
                .map(|call| call.to_string())
                .unwrap_or_default();
            let place = surroundings.place(lua);
            let at = format!("{}:{}", place.file, place.line);
            match *level {
                "error" => tracing::error!(%tenant, call, at, "{text}"),
                "warn" => tracing::warn!(%tenant, call, at, "{text}"),
                "info" => tracing::info!(%tenant, call, at, "{text}"),
                _ => tracing::debug!(%tenant, call, at, "{text}"),
            }
            Ok(())
        };
        log.raw_set(*level, lua.create_function(write)?)?;
    }
    lua.globals().raw_set("log", log)
}

const LEVELS: &[&str] = &["error", "warn", "info", "debug"];

/// A value as text; tables as JSON, so that they can be read.
fn word(lua: &Lua, value: &Value) -> String {
    match value {
        Value::Table(_) => match to_json(lua, value) {
            Ok(json) => json.to_string(),
            Err(_) => value.to_string().unwrap_or_default(),
        },
        Value::String(text) => text.to_string_lossy(),
        other => other.to_string().unwrap_or_default(),
    }
}
