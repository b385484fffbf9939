//! A request as a handler gets it, and what it returns as an answer.

use bytes::Bytes;
use mlua::{Lua, MultiValue, Table, Value};
use tokio::sync::oneshot;

use super::path::decode;
use super::{Answer, Guest, Unanswered, Visit};
use crate::api::arguments::{shown, text};
use crate::convert::{from_json, to_json};
use crate::suggest::did_you_mean;

/// A request on its way to a handler.
#[derive(Debug)]
pub(crate) struct Asking {
    /// Which of the generation's handlers.
    pub(crate) door: usize,
    /// What stands at the names in its path.
    pub(crate) named: Vec<(String, String)>,
    pub(crate) visit: Visit,
    pub(crate) reply: oneshot::Sender<Result<Answer, Unanswered>>,
}

impl Asking {
    /// Says why there is no answer.
    pub(crate) fn refuse(self, why: Unanswered) {
        // Who has asked may be gone.
        let _ = self.reply.send(Err(why));
    }

    /// What is asked and is not among the `known` questions: swallowed, a slip would give everything.
    pub(crate) fn unknown(&self, known: &[String]) -> Option<String> {
        let asked = form(self.visit.query.as_deref().unwrap_or_default())?;
        let (name, _) = asked.into_iter().find(|(name, _)| !known.contains(name))?;
        let known = known.iter().map(String::as_str);
        let hint = did_you_mean(&name, known.clone());
        let there = match (hint.is_empty(), known.collect::<Vec<_>>().join(", ")) {
            (false, _) => hint,
            (true, names) if names.is_empty() => ": nothing can be asked here".to_owned(),
            (true, names) => format!(": there are {names}"),
        };
        Some(format!("unknown question '{name}'{there}"))
    }

    /// The request as a table.
    ///
    /// # Errors
    /// What is wrong with the request; or, within, what Lua could not make of it.
    pub(crate) fn table(&self, lua: &Lua) -> Result<mlua::Result<Table>, Unanswered> {
        let visit = &self.visit;
        let kind = self.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let is_json = kind == "application/json" || kind.ends_with("+json");
        let json = match is_json && !visit.body.is_empty() {
            true => {
                let read = serde_json::from_slice::<serde_json::Value>(&visit.body);
                let wrong = |error| {
                    Unanswered::BadRequest(format!("the body says that it is JSON: {error}"))
                };
                Some(read.map_err(wrong)?)
            }
            false => None,
        };
        let fields = |text: &str| {
            let wrong = "the query or form is not encoded as it should be";
            form(text).ok_or_else(|| Unanswered::BadRequest(wrong.to_owned()))
        };
        let query = fields(visit.query.as_deref().unwrap_or_default())?;
        let posted = match kind {
            "application/x-www-form-urlencoded" => {
                let body = std::str::from_utf8(&visit.body).unwrap_or("%");
                Some(fields(body)?)
            }
            _ => None,
        };
        let make = || {
            let request = lua.create_table()?;
            request.raw_set("method", visit.method.as_str())?;
            request.raw_set("path", visit.path.as_str())?;
            request.raw_set("params", named(lua, &self.named)?)?;
            request.raw_set("query", named(lua, &query)?)?;
            request.raw_set("headers", self.headers(lua)?)?;
            request.raw_set("body", lua.create_string(&visit.body)?)?;
            request.raw_set("source", visit.source.to_string())?;
            request.raw_set("by", visit.by.as_deref())?;
            who(lua, &request, visit.guest.as_ref())?;
            if let Some(posted) = &posted {
                request.raw_set("form", named(lua, posted)?)?;
            }
            if let Some(json) = &json {
                request.raw_set("json", from_json(lua, json)?)?;
            }
            Ok(request)
        };
        Ok(make())
    }

    fn header(&self, name: &str) -> Option<String> {
        let found = self.visit.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.to_ascii_lowercase())
    }

    fn headers(&self, lua: &Lua) -> mlua::Result<Table> {
        let headers = lua.create_table()?;
        for (name, value) in &self.visit.headers {
            // It was looked at, and is nobody's business any more.
            if name == "authorization" {
                continue;
            }
            let before: Option<String> = headers.raw_get(name.as_str())?;
            let value = before.map_or_else(|| value.clone(), |before| format!("{before}, {value}"));
            headers.raw_set(name.as_str(), value)?;
        }
        Ok(headers)
    }
}

