//! Which names a script sees, and how the standard library is kept from running away.

use std::rc::Rc;
use std::sync::Arc;

use mlua::{Error, Function, Lua, Table, Value};

use crate::budget::Budget;
use crate::read_only;
use crate::snapshot::Snapshot;
use crate::suggest::did_you_mean;
use crate::surroundings::{Phase, Surroundings};
use crate::{fault, patterns};

/// Takes away what scripts shall not see, guards the rest, and closes the globals. The globals of
/// `api` must be there already.
pub(crate) fn close(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    budget: &Rc<Budget>,
    snapshot: &Arc<Snapshot>,
) -> mlua::Result<()> {
    let globals = lua.globals();
    globals.set(
        "require",
        crate::require::function(lua, surroundings, snapshot)?,
    )?;

    let asking = Rc::clone(budget);
    bound_library(lua, move |lua| asking.ask(lua))?;

    let host = lua.create_table()?;
    host.set("made", made_table(lua, budget)?)?;
    host.set("pending", Lua::poll_pending())?;
    let refusing = Rc::clone(surroundings);
    host.set(
        "refuse_wait",
        lua.create_function(move |lua, name: String| refuse(lua, &refusing, &name))?,
    )?;
    let stopping = Rc::clone(budget);
    host.set(
        "caught",
        lua.create_function(move |lua, error: Value| caught(lua, &stopping, error))?,
    )?;
    let stopping = Rc::clone(budget);
    host.set(
        "stopping",
        lua.create_function(move |_, ()| Ok(stopping.stopping().is_some()))?,
    )?;
    let printing = Rc::clone(surroundings);
    host.set(
        "print",
        lua.create_function(move |_, text: mlua::LuaString| {
            let said = || format!("print: {}", text.to_string_lossy());
            printing.say(tracing::Level::INFO, None, said);
            Ok(())
        })?,
    )?;
    host.set("allowed", allowed(lua, &globals)?)?;
    host.set("os", set(lua, OS)?)?;
    host.set("contents", read_only::contents(lua)?)?;
    host.set("within", lua.create_function(read_only::within)?)?;
    host.set(
        "read_only",
        lua.create_function(|lua, (name, content): (String, Table)| {
            read_only::read_only(lua, &name, content)
        })?,
    )?;
    let names: Rc<std::cell::RefCell<Vec<String>>> = Rc::default();
    let known = Rc::clone(&names);
    host.set(
        "unknown",
        lua.create_function(move |_, name: Value| -> mlua::Result<()> {
            let name = name.to_string()?;
            let known = known.borrow();
            let nearest = did_you_mean(&name, known.iter().map(String::as_str));
            Err(Error::runtime(format!("unknown name '{name}'{nearest}")))
        })?,
    )?;
    host.set(
        "undeclared",
        lua.create_function(|_, name: Value| -> mlua::Result<()> {
            let name = name.to_string()?;
            Err(Error::runtime(format!(
                "'{name}' is not declared: write `local {name} = ...`"
            )))
        })?,
    )?;
    let kept: Table = lua
        .load(include_str!("sandbox.lua"))
        .set_name("=sandbox")
        .call(host)?;
    names
        .borrow_mut()
        .extend(kept.sequence_values::<String>().flatten());
    Ok(())
}

/// Keeps the library's functions from running long in C, where no hook is called: they are capped,
/// or ask `ask` now and then whether to go on.
pub(crate) fn bound_library(
    lua: &Lua,
    ask: impl Fn(&Lua) -> mlua::Result<()> + 'static,
) -> mlua::Result<()> {
    let caps = lua.load(include_str!("caps.lua"));
    caps.set_name("=sandbox").exec()?;
    patterns::install(lua, ask)
}

/// What runs a function in a coroutine so that nothing in it can end the exchange. The globals must
/// still be Lua's own.
pub(crate) fn ground(lua: &Lua) -> mlua::Result<Function> {
    let globals = lua.globals();
    let raw = |name: &str| globals.raw_get::<Function>(name);
    let (xpcall, error, kind) = (raw("xpcall")?, raw("error")?, raw("type")?);
    // Where it was raised is known only before it is caught.
    let traced = lua.create_function(|lua, error: Value| {
        let traced = lua.traceback(Some(&error.to_string()?), 0)?;
        Ok(Value::String(traced))
    })?;
    let out_of_memory = lua.create_function(|_, ()| -> mlua::Result<()> {
        Err(Error::MemoryError("not enough memory".to_owned()))
    })?;
    let ground = lua.load(include_str!("ground.lua")).set_name("=sandbox");
    ground.call((xpcall, error, kind, traced, out_of_memory))
}

