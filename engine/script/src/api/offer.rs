//! `desk.offer("web", { from = "wx:anna" })`: what is no call waits in a queue for an agent, too.

use std::rc::Rc;

use call::CallId;
use call::acd::Medium;
use mlua::{Function, IntoLua, Lua, MultiValue, Value};
use uuid::Uuid;

use super::agents::too_busy;
use super::arguments::{Arguments, Names};
use super::waits::{Waits, with_waits};
use super::while_running;
use crate::convert::to_json;
use crate::exchange::OfferedItem;
use crate::plugin::{Owner, Right};
use crate::surroundings::Surroundings;
use crate::{fault, vm};

pub(crate) static OFFER: Names = Names {
    class: "ItemOptions",
    names: with_waits!["from", "about", "max_wait"],
};

pub(super) fn offer(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Function> {
    let around = (Rc::clone(surroundings), Rc::clone(owner));
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let (surroundings, owner) = around.clone();
        let place = surroundings.place(&lua);
        let item = while_running(&surroundings, OFFERS).and_then(|()| item(&lua, &owner, values));
        async move {
            let item = item.map_err(|error| fault::at(&place, error))?;
            let asked = surroundings.exchange.offer_item(&surroundings.tenant, item);
            match asked.await {
                Ok(Ok(item)) => item.to_string().into_lua(&lua),
                Ok(Err(sentence)) => {
                    let error = mlua::Error::runtime(format!("{OFFERS}: {sentence}"));
                    Err(fault::at(&place, error))
                }
                Err(_) => Err(fault::at(&place, too_busy(OFFERS))),
            }
        }
    })?;
    vm::waiting(lua, OFFERS, function)
}

fn item(lua: &Lua, owner: &Owner, values: MultiValue) -> mlua::Result<OfferedItem> {
    let arguments = Arguments::new(OFFERS, values, 2)?;
    owner
        .may_use(Right::Agents)
        .map_err(|message| arguments.refuse(message))?;
    let options = arguments.options(1, &OFFER)?;
    let waits = Waits::read(lua, (&arguments, &options), Medium::Chat)?;
    let about = to_json(lua, &options.value("about")?);
    let about = about.map_err(|message| options.refuse("about", message))?;
    Ok(OfferedItem {
        queue: waits.queue,
        from: options.text("from")?,
        about,
        priority: waits.priority,
        max_wait: options.maybe_duration("max_wait")?,
        wants: waits.wants,
    })
}

pub(super) fn withdraw(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Function> {
    let around = (Rc::clone(surroundings), Rc::clone(owner));
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let (surroundings, owner) = around.clone();
        let place = surroundings.place(&lua);
        let item = while_running(&surroundings, WITHDRAWS).and_then(|()| which(&owner, values));
        async move {
            let item = item.map_err(|error| fault::at(&place, error))?;
            let asked = surroundings.exchange.end_item(&surroundings.tenant, item);
            match asked.await {
                Ok(was) => Ok(Value::Boolean(was)),
                Err(_) => Err(fault::at(&place, too_busy(WITHDRAWS))),
            }
        }
    })?;
    vm::waiting(lua, WITHDRAWS, function)
}

fn which(owner: &Owner, values: MultiValue) -> mlua::Result<CallId> {
    let arguments = Arguments::new(WITHDRAWS, values, 1)?;
    owner
        .may_use(Right::Agents)
        .map_err(|message| arguments.refuse(message))?;
    let text = arguments.text(0, "what desk.offer returned")?;
    let id = Uuid::parse_str(&text);
    id.map(CallId)
        .map_err(|_| arguments.refuse(format!("'{text}' is nothing that desk.offer returned")))
}

const OFFERS: &str = "desk.offer";
const WITHDRAWS: &str = "desk.withdraw";