/// The first value of each name.
fn named(lua: &Lua, pairs: &[(String, String)]) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (name, value) in pairs {
        if !table.contains_key(name.as_str())? {
            table.raw_set(name.as_str(), value.as_str())?;
        }
    }
    Ok(table)
}

fn form(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let read = |text: &str| decode(&text.replace('+', " "));
    pairs
        .take(MOST_FIELDS)
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((read(name)?, read(value)?))
        })
        .collect()
}

/// What a handler has returned: a status, a body, headers; each may be left out.
///
/// # Errors
/// A sentence about what it should have returned.
pub(crate) fn answer(lua: &Lua, values: &MultiValue) -> Result<Answer, String> {
    let value = |index: usize| values.get(index).unwrap_or(&Value::Nil);
    let status = match value(0) {
        Value::Nil => 204,
        Value::Integer(status @ 200..=599) => u16::try_from(*status).unwrap_or(500),
        other => {
            let got = shown(other);
            return Err(format!(
                "a route returns a status from 200 to 599, then a body, got {got}"
            ));
        }
    };
    let mut headers = headers(value(2))?;
    let mut kind = |kind: &str| {
        if !headers.iter().any(|(name, _)| name == "content-type") {
            headers.push(("content-type".to_owned(), kind.to_owned()));
        }
    };
    let body = match value(1) {
        Value::Nil => Bytes::new(),
        Value::String(text) => {
            kind("text/plain; charset=utf-8");
            Bytes::copy_from_slice(&text.as_bytes())
        }
        table @ Value::Table(_) => {
            let json = to_json(lua, table).map_err(|sentence| format!("the body: {sentence}"))?;
            kind("application/json");
            json.to_string().into()
        }
        other => {
            let got = shown(other);
            return Err(format!(
                "a route returns text or a table as its body, got {got}"
            ));
        }
    };
    match body.len() {
        0..=LARGEST_ANSWER => Ok(Answer {
            status,
            headers,
            body,
        }),
        _ => Err("a route returns a body of at most 8 MB".to_owned()),
    }
}

/// Who asks and how far they reach, for handlers that give each their own. Programs reach everybody.
fn who(lua: &Lua, request: &Table, guest: Option<&Guest>) -> mlua::Result<()> {
    let reach = guest.and_then(|guest| guest.reach.clone());
    if let Some(guest) = guest {
        request.raw_set("user", guest.user.as_str())?;
        request.raw_set("role", guest.role.word())?;
        request.raw_set("reach", reach.clone())?;
    }
    let reaches = lua.create_function(move |_, extension: Value| {
        let is_one = |all: &Vec<String>| text(&extension).is_some_and(|one| all.contains(&one));
        Ok(reach.as_ref().is_none_or(is_one))
    })?;
    request.raw_set("reaches", reaches)
}

fn headers(value: &Value) -> Result<Vec<(String, String)>, String> {
    let table = match value {
        Value::Nil => return Ok(Vec::new()),
        Value::Table(table) => table,
        other => {
            let got = shown(other);
            return Err(format!(
                "a route returns {{ [\"x-name\"] = \"value\" }} as its headers, got {got}"
            ));
        }
    };
    let mut headers = Vec::new();
    for pair in table.pairs::<Value, Value>() {
        let (name, value) = pair.map_err(|error| error.to_string())?;
        let read = text(&name).and_then(|name| hyper::header::HeaderName::try_from(name).ok());
        let written = text(&value).filter(|it| hyper::header::HeaderValue::try_from(it).is_ok());
        let (Some(header), Some(value)) = (read, written) else {
            return Err(format!("{} is no header that can be sent", shown(&name)));
        };
        if OURS.contains(&header.as_str()) {
            return Err(format!("'{header}' is set by the exchange"));
        }
        headers.push((header.as_str().to_owned(), value));
    }
    Ok(headers)
}

/// Headers that say how an answer is framed, or what its page may do in the origin of the
/// exchange's own.
const OURS: &[&str] = &[
    "connection",
    "content-length",
    "content-security-policy",
    "keep-alive",
    "set-cookie",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-content-type-options",
];

const LARGEST_ANSWER: usize = 8 << 20;
const MOST_FIELDS: usize = 1_000;
