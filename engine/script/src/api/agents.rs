//! `agents.get("1049")`, `agents.busy("1049", "meeting")`: how agents stand, and what they do.

use std::rc::Rc;

use call::acd::{AfterWrapUp, AgentId, Refusal, State, Status};
use call::desk::{Deed, Order};
use mlua::{Error, Function, IntoLua, Lua, MultiValue, Table, Value};

use super::arguments::{Arguments, Names, duration, shown, text, unknown_word, whole};
use super::queue::Queues;
use super::{desk, while_running};
use crate::plugin::{Owner, Right};
use crate::suggest::did_you_mean;
use crate::surroundings::Surroundings;
use crate::{config, fault, vm};

/// What narrows `agents.list`.
pub(crate) static OPTIONS: Names = Names {
    class: "AgentListOptions",
    names: &["queue", "state"],
};

/// Makes the table for one owner.
pub(crate) fn table(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Table> {
    let agents = lua.create_table()?;
    agents.raw_set("get", get(lua, surroundings)?)?;
    agents.raw_set("list", list(lua, surroundings)?)?;
    for verb in VERBS {
        agents.raw_set(verb.name, act(lua, surroundings, owner, verb)?)?;
    }
    Ok(agents)
}

/// A function that makes an agent do something: a command of `desk.order`, under a name of its own.
struct Verb {
    name: &'static str,
    function: &'static str,
    /// Arguments at most.
    most: usize,
    /// What is asked.
    deed: fn(&Arguments, &config::Tenant) -> mlua::Result<Deed>,
}

const VERBS: &[Verb] = &[
    Verb {
        name: "log_in",
        function: "agents.log_in",
        most: 1,
        deed: |_, _| Ok(Deed::LogIn {}),
    },
    Verb {
        name: "log_out",
        function: "agents.log_out",
        most: 1,
        deed: |_, _| Ok(Deed::LogOut {}),
    },
    Verb {
        name: "idle",
        function: "agents.idle",
        most: 1,
        deed: |_, _| Ok(Deed::Idle {}),
    },
    Verb {
        name: "busy",
        function: "agents.busy",
        most: 2,
        deed: |arguments, settings| {
            let reason = reason(arguments, &settings.busy_reasons)?;
            Ok(Deed::Busy { reason })
        },
    },
    Verb {
        name: "end_wrap_up",
        function: "agents.end_wrap_up",
        most: 1,
        deed: |_, _| Ok(Deed::EndWrapUp {}),
    },
    Verb {
        name: "extend_wrap_up",
        function: "agents.extend_wrap_up",
        most: 2,
        deed: |arguments, _| {
            let minutes = minutes(arguments)?;
            Ok(Deed::ExtendWrapUp { minutes })
        },
    },
    Verb {
        name: "reset",
        function: "agents.reset",
        most: 1,
        deed: |_, _| Ok(Deed::Reset {}),
    },
];

/// A reason, by its name or its number.
fn reason(arguments: &Arguments, names: &[String]) -> mlua::Result<Option<String>> {
    let value = arguments.value(1);
    if value.is_nil() {
        return Ok(None);
    }
    if let Some(number) = whole(value) {
        return Ok(Some(number.to_string()));
    }
    let Some(name) = text(value) else {
        return Err(arguments.wrong("a reason such as \"meeting\"", value));
    };
    let is_number = name.parse::<u8>().is_ok();
    if !is_number && !names.contains(&name) {
        let hint = did_you_mean(&name, names.iter().map(String::as_str));
        return Err(arguments.refuse(format!("no reason '{name}'{hint}")));
    }
    Ok(Some(name))
}

fn minutes(arguments: &Arguments) -> mlua::Result<u32> {
    let value = arguments.value(1);
    let seconds = duration(value).map(|by| by.as_secs());
    let minutes = seconds
        .filter(|it| *it > 0 && it % 60 == 0)
        .map(|it| it / 60);
    let minutes = minutes.and_then(|it| u32::try_from(it).ok());
    minutes.ok_or_else(|| arguments.wrong("whole minutes such as \"5m\"", value))
}

fn act(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
    verb: &'static Verb,
) -> mlua::Result<Function> {
    let around = (Rc::clone(surroundings), Rc::clone(owner));
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let (surroundings, owner) = around.clone();
        let place = surroundings.place(&lua);
        let asked = asked(&surroundings, &owner, verb, values);
        async move {
            let order = asked.map_err(|error| fault::at(&place, error))?;
            let agent = AgentId::from(&*order.user);
            let answer = surroundings.exchange.order(&surroundings.tenant, order);
            match answer.await {
                Ok(Ok(done)) => match done.agent {
                    Some(status) => {
                        let row = row(&lua, &surroundings, &agent, &status)?;
                        Ok(MultiValue::from_iter([Value::Table(row)]))
                    }
                    None => refused(&lua, Refusal::NotAnAgent.word()),
                },
                Ok(Err(why)) => desk::refused(&lua, &why),
                Err(_) => Err(fault::at(&place, too_busy(verb.function))),
            }
        }
    })?;
    vm::waiting(lua, verb.function, function)
}

fn asked(
    surroundings: &Surroundings,
    owner: &Owner,
    verb: &Verb,
    values: MultiValue,
) -> mlua::Result<Order> {
    while_running(surroundings, verb.function)?;
    let arguments = Arguments::new(verb.function, values, verb.most)?;
    owner
        .may_use(Right::Agents)
        .map_err(|message| arguments.refuse(message))?;
    let user = arguments.text(0, AN_AGENT)?;
    let deed = (verb.deed)(&arguments, &surroundings.settings)?;
    let by = desk::by(surroundings, owner);
    Ok(Order { by, user, deed })
}

