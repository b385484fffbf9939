//! Tables that scripts read and cannot change: what one call did to them, the next would meet.

use mlua::{Error, Lua, Table, Value};

/// An empty table that shows `content` and refuses to be set. Scripts never hold the content
/// itself, so neither `rawset` nor anything else gets at it. `name` is how a script writes it.
pub(crate) fn read_only(lua: &Lua, name: &str, content: Table) -> mlua::Result<Table> {
    let meta = lua.create_table()?;
    let (next, all) = (lua.globals().raw_get::<Value>("next")?, content.clone());
    let pairs = move |lua: &Lua, _: Value| {
        let copy = lua.create_table()?;
        all.for_each(|key: Value, value: Value| copy.raw_set(key, value))?;
        Ok((next.clone(), copy, Value::Nil))
    };
    meta.raw_set("__pairs", lua.create_function(pairs)?)?;
    meta.raw_set("__index", &content)?;
    let root = name.split('.').next().unwrap_or(name).to_owned();
    let name = name.to_owned();
    let set = move |_: &Lua, (_, key): (Value, Value)| -> mlua::Result<()> {
        let key = key.to_string()?;
        Err(Error::runtime(format!(
            "{name}.{key} cannot be set: {root} is the exchange's"
        )))
    };
    meta.raw_set("__newindex", lua.create_function(set)?)?;
    meta.raw_set("__metatable", false)?;
    let shown = lua.create_table()?;
    shown.set_metatable(Some(meta))?;
    contents(lua)?.raw_set(&shown, content)?;
    Ok(shown)
}

/// What a read-only table shows; `None` for any other.
pub(crate) fn content(lua: &Lua, table: &Table) -> mlua::Result<Option<Table>> {
    match contents(lua)?.raw_get(table)? {
        Value::Table(content) => Ok(Some(content)),
        _ => Ok(None),
    }
}

/// All read-only tables of a VM, each with what it shows.
pub(crate) fn contents(lua: &Lua) -> mlua::Result<Table> {
    if let Some(contents) = lua.named_registry_value(CONTENTS)? {
        return Ok(contents);
    }
    let contents = lua.create_table()?;
    lua.set_named_registry_value(CONTENTS, &contents)?;
    Ok(contents)
}

const CONTENTS: &str = "moonswitch.read_only";
