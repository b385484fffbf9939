//! What test files see besides the globals of scripts: `test`, `dial`, `simulate`, `expect`.

mod caller;
mod calls;
mod dialing;
mod expect;
mod http;
mod phone;
mod post;
mod request;
mod smsc;
mod whereabouts;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use ::store::JobState;
use mlua::{Error, Function, Lua, MultiValue, Value};

use super::stage::{Halt, Stage};
use crate::api::arguments::Arguments;
#[cfg(test)]
use crate::api::arguments::Names;
use crate::api::closed;
use crate::convert::{from_json, to_json};
use crate::surroundings::Surroundings;
use crate::{Clock, Place, fault};

pub(super) use dialing::Dial;

/// What one test file has declared, and the exchange of the test that runs.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) stage: RefCell<Option<Stage>>,
    /// The number of the test that runs: who belongs to another one is refused.
    pub(super) number: Cell<u64>,
    pub(super) declared: RefCell<Vec<Declared>>,
}

/// One `test(name, fn)`.
#[derive(Clone)]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) body: Function,
}

impl Desk {
    /// Does something with the exchange of the test that runs.
    fn with<T>(
        &self,
        function: &str,
        work: impl FnOnce(&mut Stage) -> mlua::Result<T>,
    ) -> mlua::Result<T> {
        match &mut *self.stage.borrow_mut() {
            Some(stage) => work(stage),
            None => Err(Error::runtime(format!(
                "{function} cannot be used while test files load (only in: a test)"
            ))),
        }
    }
}

/// Puts the tests' globals in.
pub(super) fn register(lua: &Lua, around: &Rc<Surroundings>, desk: &Rc<Desk>) -> mlua::Result<()> {
    let globals = lua.globals();
    let (declaring, surroundings) = (Rc::clone(desk), Rc::clone(around));
    let test = move |lua: &Lua, values: MultiValue| {
        let arguments = Arguments::new("test", values, 2)?;
        if declaring.stage.borrow().is_some() {
            return Err(Error::runtime("test cannot be used inside a test"));
        }
        let declared = Declared {
            name: arguments.text(0, "a sentence that is to hold")?,
            place: surroundings.place(lua),
            body: arguments.function(1)?,
        };
        declaring.declared.borrow_mut().push(declared);
        Ok(())
    };
    globals.raw_set("test", lua.create_function(test)?)?;
    caller::register(lua, around, desk)?;
    phone::register(lua)?;
    http::register(lua)?;
    smsc::register(lua)?;
    expect::register(lua, around)?;

    let dial = dialing::function(lua, around, desk)?;
    globals.raw_set("dial", &dial)?;
    let simulate = lua.create_table()?;
    simulate.raw_set("call", dial)?;
    let made = (Rc::clone(around), Rc::clone(desk));
    let originated = lua.create_function(move |lua, values: MultiValue| {
        Arguments::new("simulate.originated", values, 0)?;
        calls::originated(lua, &made.0, &made.1)
    })?;
    simulate.raw_set("originated", originated)?;
    for (name, function, run) in SIMULATE {
        let (desk, around) = (Rc::clone(desk), Rc::clone(around));
        let run = lua.create_function(move |lua, values: MultiValue| {
            let arguments = Arguments::new(function, values, 4)?;
            let done = run(lua, &desk, &arguments);
            done.map_err(|error| fault::at(&around.place(lua), error))
        })?;
        simulate.raw_set(*name, run)?;
    }
    globals.raw_set("simulate", closed(lua, "simulate", simulate)?)
}

type Simulated = fn(&Lua, &Rc<Desk>, &Arguments) -> mlua::Result<Value>;

const SIMULATE: &[(&str, &str, Simulated)] = &[
    ("time", "simulate.time", time),
    ("no_sound", "simulate.no_sound", no_sound),
    ("unavailable", "simulate.unavailable", unavailable),
    ("phone", "simulate.phone", phone::simulated),
    ("agent", "simulate.agent", phone::agent),
    ("calls", "simulate.calls", calls::standing),
    ("mailbox", "simulate.mailbox", mailbox),
    ("http", "simulate.http", http::simulated),
    ("smpp", "simulate.smpp", smsc::simulated),
    ("event", "simulate.event", event),
    ("wait", "simulate.wait", wait),
    ("jobs", "simulate.jobs", jobs),
    ("relay", "simulate.relay", post::relay),
    ("mails", "simulate.mails", post::mails),
    ("request", "simulate.request", request::request),
];

/// All tables of options of the tests' functions, for the stubs.
#[cfg(test)]
pub(super) const OPTIONS: &[&Names] = &[
    &dialing::OPTIONS,
    &phone::OPTIONS,
    &caller::MESSAGE_OPTIONS,
    &http::OPTIONS,
    &request::OPTIONS,
    &smsc::MESSAGE,
    &smsc::RECEIPT,
    &calls::OPTIONS,
];

/// The members of `simulate`, of callers, phones and expectations, for the stubs.
#[cfg(test)]
pub(super) fn members(lua: &Lua) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut simulate: Vec<_> = SIMULATE.iter().map(|(name, ..)| *name).collect();
    simulate.extend(["call", "originated"]);
    vec![
        ("simulate", simulate),
        ("Caller", caller::members(lua)),
        ("Phone", phone::members(lua)),
        ("Machine", http::members(lua)),
        ("Smsc", smsc::members(lua)),
        ("Expectation", expect::NAMES.to_vec()),
    ]
}

