//! `calls.originate { from = "user:1049", to = "13800138000" }`, `calls.list()`: calls that are made
//! for others, and those that go on.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ::store::{self, HistoryRow};
use call::CallId;
use call::number::{Kind, Plan, normalise};
use mlua::{Function, IntoLua, Lua, MultiValue, Table, Value};
use uuid::Uuid;

use super::agents::too_busy;
use super::arguments::{Arguments, Names, Options, unknown_word, whole};
use super::target::target_of;
use super::while_running;
use crate::calls::{CallStatus, NotMade, Originate, WhichCalls};
use crate::plugin::{Owner, Right};
use crate::surroundings::Surroundings;
use crate::{fault, vm};

/// The options of `calls.originate`.
pub(crate) static ORIGINATE: Names = Names {
    class: "OriginateOptions",
    names: &["from", "to", "context", "timeout", "caller_id"],
};

/// What narrows `calls.list`.
pub(crate) static LIST: Names = Names {
    class: "CallListOptions",
    names: &["user", "from", "to", "trunk", "state"],
};

/// Makes the table for one owner.
pub(crate) fn table(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Table> {
    let calls = lua.create_table()?;
    calls.raw_set("originate", originate(lua, surroundings, owner)?)?;
    calls.raw_set("get", get(lua, surroundings)?)?;
    calls.raw_set("list", list(lua, surroundings)?)?;
    calls.raw_set("count", count(lua, surroundings)?)?;
    calls.raw_set("hangup", hangup(lua, surroundings, owner)?)?;
    calls.raw_set("number", number(lua, surroundings)?)?;
    calls.raw_set("history", history(lua, surroundings, owner)?)?;
    Ok(calls)
}

/// `calls.number("0086 139-0013-9000")`: what a number is, however it is written.
fn number(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<Function> {
    let users = surroundings.settings.users.keys();
    let plan = Plan {
        area_code: None,
        internal: Arc::new(users.cloned().collect()),
    };
    lua.create_function(move |lua, values: MultiValue| {
        let arguments = Arguments::new("calls.number", values, 1)?;
        let written = arguments.text(0, "a number such as \"0086 139-0013-9000\"")?;
        let number = normalise(&written, &plan);
        let known = lua.create_table()?;
        known.raw_set("national", number.national())?;
        known.raw_set("canonical", number.canonical)?;
        known.raw_set("kind", kind(number.kind))?;
        Ok(known)
    })
}

/// `calls.history("1049", 5)`: whom a user has called and who has called them.
fn history(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Function> {
    const FUNCTION: &str = "calls.history";
    let around = (Rc::clone(surroundings), Rc::clone(owner));
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let (surroundings, owner) = around.clone();
        let place = surroundings.place(&lua);
        let asked = while_running(&surroundings, FUNCTION).and_then(|()| whose(&owner, values));
        async move {
            let (user, limit) = asked.map_err(|error| fault::at(&place, error))?;
            let tenant = surroundings.tenant.to_string();
            let filters = HistoryRow::filters(&user, None, limit);
            let [one, other] = filters.map(|filter| surroundings.store.calls(&tenant, filter));
            let failed = |why: store::Error| {
                fault::at(&place, mlua::Error::runtime(format!("{FUNCTION}: {why}")))
            };
            let found = [one.await.map_err(failed)?, other.await.map_err(failed)?];
            let rows = HistoryRow::merged(&user, found, limit);
            let rows = rows.into_iter().map(|row| history_row(&lua, row));
            lua.create_sequence_from(rows.collect::<mlua::Result<Vec<_>>>()?)
        }
    })?;
    vm::waiting(lua, FUNCTION, function)
}

fn whose(owner: &Owner, values: MultiValue) -> mlua::Result<(String, usize)> {
    let arguments = Arguments::new("calls.history", values, 2)?;
    let allowed = owner.may_use(Right::Calls);
    allowed.map_err(|message| arguments.refuse(message))?;
    let user = arguments.text(0, "a user such as \"1049\"")?;
    let limit = match arguments.value(1) {
        Value::Nil => 20,
        value => whole(value)
            .and_then(|limit| usize::try_from(limit).ok())
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(|| arguments.wrong("how many, 1 to 100", value))?,
    };
    Ok((user, limit))
}

fn history_row(lua: &Lua, row: HistoryRow) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("call", row.call.to_string())?;
    table.raw_set("direction", if row.outgoing { "out" } else { "in" })?;
    // As it is dialled here.
    let number = row.number.map(|number| {
        let known = normalise(&number, &Plan::default());
        known.national().unwrap_or(number)
    });
    table.raw_set("number", number)?;
    table.raw_set("name", row.name)?;
    table.raw_set("at", row.at as f64 / 1e6)?;
    table.raw_set("answered", row.answered)?;
    table.raw_set("result", row.result)?;
    table.raw_set("cause", row.cause)?;
    table.raw_set("seconds", row.talked as f64 / 1e6)?;
    Ok(table)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Mobile => "mobile",
        Kind::Fixed => "fixed",
        Kind::TollFree => "toll_free",
        Kind::Short => "short",
        Kind::Emergency => "emergency",
        Kind::SmsPort => "sms_port",
        Kind::International => "international",
        Kind::Internal => "internal",
        Kind::Withheld => "withheld",
        Kind::Unknown => "unknown",
    }
}

