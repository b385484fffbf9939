//! `http.get(url)`, `http.post(url, {...})`: asking other machines. A status is a value; what keeps
//! an answer from coming is an error. What others ask is in `door.rs`.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use mlua::{Lua, MultiValue, Table, Value};

use super::arguments::{Arguments, Names, Options, shown, text};
use super::while_running;
use crate::convert::{from_json, to_json};
use crate::http::webhook::Signer;
use crate::http::{Answer, Error, Request, Url};
use crate::plugin::Owner;
use crate::surroundings::Surroundings;
use crate::{fault, vm};

/// The options of all methods.
pub(crate) static OPTIONS: Names = Names {
    class: "HttpOptions",
    names: &[
        "json", "body", "headers", "bearer", "timeout", "retry", "webhook",
    ],
};

/// What a webhook is signed with.
pub(crate) static WEBHOOK: Names = Names {
    class: "WebhookOptions",
    names: &["id", "secret"],
};

const METHODS: &[(&str, &str, Method)] = &[
    ("get", "http.get", Method::GET),
    ("post", "http.post", Method::POST),
    ("put", "http.put", Method::PUT),
    ("patch", "http.patch", Method::PATCH),
    ("delete", "http.delete", Method::DELETE),
];

/// Makes the table for one owner.
pub(crate) fn table(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Table> {
    let http = lua.create_table()?;
    for (name, function, method) in METHODS {
        let around = (Rc::clone(surroundings), Rc::clone(owner));
        let ask = lua.create_async_function(move |lua: Lua, values: MultiValue| {
            let (surroundings, owner) = around.clone();
            let place = surroundings.place(&lua);
            let asking = Asking::new(&lua, &surroundings, &owner, (function, method), values);
            async move {
                let answered = match asking {
                    Ok(asking) => {
                        let what = format!("{} {}", asking.function, asking.request.url);
                        let answered = asking.answered(&surroundings, &owner).await;
                        let outcome = match &answered {
                            Ok(answer) => answer.status.to_string(),
                            Err(_) => "no answer".to_owned(),
                        };
                        surroundings.tell(Some(&place), &format!("{what}: {outcome}"));
                        answered
                    }
                    Err(error) => Err(error),
                };
                let answer = answered.map_err(|error| fault::at(&place, error))?;
                table_of(&lua, &answer, surroundings.clock.unix_micros())
            }
        })?;
        http.raw_set(*name, vm::waiting(lua, function, ask)?)?;
    }
    http.raw_set("route", super::door::function(lua, surroundings, owner)?)?;
    Ok(http)
}

/// One call of a method.
struct Asking {
    function: &'static str,
    request: Request,
    signer: Option<Signer>,
    retries: i64,
}

impl Asking {
    fn new(
        lua: &Lua,
        surroundings: &Surroundings,
        owner: &Owner,
        (function, method): (&'static str, &Method),
        values: MultiValue,
    ) -> mlua::Result<Self> {
        while_running(surroundings, function)?;
        let arguments = Arguments::new(function, values, 2)?;
        let url = arguments.text(0, "an address such as \"https://api.example.com/v1\"")?;
        let url = Url::parse(&url).map_err(|message| arguments.refuse(message))?;
        let may_be_private = owner.may_reach(&url).map_err(|it| arguments.refuse(it))?;
        let options = arguments.options(1, &OPTIONS)?;
        let mut headers = headers(&options)?;
        if let Some(token) = options.text("bearer")? {
            let value = HeaderValue::try_from(format!("Bearer {token}"));
            let mut value =
                value.map_err(|_| options.refuse("bearer", "has characters that are not sent"))?;
            value.set_sensitive(true);
            headers.push((AUTHORIZATION, value));
        }
        let body = body(lua, &options, &mut headers)?;
        if *method == Method::GET && !body.is_empty() {
            return Err(arguments.refuse("a request to get has no body: use http.post"));
        }
        let timeout = options.duration("timeout", TIMEOUT)?;
        if timeout.is_zero() || timeout > LONGEST {
            return Err(options.refuse("timeout", "expected a time from 1 ms to 2 minutes"));
        }
        Ok(Self {
            function,
            signer: signer(&options)?,
            retries: options.whole("retry", 0, 0..=MOST_RETRIES)?,
            request: Request {
                method: method.clone(),
                url,
                headers,
                body,
                timeout,
                may_be_private,
            },
        })
    }

    /// The answer; asked for again when it is worth it and wanted.
    async fn answered(self, surroundings: &Surroundings, owner: &Owner) -> mlua::Result<Answer> {
        let refuse =
            |message: String| mlua::Error::runtime(format!("{}: {message}", self.function));
        let _turn = owner.request().map_err(refuse)?;
        let mut wait = Duration::from_secs(1);
        for again in (0..=self.retries).rev() {
            let mut request = self.request.clone();
            if let Some(signer) = &self.signer {
                let at = surroundings.clock.unix_micros().div_euclid(1_000_000);
                let signed = signer.headers(at, &request.body).into_iter();
                request.headers.extend(signed.filter_map(|(name, value)| {
                    Some((
                        HeaderName::from_static(name),
                        HeaderValue::try_from(value).ok()?,
                    ))
                }));
            }
            let answer = {
                let _waited = surroundings.outside.wait();
                surroundings.client.ask(request).await
            };
            let answer = answer.unwrap_or_else(|_| {
                Err(Error::NoClient(
                    "the thread for requests has ended".to_owned(),
                ))
            });
            let asked_for = match &answer {
                Ok(answer) => retry_after(answer, surroundings.clock.unix_micros()),
                Err(_) => None,
            };
            let is_worth_it = match &answer {
                // Who wants a longer rest is asked again by whoever has the time: a job.
                Ok(_) if asked_for.is_some_and(|it| it > LONGEST_REST) => false,
                Ok(answer) => matches!(answer.status, 429 | 502..=504),
                Err(error) => !matches!(error, Error::Private { .. } | Error::TooLarge { .. }),
            };
            if again == 0 || !is_worth_it {
                return answer.map_err(|error| refuse(sentence(&error, owner)));
            }
            let rest = asked_for.unwrap_or_default().max(wait);
            surroundings.clock.sleep(rest).await;
            wait *= 2;
        }
        Err(refuse("was not tried".to_owned()))
    }
}

fn sentence(error: &Error, owner: &Owner) -> String {
    match error {
        Error::Private { host, .. } => format!("{error}: {}", owner.how_to_reach_private(host)),
        other => other.to_string(),
    }
}

fn headers(options: &Options) -> mlua::Result<Vec<(HeaderName, HeaderValue)>> {
    let table = match options.value("headers")? {
        Value::Nil => return Ok(Vec::new()),
        Value::Table(table) => table,
        other => {
            let message = format!(
                "expected {{ [\"X-Name\"] = \"value\" }}, got {}",
                shown(&other)
            );
            return Err(options.refuse("headers", message));
        }
    };
    let mut headers = Vec::new();
    for pair in table.pairs::<Value, Value>() {
        let (name, value) = pair?;
        let read = text(&name).and_then(|name| HeaderName::try_from(name).ok());
        let written = text(&value).and_then(|value| HeaderValue::try_from(value).ok());
        let (Some(header), Some(value)) = (read, written) else {
            let message = format!("{} is no header that can be sent", shown(&name));
            return Err(options.refuse("headers", message));
        };
        if OURS.contains(&header.as_str()) {
            let message = format!("'{header}' is set by the exchange");
            return Err(options.refuse("headers", message));
        }
        headers.push((header, value));
    }
    Ok(headers)
}

fn body(
    lua: &Lua,
    options: &Options,
    headers: &mut Vec<(HeaderName, HeaderValue)>,
) -> mlua::Result<Bytes> {
    match (options.value("json")?, options.value("body")?) {
        (Value::Nil, Value::Nil) => Ok(Bytes::new()),
        (Value::Nil, Value::String(body)) => Ok(Bytes::copy_from_slice(&body.as_bytes())),
        (Value::Nil, other) => {
            let message = format!("expected text, got {}", shown(&other));
            Err(options.refuse("body", message))
        }
        (json, Value::Nil) => {
            let json = to_json(lua, &json).map_err(|message| options.refuse("json", message))?;
            if !headers.iter().any(|(name, _)| *name == CONTENT_TYPE) {
                headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
            }
            Ok(json.to_string().into())
        }
        _ => Err(options.refuse("body", "there is `json` already: one or the other")),
    }
}

fn signer(options: &Options) -> mlua::Result<Option<Signer>> {
    let Some(webhook) = options.within("webhook", &WEBHOOK)? else {
        return Ok(None);
    };
    let id = webhook.text("id")?.unwrap_or_default();
    let secrets = match webhook.value("secret")? {
        Value::Table(list) => list
            .sequence_values::<String>()
            .collect::<mlua::Result<_>>()?,
        _ => webhook.text("secret")?.into_iter().collect::<Vec<_>>(),
    };
    let signer = Signer::new(id, &secrets).map_err(|it| options.refuse("webhook", it))?;
    Ok(Some(signer))
}

fn table_of(lua: &Lua, answer: &Answer, now: i64) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let headers = lua.create_table()?;
    let mut is_json = false;
    for (name, value) in &answer.headers {
        is_json |= name == "content-type" && value.contains("json");
        let before: Option<String> = headers.raw_get(name.as_str())?;
        let value = before.map_or_else(|| value.clone(), |before| format!("{before}, {value}"));
        headers.raw_set(name.as_str(), value)?;
    }
    table.raw_set("status", answer.status)?;
    table.raw_set("headers", headers)?;
    table.raw_set("body", lua.create_string(&answer.body)?)?;
    if let Some(after) = retry_after(answer, now) {
        table.raw_set("retry_after", after.as_secs_f64())?;
    }
    if is_json && let Ok(json) = serde_json::from_slice(&answer.body) {
        table.raw_set("json", from_json(lua, &json)?)?;
    }
    Ok(table)
}

/// How long who answers wants to be left alone (RFC 9110 §10.2.3): seconds, or until a date.
fn retry_after(answer: &Answer, now: i64) -> Option<Duration> {
    let found = answer
        .headers
        .iter()
        .find(|(name, _)| name == "retry-after");
    let text = found?.1.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let until = jiff::fmt::rfc2822::parse(text)
        .ok()?
        .timestamp()
        .as_microsecond();
    Some(Duration::from_micros(
        u64::try_from(until - now).unwrap_or_default(),
    ))
}

/// Headers that say how a message is framed, or to whom it goes.
const OURS: &[&str] = &[
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "keep-alive",
    "proxy-connection",
    "expect",
];

const TIMEOUT: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(120);
const MOST_RETRIES: i64 = 5;
/// A script that retries by itself waits no longer than that.
const LONGEST_REST: Duration = Duration::from_secs(30);
