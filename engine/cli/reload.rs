//! `moonswitch reload`

use std::error::Error;
use std::process::ExitCode;

use clap::Args;
use moonswitch::control::Question;

use super::Places;

#[derive(Args, Debug)]
pub(crate) struct Reload {
    #[command(flatten)]
    places: Places,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Reload {
    pub(super) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let answer = super::ask(&self.places, &Question::Reload)?;
        if self.json {
            super::say(format_args!("{answer:#}"))?;
        }
        let mut refused = false;
        for problem in answer["config"].as_array().into_iter().flatten() {
            refused = true;
            if !self.json {
                super::say(format_args!("{}", super::status::text(problem)))?;
            }
        }
        for tenant in answer["tenants"].as_array().into_iter().flatten() {
            let errors = super::status::errors_of(tenant);
            refused |= !errors.is_empty();
            if !self.json {
                super::say(format_args!("{}", super::status::reload_line(tenant)))?;
                for error in errors {
                    super::say(format_args!("  {error}"))?;
                }
                for warning in super::status::warnings_of(tenant) {
                    super::say(format_args!("  warning: {warning}"))?;
                }
            }
        }
        Ok(if refused {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}