fn originate(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Function> {
    const FUNCTION: &str = "calls.originate";
    let around = (Rc::clone(surroundings), Rc::clone(owner));
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let (surroundings, owner) = around.clone();
        let place = surroundings.place(&lua);
        let wanted = while_running(&surroundings, FUNCTION).and_then(|()| wanted(&owner, values));
        async move {
            let wanted = wanted.map_err(|error| fault::at(&place, error))?;
            let made = surroundings
                .exchange
                .originate(&surroundings.tenant, wanted);
            match made.await {
                Ok(Ok(call)) => Ok(MultiValue::from_iter([Value::Table(row(&lua, &call)?)])),
                Ok(Err(NotMade::Why(why))) => Ok(MultiValue::from_iter([
                    Value::Nil,
                    why.word().into_lua(&lua)?,
                ])),
                Ok(Err(NotMade::Mistake(sentence))) => {
                    let error = mlua::Error::runtime(format!("{FUNCTION}: {sentence}"));
                    Err(fault::at(&place, error))
                }
                Err(_) => Err(fault::at(&place, too_busy(FUNCTION))),
            }
        }
    })?;
    vm::waiting(lua, FUNCTION, function)
}

fn wanted(owner: &Owner, values: MultiValue) -> mlua::Result<Originate> {
    let arguments = Arguments::new("calls.originate", values, 1)?;
    let allowed = owner.may_use(Right::Calls);
    allowed.map_err(|message| arguments.refuse(message))?;
    let options = arguments.options(0, &ORIGINATE)?;
    let needed = |name, what: &str| {
        let missing = || options.refuse(name, format!("expected {what}, got nil"));
        options.text(name)?.ok_or_else(missing)
    };
    let from = needed("from", "who is rung first, such as \"user:1049\"")?;
    let from = target_of(&from).map_err(|message| options.refuse("from", message))?;
    let timeout = options.duration("timeout", RINGS)?;
    if timeout.is_zero() {
        return Err(options.refuse("timeout", "nobody could answer in no time"));
    }
    Ok(Originate {
        from,
        to: needed("to", "the number that is dialled then")?,
        context: options.text("context")?,
        timeout,
        caller_id: options.text("caller_id")?,
    })
}

fn get(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<Function> {
    const FUNCTION: &str = "calls.get";
    let surroundings = Rc::clone(surroundings);
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let surroundings = Rc::clone(&surroundings);
        let place = surroundings.place(&lua);
        let wanted = while_running(&surroundings, FUNCTION)
            .and_then(|()| id(&Arguments::new(FUNCTION, values, 1)?));
        async move {
            let Some(id) = wanted.map_err(|error| fault::at(&place, error))? else {
                return Ok(None);
            };
            let which = WhichCalls {
                id: Some(id),
                ..WhichCalls::default()
            };
            let found = surroundings.exchange.calls(&surroundings.tenant, which);
            let found = found.await;
            let found = found.map_err(|_| fault::at(&place, too_busy(FUNCTION)))?;
            found.first().map(|call| row(&lua, call)).transpose()
        }
    })?;
    vm::waiting(lua, FUNCTION, function)
}

