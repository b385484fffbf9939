//! `jobs.add("open", {...})`, `jobs.handle("open", {...}, fn)`: work that survives a restart.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use ::store::NewJob;
use mlua::{Error, Function, Lua, MultiValue, Table, Value};
use uuid::Uuid;

use super::arguments::{Arguments, Names, Options, duration, moment, shown};
use super::{while_loading, while_running};
use crate::convert::to_json;
use crate::jobs::{Later, Schedule};
use crate::plugin::{Owner, Right};
use crate::suggest::did_you_mean;
use crate::surroundings::Surroundings;
use crate::{fault, vm};

/// The handlers that files of this VM have declared.
#[derive(Clone, Default)]
pub(crate) struct Handlers(pub(crate) Rc<RefCell<Vec<DeclaredJob>>>);

/// One `jobs.handle`.
pub(crate) struct DeclaredJob {
    pub(crate) owner: Rc<Owner>,
    pub(crate) name: String,
    pub(crate) schedule: Schedule,
    /// Nothing when its plugin is left out: its jobs can be added, and wait.
    pub(crate) handler: Option<Function>,
}

/// The options of `jobs.handle`.
pub(crate) static OPTIONS: Names = Names {
    class: "JobOptions",
    names: &["attempts", "retry"],
};

/// The options of `jobs.add`.
pub(crate) static ADD_OPTIONS: Names = Names {
    class: "JobAddOptions",
    names: &["at", "key"],
};

/// Makes the table for one owner.
pub(crate) fn table(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Table> {
    let jobs = lua.create_table()?;
    let around = (Rc::clone(surroundings), Rc::clone(owner));
    let handle = move |lua: &Lua, values: MultiValue| handle(lua, &around.0, &around.1, values);
    jobs.raw_set("handle", lua.create_function(handle)?)?;

    let around = (Rc::clone(surroundings), Rc::clone(owner));
    let add = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let (surroundings, owner) = around.clone();
        let place = surroundings.place(&lua);
        let job = new_job(&lua, &surroundings, &owner, values);
        async move {
            let job = job.map_err(|error| fault::at(&place, error))?;
            let added = {
                let _waited = surroundings.outside.wait();
                surroundings.store.add_job(job).await
            };
            let added = added
                .map_err(|error| fault::at(&place, Error::runtime(format!("jobs.add: {error}"))))?;
            surroundings.bell.ring();
            Ok(added)
        }
    })?;
    jobs.raw_set("add", vm::waiting(lua, "jobs.add", add)?)?;

    let around = Rc::clone(surroundings);
    let later = move |_: &Lua, values: MultiValue| -> mlua::Result<()> {
        while_running(&around, "jobs.later")?;
        let arguments = Arguments::new("jobs.later", values, 2)?;
        let after = arguments.duration(0)?;
        let why = arguments.maybe_text(1, "why, in words")?;
        Err(Error::external(Later {
            after,
            why: why.unwrap_or_else(|| "put off".to_owned()),
        }))
    };
    jobs.raw_set("later", lua.create_function(later)?)?;
    Ok(jobs)
}

fn handle(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
    values: MultiValue,
) -> mlua::Result<()> {
    while_loading(surroundings, "jobs.handle")?;
    let arguments = Arguments::new("jobs.handle", values, 3)?;
    allowed(owner, &arguments)?;
    let name = name(&arguments)?;
    let options = arguments.options(1, &OPTIONS)?;
    let schedule = schedule(&options)?;
    let declared = declare(lua, owner, name, schedule, arguments.function(2)?);
    declared.map_err(|message| arguments.refuse(message))
}

/// Notes a handler.
///
/// # Errors
/// When there is one for the same.
pub(crate) fn declare(
    lua: &Lua,
    owner: &Rc<Owner>,
    name: String,
    schedule: Schedule,
    handler: Function,
) -> Result<(), String> {
    let handlers = handlers(lua);
    let mut handlers = handlers.0.borrow_mut();
    let same = |it: &DeclaredJob| it.owner.name == owner.name && it.name == name;
    if handlers.iter().any(same) {
        let what = name.strip_prefix(EVENT).unwrap_or(&name);
        return Err(format!("there is a handler for '{what}' already"));
    }
    handlers.push(DeclaredJob {
        owner: Rc::clone(owner),
        name,
        schedule,
        handler: Some(handler),
    });
    Ok(())
}

