//! `moonswitch rollback`

use std::error::Error;
use std::process::ExitCode;

use clap::Args;
use moonswitch::control::Question;
use serde_json::{Value, json};

use super::Places;
use super::status::{self, items, text, time};

#[derive(Args, Debug)]
pub(crate) struct Rollback {
    /// The generation to go back to; the one before when left out
    generation: Option<u64>,
    #[command(flatten)]
    places: Places,
    /// The tenant; the only one where there is one
    #[arg(long)]
    tenant: Option<String>,
    /// List the generations that can be gone back to, and what each changed; change nothing
    #[arg(long, conflicts_with = "generation")]
    list: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Rollback {
    pub(super) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        if self.list {
            return self.show();
        }
        let question = Question::RollBack {
            tenant: self.tenant.clone(),
            generation: self.generation,
        };
        let answer = super::ask(&self.places, &question)?;
        if let Some(why) = answer["error"].as_str() {
            return Err(why.into());
        }
        let refused = !status::errors_of(&answer).is_empty();
        if self.json {
            super::say(format_args!("{answer:#}"))?;
        } else {
            super::say(status::reload_line(&answer))?;
            for error in status::errors_of(&answer) {
                super::say(format_args!("  {error}"))?;
            }
            if !refused {
                super::say(format_args!("  {}", status::HELD))?;
            }
        }
        Ok(match refused {
            true => ExitCode::FAILURE,
            false => ExitCode::SUCCESS,
        })
    }

    fn show(&self) -> Result<ExitCode, Box<dyn Error>> {
        let status = super::ask(&self.places, &Question::Status)?;
        let is_wanted = |tenant: &&Value| {
            let wanted = self.tenant.as_deref();
            wanted.is_none_or(|wanted| tenant["tenant"] == wanted)
        };
        let tenants: Vec<&Value> = items(&status["scripts"]["tenants"])
            .filter(is_wanted)
            .collect();
        if self.json {
            let kept = tenants.iter().map(|tenant| {
                json!({ "tenant": tenant["tenant"], "generation": tenant["generation"], "kept": tenant["kept"] })
            });
            let kept: Vec<Value> = kept.collect();
            super::say(format_args!("{:#}", json!({ "tenants": kept })))?;
            return Ok(ExitCode::SUCCESS);
        }
        for tenant in tenants {
            super::say(format_args!("tenant {}", text(&tenant["tenant"])))?;
            for line in lines(tenant) {
                super::say(line)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Each generation with the files that it changed.
fn lines(tenant: &Value) -> Vec<String> {
    let kept: Vec<&Value> = items(&tenant["kept"]).collect();
    let lines = kept.iter().enumerate().map(|(place, one)| {
        let before = kept.get(place + 1);
        let changed: Vec<&str> = before
            .into_iter()
            .flat_map(|before| items(&before["changed_after"]))
            .filter_map(Value::as_str)
            .collect();
        let files = match (changed.as_slice(), before) {
            (_, None) => "the oldest that is kept".to_owned(),
            ([], _) => "no file changed".to_owned(),
            (files, _) => files.join(", "),
        };
        let runs = match one["generation"] == tenant["generation"] {
            true => "  runs",
            false => "",
        };
        let number = one["generation"].as_u64().unwrap_or_default();
        format!("  {number:>5}  {}  {files}{runs}", time(&one["at"]))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_generation_is_told_with_the_files_that_it_changed() {
        let tenant = json!({ "tenant": "8001", "generation": 2, "kept": [
            { "generation": 3, "at": 0, "changed_after": [] },
            { "generation": 2, "at": 0, "changed_after": ["scripts/a.lua", "scripts/b.lua"] },
            { "generation": 1, "at": 0, "changed_after": [] },
        ] });

        let lines = lines(&tenant);

        assert!(lines[0].starts_with("      3  "), "{lines:?}");
        assert!(
            lines[0].ends_with("  scripts/a.lua, scripts/b.lua"),
            "{lines:?}"
        );
        assert!(lines[1].ends_with("  no file changed  runs"), "{lines:?}");
        assert!(lines[2].ends_with("  the oldest that is kept"), "{lines:?}");
    }
}
