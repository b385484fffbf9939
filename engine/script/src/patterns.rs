//! `string.find`, `match`, `gmatch` and `gsub`, with their steps counted: in Lua's own a pattern
//! can backtrack for years, and nothing can stop it there.

mod matcher;

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use mlua::{Error, IntoLua, IntoLuaMulti, Lua, LuaString, MultiValue, Table, Value};

use matcher::{Broken, Captured, Matcher};

/// Puts ours in the place of the library's. `ask` is asked now and then whether to go on.
pub(crate) fn install(
    lua: &Lua,
    ask: impl Fn(&Lua) -> mlua::Result<()> + 'static,
) -> mlua::Result<()> {
    let ask: Ask = Rc::new(ask);
    let string: Table = lua.globals().raw_get("string")?;
    let asking = Rc::clone(&ask);
    let search = lua.create_function(move |lua, values: MultiValue| {
        let values = Arguments(lua, "gsub", values);
        let most = values.integer(3, i64::MAX)?;
        let search = RefCell::new(Search::new(&values, Some(most))?);
        // A table is asked for the first capture alone.
        let wanted = match values.2.get(2) {
            Some(Value::Table(_)) => 1,
            _ => usize::MAX,
        };
        let asking = Rc::clone(&asking);
        lua.create_function(move |lua, ()| {
            let mut search = search.borrow_mut();
            match search.next(&|| asking(lua))? {
                Some((found, mut captures)) => {
                    captures.truncate(wanted);
                    let mut values = search.values(lua, captures)?;
                    values.push_front(found.end.into_lua(lua)?);
                    values.push_front((found.start + 1).into_lua(lua)?);
                    Ok(values)
                }
                None => Ok(MultiValue::new()),
            }
        })
    })?;
    let asking = Rc::clone(&ask);
    let substitute = lua.create_function(move |lua, values: MultiValue| {
        substitute(&Arguments(lua, "gsub", values), &|| asking(lua))
    })?;
    // While the library's own is still there.
    lua.load(include_str!("patterns.lua"))
        .set_name("=sandbox")
        .call::<()>((substitute, search))?;

    for (name, finds) in [("find", true), ("match", false)] {
        let asking = Rc::clone(&ask);
        let function = lua.create_function(move |lua, values: MultiValue| {
            find(&Arguments(lua, name, values), finds, &|| asking(lua))
        })?;
        string.raw_set(name, function)?;
    }
    let gmatch = lua.create_function(move |lua, values: MultiValue| {
        let search = RefCell::new(Search::new(&Arguments(lua, "gmatch", values), None)?);
        let asking = Rc::clone(&ask);
        lua.create_function(move |lua, ()| {
            let mut search = search.borrow_mut();
            match search.next(&|| asking(lua))? {
                Some((_, captures)) => search.values(lua, captures),
                None => Value::Nil.into_lua_multi(lua),
            }
        })
    })?;
    string.raw_set("gmatch", gmatch)
}

type Ask = Rc<dyn Fn(&Lua) -> mlua::Result<()>>;

/// The next match, and the next.
struct Search {
    text: LuaString,
    pattern: LuaString,
    is_anchored: bool,
    from: usize,
    /// Where the last match ended: an empty one there is none.
    last: Option<usize>,
    left: i64,
}

impl Search {
    /// `most` for `gsub`; `gmatch` knows no anchor, but a place to begin.
    fn new(values: &Arguments<'_>, most: Option<i64>) -> mlua::Result<Self> {
        let (text, pattern) = (values.text(0)?, values.text(1)?);
        let from = match most {
            Some(_) => 0,
            None => place(values.integer(2, 1)?, text.as_bytes().len()),
        };
        let is_anchored = most.is_some() && pattern.as_bytes().starts_with(b"^");
        Ok(Self {
            text,
            pattern,
            is_anchored,
            from,
            last: None,
            left: most.unwrap_or(i64::MAX),
        })
    }

