//! `moonswitch status`

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
            for line in tenant_lines(tenant) {
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

/// How a plugin's SMPP line stands, and what is wrong with it.
fn line_of(line: &Value) -> Vec<String> {
    if line.is_null() {
        return Vec::new();
    }
    let mut lines = vec![format!(
        "    line to {}: {} since {}, {} sent, {} refused, {} received, {} wait",
        text(&line["place"]),
        text(&line["state"]),
        time(&line["since"]),
        line["sent"],
        line["refused"],
        line["received"],
        line["waiting"],
    )];
    lines.extend(line["why"].as_str().map(|why| format!("      {why}")));
    lines
}

/// What runs for a tenant, and what is wrong with it.
fn tenant_lines(tenant: &Value) -> Vec<String> {
    let name = text(&tenant["tenant"]);
    let mut lines = Vec::new();
    match tenant["generation"].as_u64() {
        Some(generation) => lines.push(format!(
            "{name}: generation {generation} ({}), since {}, {} handlers run, {} MB",
            text(&tenant["hash"]),
            time(&tenant["since"]),
            tenant["calls"],
            tenant["memory"].as_u64().unwrap_or_default() / 1_000_000,
        )),
        None => lines.push(format!("{name}: no generation; callers get the fallback")),
    }
    for old in items(&tenant["old"]) {
        lines.push(format!(
            "  generation {} still has {} calls, {} old",
            old["generation"],
            old["calls"],
            span(old["age_seconds"].as_u64().unwrap_or_default())
        ));
    }
    for plugin in items(&tenant["plugins"]) {
        let faults = match plugin["faults"].as_u64().unwrap_or_default() {
            0 => String::new(),
            faults => format!(", {faults} faults"),
        };
        lines.push(format!(
            "  plugin {} {}{faults}",
            text(&plugin["name"]),
            text(&plugin["version"])
        ));
        lines.extend(line_of(&plugin["line"]));
        if let Some(shut) = plugin["left_out"].as_object() {
            lines.push(format!(
                "    is left out since {}: {}",
                time(&shut["since"]),
                text(&shut["why"])
            ));
        }
    }
    match tenant["stuck"].as_u64().unwrap_or_default() {
        0 => {}
        stuck => lines.push(format!("  {stuck} threads are stuck and were given up")),
    }
    if let Some(refused) = tenant["refused"].as_object() {
        lines.push(format!(
            "  generation {} refused at {}",
            refused["generation"],
            time(&refused["at"])
        ));
        for error in items(&refused["errors"]) {
            lines.push(format!("    {}", text(&error["message"])));
        }
    }
    if let Some(back) = tenant["gone_back"].as_object() {
        lines.push(format!(
            "  gone back from generation {} at {}: {HELD}",
            back["from"],
            time(&back["at"])
        ));
    }
    if let Some(held) = tenant["held"].as_object() {
        let errors = messages(&held["errors"]);
        lines.push(match errors.is_empty() {
            true => "  the files that are held have no errors".to_owned(),
            false => "  the files that are held would be refused".to_owned(),
        });
        lines.extend(errors.iter().map(|error| format!("    {error}")));
    }
    let earlier: Vec<String> = items(&tenant["kept"])
        .filter(|kept| kept["generation"] != tenant["generation"])
        .map(|kept| format!("{} ({})", kept["generation"], time(&kept["at"])))
        .collect();
    if let Some((newest, rest)) = earlier.split_at_checked(MOST_EARLIER.min(earlier.len()))
        && !newest.is_empty()
    {
        let more = match rest.len() {
            0 => String::new(),
            more => format!(", {more} more"),
        };
        lines.push(format!(
            "  `moonswitch rollback` can go to {}{more}",
            newest.join(", ")
        ));
    }
    for warning in items(&tenant["warnings"]) {
        lines.push(format!("  warning: {}", text(&warning["message"])));
    }
    let failures = tenant["failures"].as_u64().unwrap_or_default();
    if failures > 0 {
        lines.push(format!("  {failures} failures of scripts, the newest:"));
    }
    for failure in items(&tenant["last_failures"]) {
        let call = match failure["call"].as_str() {
            Some(call) => format!(", call {call}"),
            None => String::new(),
        };
        lines.push(format!(
            "    {}, generation {}{call}: {}",
            time(&failure["at"]),
            failure["generation"],
            text(&failure["message"])
        ));
    }
    lines
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

/// Earlier generations that are named.
const MOST_EARLIER: usize = 4;

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
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn queues_and_agents_have_a_line_each() {
        let floor = json!({
            "tenant": "8001",
            "queues": [
                { "name": "it", "waiting": 2, "longest_wait_ms": 34_500,
                  "agents": { "logged_out": 1, "busy": 0, "idle": 0, "offered": 0, "talking": 1, "wrap_up": 1 } },
                { "name": "night", "waiting": 0, "longest_wait_ms": 0, "agents": { "idle": 0 } },
                { "name": "old", "gone": true, "waiting": 1, "longest_wait_ms": 0, "agents": { "busy": 1 } },
            ],
            "agents": [
                { "id": "1049", "name": "温平", "state": "wrap_up", "reason": null, "reachable": true, "lasted_ms": 75_000 },
                { "id": "1050", "name": null, "state": "busy", "reason": "meal", "reachable": false, "lasted_ms": 1_000 },
            ],
        });

        let lines = floor_lines(&floor);

        assert_eq!(
            lines[0],
            "8001: queue it: 2 wait, the longest for 34 s; 1 logged out, 1 talking, 1 wrap up"
        );
        assert_eq!(lines[1], "8001: queue night: 0 wait; no agents");
        assert_eq!(
            lines[2],
            "8001: queue old (gone from the files, and nobody else gets in): 1 wait; 1 busy"
        );
        assert_eq!(lines[3], "8001: agent 1049 温平: wrap up for 1 min 15 s");
        assert_eq!(
            lines[4],
            "8001: agent 1050: busy (meal) for 1 s, no phone answers"
        );
    }

    #[test]
    fn a_tenants_lines_show_all_that_is_wrong() {
        let tenant = json!({
            "tenant": "8001", "generation": 42, "hash": "ab", "since": 0, "calls": 3,
            "memory": 12_345_678, "stuck": 1, "failures": 7,
            "plugins": [{ "name": "sms", "version": "1.0", "faults": 5,
                          "left_out": { "since": 0, "why": "oops" },
                          "line": { "place": "smsc.example:2775", "state": "resting", "since": 0, "sent": 7, "refused": 1,
                                    "received": 3, "waiting": 0, "why": "look at system_id and password" } }],
            "old": [{ "generation": 41, "calls": 2, "age_seconds": 75 }],
            "refused": { "generation": 43, "at": 0, "errors": [{ "message": "scripts/a.lua:19: '}' expected" }] },
            "gone_back": { "to": 42, "from": 44, "at": 0 },
            "held": { "at": 0, "errors": [{ "message": "scripts/b.lua:1: oops" }] },
            "kept": [{ "generation": 44, "at": 0 }, { "generation": 42, "at": 0 }, { "generation": 41, "at": 0 },
                     { "generation": 40, "at": 0 }, { "generation": 39, "at": 0 }, { "generation": 38, "at": 0 }],
            "warnings": [{ "message": "scripts/a.lua:3: no trunk 'x'" }],
            "last_failures": [
                { "at": 0, "generation": 42, "call": "c1", "message": "scripts/a.lua:7: oops" },
                { "at": 0, "generation": 42, "call": null, "message": "late" },
            ],
        });

        let lines = tenant_lines(&tenant);

        let tells = |wanted: &str| {
            let found = lines.iter().any(|line| line.contains(wanted));
            assert!(found, "{wanted} is not in {lines:#?}");
        };
        assert!(lines[0].starts_with("8001: generation 42 (ab), since "));
        tells("3 handlers run, 12 MB");
        tells("  generation 41 still has 2 calls, 1 min 15 s old");
        tells("  plugin sms 1.0, 5 faults");
        tells("    line to smsc.example:2775: resting since ");
        tells(", 7 sent, 1 refused, 3 received, 0 wait");
        tells("      look at system_id and password");
        tells("    is left out since ");
        tells(": oops");
        tells("  1 threads are stuck and were given up");
        tells("  generation 43 refused at ");
        tells("    scripts/a.lua:19: '}' expected");
        tells("  gone back from generation 44 at ");
        tells("saved files are held until `moonswitch reload`");
        tells("  the files that are held would be refused");
        tells("    scripts/b.lua:1: oops");
        tells("  `moonswitch rollback` can go to 44 (");
        tells("), 1 more");
        tells("  warning: scripts/a.lua:3: no trunk 'x'");
        tells("  7 failures of scripts, the newest:");
        tells("generation 42, call c1: scripts/a.lua:7: oops");
        tells("generation 42: late");
    }

    #[test]
    fn what_of_config_lua_is_not_in_force_is_said() {
        let scripts = json!({
            "config_refused": { "at": 0, "errors": ["config.lua:9: no setting 'domian'"] },
            "waiting_for_restart": ["sip.listen"],
        });

        let lines = config_lines(&scripts);

        assert!(lines[0].starts_with("config.lua refused at "), "{lines:?}");
        assert_eq!(
            lines[1..],
            [
                "  config.lua:9: no setting 'domian'",
                "sip.listen has changed and waits for a restart"
            ]
        );
        let fine = json!({ "config_refused": null, "waiting_for_restart": [] });
        assert!(config_lines(&fine).is_empty());
    }

    #[test]
    fn a_trunk_that_was_never_heard_of_is_not_said_to_answer() {
        let line = |alive: Value| {
            let hosts = [json!({ "address": "192.0.2.1:5060", "alive": alive })];
            trunk_line(&json!({ "name": "carrier", "hosts": hosts, "lines": 0 }))
        };

        assert_eq!(
            line(Value::Null),
            "carrier: 192.0.2.1:5060 has not been asked yet, 0 lines in use"
        );
        assert!(line(json!(true)).contains("answers"));
        assert!(line(json!(false)).contains("is silent"));
    }

    #[test]
    fn a_tenant_without_scripts_says_what_callers_get() {
        let tenant = json!({ "tenant": "8001", "generation": null });

        assert_eq!(
            tenant_lines(&tenant),
            ["8001: no generation; callers get the fallback"]
        );
    }

    #[test]
    fn each_outcome_of_a_reload_has_its_line() {
        let line = |outcome: Value| reload_line(&json!({ "tenant": "8001", "outcome": outcome }));

        assert_eq!(
            line(json!({ "outcome": "published", "generation": 2 })),
            "8001: generation 2 is published"
        );
        assert_eq!(
            line(json!({ "outcome": "refused", "generation": 3, "stays": 2 })),
            "8001: generation 3 refused, 2 stays"
        );
        assert_eq!(
            line(json!({ "outcome": "refused", "generation": 1, "stays": null })),
            "8001: generation 1 refused; callers get the fallback"
        );
        assert_eq!(
            line(json!({ "outcome": "unchanged" })),
            "8001: nothing has changed"
        );
        assert_eq!(
            line(json!({ "outcome": "held", "generation": 2, "errors": [] })),
            "8001: generation 2 stays: saved files are held until `moonswitch reload`"
        );
    }
}
