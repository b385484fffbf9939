//! `json`: text to data and back.

use mlua::{Lua, LuaSerdeExt, MultiValue, Value};

use super::arguments::Arguments;
use crate::convert::{from_json, to_json};
use crate::read_only;

pub(crate) fn register(lua: &Lua) -> mlua::Result<()> {
    let json = lua.create_table()?;

    let encode = |lua: &Lua, values: MultiValue| {
        let arguments = Arguments::new("json.encode", values, 1)?;
        let value =
            to_json(lua, arguments.value(0)).map_err(|message| arguments.refuse(message))?;
        Ok(value.to_string())
    };
    json.raw_set("encode", lua.create_function(encode)?)?;

    let decode = |lua: &Lua, values: MultiValue| {
        let arguments = Arguments::new("json.decode", values, 1)?;
        let text = arguments.text(0, "text")?;
        match serde_json::from_str(&text) {
            Ok(value) => Ok((from_json(lua, &value)?, None)),
            // What comes from outside is no mistake of the script's.
            Err(error) => Ok((Value::Nil, Some(error.to_string()))),
        }
    };
    json.raw_set("decode", lua.create_function(decode)?)?;

    let list = |lua: &Lua, values: MultiValue| {
        // Not what a read-only table shows: it would be marked, for everybody.
        let given = values.front().cloned().unwrap_or(Value::Nil);
        let arguments = Arguments::new("json.list", values, 1)?;
        let list = match given {
            Value::Nil => lua.create_table()?,
            Value::Table(list) if read_only::content(lua, &list)?.is_none() => list,
            other => return Err(arguments.wrong("a list", &other)),
        };
        list.set_metatable(Some(lua.array_metatable()))?;
        Ok(list)
    };
    json.raw_set("list", lua.create_function(list)?)?;
    json.raw_set("null", lua.null())?;

    lua.globals().raw_set("json", json)
}
