//! `on("call.ended", fn)`: what runs when something has happened.

use std::cell::RefCell;
use std::rc::Rc;

use mlua::{Function, Lua, MultiValue};

use super::arguments::Arguments;
use super::while_loading;
use crate::suggest::did_you_mean;
use crate::surroundings::Surroundings;

/// What scripts have subscribed to in this VM.
#[derive(Clone, Default)]
pub(crate) struct Subscriptions(pub(crate) Rc<RefCell<Vec<(String, Function)>>>);

pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let subscriptions = Subscriptions::default();
    lua.set_app_data(subscriptions.clone());
    let surroundings = Rc::clone(surroundings);
    let on = move |_: &Lua, values: MultiValue| {
        while_loading(&surroundings, "on")?;
        let arguments = Arguments::new("on", values, 2)?;
        let name = arguments.text(0, "an event such as \"call.ended\"")?;
        check_name(&name).map_err(|message| arguments.refuse(message))?;
        let handler = arguments.function(1)?;
        subscriptions
            .0
            .borrow_mut()
            .push((name.clone(), handler.clone()));
        surroundings
            .declared
            .borrow_mut()
            .subscriptions
            .push((name, handler));
        Ok(())
    };
    lua.globals().raw_set("on", lua.create_function(on)?)
}

/// Whether something by this name can ever happen: an event of the exchange's, or one of the
/// scripts' own.
fn check_name(name: &str) -> Result<(), String> {
    if EVENTS.contains(&name) {
        return Ok(());
    }
    if is_own(name) && crate::suggest::closest(name, EVENTS.iter().copied()).is_none() {
        return Ok(());
    }
    let hint = did_you_mean(name, EVENTS.iter().copied());
    let hint = if hint.is_empty() {
        format!(": there are {}", EVENTS.join(", "))
    } else {
        hint
    };
    Err(format!("unknown event '{name}'{hint}"))
}

/// Whether scripts may emit an event of this name: `noun.past`, and not one of the exchange's
/// nouns.
pub(crate) fn is_own(name: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let Some((noun, past)) = name.split_once('.') else {
        return false;
    };
    word(noun) && word(past) && !NOUNS.contains(&noun)
}

/// What the exchange reports.
pub(crate) const EVENTS: &[&str] = &[
    "call.ended",
    "voicemail.recorded",
    "trunk.down",
    "trunk.up",
    "script.failed",
];

/// What the exchange's events are about, now or later; scripts' own are about other things.
const NOUNS: &[&str] = &[
    "agent",
    "call",
    "generation",
    "queue",
    "script",
    "sms",
    "trunk",
    "user",
    "voicemail",
];