/// `simulate.time("fri 17:59")`: what the wall clock shows from now on.
fn time(_: &Lua, desk: &Rc<Desk>, arguments: &Arguments) -> mlua::Result<Value> {
    let text = arguments.text(0, "a time such as \"fri 17:59\"")?;
    desk.with("simulate.time", |stage| {
        let now = stage.world.clock.unix_micros();
        let at = super::when::read(&text, &stage.world.tenant.timezone, now);
        stage
            .world
            .clock
            .set_wall(at.map_err(|why| arguments.refuse(why))?);
        Ok(Value::Nil)
    })
}

/// `simulate.no_sound("menu/main")`: the file is gone.
fn no_sound(_: &Lua, desk: &Rc<Desk>, arguments: &Arguments) -> mlua::Result<Value> {
    let name = arguments.text(0, "a sound such as \"menu/main\"")?;
    desk.with("simulate.no_sound", |stage| {
        caller::check_sound(stage, &name).map_err(|why| arguments.refuse(why))?;
        stage.world.shelf.remove(&name);
        Ok(Value::Nil)
    })
}

/// `simulate.unavailable("1049")`: no phone of theirs is registered.
fn unavailable(_: &Lua, desk: &Rc<Desk>, arguments: &Arguments) -> mlua::Result<Value> {
    let name = arguments.text(0, "a user such as \"1049\"")?;
    desk.with("simulate.unavailable", |stage| {
        let known = phone::known(stage, &phone::target(&name));
        known.map_err(|why| arguments.refuse(why))?;
        let phone = stage.world.phones.phone(&phone::target(&name));
        phone.registered = false;
        Ok(Value::Nil)
    })
}

/// `simulate.mailbox("8000")`: what is in it.
fn mailbox(lua: &Lua, desk: &Rc<Desk>, arguments: &Arguments) -> mlua::Result<Value> {
    let number = arguments.text(0, "a mailbox such as \"8000\"")?;
    let found = desk.with("simulate.mailbox", |stage| {
        Ok(stage.world.mailboxes.open(&number))
    })?;
    let Some(found) = found else {
        return Err(arguments.refuse(format!("no mailbox '{number}'")));
    };
    let list = lua.create_table()?;
    for message in found.messages {
        let one = lua.create_table()?;
        one.raw_set("from", message.from)?;
        one.raw_set("seconds", message.duration.as_secs_f64())?;
        one.raw_set("urgent", message.urgent)?;
        one.raw_set("heard", message.heard)?;
        list.raw_push(one)?;
    }
    Ok(Value::Table(list))
}

/// `simulate.event("trunk.down", { trunk = "carrier" })`: something happens to the exchange.
fn event(lua: &Lua, desk: &Rc<Desk>, arguments: &Arguments) -> mlua::Result<Value> {
    let name = arguments.text(0, "an event such as \"trunk.down\"")?;
    let about = match arguments.value(1) {
        Value::Nil => serde_json::json!({}),
        value => to_json(lua, value).map_err(|message| arguments.refuse(message))?,
    };
    desk.with("simulate.event", |stage| {
        stage.world.event(&name, about);
        settled(stage.settle(), arguments)
    })
}

/// `simulate.wait("10m")`: time passes, whatever happens.
fn wait(_: &Lua, desk: &Rc<Desk>, arguments: &Arguments) -> mlua::Result<Value> {
    let time = arguments.duration(0)?;
    desk.with("simulate.wait", |stage| {
        settled(stage.pass(time), arguments)
    })
}

fn settled(done: Result<(), Halt>, arguments: &Arguments) -> mlua::Result<Value> {
    let done = done.map(|()| Value::Nil);
    done.map_err(|halt| arguments.refuse(halted(&halt)))
}

/// `simulate.jobs()`: those that are not done, oldest first.
fn jobs(lua: &Lua, desk: &Rc<Desk>, arguments: &Arguments) -> mlua::Result<Value> {
    let rows = desk.with("simulate.jobs", |stage| {
        let rows = stage.jobs.jobs(None);
        rows.map_err(|error| arguments.refuse(error))
    })?;
    let list = lua.create_table()?;
    for row in rows {
        let one = lua.create_table()?;
        one.raw_set("name", row.job.name)?;
        one.raw_set("owner", row.job.owner)?;
        one.raw_set("data", from_json(lua, &row.job.data)?)?;
        one.raw_set("attempts", row.attempts)?;
        one.raw_set("failed", row.state == JobState::Failed)?;
        one.raw_set("error", row.last_error)?;
        list.raw_push(one)?;
    }
    Ok(Value::Table(list))
}

/// Why something does not come, for a person.
fn why(stage: &Stage, scene: usize, halt: &Halt) -> String {
    let situation = stage.scenes[scene].situation();
    match halt {
        Halt::Over => situation,
        Halt::CallersTurn => format!(
            "it is the caller's turn: {situation} (it can press keys, speak, stay silent, hang up)"
        ),
        Halt::Nothing => format!("nothing more happens: {situation}"),
        Halt::Runaway(_) | Halt::Broken(_) => halted(halt),
    }
}

/// The same, where no one call is meant.
fn halted(halt: &Halt) -> String {
    match halt {
        Halt::Runaway(asked) => {
            format!("the script goes round and round without time passing: {asked}")
        }
        Halt::Broken(why) => why.clone(),
        Halt::Over | Halt::CallersTurn | Halt::Nothing => "nothing more happens".to_owned(),
    }
}
