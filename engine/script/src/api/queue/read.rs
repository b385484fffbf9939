//! From a queue's table to its plan.

use std::collections::BTreeMap;
use std::time::Duration;

use call::Target;
use call::acd::{
    Announce, Callbacks, Care, Greet, Limits, Offering, Overflow, Presence, QueuePlan, Setbacks,
    Step, Strategy, When,
};
use mlua::{Function, Lua, Table, Value};
use serde_json::{Map, Value as Json};

use super::{form, is_name, members, widening};
use crate::api::arguments::shown;
use crate::api::on;
use crate::api::target::target_of;
use crate::convert::to_json;

/// Reads a queue's settings.
///
/// # Errors
/// All that is wrong with them, in one sentence each.
pub(super) fn queue(
    lua: &Lua,
    name: &str,
    table: &Table,
) -> Result<(QueuePlan, Option<Function>), String> {
    let (mut settings, mut members, mut choose) = (Map::new(), None, None);
    let mut skills = BTreeMap::new();
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair.map_err(|error| error.to_string())?;
        let Some(key) = key.as_string().map(|key| key.to_string_lossy()) else {
            let key = shown(&key);
            return Err(format!(
                "settings have names, such as agents, and not {key}"
            ));
        };
        match (key.as_str(), value) {
            ("agents", value) => members = Some(members::agents(&value)?),
            ("skills", value) => skills = members::skills_by_agent(&value)?,
            ("choose", Value::Function(function)) => choose = Some(function),
            ("choose", value) => {
                let got = shown(&value);
                return Err(format!("choose: expected a function, got {got}"));
            }
            (_, value) => {
                let value = to_json(lua, &value).map_err(|message| format!("{key}: {message}"))?;
                settings.insert(key, value);
            }
        }
    }
    let settings = form::schema().check(&Json::Object(settings));
    let settings = settings.map_err(|complaints| {
        let sentences = complaints.iter().map(|it| match it.path.as_slice() {
            [] => it.message.clone(),
            path => format!("{}: {}", path.join("."), it.message),
        });
        sentences.collect::<Vec<_>>().join("; ")
    })?;
    let mut members = members
        .ok_or_else(|| "'agents' is missing: who serves it, { \"1049\", \"1050\" }".to_owned())?;
    members::give_skills(&mut members, skills);
    let plan = QueuePlan {
        name: name.into(),
        members,
        offering: offering(&settings, choose.is_some())?,
        widening: widening::of(&settings)?,
        weight: whole(&settings["weight"]).unwrap_or_default(),
        guard: duration(&settings["guard"]).filter(|guard| !guard.is_zero()),
        limits: limits(&settings),
        overflow: overflow(&settings)?,
        announce: announce(&settings["announce"]),
        music: settings["music"].as_str().map(str::to_owned),
        record: settings["record"] == true,
        care: care(&settings),
    };
    let callbacks = plan.care.callbacks.trunk.is_some();
    if !callbacks && plan.overflow.iter().any(|it| it.step == Step::Callback) {
        return Err(
            "overflow: nobody is called back without a trunk: callback = { trunk = \"carrier\" }"
                .to_owned(),
        );
    }
    Ok((plan, choose))
}

fn offering(it: &Json, chooses: bool) -> Result<Offering, String> {
    let word = it["strategy"].as_str();
    let strategy = word.map(Strategy::from_word).transpose();
    let strategy = match (strategy.map_err(|error| error.to_string())?, chooses) {
        (None | Some(Strategy::Choose), true) => Strategy::Choose,
        (Some(Strategy::Choose), false) => {
            return Err(
                "strategy: \"choose\" needs a function: choose = function(candidates, call) … end"
                    .to_owned(),
            );
        }
        (Some(other), true) => {
            return Err(format!(
                "choose and strategy = \"{}\" both say whom a call is offered to: leave one out",
                other.word()
            ));
        }
        (Some(Strategy::RingProgressive { every }), false) => Strategy::RingProgressive {
            every: duration(&it["one_more_after"]).unwrap_or(every),
        },
        (strategy, false) => {
            let window = duration(&it["window"]).unwrap_or_default();
            strategy.unwrap_or_default().with_window(window)
        }
    };
    let (delays, pauses) = (&it["delays"], &it["pause_after"]);
    let delay = |name: &str| duration(&delays[name]).unwrap_or_default();
    let pause = |name: &str| {
        let count = pauses[name].as_u64().filter(|count| *count > 0)?;
        u32::try_from(count).ok()
    };
    Ok(Offering {
        strategy,
        ring_timeout: duration(&it["ring_timeout"]).unwrap_or_default(),
        wrap_up: duration(&it["wrap_up"]),
        delays: Setbacks {
            no_answer: delay("no_answer"),
            rejected: delay("rejected"),
            busy: delay("busy"),
            unreachable: delay("unreachable"),
        },
        pause_after: Setbacks {
            no_answer: pause("no_answer"),
            rejected: pause("rejected"),
            busy: pause("busy"),
            unreachable: pause("unreachable"),
        },
        choose_budget: duration(&it["choose_within"]).unwrap_or_default(),
    })
}

