//! `moonswitch check`

use std::error::Error;
use std::process::ExitCode;

use clap::Args;

use super::Places;

#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    places: Places,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let checked = moonswitch::check(&self.places.config, &self.places.data)?;
        if self.json {
            let json =
                serde_json::json!({ "errors": checked.errors, "warnings": checked.warnings });
            println!("{json:#}");
        } else {
            for line in &checked.errors {
                println!("{line}");
            }
            for line in &checked.warnings {
                println!("warning: {line}");
            }
            if checked.errors.is_empty() {
                println!("{}: nothing is wrong", self.places.config.display());
            }
        }
        Ok(if checked.errors.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
