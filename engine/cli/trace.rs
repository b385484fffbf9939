//! `moonswitch trace CALL`: what happened in a call, on one time axis.

use std::cmp::Reverse;
use std::error::Error;
use std::process::ExitCode;

use call::CallId;
use clap::Args;
use moonswitch::control::{self, Question};
use serde_json::{Value, json};
use store::{CallBegin, CallDetails, CallFilter, Store};

use super::Places;
use super::journal::sentence;
use super::moments::moments;

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
        let Some(store) = super::records(&self.places)? else {
            let data = self.places.data.display();
            return Err(format!("there are no records in {data}: an exchange makes them when it starts, `moonswitch run --data {data}`").into());
        };
        // A live call's last lines may still be in memory.
        let _ = control::ask(&self.places.data, &Question::Flush);
        let (tenant, call) = self.find(&*store, tenants)?;
        let (id, row) = (call.call.begin.id, &call.call);
        let moments = moments(&store.journal(&tenant, id).wait()?);
        if self.json {
            let lines: Vec<Value> = moments
                .iter()
                .map(|it| json!({ "seq": it.seq, "at_us": it.at, "what": it.what }))
                .collect();
            super::say(format_args!(
                "{:#}",
                json!({ "call": call, "journal": lines })
            ))?;
            return Ok(ExitCode::SUCCESS);
        }
        super::say(format_args!(
            "{id}  {} to {}, context {}",
            row.begin.from_raw, row.begin.to, row.begin.context
        ))?;
        for moment in &moments {
            super::say(format_args!(
                "{:>10.3} s  {}",
                moment.at as f64 / 1e6,
                sentence(&moment.what)
            ))?;
        }
        if let Some(end) = row.end.as_ref() {
            super::say(format_args!(
                "            ended by {}: {} ({})",
                end.ended_by, end.result, end.cause
            ))?;
            if let Some(error) = &end.script_error {
                super::say(format_args!("            script: {error}"))?;
            }
        }
        for recording in store.recordings(&tenant, id).wait()? {
            let file = self.places.data.join("recordings").join(&recording.path);
            super::say(format_args!(
                "            {}: {}",
                recording.purpose,
                file.display()
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The call that is meant: by its whole id, however old; else the only one that fits.
    fn find(
        &self,
        store: &dyn Store,
        tenants: Vec<String>,
    ) -> Result<(String, CallDetails), Box<dyn Error>> {
        if let Ok(id) = self.call.parse::<CallId>() {
            for tenant in tenants {
                if let Some(call) = store.call(&tenant, id.0).wait()? {
                    return Ok((tenant, call));
                }
            }
            return Err(format!("no call '{}' in the records", self.call).into());
        }
        if self.call == "last" {
            return last(store, tenants);
        }
        let mut calls: Vec<(String, CallBegin)> = Vec::new();
        for tenant in tenants {
            let filter = CallFilter {
                limit: NEWEST,
                ..CallFilter::default()
            };
            let rows = store.calls(&tenant, filter).wait()?.into_iter();
            calls.extend(rows.map(|row| (tenant.clone(), row.begin)));
        }
        if calls.is_empty() {
            return Err("no calls yet".into());
        }
        calls.sort_by_key(|(_, begin)| Reverse(begin.id));
        calls.retain(|(_, begin)| {
            let id = begin.id.to_string();
            id.starts_with(&self.call) || id.ends_with(&self.call)
        });
        let (tenant, begin) = match calls.as_slice() {
            [] => return Err(format!("no call '{}' among the newest {NEWEST}", self.call).into()),
            [only] => only,
            several => return Err(self.fits_several(several).into()),
        };
        match store.call(tenant, begin.id).wait()? {
            Some(call) => Ok((tenant.clone(), call)),
            None => Err(format!("no call '{}' in the records", self.call).into()),
        }
    }

    fn fits_several(&self, calls: &[(String, CallBegin)]) -> String {
        let shown = calls.iter().take(SHOWN).map(|(_, begin)| {
            let (id, from, to) = (begin.id, &begin.from_raw, &begin.to);
            format!("\n  {id}  {from} to {to}")
        });
        let more = match calls.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!("\n  and {more} more"),
        };
        format!(
            "'{}' fits several calls, write more of the id:{}{more}",
            self.call,
            shown.collect::<String>()
        )
    }
}

/// The call that was made last, whatever clock it went by.
fn last(store: &dyn Store, tenants: Vec<String>) -> Result<(String, CallDetails), Box<dyn Error>> {
    let mut newest: Option<(String, CallBegin)> = None;
    for tenant in tenants {
        if let Some(begin) = store.newest_call(&tenant).wait()?
            && newest.as_ref().is_none_or(|(_, known)| begin.id > known.id)
        {
            newest = Some((tenant, begin));
        }
    }
    let (tenant, begin) = newest.ok_or("no calls yet")?;
    let call = store.call(&tenant, begin.id).wait()?;
    Ok((tenant, call.ok_or("no calls yet")?))
}

/// Calls that are looked through for a part of an id.
const NEWEST: usize = 1_000;

/// Calls that are shown when several fit.
const SHOWN: usize = 5;
