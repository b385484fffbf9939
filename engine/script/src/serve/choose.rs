//! A queue's `choose`: whom should this call be offered to?

use std::cell::RefCell;
use std::rc::Rc;

use call::acd::{AgentId, Ask, AskId, Chosen, QueueName};
use mlua::{Lua, Table, Value};
use tokio::task::spawn_local;

use super::{Done, Serving, task};
use crate::api::arguments::{shown, text};
use crate::convert::from_json;
use crate::plugin::Owner;

impl Serving {
    /// Asks; the answer goes to the exchange, unless it is told to forget it before.
    pub(super) fn choose(self: &Rc<Self>, queue: &QueueName, ask: Ask, about: &serde_json::Value) {
        let id = ask.id;
        let answer = move |serving: &Self, chosen| {
            let exchange = &serving.around.surroundings.exchange;
            exchange.chosen(&serving.host.tenant, id, chosen);
        };
        let lua = &self.vm.lua;
        let arguments = candidates(lua, &ask).and_then(|all| Ok((all, from_json(lua, about)?)));
        let (function, arguments) = match (self.choosers.get(queue), arguments) {
            (Some(function), Ok(arguments)) => (function.clone(), arguments),
            (None, _) => {
                let why = "the queue has no choose any more".to_owned();
                return answer(self, Chosen::Failed(why));
            }
            (_, Err(error)) => return answer(self, Chosen::Failed(error.to_string())),
        };
        let run = task(
            format!("from choose of queue \"{queue}\""),
            &Owner::script(),
        );
        let serving = Rc::clone(self);
        self.tasks.set(self.tasks.get() + 1);
        let done = Done(Rc::clone(self));
        let running = spawn_local(async move {
            let _done = done;
            let returned = Rc::new(RefCell::new(Value::Nil));
            let kept = Rc::clone(&returned);
            let call = serving.vm.ground.call_async::<Value>((function, arguments));
            let script = serving.metered(&run, async move {
                let value = call.await?;
                kept.replace(value);
                Ok(())
            });
            let chosen = match script.await {
                Ok(()) => match order(&returned.take()) {
                    Ok(order) => Chosen::Order(order),
                    Err(sentence) => Chosen::Failed(sentence),
                },
                Err(broken) => {
                    let fault = serving.fault(&broken, &run.origin);
                    serving.log(&fault, None);
                    Chosen::Failed(fault.message)
                }
            };
            serving.choosing.borrow_mut().remove(&id);
            answer(&serving, chosen);
        });
        let running = running.abort_handle();
        self.choosing.borrow_mut().insert(id, running);
    }

    /// It has lost its time.
    pub(super) fn forget_choose(&self, ask: AskId) {
        if let Some(running) = self.choosing.borrow_mut().remove(&ask) {
            running.abort();
        }
    }
}

/// The candidates as scripts see them.
fn candidates(lua: &Lua, ask: &Ask) -> mlua::Result<Table> {
    let all = lua.create_table_with_capacity(ask.candidates.len(), 0)?;
    for candidate in &ask.candidates {
        let table = lua.create_table_with_capacity(0, 6)?;
        table.raw_set("agent", &*candidate.agent.0)?;
        table.raw_set("idle", candidate.idle.as_secs_f64())?;
        table.raw_set("calls", candidate.calls)?;
        table.raw_set("penalty", candidate.penalty)?;
        table.raw_set("level", candidate.level)?;
        table.raw_set("skill", candidate.skill)?;
        all.raw_push(table)?;
    }
    Ok(all)
}

/// An agent, a list of agents, candidates among them, or nothing.
fn order(returned: &Value) -> Result<Vec<AgentId>, String> {
    let wrong = |value: &Value| {
        let got = shown(value);
        format!("choose returned {got}: expected an agent, a list of agents, or nil")
    };
    match returned {
        Value::Nil => Ok(Vec::new()),
        Value::Table(table) => {
            if let Some(agent) = named(returned) {
                return Ok(vec![agent]);
            }
            let items = table.sequence_values::<Value>();
            let agents = items.map(|item| {
                let item = item.map_err(|error| error.to_string())?;
                named(&item).ok_or_else(|| wrong(&item))
            });
            agents.collect()
        }
        other => named(other)
            .map(|agent| vec![agent])
            .ok_or_else(|| wrong(other)),
    }
}

/// `"1049"`, or a candidate.
fn named(value: &Value) -> Option<AgentId> {
    let name = match value {
        Value::Table(candidate) => text(&candidate.raw_get::<Value>("agent").ok()?)?,
        other => text(other)?,
    };
    Some(AgentId::from(name.as_str()))
}
