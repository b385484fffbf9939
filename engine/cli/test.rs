//! `moonswitch test`

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use script::{Fault, TestResult, Tested};

use super::Places;

#[derive(Args, Debug)]
pub(crate) struct Test {
    /// Only the tests of this file or folder; else all of tests/dialplan and of the plugins
    file: Option<PathBuf>,
    #[command(flatten)]
    places: Places,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Test {
    pub(super) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let offline = moonswitch::offline(&self.places.config, &self.places.data)?;
        let tested = offline.test(self.file.as_deref());
        if self.json {
            super::say(format_args!("{:#}", serde_json::to_value(&tested)?))?;
        } else {
            super::say(told(&tested).trim_end())?;
        }
        Ok(match tested.passed() {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        })
    }
}

fn told(tested: &Tested) -> String {
    let mut out = String::new();
    let mut file = "";
    for test in &tested.tests {
        if file != test.file {
            file = &test.file;
            out.push_str(&format!("{file}\n"));
        }
        let word = if test.passed { "ok  " } else { "FAIL" };
        out.push_str(&format!(
            "  {word} {:>8.1} ms  {}\n",
            test.milliseconds, test.name
        ));
        if let Some(error) = &test.error {
            out.push_str(&failure(test, error));
        }
    }
    for error in &tested.errors {
        out.push_str(&format!("{}\n", error.report));
    }
    let passed = tested.count_passed();
    let failed = tested.tests.len() - passed;
    let errors = match tested.errors.len() {
        0 => String::new(),
        1 => ", 1 error".to_owned(),
        more => format!(", {more} errors"),
    };
    out.push_str(&format!(
        "{passed} passed, {failed} failed{errors}, in {:.0} ms\n",
        tested.milliseconds
    ));
    out
}

fn failure(test: &TestResult, error: &Fault) -> String {
    let mut out = String::new();
    for line in error.report.lines() {
        out.push_str(&format!("      {}\n", line.trim_end()));
    }
    for (number, call) in (1..).zip(&test.calls) {
        if test.calls.len() > 1 {
            out.push_str(&format!("      call {number}\n"));
        }
        for line in call {
            out.push_str(&format!("      {line}\n"));
        }
    }
    out
}
