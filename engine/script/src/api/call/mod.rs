//! `call`: what a script sees of its call, and what it may ask of it.

mod menu;
#[cfg(test)]
mod menu_tests;
#[cfg(test)]
mod mistake_tests;
mod queue;
mod queueing;
mod reply;
mod several;
#[cfg(test)]
mod tests;
pub(crate) mod verbs;

use std::cell::Cell;
use std::rc::Rc;

use call::Reply;
use mlua::{
    AnyUserData, Error, Function, IntoLua, Lua, LuaString, MetaMethod, MultiValue, Table, UserData,
    UserDataMethods, Value,
};

use super::arguments::unknown_word;
use super::class::{Class, receive, refuse_set};
use crate::surroundings::{Listen, LiveCall, Phase, Surroundings};
use crate::{Place, fault, vm};

/// The object that a handler gets.
pub(crate) struct Call {
    surroundings: Rc<Surroundings>,
    live: Rc<LiveCall>,
    /// Seconds since 1970, once this handler has seen it answered.
    answered_at: Cell<Option<f64>>,
}

impl Call {
    /// A call as its handler sees it.
    pub(crate) fn new(surroundings: Rc<Surroundings>, live: Rc<LiveCall>) -> Self {
        Self {
            surroundings,
            live,
            answered_at: Cell::new(None),
        }
    }

    /// Whether a method may stand where it was called.
    fn check_place(&self, function: &str) -> mlua::Result<()> {
        let refusal = match self.surroundings.phase() {
            Phase::Hook => "after the call has ended",
            _ if self.live.over.get() => "after the call has ended",
            Phase::Loading => "while files load (only in: a call)",
            Phase::Task => "outside of its call (only in: a call)",
            Phase::Call if self.surroundings.call() != Some(self.live.setup.id) => {
                "by another call's script: each asks for itself"
            }
            Phase::Call => return Ok(()),
        };
        Err(Error::runtime(format!(
            "{function} cannot be used {refusal}"
        )))
    }

    fn field(&self, lua: &Lua, name: &str) -> mlua::Result<Option<Value>> {
        let setup = &self.live.setup;
        let value = match name {
            "id" => setup.id.to_string().into_lua(lua)?,
            "tenant" => setup.tenant.to_string().into_lua(lua)?,
            "direction" => {
                // A call from a phone of ours goes out, wherever it ends.
                let inbound = setup.calling_user().is_none();
                (if inbound { "inbound" } else { "outbound" }).into_lua(lua)?
            }
            "context" => setup.context.as_str().into_lua(lua)?,
            "from" => setup.from.as_deref().into_lua(lua)?,
            "from_name" => setup.from_name.as_deref().into_lua(lua)?,
            "to" => setup.to.as_str().into_lua(lua)?,
            "user" => match setup.acting_user() {
                Some(extension) => Value::Table(self.user(lua, extension)?),
                None => Value::Nil,
            },
            "trunk" => setup.trunk.as_deref().into_lua(lua)?,
            "transferred_by" => setup.transferred_by.as_deref().into_lua(lua)?,
            "headers" => Value::Table(self.headers(lua)?),
            "vars" => Value::Table(self.live.vars.clone()),
            "language" => {
                let language = self.live.language.borrow();
                language
                    .as_deref()
                    .unwrap_or(&setup.language)
                    .into_lua(lua)?
            }
            "started_at" => seconds(setup.started_at).into_lua(lua)?,
            "answered_at" => self.answered_at.get().into_lua(lua)?,
            _ => return Ok(None),
        };
        Ok(Some(value))
    }

    fn user(&self, lua: &Lua, extension: &str) -> mlua::Result<Table> {
        let settings = self.surroundings.settings.users.get(extension);
        let user = lua.create_table()?;
        user.raw_set("extension", extension)?;
        user.raw_set("name", settings.and_then(|user| user.name.as_deref()))?;
        let mailbox = settings.and_then(|user| user.mailbox.as_deref());
        user.raw_set("mailbox", mailbox.unwrap_or(extension))?;
        Ok(user)
    }

    /// Header fields under names in small letters, read in any case; several of one name are
    /// joined by commas (RFC 3261 §7.3.1).
    fn headers(&self, lua: &Lua) -> mlua::Result<Table> {
        let headers = lua.create_table()?;
        for (name, value) in &self.live.setup.headers {
            let name = name.to_ascii_lowercase();
            let value = match headers.raw_get::<Option<String>>(name.as_str())? {
                Some(before) => format!("{before}, {value}"),
                None => value.clone(),
            };
            headers.raw_set(name, value)?;
        }
        let any_case = lua.create_table()?;
        let lower = |_: &Lua, (table, name): (Table, Value)| match name {
            Value::String(name) => {
                table.raw_get::<Value>(name.to_string_lossy().to_ascii_lowercase())
            }
            _ => Ok(Value::Nil),
        };
        any_case.raw_set("__index", lua.create_function(lower)?)?;
        headers.set_metatable(Some(any_case))?;
        Ok(headers)
    }

