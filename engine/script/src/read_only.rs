//! Tables that scripts read and cannot change: what one call did to them, the next would meet.

use mlua::{Error, Function, Lua, Table, Value};

/// An empty table that shows `content` and refuses to be set. Scripts never hold the content
/// itself, so neither `rawset` nor anything else gets at it. `name` is how a script writes it.
pub(crate) fn read_only(lua: &Lua, name: &str, content: Table) -> mlua::Result<Table> {
    let root = name.split('.').next().unwrap_or(name);
    let why = format!("{root} is the exchange's");
    let meta = sealed(lua, name.to_owned(), why, &content)?;
    meta.raw_set("__index", &content)?;
    show(lua, meta, &content)
}

/// As [`read_only`], and so are the tables in it, and those in them. `why` says why it cannot be set.
pub(crate) fn in_depth(
    lua: &Lua,
    name: String,
    why: String,
    content: &Table,
) -> mlua::Result<Table> {
    let shown = shown_in_depth(lua)?;
    if let Value::Table(shown) = shown.raw_get(content)? {
        return Ok(shown);
    }
    let meta = sealed(lua, name.clone(), why.clone(), content)?;
    let all = content.clone();
    let within = move |lua: &Lua, key: &Value, value: Value| match value {
        Value::Table(table) => {
            let name = format!("{name}.{}", key.to_string()?);
            in_depth(lua, name, why.clone(), &table).map(Value::Table)
        }
        other => Ok(other),
    };
    let (found, each, one) = (within.clone(), within.clone(), within);
    let index = move |lua: &Lua, (_, key): (Value, Value)| {
        let value = all.raw_get::<Value>(&key)?;
        found(lua, &key, value)
    };
    meta.raw_set("__index", lua.create_function(index)?)?;
    let (next, all) = (next(lua)?, content.clone());
    let pairs = move |lua: &Lua, _: Value| {
        let copy = lua.create_table()?;
        all.for_each(|key: Value, value: Value| {
            let value = each(lua, &key, value)?;
            copy.raw_set(key, value)
        })?;
        Ok((next.clone(), copy, Value::Nil))
    };
    meta.raw_set("__pairs", lua.create_function(pairs)?)?;
    let one = move |lua: &Lua, (key, value): (Value, Value)| one(lua, &key, value);
    meta.raw_set(WITHIN, lua.create_function(one)?)?;
    let table = show(lua, meta, content)?;
    shown.raw_set(content, &table)?;
    Ok(table)
}

/// What scripts get of a value that stands at `key` of what `table` shows.
pub(crate) fn within(_: &Lua, (table, key, value): (Table, Value, Value)) -> mlua::Result<Value> {
    let meta = table.metatable().filter(|_| value.is_table());
    let within = meta.and_then(|meta| meta.raw_get::<Option<Function>>(WITHIN).ok().flatten());
    match within {
        Some(within) => within.call((key, value)),
        None => Ok(value),
    }
}

/// The metatable of a read-only table, without `__index`.
fn sealed(lua: &Lua, name: String, why: String, content: &Table) -> mlua::Result<Table> {
    let meta = lua.create_table()?;
    let (next, all) = (next(lua)?, content.clone());
    let pairs = move |lua: &Lua, _: Value| {
        let copy = lua.create_table()?;
        all.for_each(|key: Value, value: Value| copy.raw_set(key, value))?;
        Ok((next.clone(), copy, Value::Nil))
    };
    meta.raw_set("__pairs", lua.create_function(pairs)?)?;
    let all = content.clone();
    let length = move |_: &Lua, _: Value| Ok(all.raw_len());
    meta.raw_set("__len", lua.create_function(length)?)?;
    let set = move |_: &Lua, (_, key): (Value, Value)| -> mlua::Result<()> {
        let key = key.to_string()?;
        Err(Error::runtime(format!("{name}.{key} cannot be set: {why}")))
    };
    meta.raw_set("__newindex", lua.create_function(set)?)?;
    meta.raw_set("__metatable", false)?;
    meta.raw_set(CONTENT, content)?;
    Ok(meta)
}

fn show(lua: &Lua, meta: Table, content: &Table) -> mlua::Result<Table> {
    let shown = lua.create_table()?;
    shown.set_metatable(Some(meta))?;
    contents(lua)?.raw_set(&shown, content)?;
    Ok(shown)
}

/// Lua's own `next`. Scripts get another, and the first table of ours is made before they do.
fn next(lua: &Lua) -> mlua::Result<Function> {
    if let Some(next) = lua.named_registry_value(NEXT)? {
        return Ok(next);
    }
    let next: Function = lua.globals().raw_get("next")?;
    lua.set_named_registry_value(NEXT, &next)?;
    Ok(next)
}

/// What a read-only table shows, where our own functions read one; any other value is itself. Must
/// not be handed to scripts.
pub(crate) fn seen_through(value: Value) -> Value {
    let content = value.as_table().and_then(Table::metatable);
    let content = content.and_then(|meta| meta.raw_get::<Option<Table>>(CONTENT).ok().flatten());
    content.map_or(value, Value::Table)
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
    kept(lua, CONTENTS)
}

/// What is shown in depth, each with the table that shows it: a table within is the same each time.
fn shown_in_depth(lua: &Lua) -> mlua::Result<Table> {
    kept(lua, SHOWN)
}

fn kept(lua: &Lua, name: &str) -> mlua::Result<Table> {
    if let Some(kept) = lua.named_registry_value(name)? {
        return Ok(kept);
    }
    let kept = lua.create_table()?;
    lua.set_named_registry_value(name, &kept)?;
    Ok(kept)
}

const CONTENTS: &str = "moonswitch.read_only";
const NEXT: &str = "moonswitch.read_only.next";
const SHOWN: &str = "moonswitch.read_only.in_depth";
/// These are in metatables, which scripts do not get.
const WITHIN: &str = "moonswitch.within";
const CONTENT: &str = "moonswitch.content";
