//! Plain data between Lua and JSON: what scripts keep, send and leave in records.

use mlua::{Lua, LuaSerdeExt, Table, Value as LuaValue};
use serde_json::{Map, Number, Value};

/// Turns a Lua value into JSON. A table with the keys 1 to n becomes a list, any other an object;
/// an empty one becomes an object unless [`json.list`](crate::api) marked it.
///
/// # Errors
/// A sentence that names what is no plain data, or is nested too deeply.
pub(crate) fn to_json(lua: &Lua, value: &LuaValue) -> Result<Value, String> {
    Walk {
        lua,
        path: String::new(),
        depth: 0,
    }
    .value(value)
}

/// Turns JSON into a Lua value. `null` becomes nil, and `json.null` inside a list, so that the
/// items behind it keep their places.
pub(crate) fn from_json(lua: &Lua, value: &Value) -> mlua::Result<LuaValue> {
    Ok(match value {
        Value::Null => LuaValue::Nil,
        Value::Bool(yes) => LuaValue::Boolean(*yes),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => LuaValue::Integer(whole),
            None => LuaValue::Number(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => LuaValue::String(lua.create_string(text)?),
        Value::Array(items) => {
            let list = lua.create_table_with_capacity(items.len(), 0)?;
            for item in items {
                let item = if item.is_null() {
                    lua.null()
                } else {
                    from_json(lua, item)?
                };
                list.raw_push(item)?;
            }
            list.set_metatable(Some(lua.array_metatable()))?;
            LuaValue::Table(list)
        }
        Value::Object(fields) => {
            let table = lua.create_table_with_capacity(0, fields.len())?;
            for (name, value) in fields {
                table.raw_set(name.as_str(), from_json(lua, value)?)?;
            }
            LuaValue::Table(table)
        }
    })
}

/// Deeper tables are refused: they are cycles, or will be somebody's stack overflow.
const DEEPEST: usize = 32;

struct Walk<'a> {
    lua: &'a Lua,
    path: String,
    depth: usize,
}

impl Walk<'_> {
    fn value(&mut self, value: &LuaValue) -> Result<Value, String> {
        match value {
            LuaValue::Nil => Ok(Value::Null),
            LuaValue::Boolean(yes) => Ok(Value::Bool(*yes)),
            LuaValue::Integer(whole) => Ok(Value::from(*whole)),
            LuaValue::Number(number) => Number::from_f64(*number)
                .map(Value::Number)
                .ok_or_else(|| self.refuse(&number.to_string())),
            LuaValue::String(text) => match text.to_str() {
                Ok(text) => Ok(Value::String(text.to_owned())),
                Err(_) => Err(self.refuse("text that is not UTF-8")),
            },
            LuaValue::Table(table) => self.table(table),
            value if *value == self.lua.null() => Ok(Value::Null),
            other => Err(self.refuse(&format!("a {}", other.type_name()))),
        }
    }

    fn table(&mut self, table: &Table) -> Result<Value, String> {
        if self.depth == DEEPEST {
            return Err(self.refuse(&format!("nested more than {DEEPEST} deep, or in itself")));
        }
        self.depth += 1;
        let before = self.path.len();
        let marked = table
            .metatable()
            .is_some_and(|it| it == self.lua.array_metatable());
        let length = table.raw_len();
        let mut items = Vec::new();
        let mut fields = Map::new();
        for pair in table.pairs::<LuaValue, LuaValue>() {
            let (key, value) = pair.map_err(|error| error.to_string())?;
            let name = match &key {
                LuaValue::String(name) => match name.to_str() {
                    Ok(name) => name.to_owned(),
                    Err(_) => return Err(self.refuse("named by text that is not UTF-8")),
                },
                LuaValue::Integer(number) => number.to_string(),
                other => return Err(self.refuse(&format!("named by a {}", other.type_name()))),
            };
            self.path.push('.');
            self.path.push_str(&name);
            let value = self.value(&value)?;
            self.path.truncate(before);
            match key {
                LuaValue::Integer(place) if place >= 1 && place as usize <= length => {
                    items.push((place, value));
                }
                _ => {
                    fields.insert(name, value);
                }
            }
        }
        self.depth -= 1;
        if fields.is_empty() && (marked || !items.is_empty()) {
            items.sort_by_key(|(place, _)| *place);
            return Ok(Value::Array(
                items.into_iter().map(|(_, value)| value).collect(),
            ));
        }
        if !items.is_empty() {
            return Err(self.refuse("a table with both a list and names"));
        }
        Ok(Value::Object(fields))
    }

    fn refuse(&self, what: &str) -> String {
        match self.path.strip_prefix('.') {
            Some(path) => format!("only plain data can be kept, and '{path}' is {what}"),
            None => format!("only plain data can be kept, and this is {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn eval(source: &str) -> Result<Value, String> {
        let lua = Lua::new();
        lua.globals().set("null", lua.null()).unwrap();
        let value: LuaValue = lua.load(source).eval().unwrap();
        to_json(&lua, &value)
    }

    #[test]
    fn lists_objects_and_nulls_keep_their_shape() {
        let value = eval("{ a = { 1, 2.5, 'x' }, b = {}, c = { null, true }, [5] = 1 }");

        let expected = json!({ "a": [1, 2.5, "x"], "b": {}, "c": [null, true], "5": 1 });
        assert_eq!(value, Ok(expected));
    }

    #[test]
    fn what_is_no_plain_data_is_named() {
        let refused = |source: &str| eval(source).unwrap_err();

        assert_eq!(
            refused("{ a = { b = print } }"),
            "only plain data can be kept, and 'a.b' is a function"
        );
        assert_eq!(
            refused("0/0"),
            "only plain data can be kept, and this is NaN"
        );
        assert_eq!(
            refused("(function() local t = { 1, a = 2 } return t end)()"),
            "only plain data can be kept, and this is a table with both a list and names"
        );
        assert!(refused("(function() local t = {} t.t = t return t end)()").contains("32 deep"));
        assert!(refused("'\\xff'").contains("UTF-8"));
    }

    #[test]
    fn what_came_from_json_goes_back_unchanged() {
        let lua = Lua::new();
        let value = json!({ "list": [1, null, "three"], "none": [], "deep": { "x": 1.5 } });

        let there = from_json(&lua, &value).unwrap();

        assert_eq!(to_json(&lua, &there), Ok(value));
    }
}