fn list(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<Function> {
    const FUNCTION: &str = "calls.list";
    let surroundings = Rc::clone(surroundings);
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let surroundings = Rc::clone(&surroundings);
        let place = surroundings.place(&lua);
        let which =
            while_running(&surroundings, FUNCTION).and_then(|()| narrowed(FUNCTION, values));
        async move {
            let which = which.map_err(|error| fault::at(&place, error))?;
            let found = surroundings.exchange.calls(&surroundings.tenant, which);
            let found = found.await;
            let found = found.map_err(|_| fault::at(&place, too_busy(FUNCTION)))?;
            let rows = found.iter().map(|call| row(&lua, call));
            lua.create_sequence_from(rows.collect::<mlua::Result<Vec<_>>>()?)
        }
    })?;
    vm::waiting(lua, FUNCTION, function)
}

fn count(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<Function> {
    const FUNCTION: &str = "calls.count";
    let surroundings = Rc::clone(surroundings);
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let surroundings = Rc::clone(&surroundings);
        let place = surroundings.place(&lua);
        let which =
            while_running(&surroundings, FUNCTION).and_then(|()| narrowed(FUNCTION, values));
        async move {
            let which = which.map_err(|error| fault::at(&place, error))?;
            let counted = surroundings
                .exchange
                .count_calls(&surroundings.tenant, which);
            let counted = counted.await;
            counted.map_err(|_| fault::at(&place, too_busy(FUNCTION)))
        }
    })?;
    vm::waiting(lua, FUNCTION, function)
}

/// Which calls are asked for.
fn narrowed(function: &'static str, values: MultiValue) -> mlua::Result<WhichCalls> {
    let arguments = Arguments::new(function, values, 1)?;
    let options = arguments.options(0, &LIST)?;
    Ok(WhichCalls {
        id: None,
        user: options.text("user")?,
        from: options.text("from")?,
        to: options.text("to")?,
        trunk: options.text("trunk")?,
        state: state(&options)?,
    })
}

/// What calls do that are asked for.
pub(crate) fn state(options: &Options) -> mlua::Result<Option<&'static str>> {
    let Some(word) = options.text("state")? else {
        return Ok(None);
    };
    let known = CallStatus::STATES.iter().copied();
    match known.clone().find(|state| *state == word) {
        Some(state) => Ok(Some(state)),
        None => Err(options.refuse("state", unknown_word(&word, known))),
    }
}

fn hangup(lua: &Lua, surroundings: &Rc<Surroundings>, owner: &Rc<Owner>) -> mlua::Result<Function> {
    const FUNCTION: &str = "calls.hangup";
    let around = (Rc::clone(surroundings), Rc::clone(owner));
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let (surroundings, owner) = around.clone();
        let place = surroundings.place(&lua);
        let wanted = while_running(&surroundings, FUNCTION).and_then(|()| {
            let arguments = Arguments::new(FUNCTION, values, 1)?;
            let allowed = owner.may_use(Right::Calls);
            allowed.map_err(|message| arguments.refuse(message))?;
            id(&arguments)
        });
        async move {
            let Some(wanted) = wanted.map_err(|error| fault::at(&place, error))? else {
                return Ok(false);
            };
            let by = match owner.plugin_name() {
                Some(name) => format!("plugin:{name}"),
                None => owner.name.to_string(),
            };
            let ended = surroundings
                .exchange
                .hang_up(&surroundings.tenant, wanted, by);
            ended
                .await
                .map_err(|_| fault::at(&place, too_busy(FUNCTION)))
        }
    })?;
    vm::waiting(lua, FUNCTION, function)
}

/// The id of a call; nothing where it can be none's.
fn id(arguments: &Arguments) -> mlua::Result<Option<CallId>> {
    let text = arguments.text(0, "a call's id")?;
    Ok(Uuid::parse_str(&text).ok().map(CallId))
}

/// A call as scripts see those that are not their own.
fn row(lua: &Lua, call: &CallStatus) -> mlua::Result<Table> {
    let row = lua.create_table()?;
    row.raw_set("id", call.id.to_string())?;
    row.raw_set("from", call.from.as_deref())?;
    row.raw_set("from_name", call.from_name.as_deref())?;
    row.raw_set("to", call.to.as_str())?;
    row.raw_set("context", call.context.as_str())?;
    row.raw_set("user", call.user.as_deref())?;
    row.raw_set("trunk", call.trunk.as_deref())?;
    row.raw_set("state", call.state)?;
    row.raw_set("talks_with", call.talks_with.as_deref())?;
    row.raw_set("started_at", call.started_at as f64 / 1e6)?;
    Ok(row)
}

/// How long somebody rings who is rung first.
const RINGS: Duration = Duration::from_secs(30);
