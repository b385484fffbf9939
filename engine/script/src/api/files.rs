//! `files.write("report.csv", text)`: the files of a plugin. Waits, as records do.

use std::rc::Rc;

use mlua::{Error, IntoLuaMulti, Lua, LuaSerdeExt, MultiValue, Table, Value};

use super::arguments::{Arguments, shown};
use super::while_running;
use crate::plugin::files::{About, Name};
use crate::plugin::{Owner, Right};
use crate::surroundings::Surroundings;
use crate::{fault, vm};

/// Makes `files` for one plugin.
pub(crate) fn table(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (name, function, wish) in WISHES {
        let around = (Rc::clone(surroundings), Rc::clone(owner));
        let run = lua.create_async_function(move |lua: Lua, values: MultiValue| {
            let (surroundings, owner) = around.clone();
            let place = surroundings.place(&lua);
            let work = work(function, *wish, &surroundings, &owner, values);
            async move {
                let _waited = surroundings.outside.wait();
                let done = match work {
                    Ok(work) => done(&lua, function, &surroundings, work).await,
                    Err(error) => Err(error),
                };
                done.map_err(|error| fault::at(&place, error))
            }
        })?;
        table.raw_set(*name, vm::waiting(lua, function, run)?)?;
    }
    Ok(table)
}

/// What is wanted.
#[derive(Clone, Copy)]
pub(super) enum Wish {
    Read,
    Write,
    Delete,
    List,
}

/// By name behind the dot.
pub(super) const WISHES: &[(&str, &str, Wish)] = &[
    ("read", "files.read", Wish::Read),
    ("write", "files.write", Wish::Write),
    ("delete", "files.delete", Wish::Delete),
    ("list", "files.list", Wish::List),
];

/// What came of it.
enum Done {
    Content(Option<Vec<u8>>),
    Written,
    Deleted(bool),
    Listed(Vec<About>),
}

type Work = Box<dyn FnOnce() -> Result<Done, String> + Send>;

/// What is to be done on the disk, once it is clear that it may be.
fn work(
    function: &'static str,
    wish: Wish,
    surroundings: &Surroundings,
    owner: &Owner,
    values: MultiValue,
) -> mlua::Result<Work> {
    while_running(surroundings, function)?;
    let most = match wish {
        Wish::List => 0,
        Wish::Read | Wish::Delete => 1,
        Wish::Write => 2,
    };
    let arguments = Arguments::new(function, values, most)?;
    let allowed = owner.may_use(Right::Files);
    allowed.map_err(|message| arguments.refuse(message))?;
    let files = surroundings
        .databases
        .files(&surroundings.tenant, &owner.name);
    let files = files.ok_or_else(|| arguments.refuse("there is no place for files here"))?;
    if matches!(wish, Wish::List) {
        return Ok(Box::new(move || files.list().map(Done::Listed)));
    }
    let text = arguments.text(0, "a file's name such as \"report.csv\"")?;
    let name = Name::parse(&text).map_err(|message| arguments.refuse(message))?;
    Ok(match wish {
        Wish::Write => {
            let content = match arguments.value(1) {
                Value::String(content) => content.as_bytes().to_vec(),
                other => {
                    let got = shown(other);
                    return Err(arguments.refuse(format!("expected text to write, got {got}")));
                }
            };
            Box::new(move || files.write(&name, &content).map(|()| Done::Written))
        }
        Wish::Delete => Box::new(move || files.delete(&name).map(Done::Deleted)),
        Wish::Read | Wish::List => Box::new(move || files.read(&name).map(Done::Content)),
    })
}

async fn done(
    lua: &Lua,
    function: &str,
    surroundings: &Surroundings,
    work: Work,
) -> mlua::Result<MultiValue> {
    let done = surroundings.client.block_on_disk(work).await;
    let done = done.unwrap_or_else(|_| Err("nobody does it".to_owned()));
    match done.map_err(|why| Error::runtime(format!("{function}: {why}")))? {
        Done::Content(Some(content)) => lua.create_string(&content)?.into_lua_multi(lua),
        Done::Content(None) => Value::Nil.into_lua_multi(lua),
        Done::Written => ().into_lua_multi(lua),
        Done::Deleted(was_there) => was_there.into_lua_multi(lua),
        Done::Listed(files) => listed(lua, files)?.into_lua_multi(lua),
    }
}

fn listed(lua: &Lua, files: Vec<About>) -> mlua::Result<Table> {
    let list = lua.create_table()?;
    for file in files {
        let about = lua.create_table()?;
        about.raw_set("name", file.name)?;
        about.raw_set("bytes", file.bytes)?;
        about.raw_set("changed_at", file.changed_at as f64 / 1e6)?;
        list.raw_push(about)?;
    }
    // An empty one is a list too, when it is written as JSON.
    list.set_metatable(Some(lua.array_metatable()))?;
    Ok(list)
}
