//! `agents.get("1049")`, `agents.busy("1049", "meeting")`: how agents stand, and what they do.

use std::rc::Rc;
use std::time::Duration;

use call::acd::{Act, AfterWrapUp, AgentId, By, Refusal, State, Status};
use mlua::{Error, Function, IntoLua, Lua, MultiValue, Table, Value};

use super::arguments::{Arguments, Names, duration, shown, text, unknown_word, whole};
use super::queue::Queues;
use super::while_running;
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

/// A function that makes an agent do something.
struct Verb {
    name: &'static str,
    function: &'static str,
    /// Arguments at most.
    most: usize,
    /// What is asked; `None` when there is no such reason.
    act: fn(&Arguments, &config::Tenant) -> mlua::Result<Option<Act>>,
}

const VERBS: &[Verb] = &[
    Verb {
        name: "log_in",
        function: "agents.log_in",
        most: 1,
        act: |_, _| Ok(Some(Act::LogIn)),
    },
    Verb {
        name: "log_out",
        function: "agents.log_out",
        most: 1,
        act: |_, _| Ok(Some(Act::LogOut)),
    },
    Verb {
        name: "idle",
        function: "agents.idle",
        most: 1,
        act: |_, _| Ok(Some(Act::Idle)),
    },
    Verb {
        name: "busy",
        function: "agents.busy",
        most: 2,
        act: |arguments, settings| Ok(reason(arguments, &settings.busy_reasons)?.map(Act::Busy)),
    },
    Verb {
        name: "end_wrap_up",
        function: "agents.end_wrap_up",
        most: 1,
        act: |_, _| Ok(Some(Act::EndWrapUp)),
    },
    Verb {
        name: "extend_wrap_up",
        function: "agents.extend_wrap_up",
        most: 2,
        act: |arguments, _| Ok(Some(Act::ExtendWrapUp(longer(arguments)?))),
    },
    Verb {
        name: "reset",
        function: "agents.reset",
        most: 1,
        act: |_, _| Ok(Some(Act::Reset)),
    },
];

/// The code of a reason, by its name or its number; `None` for a number that has no name.
fn reason(arguments: &Arguments, names: &[String]) -> mlua::Result<Option<u8>> {
    let value = arguments.value(1);
    if value.is_nil() {
        return Ok(Some(0));
    }
    let typed = text(value).and_then(|digits| digits.parse().ok());
    if let Some(number) = whole(value).or(typed) {
        let code = u8::try_from(number).ok();
        return Ok(code.filter(|code| usize::from(*code) <= names.len()));
    }
    let Some(name) = text(value) else {
        return Err(arguments.wrong("a reason such as \"meeting\"", value));
    };
    let place = names.iter().position(|known| *known == name);
    match place.and_then(|place| u8::try_from(place + 1).ok()) {
        Some(code) => Ok(Some(code)),
        None => {
            let hint = did_you_mean(&name, names.iter().map(String::as_str));
            Err(arguments.refuse(format!("no reason '{name}'{hint}")))
        }
    }
}

fn longer(arguments: &Arguments) -> mlua::Result<Duration> {
    match duration(arguments.value(1)) {
        Some(by) if by > Duration::ZERO => Ok(by),
        _ => Err(arguments.wrong("a time such as \"5m\"", arguments.value(1))),
    }
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
            let (agent, act) = asked.map_err(|error| fault::at(&place, error))?;
            let Some(act) = act else {
                return refused(&lua, "no_such_reason");
            };
            let by = by(&surroundings, &owner, &agent);
            let answer = surroundings
                .exchange
                .act(&surroundings.tenant, agent.clone(), act, by)
                .await;
            match answer {
                Ok(Ok(status)) => {
                    let row = row(&lua, &surroundings, &agent, &status)?;
                    Ok(MultiValue::from_iter([Value::Table(row)]))
                }
                Ok(Err(refusal)) => refused(&lua, refusal.word()),
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
) -> mlua::Result<(AgentId, Option<Act>)> {
    while_running(surroundings, verb.function)?;
    let arguments = Arguments::new(verb.function, values, verb.most)?;
    owner
        .may_use(Right::Agents)
        .map_err(|message| arguments.refuse(message))?;
    let agent = arguments.text(0, AN_AGENT)?;
    let act = (verb.act)(&arguments, &surroundings.settings)?;
    Ok((agent.as_str().into(), act))
}

/// Whom the records shall name: the agent, who calls; another user, who calls; or whoever's code it
/// is.
fn by(surroundings: &Surroundings, owner: &Owner, agent: &AgentId) -> By {
    if owner.is_plugin() {
        return By::Leader(format!("plugin:{}", owner.name));
    }
    let current = surroundings.current.borrow();
    let call = current.as_ref().and_then(|run| run.call.as_ref());
    match call.and_then(|call| call.setup.acting_user()) {
        Some(user) if *user == *agent.0 => By::Agent,
        Some(user) => By::Leader(format!("user:{user}")),
        None => By::Leader(owner.name.to_string()),
    }
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
