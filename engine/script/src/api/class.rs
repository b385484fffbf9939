//! Objects with methods: what a name behind the dot or colon finds.

use std::collections::HashMap;
use std::rc::Rc;

use mlua::{Error, Function, MultiValue, UserDataRef, Value};

use super::arguments::{Arguments, shown, without_self};
use crate::suggest::did_you_mean;

/// The methods and fields of one kind of object.
pub(crate) struct Class {
    /// In sentences: `a call`.
    article: &'static str,
    /// In front of the colon: `call`.
    object: &'static str,
    fields: &'static [&'static str],
    names: Vec<&'static str>,
    methods: HashMap<&'static str, Function>,
}

impl Class {
    pub(crate) fn new(
        article: &'static str,
        object: &'static str,
        fields: &'static [&'static str],
    ) -> Self {
        Self {
            article,
            object,
            fields,
            names: Vec::new(),
            methods: HashMap::new(),
        }
    }

    /// Adds a method.
    pub(crate) fn add(&mut self, name: &'static str, method: Function) {
        self.names.push(name);
        self.methods.insert(name, method);
    }

    /// The method behind a name.
    ///
    /// # Errors
    /// When there is none, with a suggestion.
    pub(crate) fn method(&self, name: &str) -> mlua::Result<Value> {
        // Each call of a method asks here: no table of Lua's, which would make a string of the name.
        match self.methods.get(name) {
            None => {
                let known = self.names.iter().chain(self.fields).copied();
                let hint = did_you_mean(name, known);
                Err(Error::runtime(format!(
                    "{} has no '{name}'{hint}",
                    self.article
                )))
            }
            Some(method) => Ok(Value::Function(method.clone())),
        }
    }

    /// Its fields and methods, for the stubs.
    pub(crate) fn members(&self) -> impl Iterator<Item = &'static str> {
        self.names.iter().chain(self.fields).copied()
    }
}

/// Reads the object in front of the colon and the arguments behind it.
///
/// # Errors
/// When the method was called with a dot.
pub(crate) fn receive<T: 'static>(
    function: &'static str,
    values: MultiValue,
    most: usize,
) -> mlua::Result<(UserDataRef<T>, Arguments)> {
    let (object, rest) = without_self(values);
    let received = match &object {
        Value::UserData(object) => object.borrow::<T>().ok(),
        _ => None,
    };
    let Some(received) = received else {
        let got = shown(&object);
        let message = format!("write {function}(...) with a colon; in front of it is {got}");
        return Err(Error::runtime(message));
    };
    Ok((received, Arguments::new(function, rest, most)?))
}

/// Refuses `object.name = value`.
pub(crate) fn refuse_set(class: &Rc<Class>, name: &Value, hint: &str) -> Error {
    let (object, name) = (class.object, shown(name));
    let name = name.trim_matches('"');
    Error::runtime(format!("{object}.{name} cannot be set{hint}"))
}
