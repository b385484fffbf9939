//! `moonswitch status`

mod tenant;

use std::error::Error;
use std::process::ExitCode;

use clap::Args;
use moonswitch::control::Question;
use serde_json::Value;

use super::Places;

#[derive(Args, Debug)]
pub(crate) struct Status {
    #[command(flatten)]
    places: Places,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let status = super::ask(&self.places, &Question::Status)?;
        if self.json {
            super::say(format_args!("{status:#}"))?;
            return Ok(ExitCode::SUCCESS);
        }
        super::say(format_args!(
            "moonswitch {}, up {}, listening on {}, media by {}",
            text(&status["version"]),
            span(status["seconds"].as_u64().unwrap_or_default()),
            list(&status["listening"]).join(" "),
            text(&status["media"]),
        ))?;
        super::say(format_args!(
            "{} calls, {} registrations, {} lamps, records are {}",
            status["calls"],
            status["registrations"],
            status["subscriptions"],
            text(&status["records"])
        ))?;
        for trunk in items(&status["trunks"]) {
            super::say(format_args!("trunk {}", trunk_line(trunk)))?;
        }
        for tenant in items(&status["recordings"]) {
            for line in recording_lines(tenant) {
                super::say(line)?;
            }
        }
        for floor in items(&status["floors"]) {
            for line in floor_lines(floor) {
                super::say(line)?;
            }
        }
        for tenant in items(&status["scripts"]["tenants"]) {
            for line in tenant::lines(tenant) {
                super::say(line)?;
            }
        }
        for line in config_lines(&status["scripts"]) {
            super::say(line)?;
        }
        for call in items(&status["calls_shown"]) {
            super::say(format_args!(
                "call {} {} to {}, {}, generation {}",
                text(&call["id"]),
                text(&call["from"]),
                text(&call["to"]),
                span(call["seconds"].as_u64().unwrap_or_default()),
                call["generation"],
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn trunk_line(trunk: &Value) -> String {
    let hosts: Vec<String> = items(&trunk["hosts"])
        .map(|host| {
            let state = match host["alive"].as_bool() {
                Some(true) => "answers",
                Some(false) => "is silent",
                None => "has not been asked yet",
            };
            format!("{} {state}", text(&host["address"]))
        })
        .collect();
    let registered = match trunk["registration"].as_str() {
        Some(state) => format!(", {state}"),
        None => String::new(),
    };
    let hosts = if hosts.is_empty() {
        "no address".to_owned()
    } else {
        hosts.join(", ")
    };
    let resting: Vec<&str> = items(&trunk["resting"]).filter_map(Value::as_str).collect();
    let resting = match resting.is_empty() {
        true => String::new(),
        false => format!(", at rest: {}", resting.join(", ")),
    };
    format!(
        "{}: {hosts}{registered}, {} lines in use{resting}",
        text(&trunk["name"]),
        trunk["lines"]
    )
}

/// Whether the conversations of a tenant's last day have their recordings.
fn recording_lines(tenant: &Value) -> Vec<String> {
    let counts = tenant["counts"].as_object().into_iter().flatten();
    let counts: Vec<String> = counts
        .map(|(word, count)| format!("{count} {}", word.replace('_', " ")))
        .collect();
    if counts.is_empty() {
        return Vec::new();
    }
    let name = text(&tenant["tenant"]);
    let mut lines = vec![format!(
        "{name}: conversations of the last day: {}",
        counts.join(", ")
    )];
    let missing = items(&tenant["first"]).map(|one| {
        let (call, why) = (text(&one["call"]), text(&one["why"]).replace('_', " "));
        format!("{name}: the recording of call {call} should be there and is not: {why}")
    });
    lines.extend(missing);
    lines
}

/// A tenant's queues and agents.
fn floor_lines(floor: &Value) -> Vec<String> {
    let tenant = text(&floor["tenant"]);
    let queues = items(&floor["queues"]).map(|queue| {
        let longest = match queue["longest_wait_ms"].as_u64().unwrap_or_default() / 1_000 {
            0 => String::new(),
            seconds => format!(", the longest for {}", span(seconds)),
        };
        let states = queue["agents"].as_object().into_iter().flatten();
        let agents: Vec<String> = states
            .filter(|(_, count)| **count != 0)
            .map(|(state, count)| format!("{count} {}", state.replace('_', " ")))
            .collect();
        let agents = match agents.is_empty() {
            true => "no agents".to_owned(),
            false => agents.join(", "),
        };
        let (name, waiting) = (text(&queue["name"]), &queue["waiting"]);
        let gone = match queue["gone"] == true {
            true => " (gone from the files, and nobody else gets in)",
            false => "",
        };
        format!("{tenant}: queue {name}{gone}: {waiting} wait{longest}; {agents}")
    });
    let agents = items(&floor["agents"]).map(|agent| {
        let id = text(&agent["id"]);
        let name = agent["name"].as_str().map(|name| format!(" {name}"));
        let reason = agent["reason"].as_str().map(|why| format!(" ({why})"));
        let state = text(&agent["state"]).replace('_', " ");
        let lasted = span(agent["lasted_ms"].as_u64().unwrap_or_default() / 1_000);
        let phone = match agent["reachable"] == true || agent["state"] == "logged_out" {
            true => "",
            false => ", no phone answers",
        };
        format!(
            "{tenant}: agent {id}{}: {state}{} for {lasted}{phone}",
            name.unwrap_or_default(),
            reason.unwrap_or_default(),
        )
    });
    queues.chain(agents).collect()
}

/// What of the saved `config.lua` is not in force.
fn config_lines(scripts: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(refused) = scripts["config_refused"].as_object() {
        lines.push(format!(
            "config.lua refused at {}, the one before stays",
            time(&refused["at"])
        ));
        let errors = list(&refused["errors"]).into_iter();
        lines.extend(errors.map(|error| format!("  {error}")));
    }
    let waiting = list(&scripts["waiting_for_restart"]).into_iter();
    lines.extend(waiting.map(|setting| format!("{setting} has changed and waits for a restart")));
    lines
}

/// What came of a tenant's reload, in a line.
pub(super) fn reload_line(tenant: &Value) -> String {
    let name = text(&tenant["tenant"]);
    let outcome = &tenant["outcome"];
    match outcome["outcome"].as_str() {
        Some("published") => format!("{name}: generation {} is published", outcome["generation"]),
        Some("refused") => match outcome["stays"].as_u64() {
            Some(stays) => format!(
                "{name}: generation {} refused, {stays} stays",
                outcome["generation"]
            ),
            None => format!(
                "{name}: generation {} refused; callers get the fallback",
                outcome["generation"]
            ),
        },
        Some("held") => format!("{name}: generation {} stays: {HELD}", outcome["generation"]),
        _ => format!("{name}: nothing has changed"),
    }
}

/// What was wrong in a tenant's reload.
pub(super) fn errors_of(tenant: &Value) -> Vec<String> {
    messages(&tenant["outcome"]["errors"])
}

/// What was amiss in a tenant's reload and refused nothing.
pub(super) fn warnings_of(tenant: &Value) -> Vec<String> {
    messages(&tenant["outcome"]["warnings"])
}

/// What going back to a generation means for files on disk.
pub(super) const HELD: &str = "saved files are held until `moonswitch reload`";

fn messages(faults: &Value) -> Vec<String> {
    items(faults)
        .map(|fault| text(&fault["message"]).to_owned())
        .collect()
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn list(value: &Value) -> Vec<&str> {
    items(value).filter_map(Value::as_str).collect()
}

pub(super) fn time(micros: &Value) -> String {
    micros
        .as_i64()
        .and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok())
        .map_or_else(
            || "?".to_owned(),
            |time| {
                time.to_zoned(jiff::tz::TimeZone::system())
                    .strftime("%Y-%m-%d %H:%M:%S")
                    .to_string()
            },
        )
}

fn span(seconds: u64) -> String {
    match seconds {
        0..=59 => format!("{seconds} s"),
        60..=3_599 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests;