    fn set_language(&self, value: &Value) -> mlua::Result<()> {
        self.check_place("call.language")?;
        let tag = |text: &str| {
            (2..=8).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let language = match value {
            Value::String(text) => text.to_string_lossy(),
            _ => String::new(),
        };
        if !tag(&language) {
            let message = "call.language expects a language such as \"zh\" or \"en\"";
            return Err(Error::runtime(message));
        }
        self.surroundings
            .exchange
            .set_language(self.live.setup.id, language.clone());
        self.live.language.replace(Some(language));
        Ok(())
    }

    /// Notes what a reply says about the call itself.
    fn learn(&self, verb: &str, reply: &Reply) {
        if self.answered_at.get().is_some() {
            return;
        }
        let now = seconds(self.surroundings.clock.unix_micros());
        match reply {
            Reply::Done if verb == "answer" => self.answered_at.set(Some(now)),
            Reply::Leg(Ok(parted)) => {
                self.answered_at
                    .set(Some(now - parted.talked.as_secs_f64()));
            }
            _ => {}
        }
    }
}

impl UserData for Call {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, call, name: LuaString| {
            let name = name.to_str()?;
            match call.field(lua, &name)? {
                Some(value) => Ok(value),
                None => {
                    let method = class(lua)?.method(&name)?;
                    call.surroundings.takes(lua, &name);
                    Ok(method)
                }
            }
        });
        methods.add_meta_method(
            MetaMethod::NewIndex,
            |lua, call, (name, value): (Value, Value)| {
                if name.as_string().is_some_and(|name| name == "language") {
                    return call.set_language(&value);
                }
                let hint = ": keep your own values in call.vars";
                Err(refuse_set(&class(lua)?, &name, hint))
            },
        );
        methods.add_meta_method(MetaMethod::ToString, |_, call, ()| {
            Ok(format!("call {}", call.live.setup.id))
        });
    }
}

/// The fields of a call.
pub(super) const FIELDS: &[&str] = &[
    "id",
    "tenant",
    "direction",
    "context",
    "from",
    "from_name",
    "to",
    "user",
    "trunk",
    "transferred_by",
    "headers",
    "vars",
    "language",
    "started_at",
    "answered_at",
];

/// The class `Call` of one VM.
pub(crate) struct CallClass(pub(crate) Rc<Class>);

fn class(lua: &Lua) -> mlua::Result<Rc<Class>> {
    match lua.app_data_ref::<CallClass>() {
        Some(class) => Ok(Rc::clone(&class.0)),
        None => Err(Error::runtime("calls are not known in this VM")),
    }
}

/// Makes the methods of calls.
pub(super) fn register(lua: &Lua) -> mlua::Result<()> {
    let mut class = Class::new("a call", "call", FIELDS);
    for verb in verbs::ALL {
        let method = lua.create_async_function(move |lua, values: MultiValue| {
            let asked = ask(&lua, verb, values);
            async move {
                let (call, coming, place) = asked?;
                // The receiver is closed when the caller is gone. The host then drops this
                // coroutine where it waits; it must not go on.
                let Ok(reply) = coming.await else {
                    return std::future::pending().await;
                };
                call.borrow::<Call>()?.learn(verb.name, &reply);
                if verb.is_last && !matches!(reply, Reply::Mistake(_)) {
                    return std::future::pending().await;
                }
                reply::to_lua(&lua, verb.function, reply).map_err(|error| fault::at(&place, error))
            }
        })?;
        class.add(verb.name, vm::waiting(lua, verb.function, method)?);
    }
    class.add("on", lua.create_function(|_, values| on(values))?);
    let gather: Function = class
        .method("gather")
        .and_then(|gather| lua.unpack(gather))?;
    let play: Function = class.method("play").and_then(|play| lua.unpack(play))?;
    let read = lua.create_function(menu::read)?;
    let menu = lua.load(include_str!("menu.lua")).set_name("=menu");
    class.add("menu", menu.call((gather, play, read))?);
    lua.set_app_data(CallClass(Rc::new(class)));
    Ok(())
}

type Coming = tokio::sync::oneshot::Receiver<Reply>;

/// Checks the arguments and hands the command to the exchange, before anything waits.
fn ask(
    lua: &Lua,
    verb: &verbs::Verb,
    values: MultiValue,
) -> mlua::Result<(AnyUserData, Coming, Place)> {
    let object = values.front().cloned();
    let place = match lua.app_data_ref::<Rc<Surroundings>>() {
        Some(surroundings) => surroundings.asked_at(lua, verb.name, menu::asks(verb.name)),
        None => Place::default(),
    };
    let begun = receive::<Call>(verb.function, values, verb.most).and_then(|(call, arguments)| {
        call.check_place(verb.function)?;
        let command = (verb.command)(&verbs::Asking {
            lua,
            surroundings: &call.surroundings,
            live: &call.live,
            arguments,
        })?;
        Ok((call, command))
    });
    let (call, command) = begun.map_err(|error| fault::at(&place, error))?;
    let coming = call
        .surroundings
        .exchange
        .ask(call.live.setup.id, place.clone(), command);
    match object {
        Some(Value::UserData(object)) => Ok((object, coming, place)),
        _ => Err(Error::runtime("the call is gone")),
    }
}

/// `call:on("hangup", fn)`.
fn on(values: MultiValue) -> mlua::Result<()> {
    let (call, arguments) = receive::<Call>("call:on", values, 2)?;
    call.check_place("call:on")?;
    let name = arguments.text(0, "an event: \"hangup\", \"dtmf\" or \"bridged\"")?;
    let found = EVENTS.iter().find(|(word, _)| *word == name);
    let Some((_, listen)) = found else {
        let known = EVENTS.iter().map(|(word, _)| *word);
        return Err(arguments.refuse(unknown_word(&name, known)));
    };
    let handler = arguments.function(1)?;
    call.live.listeners.borrow_mut().push((*listen, handler));
    Ok(())
}

const EVENTS: &[(&str, Listen)] = &[
    ("hangup", Listen::Hangup),
    ("dtmf", Listen::Dtmf),
    ("bridged", Listen::Bridged),
];

fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}
