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
            super::say(format_args!("{json:#}"))?;
        } else {
            for line in &checked.errors {
                super::say(line)?;
            }
            for line in &checked.warnings {
                super::say(format_args!("warning: {line}"))?;
            }
            let found = found(checked.errors.len(), checked.warnings.len());
            super::say(format_args!("{}: {found}", self.places.config.display()))?;
        }
        Ok(if checked.errors.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// What was found, in numbers.
fn found(errors: usize, warnings: usize) -> String {
    let count = |number: usize, what: &str| match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    };
    match (errors, warnings) {
        (0, 0) => "nothing is wrong".to_owned(),
        _ => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    }
}