    fn next(
        &mut self,
        ask: &dyn Fn() -> mlua::Result<()>,
    ) -> mlua::Result<Option<(Range<usize>, Vec<Captured>)>> {
        let (text, pattern) = (self.text.as_bytes(), self.pattern.as_bytes());
        let pattern = pattern.get(usize::from(self.is_anchored)..).unwrap_or(&[]);
        let mut matcher = Matcher::new(&text, pattern, ask);
        while self.left > 0 && self.from <= text.len() {
            let from = self.from;
            let end = matcher.at(from)?.filter(|end| Some(*end) != self.last);
            if self.is_anchored {
                self.left = 0;
            }
            let Some(end) = end else {
                self.from += 1;
                continue;
            };
            self.left = self.left.saturating_sub(1);
            (self.from, self.last) = (end, Some(end));
            let captures = (0..matcher.count())
                .map(|number| matcher.capture(number, from..end))
                .collect();
            return Ok(Some((from..end, captures)));
        }
        self.left = 0;
        Ok(None)
    }

    fn values(&self, lua: &Lua, captures: Vec<Captured>) -> mlua::Result<MultiValue> {
        let text = self.text.as_bytes();
        captures
            .into_iter()
            .map(|captured| value(lua, &text, captured))
            .collect()
    }
}

fn find(
    values: &Arguments<'_>,
    finds: bool,
    ask: &dyn Fn() -> mlua::Result<()>,
) -> mlua::Result<MultiValue> {
    let lua = values.0;
    let (text, pattern) = (values.text(0)?, values.text(1)?);
    let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
    let from = place(values.integer(2, 1)?, text.len());
    let nothing = Value::Nil.into_lua_multi(lua);
    if from > text.len() {
        return nothing;
    }
    let is_plain = !matches!(
        values.2.get(3),
        None | Some(Value::Nil | Value::Boolean(false))
    );
    let has_specials = pattern.iter().any(|octet| SPECIALS.contains(octet));
    if finds && (is_plain || !has_specials) {
        return match Matcher::new(&text, &pattern, ask).plain(from)? {
            Some(found) => (found + 1, found + pattern.len()).into_lua_multi(lua),
            None => nothing,
        };
    }
    let is_anchored = pattern.starts_with(b"^");
    let pattern = pattern.get(usize::from(is_anchored)..).unwrap_or(&[]);
    let mut matcher = Matcher::new(&text, pattern, ask);
    for from in from..=text.len() {
        if let Some(end) = matcher.at(from)? {
            let count = if finds {
                matcher.written()
            } else {
                matcher.count()
            };
            let mut found = MultiValue::new();
            if finds {
                found.push_back((from + 1).into_lua(lua)?);
                found.push_back(end.into_lua(lua)?);
            }
            for number in 0..count {
                found.push_back(value(lua, &text, matcher.capture(number, from..end))?);
            }
            return Ok(found);
        }
        if is_anchored {
            break;
        }
    }
    nothing
}

/// `gsub` with a text that stands for each match.
fn substitute(
    values: &Arguments<'_>,
    ask: &dyn Fn() -> mlua::Result<()>,
) -> mlua::Result<MultiValue> {
    let lua = values.0;
    values.text(0).and_then(|_| values.text(1))?;
    let by = match values.2.get(2) {
        Some(Value::String(_) | Value::Integer(_) | Value::Number(_)) => values.text(2)?,
        other => return Err(values.wrong(2, "string/function/table", other)),
    };
    let most = values.integer(3, i64::MAX)?;
    let mut search = Search::new(values, Some(most))?;
    let whole = search.text.clone();
    let (text, by) = (whole.as_bytes(), by.as_bytes());
    let (mut result, mut kept, mut count) = (Vec::new(), 0, 0_i64);
    while let Some((found, captures)) = search.next(ask)? {
        count += 1;
        result.extend_from_slice(text.get(kept..found.start).unwrap_or(&[]));
        kept = found.end;
        put(&mut result, &by, &text, found, &captures)?;
        if result.len() > LARGEST {
            let message = "string.gsub: the text would be longer than 16 MB";
            return Err(Error::runtime(message));
        }
    }
    if count == 0 {
        return (whole, 0).into_lua_multi(lua);
    }
    result.extend_from_slice(text.get(kept..).unwrap_or(&[]));
    (lua.create_string(&result)?, count).into_lua_multi(lua)
}

