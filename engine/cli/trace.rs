//! `moonswitch trace CALL`: what happened in a call, on one time axis.

use std::error::Error;
use std::process::ExitCode;

use call::CallId;
use clap::Args;
use moonswitch::control::{self, Question};
use moonswitch::open_store;
use serde_json::{Value, json};
use store::{CallDetails, CallFilter, Store};

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
        let tenants = match &self.tenant {
            Some(tenant) => vec![tenant.clone()],
            None => {
                let config = moonswitch::load_config(&self.places.config, &self.places.data)?;
                config.tenants.into_keys().collect()
            }
        };
        let store = open_store(&self.places.data)?;
        // A live call's last lines may still be in memory.
        let _ = control::ask(&self.places.data, &Question::Flush);
        let Some((tenant, call)) = self.find(&*store, tenants)? else {
            return Err(format!("no call '{}' among the newest {NEWEST}", self.call).into());
        };
        let (id, row) = (call.call.begin.id, &call.call);
        let journal = store.journal(&tenant, id).wait()?;
        let lines = journal.iter().map(|line| {
            let what: Value = serde_json::from_str(&line.json).unwrap_or(Value::Null);
            (line, what)
        });
        if self.json {
            let lines: Vec<Value> = lines
                .map(|(line, what)| json!({ "seq": line.seq, "at_us": line.at, "what": what }))
                .collect();
            println!("{:#}", json!({ "call": call, "journal": lines }));
            return Ok(ExitCode::SUCCESS);
        }
        println!(
            "{id}  {} to {}, context {}",
            row.begin.from_raw, row.begin.to, row.begin.context
        );
        for (line, what) in lines {
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
        for recording in store.recordings(&tenant, id).wait()? {
            let file = self.places.data.join("recordings").join(&recording.path);
            println!("            {}: {}", recording.purpose, file.display());
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The call that is meant: by its whole id, however old; else the newest that fits.
    fn find(
        &self,
        store: &dyn Store,
        tenants: Vec<String>,
    ) -> Result<Option<(String, CallDetails)>, Box<dyn Error>> {
        let mut newest: Option<(i64, String, CallId)> = None;
        for tenant in tenants {
            if let Ok(id) = self.call.parse::<CallId>() {
                match store.call(&tenant, id.0).wait()? {
                    Some(call) => return Ok(Some((tenant, call))),
                    None => continue,
                }
            }
            let filter = CallFilter {
                limit: NEWEST,
                ..CallFilter::default()
            };
            let calls = store.calls(&tenant, filter).wait()?;
            let fits = calls.iter().map(|row| &row.begin).find(|begin| {
                let id = begin.id.to_string();
                self.call == "last" || id.starts_with(&self.call) || id.ends_with(&self.call)
            });
            if let Some(begin) = fits
                && newest
                    .as_ref()
                    .is_none_or(|(at, ..)| *at < begin.started_at)
            {
                newest = Some((begin.started_at, tenant, CallId(begin.id)));
            }
        }
        let Some((_, tenant, id)) = newest else {
            return Ok(None);
        };
        let call = store.call(&tenant, id.0).wait()?;
        Ok(call.map(|call| (tenant, call)))
    }
}

/// Calls that are looked through for a part of an id.
const NEWEST: usize = 1_000;

/// One journal line for a person.
fn sentence(what: &Value) -> String {
    if let Some(script) = what.get("script") {
        let method = script["method"].as_str().unwrap_or("?");
        return match script["file"].as_str().unwrap_or_default() {
            // No line is known of what a library function called.
            "" => format!("call:{method}"),
            file => format!("{file}:{}  call:{method}", script["line"]),
        };
    }
    if let Some(reply) = what.get("reply") {
        return format!(
            "    = {}  (call:{})",
            reply["result"].as_str().unwrap_or("nothing"),
            reply["method"].as_str().unwrap_or("?"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_line_reads_as_a_sentence() {
        for (line, expected) in [
            (
                json!({ "script": { "file": "scripts/a.lua", "line": 7, "method": "play" } }),
                "scripts/a.lua:7  call:play",
            ),
            (
                json!({ "reply": { "request": 3, "method": "gather", "result": "\"2\"" } }),
                "    = \"2\"  (call:gather)",
            ),
            (json!({ "fault": "oops" }), "script failed: oops"),
            (
                json!({ "what": { "Decision": { "what": "ring 1050", "because": "1049 is busy" } } }),
                "-> ring 1050, because 1049 is busy",
            ),
            (
                json!({ "what": { "Event": { "Digit": { "leg": 0, "digit": "1" } } } }),
                "<- Digit digit=\"1\" leg=0",
            ),
            (
                json!({ "what": { "Timer": { "of": "gather" } } }),
                "   timer: gather",
            ),
        ] {
            assert_eq!(sentence(&line), expected);
        }
    }
}
