//! `recordings.audio(id)`: the sound of calls and messages, for whoever keeps, sends or reads it out.

use std::path::PathBuf;
use std::rc::Rc;

use ::store::RecordingRow;
use mlua::{Error, IntoLuaMulti, Lua, MultiValue, Table, Value};
use uuid::Uuid;

use super::arguments::Arguments;
use super::while_running;
use crate::plugin::{Owner, Right};
use crate::surroundings::Surroundings;
use crate::{fault, vm};

/// Makes the table for one owner.
pub(crate) fn table(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (name, function, wish) in [
        ("get", "recordings.get", Wish::About),
        ("list", "recordings.list", Wish::All),
        ("audio", "recordings.audio", Wish::Sound),
    ] {
        let around = (Rc::clone(surroundings), Rc::clone(owner));
        let run = lua.create_async_function(move |lua: Lua, values: MultiValue| {
            let (surroundings, owner) = around.clone();
            let place = surroundings.place(&lua);
            let id = id(function, wish, &surroundings, &owner, values);
            async move {
                let _waited = surroundings.outside.wait();
                let asked = async {
                    match wish {
                        Wish::About => about(&lua, function, &surroundings, id?).await,
                        Wish::All => all(&lua, function, &surroundings, id?).await,
                        Wish::Sound => sound(&lua, function, &surroundings, id?).await,
                    }
                };
                asked.await.map_err(|error| fault::at(&place, error))
            }
        })?;
        table.raw_set(name, vm::waiting(lua, function, run)?)?;
    }
    Ok(table)
}

/// What is wanted.
#[derive(Clone, Copy)]
enum Wish {
    /// What is known of a recording.
    About,
    /// The same of all of a call.
    All,
    /// A recording's sound.
    Sound,
}

fn id(
    function: &'static str,
    wish: Wish,
    surroundings: &Surroundings,
    owner: &Owner,
    values: MultiValue,
) -> mlua::Result<Uuid> {
    while_running(surroundings, function)?;
    let arguments = Arguments::new(function, values, 1)?;
    let allowed = owner.may_use(Right::Recordings);
    allowed.map_err(|message| arguments.refuse(message))?;
    let what = match wish {
        Wish::All => "a call's id",
        Wish::About | Wish::Sound => "a recording's id",
    };
    let text = arguments.text(0, what)?;
    let wrong = |_| arguments.refuse(format!("'{text}' is not {what}"));
    text.parse().map_err(wrong)
}

async fn about(
    lua: &Lua,
    function: &str,
    surroundings: &Surroundings,
    id: Uuid,
) -> mlua::Result<MultiValue> {
    match row(surroundings, id).await {
        Ok(Some(row)) => shown(lua, &row)?.into_lua_multi(lua),
        Ok(None) => Value::Nil.into_lua_multi(lua),
        Err(why) => Err(Error::runtime(format!("{function}: {why}"))),
    }
}

async fn all(
    lua: &Lua,
    function: &str,
    surroundings: &Surroundings,
    call: Uuid,
) -> mlua::Result<MultiValue> {
    let tenant = surroundings.tenant.to_string();
    let rows = surroundings.store.recordings(&tenant, call).await;
    let rows = rows.map_err(|error| Error::runtime(format!("{function}: {error}")))?;
    let table = lua.create_table()?;
    for row in &rows {
        table.raw_push(shown(lua, row)?)?;
    }
    table.into_lua_multi(lua)
}

fn shown(lua: &Lua, row: &RecordingRow) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("id", row.id.to_string())?;
    table.raw_set("call", row.call_id.to_string())?;
    table.raw_set("purpose", row.purpose.as_str())?;
    table.raw_set("started_at", row.started_at as f64 / 1e6)?;
    table.raw_set("channels", row.channels)?;
    table.raw_set("rate", row.rate)?;
    if let Some(end) = &row.end {
        table.raw_set("seconds", end.duration as f64 / 1e6)?;
        table.raw_set("bytes", end.bytes)?;
    }
    Ok(table)
}

async fn sound(
    lua: &Lua,
    function: &str,
    surroundings: &Surroundings,
    id: Uuid,
) -> mlua::Result<MultiValue> {
    let file = match file(surroundings, id).await {
        Ok(file) => file,
        Err(why) => return (Value::Nil, why).into_lua_multi(lua),
    };
    let read = surroundings.client.read(file, LARGEST).await;
    match read.unwrap_or_else(|_| Err("nobody reads it".to_owned())) {
        Ok(octets) => lua.create_string(&octets)?.into_lua_multi(lua),
        Err(why) => Err(Error::runtime(format!("{function}: {why}"))),
    }
}

/// Where the sound of a recording is.
///
/// # Errors
/// A sentence, when it is not there.
pub(crate) async fn file(surroundings: &Surroundings, id: Uuid) -> Result<PathBuf, String> {
    let row = row(surroundings, id).await?;
    let row = row.ok_or_else(|| format!("there is no recording '{id}'"))?;
    if row.end.is_none() {
        return Err(format!("recording '{id}' is still made"));
    }
    let folder = surroundings.recordings.as_deref();
    let folder = folder.ok_or("there are no recordings here")?;
    Ok(folder.join(row.path))
}

async fn row(surroundings: &Surroundings, id: Uuid) -> Result<Option<RecordingRow>, String> {
    let tenant = surroundings.tenant.to_string();
    let found = surroundings.store.recording(&tenant, id).await;
    found.map_err(|error| error.to_string())
}

/// Octets: half an hour of one side in 8 kHz.
const LARGEST: u64 = 32 << 20;
