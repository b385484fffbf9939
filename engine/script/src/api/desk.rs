//! `desk.order("1049", { command = "busy", reason = "meeting" })`: what people do at their desks.

use std::rc::Rc;

use call::desk::{By, Deed, Done, NOBODY, Order, Refused};
use mlua::{Error, Function, IntoLua, Lua, MultiValue, Table, Value};

use super::agents::{row, too_busy};
use super::arguments::{Arguments, Names};
use super::{offer, while_running};
use crate::convert::to_json;
use crate::plugin::{Owner, Right};
use crate::surroundings::Surroundings;
use crate::{fault, vm};

/// Makes the table for one owner.
pub(crate) fn table(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Table> {
    let desk = lua.create_table()?;
    desk.raw_set("order", order(lua, surroundings, owner)?)?;
    desk.raw_set("offer", offer::offer(lua, surroundings, owner)?)?;
    desk.raw_set("withdraw", offer::withdraw(lua, surroundings, owner)?)?;
    Ok(desk)
}

fn order(lua: &Lua, surroundings: &Rc<Surroundings>, owner: &Rc<Owner>) -> mlua::Result<Function> {
    let around = (Rc::clone(surroundings), Rc::clone(owner));
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let (surroundings, owner) = around.clone();
        let place = surroundings.place(&lua);
        let wanted = wanted(&lua, &surroundings, &owner, values);
        async move {
            let order = wanted.map_err(|error| fault::at(&place, error))?;
            let user = order.user.clone();
            let asked = surroundings.exchange.order(&surroundings.tenant, order);
            match asked.await {
                Ok(Ok(done)) => {
                    let done = shown(&lua, &surroundings, &user, &done)?;
                    Ok(MultiValue::from_iter([Value::Table(done)]))
                }
                Ok(Err(why)) => refused(&lua, &why),
                Err(_) => Err(fault::at(&place, too_busy(FUNCTION))),
            }
        }
    })?;
    vm::waiting(lua, FUNCTION, function)
}

fn wanted(
    lua: &Lua,
    surroundings: &Surroundings,
    owner: &Owner,
    values: MultiValue,
) -> mlua::Result<Order> {
    while_running(surroundings, FUNCTION)?;
    let arguments = Arguments::new(FUNCTION, values, 3)?;
    owner
        .may_use(Right::Agents)
        .map_err(|message| arguments.refuse(message))?;
    let user = arguments.maybe_text(0, USER)?;
    let deed = arguments.value(1);
    let refuse = |why: String| Error::runtime(format!("{FUNCTION}: {why}"));
    let deed = to_json(lua, deed).map_err(refuse)?;
    let deed: Deed = serde_json::from_value(deed).map_err(|why| refuse(why.to_string()))?;
    let options = arguments.options(2, &OPTIONS)?;
    let by = match options.text("as")? {
        Some(_) if owner.is_plugin() => {
            let why = "as is for dialplans: a plugin's orders are its own";
            return Err(options.refuse("as", why.to_owned()));
        }
        Some(person) => By::User(person),
        None => by(surroundings, owner),
    };
    let user = match (user, &by) {
        (Some(user), _) => user,
        (None, _) if !deed.is_nobodys() => return Err(arguments.wrong(USER, &Value::Nil)),
        (None, By::User(person)) => person.clone(),
        (None, By::Program(_) | By::Script(_)) => NOBODY.to_owned(),
    };
    Ok(Order { by, user, deed })
}

/// Whose rights count: those of the user whose call this is, else the tenant's own script's.
pub(super) fn by(surroundings: &Surroundings, owner: &Owner) -> By {
    if owner.is_plugin() {
        return By::Script(format!("plugin:{}", owner.name));
    }
    let current = surroundings.current.borrow();
    let call = current.as_ref().and_then(|run| run.call.as_ref());
    match call.and_then(|call| call.setup.acting_user()) {
        Some(user) => By::User(user.to_owned()),
        None => By::Script(owner.name.to_string()),
    }
}

/// Why something was not done: `nil`, the word, the sentence.
pub(super) fn refused(lua: &Lua, why: &Refused) -> mlua::Result<MultiValue> {
    Ok(MultiValue::from_iter([
        Value::Nil,
        why.word.into_lua(lua)?,
        why.sentence.as_ref().into_lua(lua)?,
    ]))
}

fn shown(lua: &Lua, surroundings: &Surroundings, user: &str, done: &Done) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    if let Some(status) = &done.agent {
        table.raw_set("agent", row(lua, surroundings, &user.into(), status)?)?;
    }
    table.raw_set("call", done.call.map(|call| call.to_string()))?;
    Ok(table)
}

/// What may be said beside an order.
pub(crate) static OPTIONS: Names = Names {
    class: "OrderOptions",
    names: &["as"],
};

const FUNCTION: &str = "desk.order";
const USER: &str = "a user such as \"1049\"";