/// How often a job is tried, and when.
pub(crate) fn schedule(options: &Options) -> mlua::Result<Schedule> {
    let attempts = options.whole("attempts", 0, 1..=MOST_ATTEMPTS)?;
    let waits = match options.value("retry")? {
        Value::Nil => None,
        Value::Table(list) => {
            let waits = list.sequence_values::<Value>().map(|wait| {
                let wait = wait?;
                duration(&wait).ok_or_else(|| {
                    let got = shown(&wait);
                    options.refuse("retry", format!("expected times such as \"5m\", got {got}"))
                })
            });
            Some(waits.collect::<mlua::Result<Vec<Duration>>>()?)
        }
        other => {
            let message = format!("expected {{ \"10s\", \"5m\" }}, got {}", shown(&other));
            return Err(options.refuse("retry", message));
        }
    };
    match (attempts, waits) {
        (0, None) => Ok(Schedule::usual(USUAL_ATTEMPTS)),
        (attempts, None) => Ok(Schedule::usual(usize::try_from(attempts).unwrap_or(1))),
        (0, Some(waits)) if waits.len() < MOST_ATTEMPTS as usize => Ok(Schedule::of(waits)),
        (0, Some(_)) => Err(options.refuse("retry", format!("{MOST_ATTEMPTS} waits at most"))),
        _ => Err(options.refuse("retry", "says how often already: leave attempts out")),
    }
}

fn new_job(
    lua: &Lua,
    surroundings: &Surroundings,
    owner: &Owner,
    values: MultiValue,
) -> mlua::Result<NewJob> {
    while_running(surroundings, "jobs.add")?;
    let arguments = Arguments::new("jobs.add", values, 3)?;
    allowed(owner, &arguments)?;
    let name = name(&arguments)?;
    let handlers = handlers(lua);
    let handlers = handlers.0.borrow();
    let own = || handlers.iter().filter(|it| it.owner.name == owner.name);
    if !own().any(|it| it.name == name) {
        let hint = did_you_mean(&name, own().map(|it| it.name.as_str()));
        let message = format!("nothing handles '{name}'{hint}: write jobs.handle(\"{name}\", ...)");
        return Err(arguments.refuse(message));
    }
    let data = to_json(lua, arguments.value(1)).map_err(|message| arguments.refuse(message))?;
    let options = arguments.options(2, &ADD_OPTIONS)?;
    let now = surroundings.clock.unix_micros();
    let due_at = match options.value("at")? {
        Value::Nil => now,
        given => moment(&given).ok_or_else(|| {
            let message = format!("expected seconds since 1970, got {}", shown(&given));
            options.refuse("at", message)
        })?,
    };
    Ok(NewJob {
        tenant: surroundings.tenant.to_string(),
        id: Uuid::now_v7(),
        owner: owner.name.to_string(),
        name,
        key: options.text("key")?,
        data,
        added_at: now,
        due_at,
    })
}

fn name(arguments: &Arguments) -> mlua::Result<String> {
    let name = arguments.text(0, "the name of a job such as \"send\"")?;
    match name.is_empty() || name.len() > 64 {
        true => Err(arguments.refuse("a job's name has 1 to 64 characters")),
        false if name.starts_with(EVENT) => Err(arguments.refuse(format!(
            "'{name}' is told by the exchange: write on(\"…\", {{ durable = true }}, fn)"
        ))),
        false => Ok(name),
    }
}

fn allowed(owner: &Owner, arguments: &Arguments) -> mlua::Result<()> {
    let allowed = owner.may_use(Right::Jobs);
    allowed.map_err(|message| arguments.refuse(message))
}

/// The handlers of this VM.
pub(crate) fn handlers(lua: &Lua) -> Handlers {
    if let Some(handlers) = lua.app_data_ref::<Handlers>() {
        return handlers.clone();
    }
    let handlers = Handlers::default();
    lua.set_app_data(handlers.clone());
    handlers
}

/// How the names of jobs begin that tell of events.
const EVENT: &str = "on ";

const MOST_ATTEMPTS: i64 = 50;

/// About two days with the usual waits.
const USUAL_ATTEMPTS: usize = 10;