/// See [`vm::waiting`](crate::vm::waiting).
pub(crate) fn waiting(lua: &Lua, name: &str, function: Function) -> mlua::Result<Function> {
    let wrap: Option<Function> = lua.named_registry_value(WAITING)?;
    let wrap = match wrap {
        Some(wrap) => wrap,
        None => {
            let wrap: Function = lua.load(WAITING_SOURCE).set_name("=sandbox").eval()?;
            lua.set_named_registry_value(WAITING, &wrap)?;
            wrap
        }
    };
    let name = name.to_owned();
    let refuse = lua.create_function(move |lua, ()| -> mlua::Result<()> {
        let surroundings = lua.app_data_ref::<Rc<Surroundings>>();
        match surroundings.as_deref() {
            Some(surroundings) => refuse(lua, surroundings, &name),
            None => Err(Error::runtime(where_it_cannot_wait(lua, &name))),
        }
    })?;
    wrap.call((function, refuse))
}

fn refuse(lua: &Lua, surroundings: &Surroundings, name: &str) -> mlua::Result<()> {
    if surroundings.phase() == Phase::Loading {
        return Err(Error::runtime(format!(
            "{name} cannot be used while files load (only in: a call)"
        )));
    }
    Err(Error::runtime(where_it_cannot_wait(lua, name)))
}

/// Names the library function that calls back without being able to wait.
fn where_it_cannot_wait(lua: &Lua, name: &str) -> String {
    let inside = (1..FRAMES_SEARCHED).find_map(|level| {
        lua.inspect_stack(level, |frame| {
            let names = frame.names();
            let name = names.name.as_deref()?;
            CALLING_BACK
                .iter()
                .find(|(short, _)| *short == name)
                .map(|(_, full)| *full)
        })
        .flatten()
    });
    match inside {
        Some("require") => {
            format!("{name} cannot be used at the top of a required file: put it into a function")
        }
        Some(inside) => format!("{name} cannot be used inside {inside}: collect first, play after"),
        None => format!(
            "{name} cannot be used inside a function that the library calls: collect first, play after"
        ),
    }
}

/// What a script gets for an error that it caught; an error that stops the script goes on.
fn caught(lua: &Lua, budget: &Budget, error: Value) -> mlua::Result<Value> {
    if let Some(stop) = budget.stopping() {
        return Err(stop);
    }
    match error {
        Value::Error(error) => Ok(Value::String(lua.create_string(fault::sentence(&error))?)),
        other => Ok(other),
    }
}

/// The coroutines that scripts made themselves; the budget never slices those.
fn made_table(lua: &Lua, budget: &Budget) -> mlua::Result<Table> {
    let made = lua.create_table()?;
    let meta = lua.create_table()?;
    meta.set("__mode", "k")?;
    made.set_metatable(Some(meta))?;
    budget.know_coroutines(made.clone());
    Ok(made)
}

/// The library's allowed names, and all that `api` has registered.
fn allowed(lua: &Lua, globals: &Table) -> mlua::Result<Table> {
    let allowed = set(lua, LIBRARY)?;
    for pair in globals.pairs::<String, Value>() {
        let (name, _) = pair?;
        if !LUA_BRINGS.contains(&name.as_str()) {
            allowed.set(name, true)?;
        }
    }
    Ok(allowed)
}

fn set(lua: &Lua, names: &[&str]) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for name in names {
        table.set(*name, true)?;
    }
    Ok(table)
}

/// What scripts see of the standard library.
const LIBRARY: &[&str] = &[
    "assert",
    "error",
    "ipairs",
    "next",
    "pairs",
    "pcall",
    "print",
    "select",
    "tonumber",
    "tostring",
    "type",
    "xpcall",
    "rawequal",
    "rawget",
    "rawset",
    "rawlen",
    "setmetatable",
    "getmetatable",
    "math",
    "string",
    "table",
    "utf8",
    "coroutine",
    "os",
];

/// What scripts see of `os`.
const OS: &[&str] = &["date", "time", "clock", "difftime"];

/// What Lua puts among the globals besides; goes, unless listed above.
const LUA_BRINGS: &[&str] = &[
    "_G",
    "_VERSION",
    "collectgarbage",
    "debug",
    "dofile",
    "io",
    "load",
    "loadfile",
    "loadstring",
    "package",
    "warn",
];

/// Library functions that call a script back from C, where Lua 5.4 cannot wait.
const CALLING_BACK: &[(&str, &str)] = &[
    ("sort", "table.sort"),
    ("gsub", "string.gsub"),
    ("require", "require"),
];

const WAITING: &str = "moonswitch.waiting";

const WAITING_SOURCE: &str = "
local isyieldable = coroutine.isyieldable
return function(method, refuse)
  return function(...)
    if not isyieldable() then
      refuse()
    end
    return method(...)
  end
end
";

const FRAMES_SEARCHED: usize = 40;
