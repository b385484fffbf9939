//! What can be typed, and what each word does.

mod allow;
mod call;
mod check;
mod jobs;
mod journal;
mod moments;
mod pin;
mod reload;
mod rollback;
mod run;
mod status;
mod test;
mod token;
mod trace;
mod user;

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use store::Sqlite;

/// A telephone exchange for call centres.
#[derive(Debug, Parser)]
#[command(name = "moonswitch", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    word: Word,
}

/// Where an exchange's files are.
#[derive(Args, Clone, Debug)]
pub(crate) struct Places {
    /// The configuration; its folder is the project's root
    #[arg(long, default_value = "config.lua", value_name = "FILE")]
    config: PathBuf,
    /// Where records and recordings live
    #[arg(long, default_value = "data", value_name = "FOLDER")]
    data: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Word {
    /// Run the exchange until SIGINT or SIGTERM
    Run(run::Run),
    /// Load configuration and scripts without running them, and say all that is wrong
    Check(check::Check),
    /// Allow a plugin what its manifest asks for
    Allow(allow::Allow),
    /// List work that waits or was given up, and run it again
    Jobs(jobs::Jobs),
    /// Run the tests of dialplans and plugins, without a network and without waiting
    Test(test::Test),
    /// Tell what would become of a call, without making it
    Call(call::Call),
    /// Load changed files now
    Reload(reload::Reload),
    /// Go back to an earlier version of a tenant's scripts; saved files wait until reload
    Rollback(rollback::Rollback),
    /// Say what runs: generations, calls, registrations, trunks
    Status(status::Status),
    /// Tell what happened in a call, line by line
    Trace(trace::Trace),
    /// Make tokens for programs that use the HTTP API, list them, take them back
    Token(token::Token),
    /// Add users, change their passwords, list and delete them
    User(user::User),
}

impl Arguments {
    pub(crate) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        match self.word {
            Word::Run(run) => run.run(),
            Word::Check(check) => check.run(),
            Word::Allow(allow) => allow.run(),
            Word::Jobs(jobs) => jobs.run(),
            Word::Test(test) => test.run(),
            Word::Call(call) => call.run(),
            Word::Reload(reload) => reload.run(),
            Word::Rollback(rollback) => rollback.run(),
            Word::Status(status) => status.run(),
            Word::Trace(trace) => trace.run(),
            Word::Token(token) => token.run(),
            Word::User(user) => user.run(),
        }
    }
}

/// Prints a line. Who reads may have seen enough (`| head`): that is no failure, and the rest of
/// the lines goes nowhere.
fn say(line: impl Display) -> io::Result<()> {
    match writeln!(io::stdout().lock(), "{line}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// The records, where there are some: words that only read make none.
fn records(places: &Places) -> Result<Option<Arc<Sqlite>>, Box<dyn Error>> {
    if !places.data.join("moonswitch.db").exists() {
        return Ok(None);
    }
    Ok(Some(moonswitch::open_store(&places.data)?))
}

/// Asks the exchange that runs with this data folder.
fn ask(
    places: &Places,
    question: &moonswitch::control::Question,
) -> Result<serde_json::Value, Box<dyn Error>> {
    moonswitch::control::ask(&places.data, question).map_err(|error| {
        let data = places.data.display();
        format!(
            "no exchange answers in {data} ({error}): start one with `moonswitch run --data {data}`"
        )
        .into()
    })
}
