//! `queue "it" { agents = { "1049", "1050" }, ring_timeout = 15 }`: where callers wait for agents.

mod form;
mod members;
mod read;
#[cfg(test)]
mod tests;
mod widening;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use call::acd::{PenaltyRule, QueuePlan};
use mlua::{Function, Lua, MultiValue, Value};

use super::arguments::Arguments;
use super::while_loading;
use crate::Place;
use crate::suggest::did_you_mean;
use crate::surroundings::Surroundings;

#[cfg(test)]
pub(crate) use form::schema;
pub(crate) use members::read_skills;
pub(crate) use read::step_to;

/// One `queue`.
pub(crate) struct DeclaredQueue {
    /// What it says.
    pub(crate) plan: QueuePlan,
    /// Its `choose`.
    pub(crate) choose: Option<Function>,
    /// Where it is written.
    pub(crate) place: Place,
}

/// The names of this VM's queues and where each is written, for those who are sent to one.
#[derive(Clone, Default)]
pub(crate) struct Queues(Rc<RefCell<BTreeMap<String, Known>>>);

/// What is remembered of a queue's declaration.
struct Known {
    place: Place,
    penalty_rules: Vec<PenaltyRule>,
}

impl Queues {
    /// The rules by which penalties widen, as this generation declares them.
    pub(crate) fn penalty_rules(&self, name: &str) -> Option<Vec<PenaltyRule>> {
        let known = self.0.borrow();
        known.get(name).map(|queue| queue.penalty_rules.clone())
    }

    /// Whether there is such a queue.
    ///
    /// # Errors
    /// The sentence when there is none.
    pub(crate) fn check(&self, name: &str) -> Result<(), String> {
        let known = self.0.borrow();
        match known.contains_key(name) {
            true => Ok(()),
            false => Err(no_queue(name, known.keys().map(String::as_str))),
        }
    }
}

/// The sentence `no queue 'suport' (did you mean 'support'?)`.
pub(crate) fn no_queue<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    format!("no queue '{name}'{}", did_you_mean(name, known))
}

pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let queues = Queues::default();
    lua.set_app_data(queues.clone());
    let surroundings = Rc::clone(surroundings);
    let queue = move |lua: &Lua, values: MultiValue| {
        while_loading(&surroundings, "queue")?;
        let arguments = Arguments::new("queue", values, 1)?;
        let name = arguments.text(0, "a name such as \"support\"")?;
        if !is_name(&name) {
            let message =
                format!("\"{name}\" cannot be a queue's name: letters, digits, - and _ can");
            return Err(arguments.refuse(message));
        }
        let place = surroundings.place(lua);
        let known = Known {
            place: place.clone(),
            penalty_rules: Vec::new(),
        };
        if let Some(first) = queues.0.borrow_mut().insert(name.clone(), known) {
            let first = first.place;
            let message = format!("'{name}' is declared in {}:{} too", first.file, first.line);
            return Err(arguments.refuse(message));
        }
        let surroundings = Rc::clone(&surroundings);
        let queues = queues.clone();
        lua.create_function(move |lua, values: MultiValue| {
            while_loading(&surroundings, "queue")?;
            let arguments = Arguments::new("queue", values, 1)?;
            let Value::Table(table) = arguments.value(0) else {
                let wanted = "a table: queue \"support\" { agents = { \"1049\", \"1050\" } }";
                return Err(arguments.wrong(wanted, arguments.value(0)));
            };
            let (plan, choose) = read::queue(lua, &name, table)
                .map_err(|message| arguments.refuse(format!("'{name}': {message}")))?;
            if let Some(known) = queues.0.borrow_mut().get_mut(&name) {
                known.penalty_rules.clone_from(&plan.widening.penalties);
            }
            let declared = DeclaredQueue {
                plan,
                choose,
                place: place.clone(),
            };
            surroundings.declared.borrow_mut().queues.push(declared);
            Ok(())
        })
    };
    lua.globals().raw_set("queue", lua.create_function(queue)?)
}

/// A name that stands in `queue:NAME`, in paths of the API and in records.
fn is_name(text: &str) -> bool {
    let plain = |letter: char| letter.is_alphanumeric() || "-_".contains(letter);
    (1..=64).contains(&text.len()) && text.chars().all(plain)
}
