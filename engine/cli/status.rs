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
            println!("{status:#}");
            return Ok(ExitCode::SUCCESS);
        }
        println!(
            "moonswitch {}, up {}, listening on {}, media by {}",
            text(&status["version"]),
            span(status["seconds"].as_u64().unwrap_or_default()),
            list(&status["listening"]).join(" "),
            text(&status["media"]),
        );
        println!(
            "{} calls, {} registrations, records are {}",
            status["calls"],
            status["registrations"],
            text(&status["records"])
        );
        for trunk in status["trunks"].as_array().into_iter().flatten() {
            println!("trunk {}", trunk_line(trunk));
        }
        for tenant in status["scripts"]["tenants"]
            .as_array()
            .into_iter()
            .flatten()
        {
            tenant_lines(tenant);
        }
        for setting in list(&status["scripts"]["waiting_for_restart"]) {
            println!("{setting} has changed and waits for a restart");
        }
        for call in status["calls_shown"].as_array().into_iter().flatten() {
            println!(
                "call {} {} to {}, {}, generation {}",
                text(&call["id"]),
                text(&call["from"]),
                text(&call["to"]),
                span(call["seconds"].as_u64().unwrap_or_default()),
                call["generation"],
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn trunk_line(trunk: &Value) -> String {
    let hosts: Vec<String> = trunk["hosts"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|host| {
            let state = if host["alive"] == true {
                "answers"
            } else {
                "is silent"
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
    format!(
        "{}: {hosts}{registered}, {} lines in use",
        text(&trunk["name"]),
        trunk["lines"]
    )
}

fn tenant_lines(tenant: &Value) {
    let name = text(&tenant["tenant"]);
    match tenant["generation"].as_u64() {
        Some(generation) => println!(
            "{name}: generation {generation} ({}), since {}, {} handlers run",
            text(&tenant["hash"]),
            time(&tenant["since"]),
            tenant["calls"],
        ),
        None => println!("{name}: no generation; callers get the fallback"),
    }
    for old in tenant["old"].as_array().into_iter().flatten() {
        println!(
            "  generation {} still has {} calls, {} old",
            old["generation"],
            old["calls"],
            span(old["age_seconds"].as_u64().unwrap_or_default())
        );
    }
    if let Some(refused) = tenant["refused"].as_object() {
        println!(
            "  generation {} refused at {}",
            refused["generation"],
            time(&refused["at"])
        );
        for error in refused["errors"].as_array().into_iter().flatten() {
            println!("    {}", text(&error["message"]));
        }
    }
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
        _ => format!("{name}: nothing has changed"),
    }
}

/// What was wrong in a tenant's reload.
pub(super) fn errors_of(tenant: &Value) -> Vec<String> {
    tenant["outcome"]["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| text(&error["message"]).to_owned())
        .collect()
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

fn list(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn time(micros: &Value) -> String {
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
