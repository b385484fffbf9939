//! `voicemail.list { mailbox = "8000" }`, `voicemail.delete(id)`: the messages in mailboxes, and what
//! is done with them outside of a call.

use std::rc::Rc;

use ::store::{MessageFilter, MessageRow};
use mlua::{Error, IntoLuaMulti, Lua, MultiValue, Table, Value};
use uuid::Uuid;

use super::agents::too_busy;
use super::arguments::{Arguments, Names};
use super::while_running;
use crate::exchange::MessageChange;
use crate::plugin::{Owner, Right};
use crate::suggest::did_you_mean;
use crate::surroundings::Surroundings;
use crate::{fault, vm};

/// What narrows `voicemail.list`.
pub(crate) static LIST: Names = Names {
    class: "VoicemailListOptions",
    names: &[
        "mailbox",
        "assigned_to",
        "heard",
        "deleted",
        "before",
        "limit",
    ],
};

/// Makes the table for one owner.
pub(crate) fn table(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (name, function, parse) in WISHES {
        let around = (Rc::clone(surroundings), Rc::clone(owner));
        let run = lua.create_async_function(move |lua: Lua, values: MultiValue| {
            let (surroundings, owner) = around.clone();
            let place = surroundings.place(&lua);
            let wish = asked(function, *parse, &surroundings, &owner, values);
            async move {
                let done = async { perform(&lua, function, &surroundings, wish?).await };
                done.await.map_err(|error| fault::at(&place, error))
            }
        })?;
        table.raw_set(*name, vm::waiting(lua, function, run)?)?;
    }
    Ok(table)
}

/// What is wanted.
enum Wish {
    Get(Uuid),
    List(MessageFilter),
    Change(Uuid, MessageChange),
}

type Parse = fn(&Arguments) -> mlua::Result<Wish>;

const WISHES: &[(&str, &str, Parse)] = &[
    ("get", "voicemail.get", |arguments| {
        Ok(Wish::Get(id(arguments)?))
    }),
    ("list", "voicemail.list", |arguments| {
        Ok(Wish::List(filter(arguments)?))
    }),
    ("mark_heard", "voicemail.mark_heard", |arguments| {
        Ok(Wish::Change(id(arguments)?, MessageChange::Heard))
    }),
    ("delete", "voicemail.delete", |arguments| {
        Ok(Wish::Change(id(arguments)?, MessageChange::Deleted))
    }),
    ("restore", "voicemail.restore", |arguments| {
        Ok(Wish::Change(id(arguments)?, MessageChange::Restored))
    }),
    ("assign", "voicemail.assign", |arguments| {
        let user = arguments.maybe_text(1, "a user's extension, or nil")?;
        Ok(Wish::Change(
            id(arguments)?,
            MessageChange::AssignedTo(user),
        ))
    }),
];

fn asked(
    function: &'static str,
    parse: Parse,
    surroundings: &Surroundings,
    owner: &Owner,
    values: MultiValue,
) -> mlua::Result<Wish> {
    while_running(surroundings, function)?;
    let most = if function == "voicemail.assign" { 2 } else { 1 };
    let arguments = Arguments::new(function, values, most)?;
    let allowed = owner.may_use(Right::Voicemail);
    allowed.map_err(|message| arguments.refuse(message))?;
    parse(&arguments)
}

fn id(arguments: &Arguments) -> mlua::Result<Uuid> {
    let text = arguments.text(0, "a message's id")?;
    let wrong = |_| arguments.refuse(format!("'{text}' is not a message's id"));
    text.parse().map_err(wrong)
}

fn filter(arguments: &Arguments) -> mlua::Result<MessageFilter> {
    let options = arguments.options(0, &LIST)?;
    let before = match options.text("before")? {
        None => None,
        Some(text) => {
            let wrong = |_| options.refuse("before", format!("'{text}' is not a message's id"));
            Some(text.parse().map_err(wrong)?)
        }
    };
    let is_heard = match options.value("heard")? {
        Value::Nil => None,
        _ => Some(options.boolean("heard", false)?),
    };
    let limit = options.whole("limit", 100, 1..=1_000)?;
    Ok(MessageFilter {
        mailbox: options.text("mailbox")?,
        is_heard,
        assigned_to: options.text("assigned_to")?,
        deleted: options.boolean("deleted", false)?,
        before,
        limit: usize::try_from(limit).unwrap_or(100),
    })
}

async fn perform(
    lua: &Lua,
    function: &str,
    surroundings: &Surroundings,
    wish: Wish,
) -> mlua::Result<MultiValue> {
    let failed = |error: ::store::Error| Error::runtime(format!("{function}: {error}"));
    let tenant = surroundings.tenant.to_string();
    let row = match wish {
        Wish::List(filter) => {
            let _waited = surroundings.outside.wait();
            let rows = surroundings.store.list_messages(&tenant, filter).await;
            let list = lua.create_table()?;
            for row in rows.map_err(failed)? {
                list.raw_push(shown(lua, &row)?)?;
            }
            return list.into_lua_multi(lua);
        }
        Wish::Get(id) => {
            let _waited = surroundings.outside.wait();
            surroundings.store.message(&tenant, id).await
        }
        Wish::Change(id, change) => {
            if let MessageChange::AssignedTo(Some(user)) = &change {
                known(surroundings, user)
                    .await
                    .map_err(|why| Error::runtime(format!("{function}: {why}")))?;
            }
            let exchange = &surroundings.exchange;
            let changed = exchange.change_message(&surroundings.tenant, id, change);
            changed.await.map_err(|_| too_busy(function))?
        }
    };
    match row.map_err(failed)? {
        Some(row) => shown(lua, &row)?.into_lua_multi(lua),
        None => Value::Nil.into_lua_multi(lua),
    }
}

/// Whether there is such a user, in `config.lua` or in the records; else what is wrong with it.
async fn known(surroundings: &Surroundings, user: &str) -> Result<(), String> {
    let configured = &surroundings.settings.users;
    if configured.contains_key(user) {
        return Ok(());
    }
    let _waited = surroundings.outside.wait();
    let stored = surroundings.store.users(&surroundings.tenant.0).await;
    let stored = stored.map_err(|error| error.to_string())?;
    if stored.iter().any(|it| it.extension == user) {
        return Ok(());
    }
    let stored = stored.iter().map(|it| it.extension.as_str());
    let all = configured.keys().map(String::as_str).chain(stored);
    Err(format!("no user '{user}'{}", did_you_mean(user, all)))
}

/// As events tell it, and how it stands.
fn shown(lua: &Lua, row: &MessageRow) -> mlua::Result<Table> {
    let Value::Table(table) = crate::convert::from_json(lua, &row.told())? else {
        return Err(Error::runtime("a message is a table"));
    };
    let seconds = |micros: i64| micros as f64 / 1e6;
    table.raw_set("heard_at", row.heard_at.map(seconds))?;
    table.raw_set("deleted_at", row.deleted_at.map(seconds))?;
    table.raw_set("assigned_to", row.assigned_to.as_deref())?;
    Ok(table)
}
