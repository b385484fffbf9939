//! `simulate.phone("1049", { answers_after = 5 })`: what somebody does who is rung.

use std::rc::Rc;
use std::time::Duration;

use call::Cause;
use call::acd::{Act, AgentId, By};
use mlua::{Error, Lua, LuaString, MetaMethod, MultiValue, UserData, UserDataMethods, Value};

use super::Desk;
use super::dialing::{known_trunk, known_user};
use crate::api::arguments::{Arguments, Names, unknown_word};
use crate::api::class::{Class, receive, refuse_set};
use crate::simulate::stage::Stage;
use crate::suggest::did_you_mean;

/// A phone in the hand of a test.
pub(super) struct Phone {
    desk: Rc<Desk>,
    number: u64,
    target: String,
}

/// The options of `simulate.phone`.
pub(super) static OPTIONS: Names = Names {
    class: "PhoneOptions",
    names: &[
        "registered",
        "busy",
        "rejects",
        "answers_after",
        "hangs_up_after",
    ],
};

struct PhoneClass(Rc<Class>);

impl UserData for Phone {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, _, name: LuaString| {
            class(lua)?.method(&name.to_str()?)
        });
        methods.add_meta_method(MetaMethod::NewIndex, |lua, _, (name, _): (Value, Value)| {
            Err::<(), _>(refuse_set(&class(lua)?, &name, ""))
        });
    }
}

fn class(lua: &Lua) -> mlua::Result<Rc<Class>> {
    match lua.app_data_ref::<PhoneClass>() {
        Some(class) => Ok(Rc::clone(&class.0)),
        None => Err(Error::runtime("phones are not known in this VM")),
    }
}

/// Makes the methods of phones.
pub(super) fn register(lua: &Lua) -> mlua::Result<()> {
    let mut class = Class::new("a phone", "phone", &[]);
    let hangs_up = lua.create_function(|_, values: MultiValue| {
        let (phone, arguments) = receive::<Phone>("phone:hangs_up", values, 0)?;
        if phone.desk.number.get() != phone.number {
            return Err(arguments.refuse("this phone is another test's"));
        }
        phone.desk.with("phone:hangs_up", |stage| {
            let found = stage.part(&phone.target);
            match found {
                Ok(true) => Ok(()),
                Ok(false) => Err(arguments.refuse(format!("{} talks with nobody", phone.target))),
                Err(halt) => Err(arguments.refuse(super::halted(&halt))),
            }
        })
    })?;
    class.add("hangs_up", hangs_up);
    let transfers_to = lua.create_function(|_, values: MultiValue| {
        let (phone, arguments) = receive::<Phone>("phone:transfers_to", values, 1)?;
        if phone.desk.number.get() != phone.number {
            return Err(arguments.refuse("this phone is another test's"));
        }
        let to = arguments.text(0, "a number such as \"1050\"")?;
        let Some(user) = phone.target.strip_prefix("user:") else {
            return Err(arguments.refuse("only users transfer calls"));
        };
        phone.desk.with("phone:transfers_to", |stage| {
            let known = stage.world.tenant.users.get(user);
            let context = known.map(|user| user.context.clone());
            let Some(context) = context else {
                let names = stage.world.tenant.users.keys().map(String::as_str);
                let hint = did_you_mean(user, names);
                return Err(arguments.refuse(format!("no user '{user}'{hint}")));
            };
            match stage.transfer(user, &to, &context) {
                Ok(true) => Ok(()),
                Ok(false) => Err(arguments.refuse(format!("{user} talks with nobody"))),
                Err(halt) => Err(arguments.refuse(super::halted(&halt))),
            }
        })
    })?;
    class.add("transfers_to", transfers_to);
    lua.set_app_data(PhoneClass(Rc::new(class)));
    Ok(())
}

#[cfg(test)]
pub(super) fn members(lua: &Lua) -> Vec<&'static str> {
    class(lua).map_or_else(|_| Vec::new(), |class| class.members().collect())
}

/// `simulate.phone(name, options)`.
pub(super) fn simulated(lua: &Lua, desk: &Rc<Desk>, arguments: &Arguments) -> mlua::Result<Value> {
    let name = arguments.text(0, "a user such as \"1049\", or \"trunk:carrier\"")?;
    let options = arguments.options(1, &OPTIONS)?;
    let target = target(&name);
    desk.with("simulate.phone", |stage| {
        known(stage, &target).map_err(|why| arguments.refuse(why))?;
        let phone = stage.world.phones.phone(&target);
        phone.registered = options.boolean("registered", phone.registered)?;
        if options.boolean("busy", false)? {
            phone.refuses = Some(Cause::Busy);
        }
        if options.boolean("rejects", false)? {
            phone.refuses = Some(Cause::Rejected);
        }
        let or_never = |name: &str, now: Option<Duration>| match options.value(name)? {
            Value::Nil => Ok(now),
            Value::Boolean(false) => Ok(None),
            _ => options.maybe_duration(name),
        };
        phone.answers_after = or_never("answers_after", phone.answers_after)?;
        phone.hangs_up_after = or_never("hangs_up_after", phone.hangs_up_after)?;
        Ok(())
    })?;
    let phone = Phone {
        desk: Rc::clone(desk),
        number: desk.number.get(),
        target,
    };
    lua.create_userdata(phone).map(Value::UserData)
}

/// `simulate.agent("1049", "idle")`: how an agent stands from now on, and their phone.
pub(super) fn agent(lua: &Lua, desk: &Rc<Desk>, arguments: &Arguments) -> mlua::Result<Value> {
    let name = arguments.text(0, "an agent such as \"1049\"")?;
    let state = arguments.text(1, "a state: \"idle\", \"busy\" or \"logged_out\"")?;
    let acts = match STATES.iter().find(|(word, _)| *word == state) {
        Some((_, acts)) => *acts,
        None => {
            let known = STATES.iter().map(|(word, _)| *word);
            return Err(arguments.refuse(unknown_word(&state, known)));
        }
    };
    desk.with("simulate.agent", |stage| {
        let (now, agent) = (stage.now(), AgentId::from(name.as_str()));
        for act in acts {
            let done = stage.world.floor.act(now, &agent, *act, By::Agent);
            done.map_err(|refused| arguments.refuse(format!("'{name}' {refused}")))?;
        }
        let settled = stage.settle();
        settled.map_err(|halt| arguments.refuse(super::halted(&halt)))
    })?;
    let phone = Phone {
        desk: Rc::clone(desk),
        number: desk.number.get(),
        target: target(&name),
    };
    lua.create_userdata(phone).map(Value::UserData)
}

const STATES: &[(&str, &[Act])] = &[
    ("idle", &[Act::LogIn, Act::Idle]),
    ("busy", &[Act::LogIn, Act::Busy(0)]),
    ("logged_out", &[Act::LogOut]),
];

/// Whether `config.lua` has whoever has the phone.
///
/// # Errors
/// The sentence when it has not.
pub(super) fn known(stage: &Stage, target: &str) -> Result<(), String> {
    match target.split_once(':') {
        Some(("user", user)) => known_user(stage, user),
        Some(("trunk", trunk)) => known_trunk(stage, trunk.split('/').next().unwrap_or(trunk)),
        _ => Ok(()),
    }
}

/// `1049` is `user:1049`.
pub(super) fn target(name: &str) -> String {
    match name.contains(':') {
        true => name.to_owned(),
        false => format!("user:{name}"),
    }
}
