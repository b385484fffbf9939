//! `moonswitch trace CALL`: what happened in a call, on one time axis.

use std::error::Error;
use std::process::ExitCode;

use clap::Args;
use moonswitch::control::{self, Question};
use moonswitch::open_store;
use serde_json::Value;
use store::{CallFilter, Store};

use super::Places;

#[derive(Args, Debug)]
pub(crate) struct Trace {
    /// The call's id, or how its id begins or ends; `last` is the newest
    call: String,
    #[command(flatten)]
    places: Places,
    /// The tenant; the only one where there is one
    #[arg(long)]
    tenant: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Trace {
    pub(super) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let config = moonswitch::load_config(&self.places.config, &self.places.data)?;
        let store = open_store(&self.places.data)?;
        // A live call's last lines may still be in memory.
        let _ = control::ask(&self.places.data, &Question::Flush);
        let tenants: Vec<&String> = match &self.tenant {
            Some(tenant) => vec![tenant],
            None => config.tenants.keys().collect(),
        };
        for tenant in tenants {
            let newest = CallFilter {
                limit: 1_000,
                ..CallFilter::default()
            };
            let calls = store.calls(tenant, newest).wait()?;
            let found = calls.iter().find(|row| {
                let id = row.begin.id.to_string();
                self.call == "last" || id.starts_with(&self.call) || id.ends_with(&self.call)
            });
            let Some(row) = found else { continue };
            let id = row.begin.id;
            let details = store.call(tenant, id).wait()?;
            let lines = store.journal(tenant, id).wait()?;
            if self.json {
                let lines: Vec<Value> = lines
                    .iter()
                    .map(|line| {
                        let what = serde_json::from_str(&line.json).unwrap_or(Value::Null);
                        serde_json::json!({ "seq": line.seq, "at_us": line.at, "what": what })
                    })
                    .collect();
                println!(
                    "{:#}",
                    serde_json::json!({ "call": details, "journal": lines })
                );
                return Ok(ExitCode::SUCCESS);
            }
            println!(
                "{id}  {} to {}, context {}",
                row.begin.from_raw, row.begin.to, row.begin.context
            );
            for line in lines {
                let what = serde_json::from_str(&line.json).unwrap_or(Value::Null);
                println!("{:>10.3} s  {}", line.at as f64 / 1e6, sentence(&what));
            }
            if let Some(end) = row.end.as_ref() {
                println!(
                    "            ended by {}: {} ({})",
                    end.ended_by, end.result, end.cause
                );
                if let Some(error) = &end.script_error {
                    println!("            script: {error}");
                }
            }
            return Ok(ExitCode::SUCCESS);
        }
        Err(format!("no call '{}' among the newest 1,000", self.call).into())
    }
}

/// One journal line for a person.
fn sentence(what: &Value) -> String {
    if let Some(script) = what.get("script") {
        return format!(
            "{}:{}  call:{}",
            script["file"].as_str().unwrap_or("?"),
            script["line"],
            script["method"].as_str().unwrap_or("?"),
        );
    }
    if let Some(fault) = what["fault"].as_str() {
        return format!("script failed: {fault}");
    }
    let Some((kind, inside)) = what["what"].as_object().and_then(|map| map.iter().next()) else {
        return match what["what"].as_str() {
            Some(word) => word.to_owned(),
            None => what.to_string(),
        };
    };
    match kind.as_str() {
        "Decision" => format!(
            "-> {}, because {}",
            inside["what"].as_str().unwrap_or("?"),
            inside["because"].as_str().unwrap_or("?"),
        ),
        "Event" => format!("<- {}", brief(inside)),
        "Command" => format!("   {}", brief(&inside["command"])),
        "Timer" => format!("   timer: {}", inside["of"].as_str().unwrap_or("?")),
        "Began" => "   began".to_owned(),
        _ => format!("   {kind} {}", brief(inside)),
    }
}

/// `Digit leg=0 digit=1`.
fn brief(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Object(map) if map.len() == 1 => map
            .iter()
            .next()
            .map(|(name, inside)| match inside {
                Value::Object(fields) => {
                    let fields: Vec<String> = fields
                        .iter()
                        .filter(|(_, value)| !value.is_null())
                        .map(|(name, value)| format!("{name}={value}"))
                        .collect();
                    format!("{name} {}", fields.join(" "))
                }
                other => format!("{name} {other}"),
            })
            .unwrap_or_default(),
        other => other.to_string(),
    }
}