fn get(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<Function> {
    const FUNCTION: &str = "agents.get";
    let surroundings = Rc::clone(surroundings);
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let surroundings = Rc::clone(&surroundings);
        let place = surroundings.place(&lua);
        let wanted = while_running(&surroundings, FUNCTION)
            .and_then(|()| Arguments::new(FUNCTION, values, 1)?.text(0, AN_AGENT));
        async move {
            let wanted = wanted.map_err(|error| fault::at(&place, error))?;
            let all = surroundings.exchange.agents(&surroundings.tenant).await;
            let all = all.map_err(|_| fault::at(&place, too_busy(FUNCTION)))?;
            match all.iter().find(|(agent, _)| *agent.0 == *wanted) {
                Some((agent, status)) => {
                    let row = row(&lua, &surroundings, agent, status)?;
                    Ok(MultiValue::from_iter([Value::Table(row)]))
                }
                None => refused(&lua, Refusal::NotAnAgent.word()),
            }
        }
    })?;
    vm::waiting(lua, FUNCTION, function)
}

fn list(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<Function> {
    const FUNCTION: &str = "agents.list";
    let surroundings = Rc::clone(surroundings);
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let surroundings = Rc::clone(&surroundings);
        let place = surroundings.place(&lua);
        let wanted = while_running(&surroundings, FUNCTION).and_then(|()| wanted(&lua, values));
        async move {
            let wanted = wanted.map_err(|error| fault::at(&place, error))?;
            let all = surroundings.exchange.agents(&surroundings.tenant).await;
            let all = all.map_err(|_| fault::at(&place, too_busy(FUNCTION)))?;
            let rows = lua.create_table()?;
            for (agent, status) in all.iter().filter(|(_, status)| wanted.has(status)) {
                rows.raw_push(row(&lua, &surroundings, agent, status)?)?;
            }
            Ok(rows)
        }
    })?;
    vm::waiting(lua, FUNCTION, function)
}

/// Which agents are to be listed.
struct Wanted {
    queue: Option<String>,
    state: Option<&'static str>,
}

impl Wanted {
    fn has(&self, status: &Status) -> bool {
        let serves = |queue: &String| status.queues.iter().any(|one| *one.0 == **queue);
        self.queue.as_ref().is_none_or(serves)
            && self.state.is_none_or(|state| status.state.word() == state)
    }
}

fn wanted(lua: &Lua, values: MultiValue) -> mlua::Result<Wanted> {
    let arguments = Arguments::new("agents.list", values, 1)?;
    let options = arguments.options(0, &OPTIONS)?;
    let queue = options.text("queue")?;
    if let (Some(queue), Some(known)) = (&queue, lua.app_data_ref::<Queues>()) {
        known
            .check(queue)
            .map_err(|message| options.refuse("queue", message))?;
    }
    let state = match options.value("state")? {
        Value::Nil => None,
        value => {
            let word = text(&value).unwrap_or_else(|| shown(&value));
            let words = || State::ALL.into_iter().map(State::word);
            let known = words().find(|state| *state == word);
            Some(known.ok_or_else(|| options.refuse("state", unknown_word(&word, words())))?)
        }
    };
    Ok(Wanted { queue, state })
}

/// An agent as scripts see them.
pub(super) fn row(
    lua: &Lua,
    surroundings: &Surroundings,
    agent: &AgentId,
    status: &Status,
) -> mlua::Result<Table> {
    let settings = &surroundings.settings;
    let row = lua.create_table()?;
    row.raw_set("id", &*agent.0)?;
    let user = settings.users.get(&*agent.0);
    row.raw_set("name", user.and_then(|user| user.name.as_deref()))?;
    row.raw_set("state", status.state.word())?;
    row.raw_set("reason", status.state.reason(&settings.busy_reasons))?;
    row.raw_set("reachable", status.reachable)?;
    row.raw_set("lasted", status.lasted.as_secs_f64())?;
    row.raw_set("since", status.since as f64 / 1e6)?;
    let left = status.wrap_up_left.map(|left| left.as_secs_f64());
    row.raw_set("wrap_up_left", left)?;
    let queues = status.queues.iter().map(|queue| &*queue.0);
    row.raw_set("queues", lua.create_sequence_from(queues)?)?;
    let today = lua.create_table()?;
    for (state, spent) in &status.today {
        today.raw_set(state.word(), spent.as_secs_f64())?;
    }
    row.raw_set("today", today)?;
    let asks = status.asks.map(State::Busy);
    let asks = asks
        .as_ref()
        .and_then(|it| it.reason(&settings.busy_reasons));
    row.raw_set("asks", asks)?;
    let habits = &status.habits;
    row.raw_set("auto_answer", habits.auto_answer)?;
    row.raw_set("do_not_disturb", habits.do_not_disturb)?;
    row.raw_set("accept_items", habits.accepts_items())?;
    row.raw_set("auto_idle", habits.after_wrap_up == Some(AfterWrapUp::Idle))?;
    row.raw_set("auto_busy", habits.after_wrap_up == Some(AfterWrapUp::Busy))?;
    row.raw_set("device", habits.device.as_ref().map(|device| &*device.0))?;
    Ok(row)
}

fn refused(lua: &Lua, why: &str) -> mlua::Result<MultiValue> {
    Ok(MultiValue::from_iter([Value::Nil, why.into_lua(lua)?]))
}

/// What is raised when the exchange did not take a question.
pub(super) fn too_busy(function: &str) -> Error {
    Error::runtime(format!(
        "{function}: the exchange is too busy to answer; ask again later"
    ))
}

const AN_AGENT: &str = "an agent such as \"1049\"";
