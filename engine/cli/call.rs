//! `moonswitch call FROM TO`: the story of a call that nobody makes.

use std::error::Error;
use std::process::ExitCode;

use clap::Args;
use script::CallPlan;

use super::Places;

#[derive(Args, Debug)]
pub(crate) struct Call {
    /// Who calls: a user, or a number outside
    from: String,
    /// The number that is dialled
    to: String,
    #[command(flatten)]
    places: Places,
    /// When: "mon 22:00", "22:00", "2026-10-01 10:00"; now when left out
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// What the caller presses each time that it is asked: 1,2 or ,9 (nothing first)
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    press: Vec<String>,
    /// Users (or trunk:NAME) that are in another call
    #[arg(long, value_name = "USERS", value_delimiter = ',')]
    busy: Vec<String>,
    /// Users that ring and do not answer
    #[arg(long, value_name = "USERS", value_delimiter = ',')]
    no_answer: Vec<String>,
    /// Users without a registered phone
    #[arg(long, value_name = "USERS", value_delimiter = ',')]
    unavailable: Vec<String>,
    /// The tenant; the only one where there is one
    #[arg(long)]
    tenant: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Call {
    pub(super) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let offline = moonswitch::offline(&self.places.config, &self.places.data)?;
        let plan = CallPlan {
            tenant: self.tenant,
            from: self.from,
            to: self.to,
            at: self.at,
            keys: self.press,
            busy: self.busy,
            no_answer: self.no_answer,
            unavailable: self.unavailable,
        };
        let story = match offline.call(&plan) {
            Ok(story) => story,
            Err(faults) => {
                let lines: Vec<String> = faults.into_iter().map(|fault| fault.report).collect();
                return Err(lines.join("\n").into());
            }
        };
        if self.json {
            super::say(format_args!("{:#}", serde_json::to_value(&story)?))?;
        } else {
            super::say(format_args!("tenant {}, {}", story.tenant, story.at))?;
            for line in &story.lines {
                super::say(line)?;
            }
        }
        // A script that fails is worth a shell's attention.
        Ok(match story.error {
            None => ExitCode::SUCCESS,
            Some(_) => ExitCode::FAILURE,
        })
    }
}
