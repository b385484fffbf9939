//! `codes "internal" { idle = { { "*23", does = idle, name = "code/idle" } }, in_call = { … } }`: the keys of phones.

use std::rc::Rc;

use mlua::{Function, Lua, MultiValue, Table, Value};

use super::arguments::{Arguments, Names, shown, text};
use super::while_loading;
use crate::codes::{CodeKeys, IdleCode, InCallCode};
use crate::suggest::did_you_mean;
use crate::surroundings::{DeclaredRoute, Surroundings};
use crate::{Place, read_only};

/// The fields of one row, beside the codes themselves.
pub(crate) static ROW: Names = Names {
    class: "CodeRow",
    names: &["does", "name", "lamp", "menu"],
};
/// The tables of codes.
pub(crate) static TABLES: Names = Names {
    class: "CodeTables",
    names: &["idle", "in_call"],
};

pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let chunk = lua.load(include_str!("codes.lua")).set_name("=codes");
    let wrap: Function = chunk.call(())?;
    let surroundings = Rc::clone(surroundings);
    let codes = move |lua: &Lua, values: MultiValue| {
        while_loading(&surroundings, FUNCTION)?;
        let arguments = Arguments::new(FUNCTION, values, 1)?;
        let context = arguments.text(0, "a context such as \"internal\"")?;
        let (surroundings, wrap) = (Rc::clone(&surroundings), wrap.clone());
        lua.create_function(move |lua, values: MultiValue| {
            while_loading(&surroundings, FUNCTION)?;
            let arguments = Arguments::new(FUNCTION, values, 1)?;
            let reader = Reader {
                arguments: &arguments,
                context: &context,
                surroundings: &surroundings,
                wrap: &wrap,
                // Rows are read one by one: the line is where the whole table was given.
                place: surroundings.place(lua),
            };
            let tables = arguments.options(0, &TABLES)?;
            for row in reader.rows(tables.value("idle")?)? {
                reader.idle(&row)?;
            }
            let typed = tables.value("in_call")?;
            if typed.is_nil() {
                return Ok(());
            }
            let mut all = Vec::new();
            for row in reader.rows(typed)? {
                reader.in_call(&row, &mut all)?;
            }
            let mut declared = surroundings.declared.borrow_mut();
            declared.codes.in_call.get_or_insert_default().extend(all);
            Ok(())
        })
    };
    lua.globals().raw_set("codes", lua.create_function(codes)?)
}

struct Reader<'a> {
    arguments: &'a Arguments,
    context: &'a str,
    surroundings: &'a Surroundings,
    wrap: &'a Function,
    place: Place,
}

impl Reader<'_> {
    fn rows(&self, value: Value) -> mlua::Result<Vec<Table>> {
        let table = match read_only::seen_through(value) {
            Value::Nil => return Ok(Vec::new()),
            Value::Table(table) => table,
            other => return Err(self.arguments.wrong("a list of rows", &other)),
        };
        let rows = table.sequence_values::<Value>();
        let rows = rows.map(|row| match row.map(read_only::seen_through)? {
            Value::Table(row) => Ok(row),
            other => Err(self.arguments.wrong(
                "rows such as { \"*23\", does = idle, name = \"code/idle\" }",
                &other,
            )),
        });
        rows.collect()
    }

    /// The codes of a row, and the row in words.
    fn codes(&self, row: &Table) -> mlua::Result<(Vec<String>, String)> {
        let mut codes = Vec::new();
        for pair in row.pairs::<Value, Value>() {
            let (key, value) = pair?;
            match key {
                Value::Integer(_) => {}
                Value::String(name) if ROW.names.contains(&&*name.to_string_lossy()) => {}
                other => {
                    let name = text(&other).unwrap_or_default();
                    let hint = did_you_mean(&name, ROW.names.iter().copied());
                    let known = ROW.names.join(", ");
                    let message = format!("a row has no '{name}'{hint}: there are {known}");
                    return Err(self.arguments.refuse(message));
                }
            }
            drop(value);
        }
        for code in row.clone().sequence_values::<Value>() {
            let code = code?;
            codes.push(
                text(&code).ok_or_else(|| self.arguments.wrong("codes such as \"*23\"", &code))?,
            );
        }
        if codes.is_empty() {
            let message = "a row begins with what is dialled: { \"*23\", does = idle }";
            return Err(self.arguments.refuse(message));
        }
        let name = match row.raw_get::<Value>("name")? {
            Value::Nil => codes.join(" "),
            name => text(&name).ok_or_else(|| {
                self.arguments
                    .wrong("a sound such as \"code/idle\" as a row's name", &name)
            })?,
        };
        Ok((codes, name))
    }

    fn lamp(&self, row: &Table) -> mlua::Result<Option<String>> {
        let lamp = row.raw_get::<Value>("lamp")?;
        if lamp.is_nil() {
            return Ok(None);
        }
        let wanted = "a lamp's name such as \"dnd-<me>\"";
        text(&lamp)
            .map(Some)
            .ok_or_else(|| self.arguments.wrong(wanted, &lamp))
    }

    fn idle(&self, row: &Table) -> mlua::Result<()> {
        let (codes, name) = self.codes(row)?;
        let lamp = self.lamp(row)?;
        let does = match row.raw_get::<Value>("does")? {
            Value::Function(does) => does,
            other => {
                let message = format!(
                    "'{}' ({name}) needs does = a function(call), got {}",
                    codes.join(" "),
                    shown(&other)
                );
                return Err(self.arguments.refuse(message));
            }
        };
        for code in codes {
            let keys = CodeKeys::read(&code).map_err(|why| self.arguments.refuse(why))?;
            let handler: Function = self.wrap.call((does.clone(), keys.keys.len()))?;
            let mut declared = self.surroundings.declared.borrow_mut();
            let routes = declared
                .contexts
                .entry(self.context.to_owned())
                .or_default();
            // The same twice is told as two codes that collide.
            if !routes.iter().any(|it| it.pattern == keys.pattern.as_str()) {
                routes.push(DeclaredRoute {
                    pattern: keys.pattern.to_string(),
                    handler,
                    place: self.place.clone(),
                });
            }
            declared.codes.idle.push(IdleCode {
                context: self.context.to_owned(),
                keys,
                name: name.clone(),
                lamp: lamp.clone(),
                place: self.place.clone(),
            });
        }
        Ok(())
    }

    fn in_call(&self, row: &Table, all: &mut Vec<InCallCode>) -> mlua::Result<()> {
        let (codes, name) = self.codes(row)?;
        let lamp = self.lamp(row)?;
        let does = row.raw_get::<Value>("does")?;
        let wanted = "a command such as \"consult\" as what a code does in a call";
        let word = text(&does).ok_or_else(|| self.arguments.wrong(wanted, &does))?;
        all.extend(codes.into_iter().map(|code| InCallCode {
            code,
            word: word.clone(),
            name: name.clone(),
            lamp: lamp.clone(),
            place: self.place.clone(),
        }));
        Ok(())
    }
}

const FUNCTION: &str = "codes";