/// Puts `by` for a match, with its `%1`.
fn put(
    result: &mut Vec<u8>,
    by: &[u8],
    text: &[u8],
    found: Range<usize>,
    captures: &[Captured],
) -> mlua::Result<()> {
    let mut octets = by.iter();
    while let Some(&octet) = octets.next() {
        if octet != b'%' {
            result.push(octet);
            continue;
        }
        match octets.next() {
            Some(b'%') => result.push(b'%'),
            Some(b'0') => result.extend_from_slice(text.get(found.clone()).unwrap_or(&[])),
            Some(digit @ b'1'..=b'9') => match captures.get(usize::from(digit - b'1')) {
                Some(Captured::Part(part)) => {
                    result.extend_from_slice(text.get(part.clone()).unwrap_or(&[]));
                }
                Some(Captured::Place(place)) => {
                    result.extend_from_slice(place.to_string().as_bytes());
                }
                Some(Captured::Unfinished) => return Err(unfinished()),
                None => {
                    let number = digit - b'0';
                    let message = format!("invalid capture index %{number}");
                    return Err(Error::runtime(message));
                }
            },
            _ => return Err(Error::runtime("invalid use of '%' in replacement string")),
        }
    }
    Ok(())
}

fn value(lua: &Lua, text: &[u8], captured: Captured) -> mlua::Result<Value> {
    match captured {
        Captured::Part(part) => lua
            .create_string(text.get(part).unwrap_or(&[]))
            .map(Value::String),
        Captured::Place(place) => place.into_lua(lua),
        Captured::Unfinished => Err(unfinished()),
    }
}

fn unfinished() -> Error {
    Error::runtime("unfinished capture")
}

/// Where to begin, counted from 0; from the end, when it is negative.
fn place(init: i64, length: usize) -> usize {
    match usize::try_from(init) {
        Ok(init) => init.saturating_sub(1),
        Err(_) => length.saturating_sub(usize::try_from(init.unsigned_abs()).unwrap_or(usize::MAX)),
    }
}

/// What a function was called with, and its name.
struct Arguments<'a>(&'a Lua, &'static str, MultiValue);

impl Arguments<'_> {
    fn text(&self, number: usize) -> mlua::Result<LuaString> {
        match self.2.get(number) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(value @ (Value::Integer(_) | Value::Number(_))) => {
                let text = self.0.coerce_string(value.clone())?;
                text.ok_or_else(|| self.wrong(number, "string", Some(value)))
            }
            other => Err(self.wrong(number, "string", other)),
        }
    }

    fn integer(&self, number: usize, default: i64) -> mlua::Result<i64> {
        match self.2.get(number) {
            None | Some(Value::Nil) => Ok(default),
            Some(value) => {
                let whole = self.0.coerce_integer(value.clone())?;
                whole.ok_or_else(|| self.wrong(number, "whole number", Some(value)))
            }
        }
    }

    /// In Lua's words.
    fn wrong(&self, number: usize, expected: &str, got: Option<&Value>) -> Error {
        let got = got.map_or("no value", Value::type_name);
        Error::runtime(format!(
            "bad argument #{} to '{}' ({expected} expected, got {got})",
            number + 1,
            self.1
        ))
    }
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Pattern(text) => Self::runtime(text),
            Broken::Stopped(error) => error,
        }
    }
}

/// What makes a text a pattern.
const SPECIALS: &[u8] = b"^$*+?.([%-";

/// As `string.rep` has it.
const LARGEST: usize = 16 << 20;

#[cfg(test)]
mod tests;
