//! Plain data between Lua and JSON: what scripts keep, send and leave in records.

use mlua::{Lua, LuaSerdeExt, Table, Value as LuaValue};
use serde_json::{Map, Number, Value};

use crate::read_only;

/// Turns a Lua value into JSON. A table with the keys 1 to n becomes a list, any other an object;
/// an empty one becomes an object unless [`json.list`](crate::api) marked it.
///
/// # Errors
/// A sentence that names what is no plain data, is nested too deeply, or is too large.
pub(crate) fn to_json(lua: &Lua, value: &LuaValue) -> Result<Value, String> {
    Walk::new(lua, LARGEST, false).value(value)
}

/// As [`to_json`], for a whole configuration.
///
/// # Errors
/// As there.
pub(crate) fn to_large_json(lua: &Lua, value: &LuaValue) -> Result<Value, String> {
    Walk::new(lua, LARGEST * 64, false).value(value)
}

/// As [`to_json`]; what is no plain data becomes `null`.
///
/// # Errors
/// Only when it is too large.
pub(crate) fn to_json_as_far_as_possible(lua: &Lua, value: &LuaValue) -> Result<Value, String> {
    Walk::new(lua, LARGEST, true).value(value)
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

/// Octets, more or less. A small table that holds another twice, and that one another, is a large
/// one when it is written out.
const LARGEST: usize = 16 << 20;

/// What a value takes besides its text.
const EACH: usize = 16;

struct Walk<'a> {
    lua: &'a Lua,
    path: String,
    depth: usize,
    /// Octets that may still come.
    left: usize,
    /// Whether what is no plain data is passed over.
    lenient: bool,
}

impl<'a> Walk<'a> {
    fn new(lua: &'a Lua, left: usize, lenient: bool) -> Self {
        Self {
            lua,
            path: String::new(),
            depth: 0,
            left,
            lenient,
        }
    }

    fn value(&mut self, value: &LuaValue) -> Result<Value, String> {
        let text = value.as_string().map_or(0, |text| text.as_bytes().len());
        self.left = self.left.checked_sub(text + EACH).ok_or(TOO_LARGE)?;
        match self.plain(value) {
            Err(sentence) if self.lenient && sentence != TOO_LARGE => Ok(Value::Null),
            other => other,
        }
    }

    fn plain(&mut self, value: &LuaValue) -> Result<Value, String> {
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
        // Most tables have no metatable, and are not looked for.
        let shown = match table.metatable() {
            Some(_) => read_only::content(self.lua, table).ok().flatten(),
            None => None,
        };
        let table = self.content(shown.as_ref().unwrap_or(table));
        self.depth -= 1;
        table
    }

    fn content(&mut self, table: &Table) -> Result<Value, String> {
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
            self.left = self.left.checked_sub(name.len()).ok_or(TOO_LARGE)?;
            self.path.push('.');
            self.path.push_str(&name);
            let value = self.value(&value);
            self.path.truncate(before);
            let value = value?;
            match key {
                LuaValue::Integer(place) if place >= 1 && place as usize <= length => {
                    items.push((place, value));
                }
                _ => {
                    fields.insert(name, value);
                }
            }
        }
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

    /// The sentence about something that is no plain data.
    fn refuse(&self, what: &str) -> String {
        match self.path.strip_prefix('.') {
            Some(path) => format!("only plain data can be kept, and '{path}' is {what}"),
            None => format!("only plain data can be kept, and this is {what}"),
        }
    }
}

const TOO_LARGE: &str = "only plain data of less than 16 MB can be kept";

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
    fn what_is_large_only_when_written_out_is_refused_at_once() {
        let doubled =
            "(function() local t = { 1 } for _ = 1, 30 do t = { t, t } end return t end)()";
        let texts = "(function() local s = ('x'):rep(1000000) local t = {} \
                     for i = 1, 1000 do t[i] = s end return t end)()";

        assert_eq!(eval(doubled), Err(TOO_LARGE.to_owned()));
        assert_eq!(eval(texts), Err(TOO_LARGE.to_owned()));
    }

    #[test]
    fn as_far_as_possible_leaves_out_what_is_no_plain_data() {
        let lua = Lua::new();
        let source = "local t = { a = 1, f = print, list = { 1, print } } t.self = t return t";
        let value: LuaValue = lua.load(source).eval().unwrap();

        let kept = to_json_as_far_as_possible(&lua, &value).unwrap();

        assert_eq!(kept["a"], 1);
        assert_eq!(kept["f"], Value::Null);
        assert_eq!(kept["list"], json!([1, null]));
    }

    #[test]
    fn what_came_from_json_goes_back_unchanged() {
        let lua = Lua::new();
        let value = json!({ "list": [1, null, "three"], "none": [], "deep": { "x": 1.5 } });

        let there = from_json(&lua, &value).unwrap();

        assert_eq!(to_json(&lua, &there), Ok(value));
    }
}