fn limits(it: &Json) -> Limits {
    // Read before, by the schema.
    let presence = |name: &str| {
        let text = it[name].as_str().unwrap_or_default();
        Presence::read(text).unwrap_or(Presence::Always)
    };
    Limits {
        max_wait: duration(&it["max_wait"]).filter(|most| !most.is_zero()),
        hard: it["hard"] == true,
        max_callers: it["max_callers"]
            .as_u64()
            .and_then(|most| most.try_into().ok()),
        join_if: presence("join_if"),
        stay_if: presence("stay_if"),
        grace: duration(&it["grace"]).unwrap_or_default(),
    }
}

fn care(it: &Json) -> Care {
    let (whisper, callback) = (&it["whisper"], &it["callback"]);
    let usual = Callbacks::default();
    let count = |name: &str, usual: u32| {
        let count = callback[name].as_u64();
        count.and_then(|it| it.try_into().ok()).unwrap_or(usual)
    };
    Care {
        music_from_start: it["music_restart"] == true,
        resume: duration(&it["resume"]),
        greet: Greet {
            say_agent: it["say_agent"] == true,
            whisper: texts(&whisper["play"]),
            whisper_wait: whisper["wait"] == true,
            before_bridge: whisper["before_bridge"] == true,
        },
        callbacks: Callbacks {
            trunk: callback["trunk"].as_str().map(str::to_owned),
            caller_id: callback["caller_id"].as_str().map(str::to_owned),
            ring: duration(&callback["ring"]).unwrap_or(usual.ring),
            tries: count("tries", usual.tries),
            retry: duration(&callback["retry"]).unwrap_or(usual.retry),
            at_once: count("at_once", usual.at_once),
        },
    }
}

fn texts(it: &Json) -> Vec<String> {
    let texts = it.as_array().into_iter().flatten();
    texts.filter_map(Json::as_str).map(str::to_owned).collect()
}

fn announce(it: &Json) -> Announce {
    Announce {
        position: it["position"] == true,
        wait: it["wait"] == true,
        at_least: duration(&it["at_least"]),
        list: texts(&it["list"]),
        list_every: duration(&it["list_every"]).unwrap_or_default(),
        first: duration(&it["first"]).unwrap_or_default(),
        every: duration(&it["every"]),
        only_if_improved: it["only_if_improved"] == true,
        limit: it["limit"].as_u64().and_then(|limit| limit.try_into().ok()),
    }
}

fn overflow(it: &Json) -> Result<Vec<Overflow>, String> {
    let steps = it["overflow"].as_array().into_iter().flatten();
    let steps = steps.enumerate().map(|(index, it)| {
        let of = |message: String| format!("overflow.{}: {message}", index + 1);
        let when = match (duration(&it["after"]), it["when"].as_str()) {
            (Some(after), None) => When::Waited(after),
            (None, Some("full")) => When::Full,
            (None, Some(_)) => When::Empty,
            _ => {
                let wanted = "expected either after = \"60s\", or when = \"full\" or \"empty\"";
                return Err(of(wanted.to_owned()));
            }
        };
        let step = match (it["to"].as_str(), it["emit"].as_str(), it["play"].as_str()) {
            (Some(to), None, None) => step_to(to).map_err(of)?,
            (None, None, Some(sound)) => Step::Leave(format!("play:{sound}")),
            (None, Some(event), None) if on::is_own(event) => Step::Aside(event.to_owned()),
            (None, Some(event), None) => {
                return Err(of(format!(
                    "emit: '{event}' is no event of your own: noun.past, such as \"caller.waited\""
                )));
            }
            _ => {
                let wanted = "expected one of to = \"voicemail:8000\", play = \"sys/error\" or emit = \"caller.waited\"";
                return Err(of(wanted.to_owned()));
            }
        };
        Ok(Overflow { when, step })
    });
    steps.collect()
}

pub(crate) fn step_to(text: &str) -> Result<Step, String> {
    if text == "callback" {
        return Ok(Step::Callback);
    }
    match text.split_once(':') {
        Some(("queue", name)) if is_name(name) => Ok(Step::Queue(name.into())),
        Some(("voicemail", mailbox)) if is_name(mailbox) => Ok(Step::Leave(text.to_owned())),
        Some(("queue" | "voicemail", _)) | None => Err(format!(
            "to: '{text}' is nowhere to go: write queue:support, voicemail:8000, user:1001, trunk:carrier/10086 or callback"
        )),
        Some(_) => target_of(text)
            .map(|target: Target| Step::Leave(target.to_string()))
            .map_err(|message| format!("to: {message}")),
    }
}

pub(super) fn whole(value: &Json) -> Option<u32> {
    value.as_u64().and_then(|number| number.try_into().ok())
}

pub(super) fn duration(value: &Json) -> Option<Duration> {
    value.as_u64().map(Duration::from_millis)
}
