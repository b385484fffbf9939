//! `context "internal" { ["_2XX"] = extension }`: what can be dialled from where.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use call::route::Pattern;
use mlua::{Lua, MultiValue, Value};

use super::arguments::{Arguments, shown, text};
use super::while_loading;
use crate::suggest::did_you_mean;
use crate::surroundings::{DeclaredRoute, Surroundings};

/// The names of this VM's contexts, for those who are sent to one.
#[derive(Clone, Default)]
pub(crate) struct Contexts(Rc<RefCell<BTreeSet<String>>>);

impl Contexts {
    /// Whether there is such a context.
    ///
    /// # Errors
    /// The sentence when there is none.
    pub(crate) fn check(&self, name: &str) -> Result<(), String> {
        let known = self.0.borrow();
        if known.contains(name) {
            return Ok(());
        }
        let hint = did_you_mean(name, known.iter().map(String::as_str));
        Err(format!("no context '{name}'{hint}"))
    }
}

pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let names = Contexts::default();
    lua.set_app_data(names.clone());
    let surroundings = Rc::clone(surroundings);
    let context = move |lua: &Lua, values: MultiValue| {
        while_loading(&surroundings, "context")?;
        let arguments = Arguments::new("context", values, 1)?;
        let name = arguments.text(0, "a name such as \"internal\"")?;
        names.0.borrow_mut().insert(name.clone());
        let surroundings = Rc::clone(&surroundings);
        // Declared also when no table follows: an empty fence is a fence.
        surroundings
            .declared
            .borrow_mut()
            .contexts
            .entry(name.clone())
            .or_default();
        lua.create_function(move |lua, values: MultiValue| {
            while_loading(&surroundings, "context")?;
            let arguments = Arguments::new("context", values, 1)?;
            let Value::Table(table) = arguments.value(0) else {
                let wanted = "a table of routes: context \"internal\" { [\"_2XX\"] = extension }";
                return Err(arguments.wrong(wanted, arguments.value(0)));
            };
            let place = surroundings.place(lua);
            let mut routes = Vec::new();
            for pair in table.pairs::<Value, Value>() {
                let (key, value) = pair?;
                let Some(pattern) = text(&key) else {
                    return Err(arguments.wrong("numbers or patterns as names", &key));
                };
                Pattern::parse(&pattern).map_err(|error| arguments.refuse(error))?;
                let Value::Function(handler) = value else {
                    let got = shown(&value);
                    let message = format!("'{pattern}' needs a function(call), got {got}");
                    return Err(arguments.refuse(message));
                };
                routes.push(DeclaredRoute {
                    pattern,
                    handler,
                    place: place.clone(),
                });
            }
            // Lua's order is no order; this one is the same each time.
            routes.sort_by(|a, b| a.pattern.cmp(&b.pattern));
            let mut declared = surroundings.declared.borrow_mut();
            declared
                .contexts
                .entry(name.clone())
                .or_default()
                .extend(routes);
            Ok(())
        })
    };
    lua.globals()
        .raw_set("context", lua.create_function(context)?)
}
