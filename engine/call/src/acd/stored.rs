//! How an agent's state is written down, and read again by this version of the exchange and by others.
//!
//! It carries a version. A reader ignores fields that it does not know, takes what is missing or means
//! nothing to it for what it usually is, and brings what an older version has written to the form of
//! today first. So an agent is logged out by an update only where nothing can be made of what they did.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::agent::Rest;
use super::snapshot::{AgentSnapshot, Kept};
use super::{Reason, State};

/// Nothing can be made of a stored state.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unreadable {
    /// Not an object.
    #[error("it is no object")]
    NoObject,
    /// It does not say whose it is.
    #[error("it names no agent")]
    NoAgent,
    /// What the agent did is written in a way that this version does not know.
    #[error(
        "version {VERSION} of the reader cannot tell what the agent did from {duty} (written by version {version})"
    )]
    Duty {
        /// Who has written it; 0 before there were versions.
        version: u64,
        /// What is written there.
        duty: String,
    },
}

impl From<AgentSnapshot> for Value {
    fn from(it: AgentSnapshot) -> Self {
        let duty = match it.duty {
            Kept::LoggedOut => json!("logged_out"),
            Kept::Rest(rest) => json!({ "rest": rest }),
            Kept::WrapUp { left, then } => {
                json!({ "wrap_up": { "left_ms": left.map(millis), "then": then } })
            }
        };
        json!({
            "version": VERSION,
            "agent": it.agent,
            "shown": it.shown,
            "shown_for_ms": millis(it.shown_for),
            "duty": duty,
            "idle_for_ms": millis(it.idle_for),
            "answered_ms": it.answered.into_iter().map(millis).collect::<Vec<_>>(),
            "talked_ms": it.talked.into_iter().map(millis).collect::<Vec<_>>(),
            "last_call_for_ms": it.last_call_for.map(millis),
            "setbacks": it.setbacks,
            "rests_for_ms": it.rests_for.map(millis),
            "busy_for_ms": millis(it.busy_for),
            "habits": it.habits,
            "today": it.today,
        })
    }
}

impl TryFrom<Value> for AgentSnapshot {
    type Error = Unreadable;

    fn try_from(stored: Value) -> Result<Self, Unreadable> {
        let Value::Object(mut fields) = stored else {
            return Err(Unreadable::NoObject);
        };
        let version = field(&fields, "version").unwrap_or(0);
        if version == 0 {
            migrate_to_1(&mut fields);
        }
        let shown = field(&fields, "shown");
        let duty = duty(&fields, shown, version)?;
        Ok(Self {
            agent: field(&fields, "agent").ok_or(Unreadable::NoAgent)?,
            shown: shown.unwrap_or(match duty {
                Kept::LoggedOut => State::LoggedOut,
                Kept::Rest(Rest::Idle) => State::Idle,
                Kept::Rest(Rest::Busy(reason)) => State::Busy(reason),
                Kept::WrapUp { .. } => State::WrapUp,
            }),
            shown_for: age(&fields, "shown_for_ms").unwrap_or_default(),
            duty,
            idle_for: age(&fields, "idle_for_ms").unwrap_or_default(),
            answered: ages(&fields, "answered_ms"),
            talked: ages(&fields, "talked_ms"),
            last_call_for: age(&fields, "last_call_for_ms"),
            setbacks: field(&fields, "setbacks").unwrap_or_default(),
            rests_for: age(&fields, "rests_for_ms"),
            busy_for: age(&fields, "busy_for_ms").unwrap_or_default(),
            habits: field(&fields, "habits").unwrap_or_default(),
            today: field(&fields, "today").unwrap_or_default(),
        })
    }
}

/// What the agent is there for. Where nothing is written of it, what was shown tells, and where that is
/// not known either they are as after logging in: offered nothing until they say so.
fn duty(
    fields: &Map<String, Value>,
    shown: Option<State>,
    version: u64,
) -> Result<Kept, Unreadable> {
    let Some(duty) = fields.get("duty") else {
        return Ok(match shown {
            Some(State::Idle | State::Offered | State::Dialling | State::Calling) => {
                Kept::Rest(Rest::Idle)
            }
            Some(State::Busy(reason)) => Kept::Rest(Rest::Busy(reason)),
            Some(
                State::Talking
                | State::Holding
                | State::Consulting
                | State::Conference
                | State::WrapUp,
            ) => Kept::WrapUp {
                left: None,
                then: Rest::Idle,
            },
            Some(State::LoggedOut | State::Internal | State::Monitoring | State::Barging)
            | None => Kept::Rest(Rest::Busy(Reason::Login)),
        });
    };
    if duty == "logged_out" {
        return Ok(Kept::LoggedOut);
    }
    if let Some(rest) = duty.get("rest").and_then(read) {
        return Ok(Kept::Rest(rest));
    }
    match duty.get("wrap_up").and_then(Value::as_object) {
        Some(wrap_up) => Ok(Kept::WrapUp {
            left: age(wrap_up, "left_ms"),
            then: field(wrap_up, "then").unwrap_or(Rest::Idle),
        }),
        None => Err(Unreadable::Duty {
            version,
            duty: duty.to_string(),
        }),
    }
}

/// Before there were versions durations were seconds and nanoseconds, and `duty` had the names of the
/// program's own types.
fn migrate_to_1(fields: &mut Map<String, Value>) {
    for name in ["shown_for", "idle_for", "rests_for"] {
        if let Some(long) = fields.remove(name) {
            fields.insert(format!("{name}_ms"), in_millis(&long));
        }
    }
    if let Some(answered) = fields.remove("answered") {
        fields.insert("answered_ms".to_owned(), answered);
    }
    let Some(duty) = fields.get_mut("duty") else {
        return;
    };
    if let Some(rest) = duty.get("Rest") {
        *duty = json!({ "rest": renamed(rest) });
    } else if let Some(wrap_up) = duty.get("WrapUp") {
        let then = wrap_up.get("then").map(renamed);
        *duty = json!({ "wrap_up": { "left_ms": in_millis(&wrap_up["left"]), "then": then } });
    }
}

/// `"Idle"` and `{"Busy": reason}`, as they are called now.
fn renamed(rest: &Value) -> Value {
    match rest.get("Busy") {
        Some(reason) => json!({ "busy": reason }),
        None => json!("idle"),
    }
}

fn in_millis(long: &Value) -> Value {
    let part = |name: &str| long.get(name).and_then(Value::as_u64);
    match part("secs") {
        Some(secs) => json!(
            secs.saturating_mul(1_000)
                .saturating_add(part("nanos").unwrap_or(0) / 1_000_000)
        ),
        None => Value::Null,
    }
}

/// A field, if it is there and means something.
fn field<T: DeserializeOwned>(fields: &Map<String, Value>, name: &str) -> Option<T> {
    fields.get(name).and_then(read)
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

fn age(fields: &Map<String, Value>, name: &str) -> Option<Duration> {
    field(fields, name).map(Duration::from_millis)
}

fn ages(fields: &Map<String, Value>, name: &str) -> Vec<Duration> {
    let ages = field::<Vec<u64>>(fields, name).unwrap_or_default();
    ages.into_iter().map(Duration::from_millis).collect()
}

fn millis(long: Duration) -> u64 {
    u64::try_from(long.as_millis()).unwrap_or(u64::MAX)
}

/// The form of today.
const VERSION: u64 = 1;
