//! `call:menu`: its options, checked for the loop that is written in Lua.

use std::rc::Rc;

use mlua::{Lua, MultiValue, Table, Value};

use super::Call;
use super::verbs::{Asking, is_key, prompt, sounds};
use crate::api::arguments::{Names, shown};
use crate::api::class::receive;
use crate::surroundings::Surroundings;
use crate::{Place, fault};

/// The options of `call:menu`.
pub(super) static MENU: Names = Names {
    class: "MenuOptions",
    names: &[
        "play",
        "say",
        "keys",
        "tries",
        "timeout",
        "digit_timeout",
        "invalid",
        "silence",
        "otherwise",
        "barge_in",
    ],
};

/// The menu, for the methods that it is made of.
pub(super) fn asks(method: &str) -> Option<&'static str> {
    matches!(method, "gather" | "play").then_some("menu")
}

/// Checks the table of `call:menu`, for the loop written in Lua.
pub(super) fn read(lua: &Lua, values: MultiValue) -> mlua::Result<Table> {
    let place = match lua.app_data_ref::<Rc<Surroundings>>() {
        Some(surroundings) => surroundings.asked_at(lua, "gather", Some("menu")),
        None => Place::default(),
    };
    checked(lua, values).map_err(|error| fault::at(&place, error))
}

fn checked(lua: &Lua, values: MultiValue) -> mlua::Result<Table> {
    let (call, arguments) = receive::<Call>("call:menu", values, 1)?;
    call.check_place("call:menu")?;
    let options = arguments.options(0, &MENU)?;
    let asking = Asking {
        lua,
        surroundings: &call.surroundings,
        live: &call.live,
        arguments,
    };
    prompt(&asking, &options)?;
    let Value::Table(keys) = options.value("keys")? else {
        let wanted = "expected what each key does: { [\"1\"] = function(call) ... end }";
        return Err(options.refuse("keys", wanted));
    };
    let mut longest = 0;
    let mut hash = false;
    for pair in keys.pairs::<Value, Value>() {
        let key = match pair? {
            (Value::String(key), _) => key.to_string_lossy(),
            (other, _) => {
                let key = shown(&other);
                return Err(
                    options.refuse("keys", format!("write the key {key} as text: [\"{key}\"]"))
                );
            }
        };
        if key.is_empty() || !key.chars().all(is_key) {
            return Err(options.refuse("keys", format!("'{key}' is no key")));
        }
        longest = longest.max(key.len());
        hash |= key.contains('#');
    }
    if longest == 0 {
        return Err(options.refuse("keys", "there are none"));
    }

    let gather = lua.create_table()?;
    for name in ["play", "say", "timeout", "digit_timeout", "barge_in"] {
        gather.raw_set(name, options.value(name)?)?;
    }
    gather.raw_set("max_digits", longest)?;
    // A key that is a choice cannot also end the input.
    gather.raw_set("finish_on", if hash || longest == 1 { "" } else { "#" })?;
    let menu = lua.create_table()?;
    menu.raw_set("gather", gather)?;
    menu.raw_set("keys", keys)?;
    menu.raw_set("tries", options.whole("tries", 3, 1..=100)?)?;
    for name in ["invalid", "silence"] {
        sounds(&asking, &options, name)?;
        menu.raw_set(name, options.value(name)?)?;
    }
    menu.raw_set("otherwise", options.value("otherwise")?)?;
    Ok(menu)
}
