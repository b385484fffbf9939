//! `on("call.ended", fn)`: what runs when something has happened. With `{ durable = true }` the event
//! is a job, which the store adds in the transaction of the event's cause.

use std::cell::RefCell;
use std::rc::Rc;

use ::store::event_job;
use mlua::{Function, Lua, MultiValue, Value};

use super::arguments::{Arguments, Names};
use super::jobs;
use super::while_loading;
use crate::config;
use crate::plugin::Owner;
use crate::suggest::did_you_mean;
use crate::surroundings::Surroundings;

/// What scripts have subscribed to in this VM.
#[derive(Clone, Default)]
pub(crate) struct Subscriptions(pub(crate) Rc<RefCell<Vec<Subscription>>>);

/// One `on`.
#[derive(Clone)]
pub(crate) struct Subscription {
    pub(crate) event: String,
    pub(crate) owner: Rc<Owner>,
    pub(crate) handler: Function,
}

/// What scripts have subscribed to in this VM.
pub(crate) fn subscriptions(lua: &Lua) -> Subscriptions {
    if let Some(subscriptions) = lua.app_data_ref::<Subscriptions>() {
        return subscriptions.clone();
    }
    let subscriptions = Subscriptions::default();
    lua.set_app_data(subscriptions.clone());
    subscriptions
}

/// The options of `on`.
pub(crate) static OPTIONS: Names = Names {
    class: "OnOptions",
    names: &["durable", "attempts", "retry"],
};

/// Makes `on` for one owner.
pub(crate) fn function(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Function> {
    let subscriptions = subscriptions(lua);
    let (surroundings, owner) = (Rc::clone(surroundings), Rc::clone(owner));
    let on = move |lua: &Lua, values: MultiValue| {
        while_loading(&surroundings, "on")?;
        let mut values = values;
        if let Some(Value::Function(_)) = values.get(1) {
            values.insert(1, Value::Nil);
        }
        let arguments = Arguments::new("on", values, 3)?;
        let name = arguments.text(0, "an event such as \"call.ended\"")?;
        check_name(&name, &surroundings.settings).map_err(|message| arguments.refuse(message))?;
        let allowed = owner.may_hear(&name);
        allowed.map_err(|message| arguments.refuse(message))?;
        let options = arguments.options(1, &OPTIONS)?;
        if options.boolean("durable", false)? {
            if !DURABLE.contains(&name.as_str()) {
                let durable = DURABLE.join(", ");
                let message = format!("'{name}' is not in the records: only {durable} are");
                return Err(options.refuse("durable", message));
            }
            let (schedule, handler) = (jobs::schedule(&options)?, arguments.function(2)?);
            let declared = jobs::declare(lua, &owner, event_job(&name), schedule, handler);
            return declared.map_err(|message| arguments.refuse(message));
        }
        for name in ["attempts", "retry"] {
            if !options.value(name)?.is_nil() {
                return Err(options.refuse(name, "is for durable = true"));
            }
        }
        subscriptions.0.borrow_mut().push(Subscription {
            event: name,
            owner: Rc::clone(&owner),
            handler: arguments.function(2)?,
        });
        Ok(())
    };
    lua.create_function(on)
}

/// Whether something by this name can ever happen: an event of the exchange's, of a plugin's, or
/// one of the scripts' own.
///
/// # Errors
/// The sentence that says what there is.
pub(crate) fn check_name(name: &str, settings: &config::Tenant) -> Result<(), String> {
    let plugins = &settings.plugins;
    let is_plugins = noun(name).is_some_and(|noun| plugins.contains_key(noun));
    if EVENTS.contains(&name) || is_plugins {
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
    noun(name).is_some_and(|noun| !NOUNS.contains(&noun))
}

/// What an event of the form `noun.past` is about.
pub(crate) fn noun(name: &str) -> Option<&str> {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let (noun, past) = name.split_once('.')?;
    (word(noun) && word(past)).then_some(noun)
}

/// What the exchange reports.
pub(crate) const EVENTS: &[&str] = &[
    "agent.changed",
    "alert.raised",
    "alert.cleared",
    "agent.paused",
    "call.started",
    "call.answered",
    "call.bridged",
    "call.ended",
    "generation.published",
    "item.offered",
    "item.withdrawn",
    "item.taken",
    "item.returned",
    "item.finished",
    "message.received",
    "queue.entered",
    "queue.left",
    "queue.switched",
    "call.transferred",
    "call.hold_reminded",
    "voicemail.recorded",
    "voicemail.heard",
    "voicemail.deleted",
    "trunk.down",
    "trunk.up",
    "script.failed",
    "list.changed",
    "toll.refused",
    "toll.alarm",
    "toll.cut",
    "toll.country",
    "emergency.called",
    "user.registered",
];

/// Those that are stored with their cause.
pub(crate) const DURABLE: &[&str] = ::store::EVENTS;

/// What the exchange's events are about, now or later; scripts' own are about other things.
const NOUNS: &[&str] = &[
    "agent",
    "alert",
    "call",
    "emergency",
    "generation",
    "list",
    "item",
    "message",
    "queue",
    "script",
    "sms",
    "toll",
    "trunk",
    "user",
    "voicemail",
];
