//! `expect(value).equals(other)`: what must hold, with a sentence when it does not.

use std::rc::Rc;

use mlua::{Error, Function, Lua, LuaString, MultiValue, Table, Value};

use crate::api::arguments::shown;
use crate::convert::to_json_as_far_as_possible;
use crate::fault;
use crate::suggest::did_you_mean;
use crate::surroundings::Surroundings;

/// What can be expected.
pub(super) const NAMES: &[&str] = &[
    "equals",
    "differs_from",
    "matches",
    "is_nil",
    "is_at_least",
    "is_at_most",
];

pub(super) fn register(lua: &Lua, around: &Rc<Surroundings>) -> mlua::Result<()> {
    let around = Rc::clone(around);
    let find: Function = lua.globals().get::<Table>("string")?.get("find")?;
    let expect = move |lua: &Lua, value: Value| {
        let expectation = lua.create_table()?;
        let unknown = Rc::clone(&around);
        let unknown = lua.create_function(move |lua, (_, name): (Value, String)| {
            let hint = did_you_mean(&name, NAMES.iter().copied());
            let error = Error::runtime(format!("an expectation has no '{name}'{hint}"));
            Err::<(), _>(fault::at(&unknown.place(lua), error))
        })?;
        let meta = lua.create_table()?;
        meta.raw_set("__index", unknown)?;
        expectation.set_metatable(Some(meta))?;
        for name in NAMES {
            let (value, around, find) = (value.clone(), Rc::clone(&around), find.clone());
            let itself = expectation.clone();
            let check = lua.create_function(move |lua, values: MultiValue| {
                // Written with a colon, it is the first argument.
                let mut values = values.into_iter().peekable();
                if matches!(values.peek(), Some(Value::Table(first)) if *first == itself) {
                    values.next();
                }
                let other = values.next().unwrap_or(Value::Nil);
                match holds(lua, name, &value, &other, &find)? {
                    true => Ok(()),
                    false => {
                        let (got, words) = (told(lua, &value), name.replace('_', " "));
                        let other = match *name {
                            "is_nil" => String::new(),
                            _ => format!(" {}", told(lua, &other)),
                        };
                        let error = Error::runtime(format!("expected that {got} {words}{other}"));
                        Err(fault::at(&around.place(lua), error))
                    }
                }
            })?;
            expectation.raw_set(*name, check)?;
        }
        Ok(expectation)
    };
    lua.globals()
        .raw_set("expect", lua.create_function(expect)?)
}

fn holds(
    lua: &Lua,
    name: &str,
    value: &Value,
    other: &Value,
    find: &Function,
) -> mlua::Result<bool> {
    Ok(match name {
        "equals" => equal(lua, value, other),
        "differs_from" => !equal(lua, value, other),
        "is_nil" => value.is_nil(),
        "is_at_least" => matches!((number(value), number(other)), (Some(a), Some(b)) if a >= b),
        "is_at_most" => matches!((number(value), number(other)), (Some(a), Some(b)) if a <= b),
        _ => {
            let (Some(text), Some(wanted)) = (value.as_string(), other.as_string()) else {
                return Ok(false);
            };
            let found = |plain: bool| -> mlua::Result<Value> {
                find.call((text.clone(), LuaString::clone(wanted), 1, plain))
            };
            // As it stands first: names of files and sounds are full of what is magic in patterns.
            !found(true)?.is_nil() || !found(false)?.is_nil()
        }
    })
}

fn equal(lua: &Lua, a: &Value, b: &Value) -> bool {
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        // Times are added up from parts.
        return (a - b).abs() < 1e-6;
    }
    if let (Value::Table(_), Value::Table(_)) = (a, b) {
        let json = |value| to_json_as_far_as_possible(lua, value);
        return matches!((json(a), json(b)), (Ok(a), Ok(b)) if a == b);
    }
    a == b
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

fn told(lua: &Lua, value: &Value) -> String {
    match value {
        Value::Nil => "nil".to_owned(),
        Value::String(text) => format!("\"{}\"", text.display()),
        Value::Table(_) => match to_json_as_far_as_possible(lua, value) {
            Ok(json) => json.to_string(),
            Err(_) => "a table".to_owned(),
        },
        other => shown(other),
    }
}
